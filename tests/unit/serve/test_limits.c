/*
 * test_limits.c: what hostile TCP clients can take: places, descriptors, memory, time.
 *
 * Servers run in this process; where the limit of descriptors or the memory matters, in a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int connect_from(const struct endpoint *to, const char *from)
{
	int fd = stub_connect(to, SOCK_STREAM, from);
	assert_true(fd >= 0);
	return fd;
}

static struct serve *serve_with(unsigned tcp_max, unsigned tcp_idle_ms)
{
	struct serve_options options = {.tcp_max = tcp_max, .tcp_idle_ms = tcp_idle_ms};
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, &options);
	assert_non_null(serve);
	return serve;
}

/* The longest idle gives way: of the greedy client first, and never who was just active. */
static void test_full(void **state)
{
	(void)state;
	enum { MOST = 16 };
	struct serve *serve = serve_with(MOST, 60000);
	struct endpoint to = stub_endpoint(serve, 0);
	int fds[MOST];
	for (unsigned i = 0; i < MOST; i++) {
		fds[i] = connect_from(&to, i < 3 ? "127.0.0.2" : i < 6 ? "127.0.0.3" : NULL);
		assert_true(stub_ask(fds[i], 1));
	}
	assert_true(stub_ask(fds[6], 2));
	/* 127.0.0.1 holds ten, beyond its share of three: 7, 8, … go; 6 was active since. */
	for (unsigned i = 7; i < 12; i++) {
		int fd = connect_from(&to, "127.0.0.4");
		assert_true(stub_ask(fd, 3));
		assert_true(stub_ended(fds[i], STUB_WAIT_MS));
		close(fd);
		for (unsigned k = 0; k < STUB_WAIT_MS && stub_counter(serve, COUNTER_TCP_OPEN) >= MOST; k++)
			usleep(1000);
		close(fds[i]);
		fds[i] = connect_from(&to, NULL);
		assert_true(stub_ask(fds[i], 4));
	}
	for (unsigned i = 0; i < MOST; i++) {
		assert_true(stub_ask(fds[i], 5));
		close(fds[i]);
	}
	assert_int_equal(stub_counter(serve, COUNTER_TCP_EVICTED), 5);
	serve_stop(serve, NANO_SECOND);
}

/* Idle, half a message drip by drip, not reading: each ends in its time, while another is served. */
static void test_too_slow(void **state)
{
	(void)state;
	enum { IDLE, LENGTH, DRIP, DEAF, KINDS };
	struct serve *serve = serve_with(100, 2000);
	struct endpoint to = stub_endpoint(serve, 0);
	int fds[KINDS], good = connect_from(&to, NULL);
	unsigned replaced = 0;
	uint8_t many[200 * (2 + STUB_QUERY)], *query = many;
	size_t size = stub_framed(query, 1, 65535);
	for (size_t i = 1; i < 200; i++)
		memcpy(many + i * size, many, size);
	for (unsigned i = 0; i < KINDS; i++)
		fds[i] = connect_from(&to, NULL);
	assert_true(stub_send(fds[LENGTH], query, 1));
	assert_true(stub_send(fds[DEAF], many, sizeof many));
	bool ended = false;
	for (unsigned i = 0; i < STUB_QUERY && !ended; i++) {
		/* on a busy machine the good one may be idle for too long, too: another takes its place */
		if (!stub_ask(good, (uint16_t)i)) {
			close(good);
			good = connect_from(&to, NULL);
			replaced++;
			assert_true(stub_ask(good, (uint16_t)i));
		}
		ended = send(fds[DRIP], query + i, 1, MSG_NOSIGNAL) < 0 || stub_ended(fds[DRIP], 50);
	}
	assert_true(ended);
	for (unsigned i = 0; i < KINDS; i++)
		assert_true(stub_ended(fds[i], STUB_WAIT_MS));
	close(good);
	good = connect_from(&to, NULL);
	assert_true(stub_ask(good, 7));
	assert_in_range(stub_counter(serve, COUNTER_TCP_TIMEOUTS), KINDS, KINDS + replaced + 1);
	for (unsigned i = 0; i < KINDS; i++)
		close(fds[i]);
	close(good);
	serve_stop(serve, NANO_SECOND);
}

/* Reads slowly, but reads: more than the time of a line, and all of it is right. */
static void test_slow_but_steady(void **state)
{
	(void)state;
	enum { ANSWERS = 200, BURST = 32768 }; /* more than the kernel holds for us */
	struct serve *serve = serve_with(100, 2000);
	struct endpoint to = stub_endpoint(serve, 0);
	int fd = connect_from(&to, NULL), small = BURST;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	uint8_t query[2 + STUB_QUERY], waste[BURST];
	size_t size = stub_framed(query, 1, 65535);
	for (unsigned i = 0; i < ANSWERS; i++)
		assert_true(stub_send(fd, query, size));
	nanotime start = clock_now();
	size_t left = (size_t)ANSWERS * (2 + 65535);
	for (; left > 0; left -= left < BURST ? left : BURST) {
		assert_true(stub_receive(fd, waste, left < BURST ? left : BURST));
		usleep(10000);
	}
	assert_true(clock_now() - start > 3 * NANO_SECOND);
	close(fd);
	serve_stop(serve, NANO_SECOND);
}

static long resident_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	if (file != NULL)
		fclose(file);
	return kib;
}

/* A server in a child, under a limit of descriptors: its endpoint comes by the pipe; it ends when told to, and says
 * what memory it took. */
struct child {
	pid_t pid;
	int ask[2], tell[2];
	struct endpoint endpoint;
};

static void child_run(struct child *child, rlim_t descriptors, unsigned hogged)
{
	struct rlimit limit = {descriptors, descriptors};
	char order;
	for (int fd = 3; fd < 1024; fd++)
		if (fd != child->ask[0] && fd != child->tell[1])
			close(fd);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		_exit(2);
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, NULL);
	if (serve == NULL)
		_exit(3);
	for (unsigned i = 0; i < hogged; i++) /* other rooms open files, too */
		(void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct endpoint endpoint = stub_endpoint(serve, 0);
	if (write(child->tell[1], &endpoint, sizeof endpoint) != sizeof endpoint)
		_exit(4);
	while (read(child->ask[0], &order, 1) == 1 && order != 'q') {
		long kib = resident_kib();
		struct rusage usage;
		getrusage(RUSAGE_SELF, &usage);
		long numbers[2] = {kib, usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
		                                usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000};
		if (write(child->tell[1], numbers, sizeof numbers) != sizeof numbers)
			_exit(5);
	}
	serve_stop(serve, NANO_SECOND);
	_exit(stub_threads() == 0 ? 0 : 6);
}

static void child_start(struct child *child, rlim_t descriptors, unsigned hogged)
{
	assert_int_equal(pipe(child->ask), 0);
	assert_int_equal(pipe(child->tell), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
		child_run(child, descriptors, hogged);
	close(child->ask[0]);
	close(child->tell[1]);
	assert_true(read(child->tell[0], &child->endpoint, sizeof child->endpoint) == sizeof child->endpoint);
}

/* Resident memory in KiB and CPU time in ms. */
static void child_measure(struct child *child, long numbers[2])
{
	assert_int_equal(write(child->ask[1], "m", 1), 1);
	assert_int_equal(read(child->tell[0], numbers, 2 * sizeof *numbers), 2 * sizeof *numbers);
}

static void child_end(struct child *child)
{
	int status;
	assert_int_equal(write(child->ask[1], "q", 1), 1);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_int_equal(status, 0);
	close(child->ask[1]);
	close(child->tell[0]);
}

/* 64 descriptors, of which others take some or all; 200 clients come and stay: each is served, and no core spins. */
static void test_few_descriptors(void **state)
{
	(void)state;
	static const unsigned hogged[] = {0, 64};
	for (size_t row = 0; row < COUNT(hogged); row++) {
		enum { CLIENTS = 200 };
		struct child child;
		int fds[CLIENTS];
		long before[2], after[2];
		child_start(&child, 64, hogged[row]);
		for (unsigned i = 0; i < CLIENTS; i++) {
			fds[i] = connect_from(&child.endpoint, NULL);
			if (hogged[row] == 0)
				assert_true(stub_ask(fds[i], (uint16_t)i));
		}
		child_measure(&child, before);
		usleep(500000);
		child_measure(&child, after);
		assert_true(after[1] - before[1] < 100);
		for (unsigned i = 0; i < CLIENTS; i++)
			close(fds[i]);
		child_end(&child);
	}
}

/* Idle connections, and half messages of every length: memory within its bounds, and a new client is served at once. */
static void test_memory(void **state)
{
	(void)state;
	static const struct {
		unsigned connections;
		size_t sent;    /* of a message of 65,535 bytes */
		long kib_above; /* what may be resident more than before */
	} rows[] = {{5000, 0, 5000}, {5000, 1, 8000}, {1000, 60000, 48 << 10}};
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < 8000)
		skip();
	static uint8_t part[65537] = {0xff, 0xff};
	for (size_t row = 0; row < COUNT(rows); row++) {
		struct child child;
		long before[2], after[2];
		int *fds = calloc(rows[row].connections, sizeof *fds);
		assert_non_null(fds);
		child_start(&child, 8000, 0);
		child_measure(&child, before);
		for (unsigned i = 0; i < rows[row].connections; i++) {
			fds[i] = connect_from(&child.endpoint, NULL);
			for (size_t sent = 0; sent < rows[row].sent;) {
				ssize_t moved = send(fds[i], part + sent, rows[row].sent - sent, MSG_NOSIGNAL);
				if (moved < 0)
					break;
				sent += (size_t)moved;
			}
		}
		nanotime start = clock_now();
		int fd = connect_from(&child.endpoint, NULL);
		assert_true(stub_ask(fd, 1));
		assert_true(STUB_SANITIZED || clock_now() - start < 5 * NANO_SECOND);
		child_measure(&child, after);
		print_message("%u connections, %zu bytes of a message: %ld KiB\n", rows[row].connections,
		        rows[row].sent, after[0] - before[0]);
		assert_true(STUB_SANITIZED || after[0] - before[0] <= rows[row].kib_above);
		for (unsigned i = 0; i < rows[row].connections; i++)
			close(fds[i]);
		close(fd);
		free(fds);
		child_end(&child);
	}
}

/* A pause of the whole process: what came meanwhile is answered, though all times are over. */
static void test_stopped_process(void **state)
{
	(void)state;
	struct child child;
	child_start(&child, 1000, 0);
	int fd = connect_from(&child.endpoint, NULL), udp = stub_connect(&child.endpoint, SOCK_DGRAM, NULL);
	assert_true(stub_ask(fd, 1));
	assert_int_equal(kill(child.pid, SIGSTOP), 0);
	uint8_t query[2 + STUB_QUERY];
	size_t size = stub_framed(query, 2, 0);
	assert_true(stub_send(fd, query, size));
	assert_true(stub_send(udp, query + 2, size - 2));
	usleep(100000);
	assert_int_equal(kill(child.pid, SIGCONT), 0);
	assert_int_equal(stub_reply(fd, 2), STUB_QUERY);
	assert_true(stub_receive(udp, query, STUB_QUERY));
	close(fd);
	close(udp);
	child_end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_full),
	        cmocka_unit_test(test_too_slow),
	        cmocka_unit_test(test_slow_but_steady),
	        cmocka_unit_test(test_few_descriptors),
	        cmocka_unit_test(test_memory),
	        cmocka_unit_test(test_stopped_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
