# The room answer: a query → its reply.
noinst_LIBRARIES += libanswer.a
libanswer_a_SOURCES = \
	src/answer/additional.c \
	src/answer/answer.c \
	src/answer/answer.h \
	src/answer/chaos.c \
	src/answer/exchange.h \
	src/answer/explain.c \
	src/answer/explain.h \
	src/answer/find.c \
	src/answer/hints.c \
	src/answer/proof.c \
	src/answer/respond.c \
	src/answer/steer.c \
	src/answer/trace.h \
	src/answer/transfer.c \
	src/answer/transfer.h
EXTRA_DIST += src/answer/README.md

# Unit tests: a server's data from texts, and questions to it.
ANSWER_TESTS_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
ANSWER_TESTS_LIBS = $(ANSWER_LIBS) $(CMOCKA_LIBS)
ANSWER_PACKET = tests/unit/answer/packet.c tests/unit/answer/packet.h
ANSWER_FIXTURE = tests/unit/answer/fixture.c tests/unit/answer/fixture.h
check_PROGRAMS += \
	tests/unit/answer/test_cookies tests/unit/answer/test_truncation \
	tests/unit/answer/test_packets tests/unit/answer/test_transfers \
	tests/unit/answer/test_hints \
	tests/unit/answer/test_class \
	tests/unit/answer/test_lookup tests/unit/answer/test_property
tests_unit_answer_test_class_SOURCES = tests/unit/answer/test_class.c $(ANSWER_FIXTURE)
tests_unit_answer_test_class_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_class_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_lookup_SOURCES = tests/unit/answer/test_lookup.c $(ANSWER_FIXTURE)
tests_unit_answer_test_lookup_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_lookup_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_property_SOURCES = tests/unit/answer/test_property.c $(ANSWER_FIXTURE) \
	tests/unit/answer/random_world.c tests/unit/answer/random_world.h
tests_unit_answer_test_property_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_property_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_hints_SOURCES = tests/unit/answer/test_hints.c $(ANSWER_FIXTURE)
tests_unit_answer_test_hints_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_hints_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_packets_SOURCES = tests/unit/answer/test_packets.c $(ANSWER_FIXTURE) $(ANSWER_PACKET)
tests_unit_answer_test_packets_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_packets_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_cookies_SOURCES = tests/unit/answer/test_cookies.c $(ANSWER_FIXTURE) $(ANSWER_PACKET)
tests_unit_answer_test_cookies_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_cookies_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_truncation_SOURCES = tests/unit/answer/test_truncation.c $(ANSWER_FIXTURE)
tests_unit_answer_test_truncation_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_truncation_LDADD = $(ANSWER_TESTS_LIBS)
tests_unit_answer_test_transfers_SOURCES = tests/unit/answer/test_transfers.c $(ANSWER_FIXTURE) $(ANSWER_PACKET)
tests_unit_answer_test_transfers_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS)
tests_unit_answer_test_transfers_LDADD = $(ANSWER_TESTS_LIBS)
