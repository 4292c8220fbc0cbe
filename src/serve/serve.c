/*
 * serve.c: opens the sockets, starts the threads, ends them.
 *
 * One UDP thread for each worker and listener, since a thread that blocks in
 * recvmmsg on one socket needs two system calls for a batch, and one that waits on
 * several needs three. Our threads block all signals: those are main's.
 */
#include "serve/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "serve/limiter.h"
#include "serve/socket.h"
#include "serve/stream.h"
#include "serve/udp.h"

enum {
	SERVE_TCP_MOST = 65536,
	SERVE_LOOP_DESCRIPTORS = 16, /* libuv aborts if it finds none for its first loop */
	SERVE_TCP_SHARE = 8,         /* an eighth of the connections is one client's share */
	SERVE_HELD_MOST = 32 << 20,  /* of unfinished messages and unsent answers, on all connections together */
};
#define SERVE_PATIENCE (10 * NANO_SECOND)

struct serve {
	uint8_t secret[16]; /* of this process, for cookies */
	struct limiter *limiter;
	struct endpoint *endpoints;
	uint32_t endpoint_count;
	struct udp **udp;
	unsigned udp_count;
	struct stream *stream;
};

static void serve_random(void *to, size_t size)
{
	/* At boot this waits until the kernel has some. */
	MUST(getrandom(to, size, 0) == (ssize_t)size);
}

/* A quarter of the descriptors that are left stays for probes, files and the control socket. */
static unsigned serve_tcp_max(const struct serve_options *options)
{
	if (options->tcp_max != 0)
		return options->tcp_max;
	unsigned most = socket_descriptors_left() / 4 * 3;
	return most == 0 ? 1 : most > SERVE_TCP_MOST ? SERVE_TCP_MOST : most;
}

static struct stream *serve_stream(
        const struct serve_options *options, const uint8_t *secret, struct socket_set *sets, unsigned count)
{
	if (socket_descriptors_left() < SERVE_LOOP_DESCRIPTORS) {
		errno = EMFILE;
		return NULL;
	}
	int *listeners = calloc(count, sizeof *listeners);
	MUST(listeners != NULL);
	for (unsigned i = 0; i < count; i++)
		listeners[i] = sets[i].tcp;
	unsigned most = serve_tcp_max(options);
	struct stream_options stream = {
	        .listeners = listeners,
	        .listener_count = count,
	        .limits =
	                {
	                        .members = most,
	                        .share = most / SERVE_TCP_SHARE + 1,
	                        .held = SERVE_HELD_MOST,
	                        .patience = options->tcp_idle_ms != 0 ? options->tcp_idle_ms * NANO_MILLI
	                                                              : SERVE_PATIENCE,
	                },
	        .source = options->source,
	        .secret = secret,
	};
	serve_random(&stream.random, sizeof stream.random);
	serve_random(stream.seed, sizeof stream.seed);
	struct stream *made = stream_new(&stream);
	for (unsigned i = 0; made != NULL && i < count; i++)
		sets[i].tcp = -1;
	free(listeners);
	return made;
}

static void serve_add_udp(struct serve *serve, struct socket_set *set, struct live_source *source)
{
	for (unsigned i = 0; i < set->udp_count; i++) {
		struct udp_options options = {
		        .fd = set->udp[i],
		        .family = set->endpoint.addr.family,
		        .wildcard = set->wildcard,
		        .source = source,
		        .limiter = serve->limiter,
		        .secret = serve->secret,
		};
		serve_random(&options.random, sizeof options.random);
		serve->udp[serve->udp_count++] = udp_new(&options);
		set->udp[i] = -1;
	}
}

/* Binds all, so that each fault is reported; returns how many sets stand, or -1. */
static int serve_bind(const struct serve_options *options, struct socket_set *sets, struct err *err)
{
	int count = 0;
	bool failed = false;
	for (uint32_t i = 0; i < options->listen_count; i++) {
		enum socket_outcome outcome = socket_set_open(&sets[count], &options->listen[i], options->workers, err);
		failed |= outcome == SOCKET_FAILED;
		count += outcome == SOCKET_BOUND;
	}
	if (!failed && count == 0) {
		err_add(err, ERR_ERROR, NULL, "there is no address to listen on");
		failed = true;
	}
	for (int i = 0; failed && i < count; i++)
		socket_set_close(&sets[i]);
	return failed ? -1 : count;
}

static struct serve *serve_make(const struct serve_options *options, struct socket_set *sets, unsigned count)
{
	struct serve *serve = calloc(1, sizeof *serve);
	MUST(serve != NULL);
	serve_random(serve->secret, sizeof serve->secret);
	serve->stream = serve_stream(options, serve->secret, sets, count);
	if (serve->stream == NULL) {
		free(serve);
		return NULL;
	}
	uint8_t secret[LIMITER_SECRET];
	serve_random(secret, sizeof secret);
	serve->limiter = limiter_new(secret);
	serve->endpoints = calloc(count, sizeof *serve->endpoints);
	serve->udp = calloc((size_t)count * options->workers, sizeof(struct udp *));
	MUST(serve->endpoints != NULL && serve->udp != NULL);
	serve->endpoint_count = count;
	for (unsigned i = 0; i < count; i++) {
		serve->endpoints[i] = sets[i].endpoint;
		serve_add_udp(serve, &sets[i], options->source);
	}
	return serve;
}

struct serve *serve_open(const struct serve_options *options, struct err *err)
{
	MUST(options->workers > 0);
	struct socket_set *sets = calloc(options->listen_count + 1, sizeof *sets);
	MUST(sets != NULL);
	int count = serve_bind(options, sets, err);
	struct serve *serve = NULL;
	if (count > 0) {
		serve = serve_make(options, sets, (unsigned)count);
		if (serve == NULL)
			err_add(err, ERR_ERROR, NULL, "no event loop for TCP: %s", strerror(errno));
	}
	for (int i = 0; i < count; i++)
		socket_set_close(&sets[i]);
	free(sets);
	return serve;
}

int serve_start(struct serve *serve, struct err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	MUST(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
	int code = stream_start(serve->stream);
	for (unsigned i = 0; code == 0 && i < serve->udp_count; i++)
		code = udp_start(serve->udp[i]);
	MUST(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	if (code == 0)
		return 0;
	err_add(err, ERR_ERROR, NULL, "a thread could not be started: %s", strerror(code));
	return -1;
}

void serve_stop(struct serve *serve, nanotime grace)
{
	nanotime deadline = clock_now() + grace;
	for (unsigned i = 0; i < serve->udp_count; i++)
		udp_stop(serve->udp[i], deadline);
	stream_stop(serve->stream, deadline);
	for (unsigned i = 0; i < serve->udp_count; i++)
		udp_free(serve->udp[i]);
	stream_free(serve->stream);
	limiter_free(serve->limiter);
	free(serve->udp);
	free(serve->endpoints);
	free(serve);
}

const struct endpoint *serve_endpoints(const struct serve *serve, uint32_t *count)
{
	*count = serve->endpoint_count;
	return serve->endpoints;
}

void serve_counters(const struct serve *serve, struct counters *sum)
{
	*sum = (struct counters){0};
	for (unsigned i = 0; i < serve->udp_count; i++)
		counters_sum(sum->values, udp_counters(serve->udp[i]));
	counters_sum(sum->values, stream_counters(serve->stream));
}
