# The programs and scripts that ship beside the daemon.
EXTRA_DIST += tools/install-deps tools/check tools/geodata tools/countries tools/quickstart tools/demo-datacenter

bin_PROGRAMS += meridianctl
meridianctl_SOURCES = \
	tools/ctl.h \
	tools/ctl_call.c \
	tools/ctl_explain.c \
	tools/ctl_offline.c \
	tools/ctl_offline.h \
	tools/ctl_outcome.c \
	tools/ctl_outcome.h \
	tools/ctl_plan.c \
	tools/ctl_record.c \
	tools/ctl_report.c \
	tools/ctl_show.c \
	tools/ctl_stage.c \
	tools/ctl_stage.h \
	tools/ctl_steer.c \
	tools/ctl_steer.h \
	tools/ctl_steer_events.c \
	tools/ctl_steer_inside.h \
	tools/ctl_test.c \
	tools/ctl_verbs.c \
	tools/ctl_whatif.c \
	tools/meridianctl.c
meridianctl_LDADD = libreport.a $(ANSWER_LIBS) $(CONTROL_LIBS)
meridianctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)

# Unit tests: the parser by itself, and the program against a control socket.
check_PROGRAMS += tests/unit/tools/test_steer tests/unit/tools/test_ctl
tests_unit_tools_test_steer_SOURCES = tests/unit/tools/test_steer.c tools/ctl_steer.c tools/ctl_steer_events.c
tests_unit_tools_test_steer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)
tests_unit_tools_test_steer_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_tools_test_ctl_SOURCES = tests/unit/tools/test_ctl.c $(control_test_helpers)
tests_unit_tools_test_ctl_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit/control
tests_unit_tools_test_ctl_LDADD = $(CONTROL_LIBS) $(CMOCKA_LIBS)

# The fuzz target of the parser; see tests/fuzz/fuzz.mk.
check_PROGRAMS += tests/fuzz/replay_steer
tests_fuzz_replay_steer_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_steer.c tools/ctl_steer.c tools/ctl_steer_events.c
tests_fuzz_replay_steer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -DFUZZ_CORPUS='"tests/fuzz/corpus/steer"'
tests_fuzz_replay_steer_LDADD = $(WIRE_LIBS)
if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_steer
tests_fuzz_fuzz_steer_SOURCES = tests/fuzz/fuzz_steer.c tools/ctl_steer.c tools/ctl_steer_events.c
tests_fuzz_fuzz_steer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_steer_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_steer_LDADD = $(WIRE_LIBS)
endif

dist_man_MANS += tools/meridiand.8 tools/meridianctl.8 tools/meridian.yaml.5 tools/meridian-geo.5 tools/meridian-steer.5 tools/meridian-conformance.7
# As installed they name the folder where these programs look for the configuration.
install-data-hook:
	for page in $(dist_man_MANS); do page=$${page##*/}; \
	sed -i 's,/etc/meridian,$(sysconfdir)/meridian,g' "$(DESTDIR)$(mandir)/man$${page##*.}/$$page" || exit 1; done
dist_check_SCRIPTS += tests/house/manpages tests/house/conformance tests/unit/tools/offline
