# Benchmarks: `make bench` builds and runs each program in BENCHES; each prints its measure and what it should be.
BENCHES =

BENCHES += tests/bench/bench_zone
tests_bench_bench_zone_SOURCES = tests/bench/bench_zone.c
tests_bench_bench_zone_LDADD = $(ZONE_LIBS)

EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES)
bench: $(BENCHES)
	@for program in $(BENCHES); do ./$$program || exit 1; done
.PHONY: bench
