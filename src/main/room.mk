# The room main: the daemon.
noinst_LIBRARIES += libreport.a
libreport_a_SOURCES = \
	src/main/report.h \
	src/main/report_explanation.c \
	src/main/report_health.c \
	src/main/report_plan.c \
	src/main/report_whatif.c

# What is started, and the daemon, which it loads.
sbin_PROGRAMS += meridiand
meridiand_SOURCES = src/main/launch.c src/main/launch.h
meridiand_CPPFLAGS = $(AM_CPPFLAGS) -DMERIDIAN_LIBEXECDIR='"$(pkglibexecdir)"'
EXTRA_meridiand_DEPENDENCIES = meridiand.so

pkglibexec_PROGRAMS += meridiand.so
meridiand_so_SOURCES = \
	src/main/announce.c \
	src/main/commands.c \
	src/main/daemon.c \
	src/main/daemon.h \
	src/main/fetch.c \
	src/main/fetch.h \
	src/main/inspect.c \
	src/main/main.c \
	src/main/privileges.c \
	src/main/report_status.c \
	src/main/save.c \
	src/main/tell.c \
	src/main/watch.c
meridiand_so_LDFLAGS = -pthread -shared $(HARDEN_OBJECT_LDFLAGS)
meridiand_so_LDADD = libreport.a $(ALL_LIBS) $(SECCOMP_LIBS)
EXTRA_DIST += src/main/README.md
