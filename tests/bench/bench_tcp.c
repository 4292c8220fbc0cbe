/*
 * bench_tcp.c: what strangers' TCP connections cost: memory, and the latency of UDP while they are abused.
 *
 * Runs ./meridiand on a loopback address of its own. Ten thousand connections that asked once and stay; then a child
 * that sends halves of messages, drips, noise, and asks for much that it never reads, as fast as it may. The latency is
 * that of one query at a time, so that a machine that is busy otherwise shows in both.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS = 10000,
	ABUSERS = 400,
	SAMPLES = 2000,
	PORT = 5300,
	MEMORY_LIMIT_KIB = 50 << 10,
	LATENCY_LIMIT = 2,
	WAIT_MS = 10000,
};

/* www.example.com A, id 0x1234, no EDNS */
static const uint8_t question[] = "\0\x21\x12\x34\0\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1";
enum { FRAMED = sizeof question - 1, PLAIN = FRAMED - 2 };

struct bench {
	char folder[64];
	pid_t daemon;
	uint8_t network[2]; /* 127.a.b.0/24 is ours */
	int crowd[CONNECTIONS];
};

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const struct bench *bench, unsigned host, unsigned port)
{
	const uint8_t bytes[4] = {127, bench->network[0], bench->network[1], (uint8_t)host};
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	memcpy(&name.sin_addr, bytes, 4);
	return name;
}

/* A connected socket, or -1. */
static int connect_from(const struct bench *bench, unsigned host, int type)
{
	struct sockaddr_in from = address(bench, host, 0), to = address(bench, 53, PORT);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* ---- the daemon ---- */

static void put(const struct bench *bench, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", bench->folder, name);
	FILE *file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		fail(path);
}

static void put_files(const struct bench *bench)
{
	static const char *const folders[] = {"zones", "geo", "state"};
	for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", bench->folder, folders[i]);
		if (mkdir(path, 0755) != 0)
			fail(path);
	}
	char server[256];
	snprintf(server, sizeof server,
	        "listen: [127.%u.%u.53@%u]\nworkers: 1\nzones: zones\ngeo: geo\nstate: state\ncontrol: control\nlog: "
	        "error\n",
	        bench->network[0], bench->network[1], PORT);
	put(bench, "meridian.yaml", server);
	put(bench, "geo/world.yaml", "datacenters:\n  a: { at: [0, 0] }\n");
	put(bench, "zones/example.com.zone",
	        "$TTL 60\n@ SOA ns1 h 1 1h 1h 1w 5m\n@ NS ns1\nns1 A 192.0.2.1\nwww A 192.0.2.80\n");
}

/* One question and its answer by UDP, in nanoseconds; -1: none within a second. */
static int64_t ask(int fd)
{
	uint8_t reply[512];
	struct pollfd one = {.fd = fd, .events = POLLIN};
	int64_t began = now();
	if (send(fd, question + 2, PLAIN, 0) != PLAIN)
		return -1;
	if (poll(&one, 1, 1000) != 1 || recv(fd, reply, sizeof reply, 0) <= PLAIN)
		return -1;
	return now() - began;
}

static void start(struct bench *bench)
{
	char path[128];
	snprintf(path, sizeof path, "%s/meridian.yaml", bench->folder);
	bench->daemon = fork();
	if (bench->daemon == 0) {
		execl("./meridiand", "meridiand", "-c", path, (char *)NULL);
		_exit(127);
	}
	int fd = connect_from(bench, 1, SOCK_DGRAM);
	for (int64_t end = now() + WAIT_MS * 1000000LL; ask(fd) < 0;) {
		if (now() > end || waitpid(bench->daemon, NULL, WNOHANG) != 0) {
			fprintf(stderr, "bench_tcp: ./meridiand does not answer\n");
			exit(1);
		}
		usleep(20000);
	}
	close(fd);
}

static long resident_kib(const struct bench *bench)
{
	char path[64], line[256];
	long kib = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)bench->daemon);
	FILE *file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (file != NULL)
		fclose(file);
	return kib;
}

static unsigned descriptors(const struct bench *bench)
{
	char path[64];
	unsigned count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)bench->daemon);
	DIR *folder = opendir(path);
	while (folder != NULL && readdir(folder) != NULL)
		count++;
	if (folder != NULL)
		closedir(folder);
	return count > 2 ? count - 2 : 0;
}

static void end(struct bench *bench)
{
	static const char *const names[] = {"meridian.yaml", "geo/world.yaml", "zones/example.com.zone", "control",
	        "state/verdicts", "state/overrides", "geo", "zones", "state", ""};
	kill(bench->daemon, SIGTERM);
	waitpid(bench->daemon, NULL, 0);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", bench->folder, names[i]);
		(void)remove(path);
	}
}

/* ---- measuring ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct latency {
	double median, late; /* µs; `late`: 99 of 100 are faster */
	unsigned lost;
};

static struct latency measure(const struct bench *bench)
{
	static int64_t took[SAMPLES];
	struct latency latency = {0};
	unsigned count = 0;
	int fd = connect_from(bench, 1, SOCK_DGRAM);
	for (unsigned i = 0; i < SAMPLES; i++) {
		int64_t one = ask(fd);
		if (one < 0)
			latency.lost++;
		else
			took[count++] = one;
		usleep(500);
	}
	close(fd);
	qsort(took, count, sizeof *took, by_value);
	latency.median = count == 0 ? 0 : (double)took[count / 2] / 1000;
	latency.late = count == 0 ? 0 : (double)took[count * 99 / 100] / 1000;
	return latency;
}

/* All of them asked once, and stay. */
static unsigned gather(struct bench *bench)
{
	unsigned served = 0;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		int fd = bench->crowd[i] = connect_from(bench, i % 50 + 100, SOCK_STREAM);
		uint8_t reply[512];
		served += fd >= 0 && send(fd, question, FRAMED, MSG_NOSIGNAL) == FRAMED &&
		          recv(fd, reply, sizeof reply, 0) > FRAMED;
	}
	return served;
}

/* ---- abuse ---- */

static void abuse_one(const struct bench *bench, int *fd, unsigned turn, unsigned *dice)
{
	static uint8_t much[200 * FRAMED], noise[4096];
	if (*fd < 0 || rand_r(dice) % 16 == 0) {
		if (*fd >= 0)
			close(*fd);
		*fd = connect_from(bench, turn % 40 + 200, SOCK_STREAM);
		if (*fd < 0)
			return;
		fcntl(*fd, F_SETFL, O_NONBLOCK);
	}
	for (unsigned i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)rand_r(dice);
	for (unsigned i = 0; i < 200; i++)
		memcpy(much + i * FRAMED, question, FRAMED);
	const struct {
		const uint8_t *bytes;
		size_t size;
	} kinds[] = {{noise, sizeof noise}, {much, sizeof much}, {question, FRAMED / 2}, {question, 1}};
	unsigned kind = turn % 4;
	(void)!send(*fd, kinds[kind].bytes, kinds[kind].size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* For the time of a measurement and longer; ends with its parent's word, or with its parent. */
static void abuse(const struct bench *bench, int order)
{
	int fds[ABUSERS];
	unsigned dice = 1;
	struct pollfd told = {.fd = order, .events = POLLIN};
	memset(fds, -1, sizeof fds);
	for (unsigned turn = 0; poll(&told, 1, 0) == 0; turn++) {
		abuse_one(bench, &fds[turn % ABUSERS], turn, &dice);
		if (turn % 8 == 0)
			usleep(1000);
	}
	_exit(0);
}

static struct latency measure_abused(const struct bench *bench)
{
	int order[2];
	if (pipe(order) != 0)
		fail("pipe");
	pid_t child = fork();
	if (child == 0) {
		close(order[1]);
		abuse(bench, order[0]);
	}
	close(order[0]);
	usleep(500000);
	struct latency latency = measure(bench);
	close(order[1]);
	waitpid(child, NULL, 0);
	return latency;
}

static void show(const char *name, struct latency latency, struct latency quiet)
{
	printf("bench_tcp: UDP latency, %-22s median %4.0f us, 99 %% %5.0f us, %u lost; %.2f times quiet (should be <= "
	       "%d)\n",
	        name, latency.median, latency.late, latency.lost, latency.median / quiet.median, LATENCY_LIMIT);
}

int main(void)
{
	static struct bench bench;
	struct rlimit limit;
	snprintf(bench.folder, sizeof bench.folder, "/tmp/meridian-bench.XXXXXX");
	bench.network[0] = (uint8_t)(200 + getpid() / 256 % 50);
	bench.network[1] = (uint8_t)getpid();
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < CONNECTIONS * 3 / 2) {
		printf("bench_tcp: skipped: it needs %d descriptors (ulimit -n)\n", CONNECTIONS * 3 / 2);
		return 0;
	}
	if (mkdtemp(bench.folder) == NULL)
		fail(bench.folder);
	put_files(&bench);
	start(&bench);
	struct latency quiet = measure(&bench);
	long before = resident_kib(&bench);
	unsigned open = descriptors(&bench), served = gather(&bench), held = descriptors(&bench) - open;
	long after = resident_kib(&bench);
	printf("bench_tcp: %u connections served, %u open: %ld KiB more (should be <= %d)\n", served, held,
	        after - before, MEMORY_LIMIT_KIB);
	struct latency idle = measure(&bench), abused = measure_abused(&bench);
	show("quiet:", quiet, quiet);
	show("10,000 idle:", idle, quiet);
	show("and others abuse them:", abused, quiet);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (bench.crowd[i] >= 0)
			close(bench.crowd[i]);
	for (unsigned i = 0; i < 100 && descriptors(&bench) > open; i++)
		usleep(100000);
	printf("bench_tcp: descriptors open afterwards: %u (should be %u), memory %ld KiB more than at the start\n",
	        descriptors(&bench), open, resident_kib(&bench) - before);
	end(&bench);
	return 0;
}
