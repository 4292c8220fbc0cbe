# The room snap: configuration, compiler, publishing, reload.
noinst_LIBRARIES += libsnap.a
libsnap_a_CPPFLAGS = $(AM_CPPFLAGS) $(FYAML_CFLAGS) $(URCU_CFLAGS)
libsnap_a_SOURCES = \
	src/snap/compile.c \
	src/snap/compile.h \
	src/snap/compile_attachments.c \
	src/snap/compile_hints.c \
	src/snap/compile_loops.c \
	src/snap/compile_promise.c \
	src/snap/compile_services.c \
	src/snap/compile_tables.c \
	src/snap/compile_zones.c \
	src/snap/conf.h \
	src/snap/conf_access.c \
	src/snap/conf_control.c \
	src/snap/conf_geo.c \
	src/snap/conf_map.c \
	src/snap/conf_members.c \
	src/snap/conf_nets.c \
	src/snap/conf_policy.c \
	src/snap/conf_pool.c \
	src/snap/conf_probe.c \
	src/snap/conf_probe_dns.c \
	src/snap/conf_probe_parts.c \
	src/snap/conf_read.c \
	src/snap/conf_reader.c \
	src/snap/conf_reader.h \
	src/snap/conf_rules.c \
	src/snap/conf_rules.h \
	src/snap/conf_server.c \
	src/snap/conf_service.c \
	src/snap/conf_source.c \
	src/snap/conf_value.c \
	src/snap/conf_yaml.c \
	src/snap/conf_yaml.h \
	src/snap/conf_zones.c \
	src/snap/live.c \
	src/snap/live.h \
	src/snap/plan.c \
	src/snap/plan.h \
	src/snap/plan_changes.c \
	src/snap/reload.c \
	src/snap/reload.h \
	src/snap/snapshot.h \
	src/snap/whatif.c \
	src/snap/whatif.h \
	src/snap/whatif_capacity.c
EXTRA_DIST += src/snap/README.md

# The configuration reader needs only some of the rooms below.
CONF_LIBS = libsnap.a libgeo.a $(WIRE_LIBS) $(FYAML_LIBS) $(MAXMINDDB_LIBS) -lm
EXTRA_DIST += tests/data/conf meridian.yaml geo/world.yaml
CONF_TEST_SOURCES = \
	tests/unit/snap/expect.c tests/unit/snap/expect.h \
	tests/unit/snap/memory.c tests/unit/snap/memory.h
check_PROGRAMS += \
	tests/unit/snap/test_conf \
	tests/unit/snap/test_conf_errors \
	tests/unit/snap/test_conf_geo tests/unit/snap/test_conf_source
tests_unit_snap_test_conf_SOURCES = tests/unit/snap/test_conf.c $(CONF_TEST_SOURCES)
tests_unit_snap_test_conf_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_conf_LDADD = $(CONF_LIBS) $(CMOCKA_LIBS)
tests_unit_snap_test_conf_errors_SOURCES = tests/unit/snap/test_conf_errors.c tests/unit/snap/memory.c tests/unit/snap/memory.h
tests_unit_snap_test_conf_errors_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_conf_errors_LDADD = $(CONF_LIBS) $(CMOCKA_LIBS)
tests_unit_snap_test_conf_geo_SOURCES = tests/unit/snap/test_conf_geo.c $(CONF_TEST_SOURCES)
tests_unit_snap_test_conf_geo_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_conf_geo_LDADD = $(CONF_LIBS) $(CMOCKA_LIBS)
tests_unit_snap_test_conf_source_SOURCES = tests/unit/snap/test_conf_source.c $(CONF_TEST_SOURCES)
tests_unit_snap_test_conf_source_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_conf_source_LDADD = $(CONF_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/snap/test_whatif
tests_unit_snap_test_whatif_SOURCES = tests/unit/snap/test_whatif.c
tests_unit_snap_test_whatif_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_whatif_LDADD = $(SNAP_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/snap/test_reload
tests_unit_snap_test_reload_SOURCES = tests/unit/snap/test_reload.c
tests_unit_snap_test_reload_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_snap_test_reload_LDADD = $(SNAP_LIBS) $(CMOCKA_LIBS)
