/*
 * bench_probe.c: what 2,000 targets at 5 s cost, half of them silent: the share of a core that the prober takes.
 *
 * A child process is the servers: it answers 200 on one port, and on another accepts and says nothing. After one
 * interval to settle, the process's CPU time is taken, five times, over as many seconds as the argument says (5): the
 * median.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "probe/probe.h"

#define TARGETS 2000
#define SETTLE_MS 8000
#define RUNS 5

static int listener(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 4096) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void serve(int answering, int silent)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
	int epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	event.data.fd = answering;
	epoll_ctl(epoll, EPOLL_CTL_ADD, answering, &event);
	event.data.fd = silent;
	epoll_ctl(epoll, EPOLL_CTL_ADD, silent, &event);
	for (char request[4096]; epoll_wait(epoll, &event, 1, -1) >= 0;) {
		int fd = event.data.fd;
		if (fd == answering || fd == silent) {
			struct epoll_event more = {.events = EPOLLIN, .data.fd = accept(fd, NULL, NULL)};
			/* The silent ones' requests are read, so that their ends are seen; the mark says not to answer.
			 */
			more.data.u64 |= fd == silent ? UINT64_C(1) << 40 : 0;
			epoll_ctl(epoll, EPOLL_CTL_ADD, more.data.fd, &more);
			continue;
		}
		ssize_t got = recv(fd, request, sizeof request, 0);
		if (got > 0 && event.data.u64 >> 40)
			continue;
		if (got > 0)
			send(fd, reply, sizeof reply - 1, MSG_NOSIGNAL);
		close(fd);
	}
	_exit(0);
}

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void stop(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void run(uv_loop_t *loop, uint64_t milliseconds)
{
	uv_timer_t timer;
	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, stop, milliseconds, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static void fill(struct steering *steering, struct target *targets, uint16_t answering, uint16_t silent)
{
	for (uint32_t i = 0; i < TARGETS; i++) {
		char *name;
		MUST(asprintf(&name, "web/192.0.2.%u@%u", i, 80) > 0);
		targets[i] = (struct target){.name = name, .endpoint = {.port = i % 2 ? silent : answering}};
		addr_parse(&targets[i].endpoint.addr, "127.0.0.1");
	}
	steering->targets = targets;
	steering->target_count = TARGETS;
}

/* The share of a core in each run, sorted. */
static void measure(uv_loop_t *loop, int seconds, double shares[RUNS])
{
	run(loop, SETTLE_MS);
	for (unsigned i = 0; i < RUNS; i++) {
		double before = cpu_seconds();
		nanotime start = clock_now();
		run(loop, (uint64_t)seconds * 1000);
		shares[i] = 100 * (cpu_seconds() - before) / ((double)(clock_now() - start) / 1e9);
	}
	qsort(shares, RUNS, sizeof *shares, compare);
}

int main(int argc, char **argv)
{
	static struct target targets[TARGETS];
	static const struct probe_spec spec = {.name = "web",
	        .type = PROBE_HTTP,
	        .host = "www.example.com",
	        .path = "/healthz",
	        .body = "ok",
	        .status_min = 200,
	        .status_max = 299,
	        .interval = 5 * NANO_SECOND,
	        .timeout = 3 * NANO_SECOND,
	        .fall = 3,
	        .rise = 2};
	struct steering steering = {.probes = &spec, .probe_count = 1};
	struct rlimit limit;
	uint16_t ports[2];
	int seconds = argc > 1 ? atoi(argv[1]) : 5;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	int answering = listener(&ports[0]), silent = listener(&ports[1]);
	pid_t child = fork();
	MUST(child >= 0);
	if (!child)
		serve(answering, silent);
	uv_loop_t loop;
	struct err *err = err_new();
	uv_loop_init(&loop);
	struct prober *prober = prober_new(&loop, 1, err);
	MUST(prober);
	fill(&steering, targets, ports[0], ports[1]);
	struct board *board = board_new(&steering, NULL);
	prober_set(prober, board);
	double shares[RUNS];
	measure(&loop, seconds, shares);
	double share = shares[RUNS / 2];
	unsigned up = 0, results = 0;
	for (uint32_t i = 0; i < TARGETS; i++) {
		up += board_target(board, i)->verdict == VERDICT_UP;
		results += board_target(board, i)->window_count;
	}
	printf("probes: %d targets at 5 s, %u up, %u results: %.1f %% of a core (%.1f to %.1f; at most 6)\n", TARGETS,
	        up, results, share, shares[0], shares[RUNS - 1]);
	prober_free(prober);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	board_free(board);
	err_free(err);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (uint32_t i = 0; i < TARGETS; i++)
		free((char *)(uintptr_t)targets[i].name);
	return share > 6;
}
