# Plays: scenarios as text, acted out in one process on a fake clock.
PLAYS = \
	tests/play/agree-brake.play \
	tests/play/akamai-2021.play \
	tests/play/all-down.play \
	tests/play/autoscaled.play \
	tests/play/bad-reload.play \
	tests/play/brake-restart.play \
	tests/play/catch-up.play \
	tests/play/cloudflare-2025.play \
	tests/play/dwell.play \
	tests/play/dyn-2016.play \
	tests/play/dynamodb-2025.play \
	tests/play/expired.play \
	tests/play/facebook-2021.play \
	tests/play/fail-after.play \
	tests/play/failback-list.play \
	tests/play/failback-when.play \
	tests/play/failover.play \
	tests/play/flapping.play \
	tests/play/github-2018.play \
	tests/play/half-deployed.play \
	tests/play/last-up.play \
	tests/play/lifted.play \
	tests/play/members.play \
	tests/play/names.play \
	tests/play/nearest.play \
	tests/play/nearly-full.play \
	tests/play/no-list-yet.play \
	tests/play/one-family.play \
	tests/play/one-writer.play \
	tests/play/promise.play \
	tests/play/reload.play \
	tests/play/return.play \
	tests/play/ring.play \
	tests/play/route53.play \
	tests/play/spill-ramp.play \
	tests/play/split-brain.play \
	tests/play/stale-replica.play \
	tests/play/thaw.play \
	tests/play/ttl.play \
	tests/play/wikimedia.play \
	tests/play/weightless.play \
	tests/play/writer-need.play

EXTRA_PROGRAMS += tests/play/play
tests_play_play_SOURCES = \
	tests/play/audience.c \
	tests/play/critic.c \
	tests/play/play.c \
	tests/play/play.h \
	tests/play/stage.c
tests_play_play_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/play
tests_play_play_LDADD = $(ANSWER_LIBS)

# Each play is a test of its own, run by the program that acts it out.
TEST_EXTENSIONS = .play
PLAY_LOG_COMPILER = tests/play/play
AM_TESTS_ENVIRONMENT = srcdir='$(top_srcdir)'; export srcdir;
TESTS += $(PLAYS)
EXTRA_DIST += $(PLAYS) \
	tests/play/README.md \
	tests/play/world/data.yaml \
	tests/play/world/example.com.zone \
	tests/play/world/meridian.yaml \
	tests/play/world/world.yaml
$(PLAYS:.play=.log): tests/play/play$(EXEEXT)
CLEANFILES += tests/play/play$(EXEEXT)
