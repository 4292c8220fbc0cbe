# The room geo: databases and maps → tables: client → order of data centers, and its scope.
noinst_LIBRARIES += libgeo.a
libgeo_a_CPPFLAGS = $(AM_CPPFLAGS) $(MAXMINDDB_CFLAGS)
libgeo_a_SOURCES = \
	src/geo/build.h src/geo/map.h \
	src/geo/block.c src/geo/block.h \
	src/geo/census.c src/geo/census.h \
	src/geo/country.c src/geo/country.h \
	src/geo/decide.c src/geo/decide.h \
	src/geo/distance.c src/geo/distance.h \
	src/geo/fact.c src/geo/fact.h \
	src/geo/find.c \
	src/geo/geodb.c src/geo/geodb.h \
	src/geo/map.c \
	src/geo/mmdb.c src/geo/mmdb.h \
	src/geo/moves.c src/geo/moves.h \
	src/geo/numbering.c src/geo/numbering.h \
	src/geo/order.c src/geo/order.h \
	src/geo/poptrie.c src/geo/poptrie.h \
	src/geo/rank.c \
	src/geo/schema.c src/geo/schema.h \
	src/geo/shift.c src/geo/shift.h \
	src/geo/special.c src/geo/special.h \
	src/geo/strata.h \
	src/geo/table.h \
	src/geo/tiling.c src/geo/tiling.h
EXTRA_DIST += src/geo/README.md
EXTRA_DIST += geo/README.md geo/countries.tsv geo/iptoasn-country.mmdb

# The table of countries is built in, so that a server needs no file beside its own for a country-only database; a
# geo/countries.tsv beside the steering files goes before it.
nodist_libgeo_a_SOURCES = src/geo/countries_text.c
src/geo/countries_text.c: geo/countries.tsv
	$(AM_V_GEN)$(MKDIR_P) src/geo && { echo '#include "geo/country.h"'; echo 'const char countries_text[] ='; \
	sed -e '/^#/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(top_srcdir)/geo/countries.tsv; echo ';'; } >$@.new && \
	mv $@.new $@
CLEANFILES += src/geo/countries_text.c

# All unit tests of the room may use the world of tests/unit/geo/world.h.
geo_test_world = tests/unit/geo/world.c tests/unit/geo/world.h tests/unit/geo/mmdb_writer.c \
	tests/unit/geo/mmdb_writer.h
check_PROGRAMS += tests/unit/geo/test_country
tests_unit_geo_test_country_SOURCES = tests/unit/geo/test_country.c $(geo_test_world)
tests_unit_geo_test_country_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_country_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_distance
tests_unit_geo_test_distance_SOURCES = tests/unit/geo/test_distance.c $(geo_test_world)
tests_unit_geo_test_distance_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_distance_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_geodb
tests_unit_geo_test_geodb_SOURCES = tests/unit/geo/test_geodb.c $(geo_test_world)
tests_unit_geo_test_geodb_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_geodb_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_map
tests_unit_geo_test_map_SOURCES = tests/unit/geo/test_map.c $(geo_test_world)
tests_unit_geo_test_map_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_map_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_schema
tests_unit_geo_test_schema_SOURCES = tests/unit/geo/test_schema.c $(geo_test_world)
tests_unit_geo_test_schema_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_schema_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_special
tests_unit_geo_test_special_SOURCES = tests/unit/geo/test_special.c $(geo_test_world)
tests_unit_geo_test_special_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_special_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_tables
tests_unit_geo_test_tables_SOURCES = tests/unit/geo/test_tables.c $(geo_test_world) tests/unit/geo/trie_oracle.c tests/unit/geo/trie_oracle.h
tests_unit_geo_test_tables_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_tables_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_tiling
tests_unit_geo_test_tiling_SOURCES = tests/unit/geo/test_tiling.c $(geo_test_world) tests/unit/geo/trie_oracle.c tests/unit/geo/trie_oracle.h
tests_unit_geo_test_tiling_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_tiling_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_moves
tests_unit_geo_test_moves_SOURCES = tests/unit/geo/test_moves.c $(geo_test_world)
tests_unit_geo_test_moves_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_moves_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/geo/test_shift
tests_unit_geo_test_shift_SOURCES = tests/unit/geo/test_shift.c $(geo_test_world)
tests_unit_geo_test_shift_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo $(CMOCKA_CFLAGS)
tests_unit_geo_test_shift_LDADD = $(GEO_LIBS) $(CMOCKA_LIBS)
