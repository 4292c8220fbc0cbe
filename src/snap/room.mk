# The room snap: configuration, compiler, publishing, reload.
noinst_LIBRARIES += libsnap.a
libsnap_a_CPPFLAGS = $(AM_CPPFLAGS) $(FYAML_CFLAGS) $(URCU_CFLAGS)
libsnap_a_SOURCES = \
	src/snap/compile.c \
	src/snap/compile.h \
	src/snap/compile_attachments.c \
	src/snap/compile_services.c \
	src/snap/compile_tables.c \
	src/snap/compile_zones.c \
	src/snap/conf.h \
	src/snap/conf_access.c \
	src/snap/conf_control.c \
	src/snap/conf_geo.c \
	src/snap/conf_map.c \
	src/snap/conf_nets.c \
	src/snap/conf_pool.c \
	src/snap/conf_probe.c \
	src/snap/conf_read.c \
	src/snap/conf_reader.c \
	src/snap/conf_reader.h \
	src/snap/conf_rules.c \
	src/snap/conf_rules.h \
	src/snap/conf_server.c \
	src/snap/conf_service.c \
	src/snap/conf_value.c \
	src/snap/conf_yaml.c \
	src/snap/conf_yaml.h \
	src/snap/conf_zones.c \
	src/snap/live.c \
	src/snap/live.h \
	src/snap/reload.c \
	src/snap/reload.h \
	src/snap/snapshot.h
EXTRA_DIST += src/snap/README.md
