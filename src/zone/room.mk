# The room zone: zone file to checked, ready-to-send record sets.
noinst_LIBRARIES += libzone.a
libzone_a_CPPFLAGS = $(AM_CPPFLAGS) $(LDNS_CFLAGS)
libzone_a_SOURCES = \
	src/zone/build.c src/zone/build.h \
	src/zone/check.c \
	src/zone/diff.c src/zone/diff.h \
	src/zone/draft.c src/zone/draft.h \
	src/zone/field.c src/zone/field.h \
	src/zone/layout.c \
	src/zone/master.c src/zone/master.h \
	src/zone/rdata.c src/zone/rdata.h \
	src/zone/scan.c src/zone/scan.h \
	src/zone/source.c src/zone/source.h \
	src/zone/svcb.c \
	src/zone/zone.c src/zone/zone.h
EXTRA_DIST += src/zone/README.md zones/example.com.zone

ZONE_TESTS_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(LDNS_CFLAGS)
ZONE_TESTS_LIBS = $(ZONE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += \
	tests/unit/zone/test_scan \
	tests/unit/zone/test_rdata \
	tests/unit/zone/test_records \
	tests/unit/zone/test_zone \
	tests/unit/zone/test_data \
	tests/unit/zone/test_diff
tests_unit_zone_test_diff_SOURCES = tests/unit/zone/test_diff.c tests/unit/zone/folder.c tests/unit/zone/folder.h
tests_unit_zone_test_diff_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS) -D_GNU_SOURCE
tests_unit_zone_test_diff_LDADD = $(ZONE_TESTS_LIBS)
tests_unit_zone_test_scan_SOURCES = tests/unit/zone/test_scan.c
tests_unit_zone_test_scan_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS)
tests_unit_zone_test_scan_LDADD = $(ZONE_TESTS_LIBS)
tests_unit_zone_test_rdata_SOURCES = tests/unit/zone/test_rdata.c
tests_unit_zone_test_rdata_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS)
tests_unit_zone_test_rdata_LDADD = $(ZONE_TESTS_LIBS)
tests_unit_zone_test_records_SOURCES = tests/unit/zone/test_records.c tests/unit/zone/folder.c tests/unit/zone/folder.h
tests_unit_zone_test_records_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS)
tests_unit_zone_test_records_LDADD = $(ZONE_TESTS_LIBS)
tests_unit_zone_test_zone_SOURCES = tests/unit/zone/test_zone.c tests/unit/zone/folder.c tests/unit/zone/folder.h
tests_unit_zone_test_zone_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS)
tests_unit_zone_test_zone_LDADD = $(ZONE_TESTS_LIBS)
tests_unit_zone_test_data_SOURCES = tests/unit/zone/test_data.c tests/unit/zone/folder.c tests/unit/zone/folder.h
tests_unit_zone_test_data_CPPFLAGS = $(ZONE_TESTS_CPPFLAGS)
tests_unit_zone_test_data_LDADD = $(ZONE_TESTS_LIBS)
EXTRA_DIST += \
	tests/data/zone/addresses-crlf.zone tests/data/zone/addresses-crlf.err \
	tests/data/zone/below-dname.zone tests/data/zone/below-dname.err \
	tests/data/zone/binary.zone tests/data/zone/binary.err \
	tests/data/zone/cname-beside-mx.zone tests/data/zone/cname-beside-mx.err \
	tests/data/zone/empty.zone tests/data/zone/empty.err \
	tests/data/zone/generate.zone tests/data/zone/generate.err \
	tests/data/zone/good.zone tests/data/zone/good.err \
	tests/data/zone/loop.zone tests/data/zone/loop.err \
	tests/data/zone/missing-include.zone tests/data/zone/missing-include.err \
	tests/data/zone/no-soa.zone tests/data/zone/no-soa.err \
	tests/data/zone/open-parenthesis.zone tests/data/zone/open-parenthesis.err \
	tests/data/zone/open-quote.zone tests/data/zone/open-quote.err \
	tests/data/zone/out-of-zone.zone tests/data/zone/out-of-zone.err \
	tests/data/zone/types.zone tests/data/zone/types.err \
	tests/data/zone/warnings.zone tests/data/zone/warnings.err
