# Live tests: the real daemon on loopback. `make check-live LIVE='Answers Failover'` runs only those.
EXTRA_PROGRAMS += tests/live/flood
tests_live_flood_SOURCES = tests/live/flood.c
EXTRA_DIST += tests/live/README.md tests/live/run tests/live/tsan.supp \
	tests/live/centers.py tests/live/database.py tests/live/dns.py tests/live/mmdb.py \
	tests/live/peers.py tests/live/secondaries.py tests/live/world.py tests/live/zonegen.py \
	tests/live/test_answers.py tests/live/test_bad_input.py tests/live/test_control.py tests/live/test_differential.py \
	tests/live/test_limits.py tests/live/test_members.py tests/live/test_partition.py tests/live/test_plan.py tests/live/test_probe_kinds.py tests/live/test_probes.py \
	tests/live/test_process.py tests/live/test_quickstart.py tests/live/test_readme.py tests/live/test_reload.py \
	tests/live/test_resolver.py tests/live/test_spill.py tests/live/test_streams.py \
	tests/live/test_transfers.py tests/live/test_zonemaster.py
CLEANFILES += tests/live/flood

check-live: meridiand meridianctl tests/live/flood
	$(srcdir)/tests/live/run --build $(abs_builddir) $(LIVE)
.PHONY: check-live
