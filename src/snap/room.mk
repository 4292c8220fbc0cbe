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
	src/snap/live.c \
	src/snap/live.h \
	src/snap/reload.c \
	src/snap/reload.h \
	src/snap/snapshot.h
EXTRA_DIST += src/snap/README.md
