# Fuzz targets. Each is one file with LLVMFuzzerTestOneInput, built twice: with replay.c it runs its
# corpus in `make check`; with --enable-fuzzing (clang) it is also a libFuzzer program, say
#   tests/fuzz/fuzz_query -max_total_time=60 NEW_FOLDER tests/fuzz/corpus/query
# Seeds come from a script beside it; what fuzzing finds is added to the corpus with its fix.
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/corpus_query.py

check_PROGRAMS += tests/fuzz/replay_query
tests_fuzz_replay_query_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_query.c
tests_fuzz_replay_query_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"tests/fuzz/corpus/query"'
tests_fuzz_replay_query_LDADD = $(WIRE_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_query_LDADD = $(WIRE_LIBS)
endif

check_PROGRAMS += tests/fuzz/replay_zone
tests_fuzz_replay_zone_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_zone.c
tests_fuzz_replay_zone_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"tests/fuzz/corpus/zone"'
tests_fuzz_replay_zone_LDADD = $(ZONE_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_zone
tests_fuzz_fuzz_zone_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_zone_LDADD = $(ZONE_LIBS)
endif
