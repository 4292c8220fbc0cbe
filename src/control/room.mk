# The room control: a local socket with a table of commands; metrics text.
noinst_LIBRARIES += libcontrol.a
libcontrol_a_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JANSSON_CFLAGS)
libcontrol_a_SOURCES = \
	src/control/control.c src/control/control.h \
	src/control/events.c src/control/events.h src/control/events_room.h \
	src/control/events_exec.c \
	src/control/events_file.c \
	src/control/events_socket.c \
	src/control/listener.c src/control/listener.h \
	src/control/metrics.c \
	src/control/peer.c src/control/peer.h \
	src/control/room.h \
	src/control/session.c \
	src/control/socket.c
EXTRA_DIST += src/control/README.md

control_tests = tests/unit/control/test_events tests/unit/control/test_metrics tests/unit/control/test_session tests/unit/control/test_socket
check_PROGRAMS += $(control_tests)
control_test_helpers = tests/unit/control/loop.c tests/unit/control/loop.h
tests_unit_control_test_events_SOURCES = tests/unit/control/test_events.c $(control_test_helpers)
tests_unit_control_test_events_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_control_test_events_LDADD = $(CONTROL_LIBS) $(CMOCKA_LIBS)
tests_unit_control_test_metrics_SOURCES = tests/unit/control/test_metrics.c $(control_test_helpers)
tests_unit_control_test_metrics_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_control_test_metrics_LDADD = $(CONTROL_LIBS) $(CMOCKA_LIBS)
tests_unit_control_test_session_SOURCES = tests/unit/control/test_session.c $(control_test_helpers)
tests_unit_control_test_session_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_control_test_session_LDADD = $(CONTROL_LIBS) $(CMOCKA_LIBS)
tests_unit_control_test_socket_SOURCES = tests/unit/control/test_socket.c $(control_test_helpers)
tests_unit_control_test_socket_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_control_test_socket_LDADD = $(CONTROL_LIBS) $(CMOCKA_LIBS)
