# The room geo: databases and maps → tables: client → order of data centers, and its scope.
noinst_LIBRARIES += libgeo.a
libgeo_a_CPPFLAGS = $(AM_CPPFLAGS) $(MAXMINDDB_CFLAGS)
libgeo_a_SOURCES = \
	src/geo/build.h src/geo/map.h \
	src/geo/block.c src/geo/block.h \
	src/geo/country.c src/geo/country.h \
	src/geo/decide.c src/geo/decide.h \
	src/geo/distance.c src/geo/distance.h \
	src/geo/fact.c src/geo/fact.h \
	src/geo/find.c \
	src/geo/geodb.c src/geo/geodb.h \
	src/geo/map.c \
	src/geo/mmdb.c src/geo/mmdb.h \
	src/geo/order.c src/geo/order.h \
	src/geo/poptrie.c src/geo/poptrie.h \
	src/geo/schema.c src/geo/schema.h \
	src/geo/special.c src/geo/special.h \
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
