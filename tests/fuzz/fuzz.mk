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

# The whole of an answer; its corpus is that of packets.
EXTRA_DIST += tests/fuzz/corpus_answer.py
check_PROGRAMS += tests/fuzz/replay_answer
tests_fuzz_replay_answer_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_answer.c $(ANSWER_FIXTURE)
tests_fuzz_replay_answer_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS) -I$(top_srcdir)/tests/unit/answer -DFUZZ_CORPUS='"tests/fuzz/corpus/answer"'
tests_fuzz_replay_answer_LDADD = $(ANSWER_TESTS_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_answer
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz_answer.c $(ANSWER_FIXTURE)
tests_fuzz_fuzz_answer_CPPFLAGS = $(ANSWER_TESTS_CPPFLAGS) -I$(top_srcdir)/tests/unit/answer
tests_fuzz_fuzz_answer_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_answer_LDADD = $(ANSWER_TESTS_LIBS)
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

# Configuration and lists of prefixes, on files in memory as the unit tests have them.
EXTRA_DIST += tests/fuzz/corpus_conf.py
check_PROGRAMS += tests/fuzz/replay_conf tests/fuzz/replay_nets
tests_fuzz_replay_conf_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_conf.c tests/unit/snap/memory.c
tests_fuzz_replay_conf_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/snap -DFUZZ_CORPUS='"tests/fuzz/corpus/conf"'
tests_fuzz_replay_conf_LDADD = $(CONF_LIBS)
tests_fuzz_replay_nets_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_nets.c tests/unit/snap/memory.c
tests_fuzz_replay_nets_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/snap -DFUZZ_CORPUS='"tests/fuzz/corpus/nets"'
tests_fuzz_replay_nets_LDADD = $(CONF_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_conf tests/fuzz/fuzz_nets
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c tests/unit/snap/memory.c
tests_fuzz_fuzz_conf_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/snap
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_conf_LDADD = $(CONF_LIBS)
tests_fuzz_fuzz_nets_SOURCES = tests/fuzz/fuzz_nets.c tests/unit/snap/memory.c
tests_fuzz_fuzz_nets_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/snap
tests_fuzz_fuzz_nets_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_nets_LDADD = $(CONF_LIBS)
endif

# The seeds of this one come from a program, which is not run by itself.
EXTRA_PROGRAMS += tests/fuzz/corpus_mmdb
tests_fuzz_corpus_mmdb_SOURCES = tests/fuzz/corpus_mmdb.c tests/unit/geo/mmdb_writer.c tests/unit/geo/mmdb_writer.h
tests_fuzz_corpus_mmdb_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/geo
tests_fuzz_corpus_mmdb_LDADD = $(BASE_LIBS)

check_PROGRAMS += tests/fuzz/replay_mmdb
tests_fuzz_replay_mmdb_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mmdb.c
tests_fuzz_replay_mmdb_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"tests/fuzz/corpus/mmdb"'
tests_fuzz_replay_mmdb_LDADD = $(GEO_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_mmdb
tests_fuzz_fuzz_mmdb_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_mmdb_LDADD = $(GEO_LIBS)
endif

# Replies to probes of the type dns.
EXTRA_DIST += tests/fuzz/corpus_dns_reply.py
check_PROGRAMS += tests/fuzz/replay_dns_reply
tests_fuzz_replay_dns_reply_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_dns_reply.c
tests_fuzz_replay_dns_reply_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS) -DFUZZ_CORPUS='"tests/fuzz/corpus/dns_reply"'
tests_fuzz_replay_dns_reply_LDADD = $(PROBE_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_dns_reply
tests_fuzz_fuzz_dns_reply_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS)
tests_fuzz_fuzz_dns_reply_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_dns_reply_LDADD = $(PROBE_LIBS)
endif

# Replies of registries.
EXTRA_DIST += tests/fuzz/corpus_member_list.py
check_PROGRAMS += tests/fuzz/replay_member_list
tests_fuzz_replay_member_list_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_member_list.c
tests_fuzz_replay_member_list_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"tests/fuzz/corpus/member_list"'
tests_fuzz_replay_member_list_LDADD = $(PROBE_LIBS) $(CONF_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_member_list
tests_fuzz_fuzz_member_list_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_member_list_LDADD = $(PROBE_LIBS) $(CONF_LIBS)
endif

# The saved state.
check_PROGRAMS += tests/fuzz/replay_state
tests_fuzz_replay_state_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_state.c tests/unit/pool/world.c
tests_fuzz_replay_state_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/pool -DFUZZ_CORPUS='"tests/fuzz/corpus/state"'
tests_fuzz_replay_state_LDADD = $(POOL_LIBS)

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_state
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c tests/unit/pool/world.c
tests_fuzz_fuzz_state_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/pool
tests_fuzz_fuzz_state_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_state_LDADD = $(POOL_LIBS)
endif
