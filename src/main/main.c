/*
 * main.c: the daemon's command line.
 *
 * Called by launch.c, which has blocked the signals already.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "config.h"
#include "main/daemon.h"
#include "main/launch.h"

static const char usage[] = "usage: meridiand [-c FILE] [-t] [-v] [-V]\n"
                            "\n"
                            "Serves DNS: each client gets its nearest healthy data center. Runs in the foreground.\n"
                            "\n"
                            "  -c, --config FILE  the configuration (default: " MERIDIAN_SYSCONFDIR "/meridian.yaml)\n"
                            "  -t, --check        check all files and exit\n"
                            "  -v, --verbose      log more; twice: everything\n"
                            "  -V, --version      print the version and exit\n"
                            "  -h, --help         print this help and exit\n"
                            "\n"
                            "Signals: HUP reloads; TERM and INT stop after answering what was received.\n"
                            "See meridiand(8), meridian.yaml(5), meridian-geo(5), meridianctl(8).\n";

static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 't'}, {"verbose", no_argument, NULL, 'v'}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'}, {NULL}};

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* `-t`: what a start would say of the files. */
static int check(const char *path)
{
	struct err *err = err_new();
	struct snapshot *snapshot = snapshot_build(path, NULL, 0, err);
	if (snapshot)
		conf_check_user(snapshot->conf, err);
	err_print(err, stderr, isatty(STDERR_FILENO));
	size_t errors = err_count(err, ERR_ERROR), warnings = err_count(err, ERR_WARNING);
	if (errors)
		fprintf(stderr, "%s: %zu error%s\n", path, errors, plural(errors));
	else
		printf("%s: no errors, %zu warning%s; %u zone%s, %u service%s, %u data center%s\n", path, warnings,
		        plural(warnings), snapshot->zone_count, plural(snapshot->zone_count),
		        snapshot->steering.service_count, plural(snapshot->steering.service_count),
		        snapshot->steering.datacenter_count, plural(snapshot->steering.datacenter_count));
	snapshot_free(snapshot);
	err_free(err);
	return errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

int meridiand_main(int argc, char **argv)
{
	struct daemon daemon = {.path = MERIDIAN_SYSCONFDIR "/meridian.yaml"};
	bool only_check = false;
	unsigned more = 0;
	int option;
	while ((option = getopt_long(argc, argv, "c:tvVh", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			daemon.path = optarg;
			break;
		case 't':
			only_check = true;
			break;
		case 'v':
			more++;
			break;
		case 'V':
			puts(PACKAGE_STRING);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "meridiand: '%s' is not understood\n%s", argv[optind], usage);
		return 2;
	}
	if (only_check)
		return check(daemon.path);
	/* Whoever started us may have closed the standard streams: no socket may sit there, and libuv bears none. */
	int null;
	do
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null >= 0)
		close(null);
	daemon.verbose = more;
	MUST(getrandom(daemon.seed, sizeof daemon.seed, 0) == sizeof daemon.seed);
	return daemon_run(&daemon);
}
