# The room probe: asks the members how they are.
noinst_LIBRARIES += libprobe.a
libprobe_a_SOURCES = \
	src/probe/dns_reply.c src/probe/dns_reply.h \
	src/probe/probe_dns.c \
	src/probe/schedule.c \
	src/probe/http_engine.c \
	src/probe/http_reason.c \
	src/probe/json_read.c src/probe/json_read.h \
	src/probe/member_list.c src/probe/member_list.h \
	src/probe/probe.h \
	src/probe/probe_exec.c \
	src/probe/probe_http.c src/probe/probe_http.h \
	src/probe/probe_inside.h \
	src/probe/probe_tcp.c \
	src/probe/prober.c \
	src/probe/reading.c \
	src/probe/socket_read.c src/probe/socket_read.h
libprobe_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(UV_CFLAGS)
EXTRA_DIST += src/probe/README.md

PROBE_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit/probe
check_PROGRAMS += tests/unit/probe/test_schedule tests/unit/probe/test_probe tests/unit/probe/test_reading \
	tests/unit/probe/test_member_list tests/unit/probe/test_dns tests/unit/probe/test_dns_reply
tests_unit_probe_test_schedule_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_schedule_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
tests_unit_probe_test_probe_SOURCES = tests/unit/probe/test_probe.c tests/unit/probe/server.c tests/unit/probe/server.h
tests_unit_probe_test_probe_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_probe_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS) -lssl $(CRYPTO_LIBS)
tests_unit_probe_test_reading_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_reading_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
tests_unit_probe_test_dns_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_dns_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
tests_unit_probe_test_dns_reply_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_dns_reply_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
tests_unit_probe_test_member_list_CPPFLAGS = $(PROBE_TEST_CPPFLAGS)
tests_unit_probe_test_member_list_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
