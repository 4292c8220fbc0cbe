# The room serve: sockets and threads.
noinst_LIBRARIES += libserve.a
libserve_a_SOURCES = \
	src/serve/connection.c src/serve/connection.h \
	src/serve/crowd.c src/serve/crowd.h \
	src/serve/limiter.c src/serve/limiter.h \
	src/serve/notify.c src/serve/notify.h \
	src/serve/serve.c src/serve/serve.h \
	src/serve/socket.c src/serve/socket.h \
	src/serve/stream.c src/serve/stream.h \
	src/serve/udp.c src/serve/udp.h
libserve_a_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) -D_GNU_SOURCE # recvmmsg, accept4
EXTRA_DIST += src/serve/README.md

# Tests put stubs in place of answer and live, so that sockets and threads are tested alone.
SERVE_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -D_GNU_SOURCE -I$(top_srcdir)/tests/unit/serve
SERVE_TEST_LDADD = libserve.a $(SIGN_LIBS) $(UV_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/serve/test_crowd tests/unit/serve/test_limiter tests/unit/serve/test_limits tests/unit/serve/test_serve \
	tests/unit/serve/test_stream tests/unit/serve/test_udp
tests_unit_serve_test_limits_SOURCES = tests/unit/serve/test_limits.c tests/unit/serve/stub.c tests/unit/serve/stub.h
tests_unit_serve_test_limits_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_limits_LDADD = $(SERVE_TEST_LDADD)
tests_unit_serve_test_serve_SOURCES = tests/unit/serve/test_serve.c tests/unit/serve/stub.c tests/unit/serve/stub.h
tests_unit_serve_test_serve_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_serve_LDADD = $(SERVE_TEST_LDADD)
tests_unit_serve_test_stream_SOURCES = tests/unit/serve/test_stream.c tests/unit/serve/stub.c tests/unit/serve/stub.h
tests_unit_serve_test_stream_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_stream_LDADD = $(SERVE_TEST_LDADD)
tests_unit_serve_test_udp_SOURCES = tests/unit/serve/test_udp.c tests/unit/serve/stub.c tests/unit/serve/stub.h
tests_unit_serve_test_udp_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_udp_LDADD = $(SERVE_TEST_LDADD)
check_PROGRAMS += tests/unit/serve/test_notify
tests_unit_serve_test_notify_SOURCES = tests/unit/serve/test_notify.c
tests_unit_serve_test_notify_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_serve_test_notify_LDADD = $(SERVE_TEST_LDADD)
tests_unit_serve_test_crowd_SOURCES = tests/unit/serve/test_crowd.c
tests_unit_serve_test_crowd_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_crowd_LDADD = libserve.a $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_serve_test_limiter_SOURCES = tests/unit/serve/test_limiter.c
tests_unit_serve_test_limiter_CPPFLAGS = $(SERVE_TEST_CPPFLAGS)
tests_unit_serve_test_limiter_LDADD = libserve.a $(BASE_LIBS) $(CMOCKA_LIBS)

# `make tests/bench/serve_echo`: sockets and threads alone, to be measured.
EXTRA_PROGRAMS += tests/bench/serve_echo
tests_bench_serve_echo_SOURCES = tests/bench/serve_echo.c
tests_bench_serve_echo_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_serve_echo_LDADD = libserve.a $(BASE_LIBS) $(UV_LIBS)
