# Benchmarks: `make bench` builds and runs each program in BENCHES; each prints its measure and what it should be, and
# fails if it is more; the others run all the same.
BENCHES =

BENCHES += tests/bench/bench_zone
tests_bench_bench_zone_SOURCES = tests/bench/bench_zone.c tests/bench/memory.h
tests_bench_bench_zone_LDADD = $(ZONE_LIBS)

BENCHES += tests/bench/bench_probe
tests_bench_bench_probe_SOURCES = tests/bench/bench_probe.c
tests_bench_bench_probe_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS)
tests_bench_bench_probe_LDADD = $(PROBE_LIBS)

BENCHES += tests/bench/bench_pick
tests_bench_bench_pick_SOURCES = tests/bench/bench_pick.c
tests_bench_bench_pick_LDADD = $(POOL_LIBS)

BENCHES += tests/bench/bench_load
tests_bench_bench_load_SOURCES = tests/bench/bench_load.c tests/bench/memory.h
tests_bench_bench_load_LDADD = $(SNAP_LIBS)

BENCHES += tests/bench/bench_geo
tests_bench_bench_geo_SOURCES = tests/bench/bench_geo.c tests/bench/twenty.h tests/unit/geo/trie_oracle.c tests/unit/geo/trie_oracle.h
tests_bench_bench_geo_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/geo -DGEO_FOLDER='"$(abs_top_srcdir)/geo"'
tests_bench_bench_geo_LDADD = $(GEO_LIBS)

BENCHES += tests/bench/bench_plan
tests_bench_bench_plan_SOURCES = tests/bench/bench_plan.c tests/bench/twenty.h
tests_bench_bench_plan_CPPFLAGS = $(AM_CPPFLAGS) -DGEO_FOLDER='"$(abs_top_srcdir)/geo"'
tests_bench_bench_plan_LDADD = libreport.a libcontrol.a $(ANSWER_LIBS) $(JANSSON_LIBS) $(UV_LIBS)

BENCHES += tests/bench/bench_tcp # runs ./meridiand
tests_bench_bench_tcp_SOURCES = tests/bench/bench_tcp.c

EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES)
bench: $(BENCHES) meridiand
	@failed=; for program in $(BENCHES); do ./$$program || failed="$$failed $$program"; done; \
	if test -n "$$failed"; then echo "more than it should be:$$failed" >&2; exit 1; fi
.PHONY: bench
