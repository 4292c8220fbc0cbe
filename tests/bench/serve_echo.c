/*
 * serve_echo.c: the room serve with an echo in place of answers: what sockets and threads cost alone.
 *
 * serve_echo ADDRESS@PORT [WORKERS]; ends at SIGTERM or SIGINT. Compare with the whole server, and with the kernel's
 * floor.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/transfer.h"
#include "serve/serve.h"

void live_thread_start(void)
{
}

void live_thread_stop(void)
{
}

const struct live *live_enter(struct live_source *source)
{
	static const struct live live;
	(void)source;
	return &live;
}

void live_leave(void)
{
}

size_t answer_packet(struct answer_context *context, const struct client *client, const uint8_t *in, size_t in_size,
        uint8_t *out, size_t out_size)
{
	(void)client;
	if (in_size < 12 || in_size > out_size || (in[2] & 0x80) != 0)
		return 0;
	counter_increment(context->counters, COUNTER_QUERIES_UDP);
	memcpy(out, in, in_size);
	out[2] |= 0x84;
	return in_size;
}

const struct rate_limit *answer_rate_limit(const struct live *live)
{
	(void)live;
	return NULL;
}

size_t transfer_next(struct transfer *transfer, uint8_t *out, size_t room, uint64_t wall)
{
	(void)transfer;
	(void)out;
	(void)room;
	(void)wall;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	(void)transfer;
}

int main(int argc, char **argv)
{
	struct endpoint listen;
	if (argc < 2 || !endpoint_parse(&listen, argv[1], 53)) {
		fprintf(stderr, "usage: serve_echo ADDRESS@PORT [WORKERS]\n");
		return 2;
	}
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	struct serve_options options = {
	        .listen = &listen,
	        .listen_count = 1,
	        .workers = argc > 2 ? (unsigned)atoi(argv[2]) : 1,
	};
	struct err *err = err_new();
	struct serve *serve = options.workers > 0 ? serve_open(&options, err) : NULL;
	int status = serve == NULL || serve_start(serve, err) != 0;
	err_print(err, stderr, false);
	err_free(err);
	if (status != 0)
		return status;
	int signal;
	sigwait(&ends, &signal);
	struct counters sum;
	serve_counters(serve, &sum);
	printf("packets %llu batches %llu\n", (unsigned long long)sum.values[COUNTER_QUERIES_UDP],
	        (unsigned long long)sum.values[COUNTER_UDP_BATCHES]);
	serve_stop(serve, NANO_SECOND);
	return 0;
}
