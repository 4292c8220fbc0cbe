/*
 * stub.c: see stub.h.
 */
#include "stub.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer/answer.h"
#include "answer/transfer.h"
#include "base/assert.h"

struct transfer {
	unsigned left;
	uint8_t id[2];
};

static atomic_int threads, transfers;
static _Thread_local bool inside;
static _Atomic(const struct rate_limit *) limits;

int stub_threads(void)
{
	return atomic_load(&threads);
}

void live_thread_start(void)
{
	atomic_fetch_add(&threads, 1);
}

void live_thread_stop(void)
{
	MUST(!inside);
	atomic_fetch_sub(&threads, 1);
}

const struct live *live_enter(struct live_source *source)
{
	static const struct live live;
	(void)source;
	MUST(!inside);
	inside = true;
	return &live;
}

void live_leave(void)
{
	MUST(inside);
	inside = false;
}

void stub_limit(const struct rate_limit *limit)
{
	atomic_store(&limits, limit);
}

const struct rate_limit *answer_rate_limit(const struct live *live)
{
	MUST(inside && live != NULL);
	return atomic_load(&limits);
}

int stub_transfers(void)
{
	return atomic_load(&transfers);
}

static struct transfer *transfer_new(const uint8_t *in)
{
	struct transfer *transfer = malloc(sizeof *transfer);
	MUST(transfer != NULL);
	*transfer = (struct transfer){.left = (unsigned)in[17] << 8 | in[18], .id = {in[0], in[1]}};
	atomic_fetch_add(&transfers, 1);
	return transfer;
}

size_t transfer_next(struct transfer *transfer, uint8_t *out, size_t room, uint64_t wall)
{
	MUST(room >= STUB_TRANSFERRED && wall > 1000000000);
	if (transfer->left == 0)
		return 0;
	transfer->left--;
	memset(out, 0xcd, STUB_TRANSFERRED);
	memcpy(out, transfer->id, 2);
	return STUB_TRANSFERRED;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer != NULL)
		atomic_fetch_sub(&transfers, 1);
	free(transfer);
}

size_t answer_packet(struct answer_context *context, const struct client *client, const uint8_t *in, size_t in_size,
        uint8_t *out, size_t out_size)
{
	MUST(inside && context->live != NULL && context->secret != NULL && context->wall > 1000000000);
	MUST(context->transfer == NULL);
	counter_increment(context->counters, client->stream ? COUNTER_QUERIES_TCP : COUNTER_QUERIES_UDP);
	if (in_size < 12 || (in[2] & 0x80) != 0)
		return 0;
	size_t size = in_size;
	bool told = in_size >= STUB_QUERY;
	if (told && (in[12] != 0 || in[13] != 0))
		size = (size_t)in[12] << 8 | in[13];
	if (told && in[14] != 0)
		nanosleep(&(struct timespec){.tv_nsec = in[14] * 1000000L}, NULL);
	if (told && (in[17] != 0 || in[18] != 0) && context->may_transfer) {
		context->transfer = transfer_new(in);
		return 0;
	}
	size = size > out_size ? out_size : size;
	context->response_class = told ? in[16] : 0;
	context->proven = told && in[19] != 0;
	context->response_opt = (uint16_t)size;
	memset(out, 0xab, size);
	memcpy(out, in, size < in_size ? size : in_size);
	out[2] |= 0x80;
	if (told && in[15] != 0)
		memcpy(out + 16, &client->addr, sizeof client->addr);
	return size;
}

/* "ADDRESS@PORT", port 0 too, which people may not write. */
static struct endpoint stub_parse(const char *text)
{
	struct endpoint endpoint;
	char address[ADDR_TEXT_MAX];
	const char *at = strchr(text, '@');
	MUST(at != NULL && snprintf(address, sizeof address, "%.*s", (int)(at - text), text) > 0);
	MUST(addr_parse(&endpoint.addr, address));
	endpoint.port = (uint16_t)atoi(at + 1);
	return endpoint;
}

struct serve *stub_serve(const char *const *listen, const struct serve_options *more)
{
	struct endpoint endpoints[8];
	struct serve_options options = more != NULL ? *more : (struct serve_options){0};
	options.listen = endpoints;
	options.workers = options.workers != 0 ? options.workers : 1;
	for (; listen[options.listen_count] != NULL; options.listen_count++)
		endpoints[options.listen_count] = stub_parse(listen[options.listen_count]);
	struct err *err = err_new();
	struct serve *serve = serve_open(&options, err);
	MUST(serve == NULL || serve_start(serve, err) == 0);
	err_print(err, stderr, false);
	err_free(err);
	return serve;
}

struct endpoint stub_endpoint(const struct serve *serve, uint32_t i)
{
	uint32_t count;
	const struct endpoint *endpoints = serve_endpoints(serve, &count);
	MUST(i < count);
	return endpoints[i];
}

uint64_t stub_counter(const struct serve *serve, enum counter which)
{
	struct counters sum;
	serve_counters(serve, &sum);
	return sum.values[which];
}

void stub_query(uint8_t query[STUB_QUERY], uint16_t id, uint16_t reply)
{
	memset(query, 0, STUB_QUERY);
	query[0] = (uint8_t)(id >> 8);
	query[1] = (uint8_t)id;
	query[12] = (uint8_t)(reply >> 8);
	query[13] = (uint8_t)reply;
}

size_t stub_framed(uint8_t *to, uint16_t id, uint16_t reply)
{
	to[0] = 0;
	to[1] = STUB_QUERY;
	stub_query(to + 2, id, reply);
	return 2 + STUB_QUERY;
}

int stub_connect(const struct endpoint *to, int type, const char *from)
{
	struct sockaddr_storage address;
	int fd = socket(to->addr.family == ADDR_V6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (from != NULL) {
		struct endpoint source = {0};
		MUST(addr_parse(&source.addr, from));
		socklen_t length = endpoint_to_sockaddr(&source, &address);
		MUST(bind(fd, (struct sockaddr *)&address, length) == 0);
	}
	socklen_t length = endpoint_to_sockaddr(to, &address);
	if (connect(fd, (struct sockaddr *)&address, length) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool stub_wait(int fd, short events, int ms)
{
	struct pollfd one = {.fd = fd, .events = events};
	return poll(&one, 1, ms) == 1;
}

bool stub_send(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	while (size > 0) {
		if (!stub_wait(fd, POLLOUT, STUB_WAIT_MS))
			return false;
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			return false;
		at += sent > 0 ? sent : 0;
		size -= sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

bool stub_receive(int fd, void *bytes, size_t size)
{
	uint8_t *at = bytes;
	while (size > 0) {
		if (!stub_wait(fd, POLLIN, STUB_WAIT_MS))
			return false;
		ssize_t received = recv(fd, at, size, MSG_DONTWAIT);
		if (received <= 0)
			return false;
		at += received;
		size -= (size_t)received;
	}
	return true;
}

size_t stub_reply(int fd, uint16_t id)
{
	static _Thread_local uint8_t reply[65535];
	uint8_t length[2];
	if (!stub_receive(fd, length, 2))
		return 0;
	size_t size = (size_t)length[0] << 8 | length[1];
	if (!stub_receive(fd, reply, size))
		return 0;
	MUST(size >= 12 && reply[0] == id >> 8 && reply[1] == (id & 255) && (reply[2] & 0x80) != 0);
	return size;
}

bool stub_ended(int fd, int ms)
{
	uint8_t waste[4096];
	nanotime end = clock_now() + ms * NANO_MILLI;
	while (clock_now() < end) {
		if (!stub_wait(fd, POLLIN, (int)((end - clock_now()) / NANO_MILLI) + 1))
			return false;
		if (recv(fd, waste, sizeof waste, MSG_DONTWAIT) <= 0)
			return true;
	}
	return false;
}

bool stub_ask(int fd, uint16_t id)
{
	uint8_t query[2 + STUB_QUERY];
	return stub_send(fd, query, stub_framed(query, id, 0)) && stub_reply(fd, id) == STUB_QUERY;
}

unsigned stub_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;
	MUST(folder != NULL);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}
