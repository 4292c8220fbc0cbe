# The room main: the daemon.
noinst_LIBRARIES += libreport.a
libreport_a_SOURCES = \
	src/main/report.h \
	src/main/report_explanation.c \
	src/main/report_health.c \
	src/main/report_plan.c \
	src/main/report_whatif.c

sbin_PROGRAMS += meridiand
meridiand_SOURCES = \
	src/main/announce.c \
	src/main/commands.c \
	src/main/daemon.c \
	src/main/daemon.h \
	src/main/inspect.c \
	src/main/main.c \
	src/main/privileges.c \
	src/main/report_status.c \
	src/main/tell.c \
	src/main/watch.c
meridiand_LDADD = libreport.a $(ALL_LIBS) $(SECCOMP_LIBS)
EXTRA_DIST += src/main/README.md
