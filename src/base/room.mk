# The room base: words that every room shares; knows no DNS.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/addr.c src/base/addr.h \
	src/base/arena.c src/base/arena.h \
	src/base/assert.c src/base/assert.h \
	src/base/both.c src/base/both.h \
	src/base/clock.c src/base/clock.h \
	src/base/counters.c src/base/counters.h \
	src/base/cursor.h \
	src/base/dict.c src/base/dict.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/hash.c src/base/hash.h \
	src/base/rate_limit.h \
	src/base/log.c src/base/log.h \
	src/base/text.c src/base/text.h
EXTRA_DIST += src/base/README.md

base_tests = \
	tests/unit/base/test_addr \
	tests/unit/base/test_arena \
	tests/unit/base/test_assert \
	tests/unit/base/test_both \
	tests/unit/base/test_counters \
	tests/unit/base/test_cursor \
	tests/unit/base/test_dict \
	tests/unit/base/test_err \
	tests/unit/base/test_file \
	tests/unit/base/test_hash \
	tests/unit/base/test_log \
	tests/unit/base/test_text
check_PROGRAMS += $(base_tests)
tests_unit_base_test_addr_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_addr_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_arena_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_arena_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_assert_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_assert_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_both_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_both_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_counters_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_counters_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_cursor_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_cursor_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_dict_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_dict_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_err_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_err_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_file_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_file_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_hash_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_hash_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_log_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_base_test_text_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_text_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
