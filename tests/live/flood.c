/*
 * flood.c: asks a server at a steady rate and judges every answer, while a test reloads the server.
 *
 * Run by test_reload.py. Each generation of the test's data carries its number in two places of every answer, which
 * must agree: no answer may be a mixture. An answer must not be older than the newest that had come before its
 * question was sent: nothing goes back in time.
 *
 *   v.ZONE TXT      "N"                              one number
 *   mx.ZONE MX      N host, and host's A 10.X.N>>8.N one zone, two sections
 *   www.ZONE A      TTL N, address 10.X.N>>8.N       zone and steering
 *   alias.ZONE TXT  CNAME of TTL N, TXT "N"          two zones
 *
 * usage: flood ADDRESS PORT RATE SECONDS ZONE. Stops early when its standard input ends. Prints one line of
 * NAME=NUMBER; exit status 0 says only that it ran.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 8, BATCH = 32, PACKET = 1232, KINDS = 4, FLYING_MAX = 512, IDS = 65536, BAD_SHOWN = 5 };

struct flight {
	bool out;
	unsigned kind;
	uint32_t floor; /* newest number that was known when it was sent */
	int64_t sent;
};

struct line {
	int fd;
	uint16_t next;
	struct flight flights[IDS];
};

struct tally {
	uint64_t sent, received, wrong, mixed, back, slow;
	int64_t slowest;
	uint32_t oldest, newest;
};

struct flood {
	struct line *lines;
	struct tally tally;
	uint8_t question[KINDS][300];
	size_t length[KINDS];
	unsigned flying, turn;
};

/* An answer while it is read. */
struct reader {
	const uint8_t *bytes;
	size_t size, at;
	bool bad;
};

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static uint32_t number(struct reader *reader, unsigned bytes)
{
	uint32_t value = 0;
	if (reader->at + bytes > reader->size) {
		reader->bad = true;
		return 0;
	}
	while (bytes--)
		value = value << 8 | reader->bytes[reader->at++];
	return value;
}

static void skip_name(struct reader *reader)
{
	while (!reader->bad) {
		uint32_t length = number(reader, 1);
		if (length >= 0xc0)
			number(reader, 1);
		else
			reader->at += length;
		if (!length || length >= 0xc0)
			return;
	}
}

/* The number that a record carries in its data (and a CNAME in its TTL); and its TTL. */
static uint32_t record(struct reader *reader, uint32_t *type, uint32_t *ttl)
{
	skip_name(reader);
	*type = number(reader, 2);
	number(reader, 2);
	*ttl = number(reader, 4);
	size_t length = number(reader, 2), end = reader->at + length;
	uint32_t value = 0;
	if (*type == 1) {
		value = number(reader, 4) & 0xffff;
	} else if (*type == 15) {
		value = number(reader, 2);
	} else if (*type == 16) {
		for (uint32_t digits = number(reader, 1); digits && !reader->bad; digits--)
			value = value * 10 + number(reader, 1) - '0';
	} else if (*type == 5) {
		value = *ttl;
	}
	reader->at = end;
	reader->bad |= end > reader->size;
	return value;
}

/* The two numbers of an answer; false if it is not what was asked for. */
static bool numbers(struct reader *reader, unsigned kind, uint32_t pair[2])
{
	static const uint32_t expected[KINDS][2] = {{16, 0}, {15, 1}, {1, 0}, {5, 16}};
	uint32_t flags, counts[4], type, ttl;
	number(reader, 2);
	flags = number(reader, 2);
	for (unsigned i = 0; i < 4; i++)
		counts[i] = number(reader, 2);
	if ((flags & 0x8000) == 0 || (flags & 0x20f) != 0 || counts[0] != 1)
		return false;
	skip_name(reader);
	number(reader, 4);
	pair[0] = record(reader, &type, &ttl);
	if (type != expected[kind][0])
		return false;
	pair[1] = kind == 2 ? ttl : pair[0];
	if (!expected[kind][1])
		return !reader->bad && counts[1] == 1;
	pair[1] = record(reader, &type, &ttl);
	return !reader->bad && type == expected[kind][1];
}

static void judge(struct flood *flood, struct line *line, const uint8_t *bytes, size_t size, int64_t at)
{
	struct tally *tally = &flood->tally;
	struct reader reader = {bytes, size, 0, false};
	struct flight *flight = &line->flights[size < 2 ? 0 : bytes[0] << 8 | bytes[1]];
	uint32_t pair[2];
	if (!flight->out) {
		tally->wrong++;
		return;
	}
	flight->out = false;
	flood->flying--;
	tally->received++;
	int64_t took = at - flight->sent;
	tally->slow += took > 50000000;
	if (took > tally->slowest)
		tally->slowest = took;
	if (!numbers(&reader, flight->kind, pair)) {
		if (tally->wrong++ < BAD_SHOWN)
			fprintf(stderr, "wrong: kind %u, %zu bytes, flags %02x%02x\n", flight->kind, size, bytes[2],
			        bytes[3]);
		return;
	}
	if (pair[0] != pair[1] && tally->mixed++ < BAD_SHOWN)
		fprintf(stderr, "mixed: kind %u has %u and %u\n", flight->kind, pair[0], pair[1]);
	if (pair[0] < flight->floor && tally->back++ < BAD_SHOWN)
		fprintf(stderr, "back: kind %u has %u after %u\n", flight->kind, pair[0], flight->floor);
	if (pair[0] > tally->newest)
		tally->newest = pair[0];
	if (!tally->oldest)
		tally->oldest = pair[0];
}

static void receive(struct flood *flood, struct line *line)
{
	static uint8_t bytes[BATCH][PACKET];
	struct mmsghdr headers[BATCH] = {0};
	struct iovec parts[BATCH];
	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], PACKET};
		headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	int count;
	do {
		count = recvmmsg(line->fd, headers, BATCH, MSG_DONTWAIT, NULL);
		int64_t at = now();
		for (int i = 0; i < count; i++)
			judge(flood, line, bytes[i], headers[i].msg_len, at);
	} while (count == BATCH);
}

static void send_one(struct flood *flood)
{
	struct line *line = &flood->lines[flood->turn % SOCKETS];
	unsigned kind = flood->turn / SOCKETS % KINDS;
	flood->turn++;
	uint16_t id = line->next++;
	struct flight *flight = &line->flights[id];
	if (flight->out) /* lost long ago; it is counted at the end */
		return;
	flood->question[kind][0] = (uint8_t)(id >> 8);
	flood->question[kind][1] = (uint8_t)id;
	*flight = (struct flight){true, kind, flood->tally.newest, now()};
	if (send(line->fd, flood->question[kind], flood->length[kind], 0) < 0) {
		flight->out = false;
		return;
	}
	flood->flying++;
	flood->tally.sent++;
}

static void run(struct flood *flood, double rate, double seconds)
{
	int64_t start = now(), end = start + (int64_t)(seconds * 1e9), grace = 2000000000;
	double due = 0;
	int64_t last = start;
	bool stopped = false;
	while (now() < end || (flood->flying && now() < end + grace)) {
		int64_t at = now();
		due += (double)(at - last) * rate / 1e9;
		last = at;
		if (due > 4 * BATCH) /* we were put aside for a while: do not make up for it in one burst */
			due = 4 * BATCH;
		for (; at < end && due >= 1 && flood->flying < FLYING_MAX; due--)
			send_one(flood);
		for (unsigned i = 0; i < SOCKETS; i++)
			receive(flood, &flood->lines[i]);
		struct pollfd input = {.fd = 0, .events = POLLIN};
		if (!stopped && poll(&input, 1, flood->flying ? 0 : 1) > 0) {
			char byte;
			stopped = read(0, &byte, 1) <= 0;
			if (stopped)
				end = now();
		}
		struct timespec breath = {0, 200000};
		nanosleep(&breath, NULL);
	}
	double took = (double)(end - start) / 1e9;
	struct tally *tally = &flood->tally;
	printf("sent=%llu received=%llu lost=%u wrong=%llu mixed=%llu back=%llu slow=%llu slowest_us=%lld oldest=%u "
	       "newest=%u rate=%.0f\n",
	        (unsigned long long)tally->sent, (unsigned long long)tally->received, flood->flying,
	        (unsigned long long)tally->wrong, (unsigned long long)tally->mixed, (unsigned long long)tally->back,
	        (unsigned long long)tally->slow, (long long)tally->slowest / 1000, tally->oldest, tally->newest,
	        (double)tally->sent / took);
}

/* A query without EDNS for `label`.`zone`. */
static size_t compose(uint8_t *out, const char *label, const char *zone, uint16_t type)
{
	char name[256];
	size_t at = 12;
	snprintf(name, sizeof name, "%s.%s", label, zone);
	memset(out, 0, 12);
	out[5] = 1;
	for (char *part = strtok(name, "."); part; part = strtok(NULL, ".")) {
		size_t length = strlen(part);
		out[at++] = (uint8_t)length;
		memcpy(out + at, part, length);
		at += length;
	}
	const uint8_t tail[] = {0, 0, (uint8_t)type, 0, 1};
	memcpy(out + at, tail, sizeof tail);
	return at + sizeof tail;
}

static int open_line(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int size = 4 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	        connect(fd, (struct sockaddr *)&to, sizeof to)) {
		perror(address);
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *label;
		uint16_t type;
	} kinds[KINDS] = {{"v", 16}, {"mx", 15}, {"www", 1}, {"alias", 16}};
	if (argc != 6) {
		fprintf(stderr, "usage: flood ADDRESS PORT RATE SECONDS ZONE\n");
		return 2;
	}
	struct flood flood = {.lines = calloc(SOCKETS, sizeof *flood.lines)};
	if (!flood.lines)
		return 1;
	for (unsigned i = 0; i < KINDS; i++)
		flood.length[i] = compose(flood.question[i], kinds[i].label, argv[5], kinds[i].type);
	for (unsigned i = 0; i < SOCKETS; i++)
		flood.lines[i].fd = open_line(argv[1], argv[2]);
	run(&flood, atof(argv[3]), atof(argv[4]));
	free(flood.lines);
	return 0;
}
