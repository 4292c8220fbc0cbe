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
