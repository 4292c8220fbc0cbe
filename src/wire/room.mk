# The room wire: DNS bytes in and out, nothing remembered.
noinst_LIBRARIES += libwire.a
EXTRA_DIST += src/wire/README.md tests/unit/wire/sets.h
libwire_a_SOURCES = \
	src/wire/compress.c src/wire/compress.h \
	src/wire/cookie.c src/wire/cookie.h \
	src/wire/message.c src/wire/message.h src/wire/message_text.c \
	src/wire/name.c src/wire/name.h src/wire/name_text.c \
	src/wire/opt.c \
	src/wire/query.c src/wire/query.h \
	src/wire/reply.c src/wire/reply.h \
	src/wire/rrset.h src/wire/rrtype.c \
	src/wire/word.h

wire_tests = \
	tests/unit/wire/test_cookie \
	tests/unit/wire/test_message \
	tests/unit/wire/test_name \
	tests/unit/wire/test_opt \
	tests/unit/wire/test_query \
	tests/unit/wire/test_reply \
	tests/unit/wire/test_rrtype
check_PROGRAMS += $(wire_tests)
tests_unit_wire_test_cookie_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_cookie_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_message_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_message_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_name_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_name_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_opt_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_opt_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_query_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_query_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_reply_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_reply_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_wire_test_rrtype_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wire_test_rrtype_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
