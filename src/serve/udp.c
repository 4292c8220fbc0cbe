/*
 * udp.c: receive a batch, answer it, send a batch.
 *
 * All headers are made once; per packet only lengths are set anew. Stopping
 * needs neither a signal nor a timeout: shutdown() of an unconnected UDP
 * socket says ENOTCONN, but marks the socket and wakes its reader, so that the
 * read returns nothing once the queue is empty, whether it slept or was about to.
 */
#include "serve/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/assert.h"
#include "base/hash.h"

enum {
	UDP_BATCH = 64,
	UDP_IN_SIZE = 4096,  /* of a longer datagram this much is judged: no honest query comes near */
	UDP_OUT_SIZE = 4096, /* room; what a client gets at most, answer_packet decides */
	UDP_GAP = 64,        /* keeps the heads of the buffers in different cache sets */
	UDP_CONTROL = 64,    /* one struct in_pktinfo or in6_pktinfo */
};

union udp_name {
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	_Alignas(32) uint8_t apart[32]; /* none in two cache lines */
};

union udp_control {
	struct cmsghdr align;
	uint8_t bytes[UDP_CONTROL];
};

struct udp_buffer {
	uint8_t in[UDP_IN_SIZE];
	uint8_t in_gap[UDP_GAP];
	uint8_t out[UDP_OUT_SIZE];
	uint8_t out_gap[UDP_GAP];
};

struct udp {
	/* The thread's own. */
	struct counters counters; /* others read them */
	struct answer_context context;
	struct client client;
	nanotime now; /* of the batch, where it is needed; 0: it was not */
	uint64_t dice;
	struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
	struct iovec in_part[UDP_BATCH], out_part[UDP_BATCH];
	union udp_name names[UDP_BATCH];
	union udp_control controls[UDP_BATCH];
	struct udp_buffer *buffers;
	/* Set up before the thread starts. */
	struct live_source *source;
	struct limiter *limiter; /* shared */
	int fd;
	bool v6, wildcard, started;
	socklen_t name_size;
	pthread_t thread;
	/* Written by the control thread. */
	atomic_bool stopping;
	nanotime deadline; /* before `stopping` */
};

/* libc's wrappers make each call a cancellation point, which costs more than the rest of a small batch. */
static inline int udp_receive(struct udp *udp, int flags)
{
	return (int)syscall(SYS_recvmmsg, udp->fd, udp->in, UDP_BATCH, flags, NULL);
}

static inline int udp_transmit(struct udp *udp, unsigned from, unsigned count)
{
	return (int)syscall(SYS_sendmmsg, udp->fd, udp->out + from, count, MSG_DONTWAIT);
}

static void udp_set_up_headers(struct udp *udp)
{
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		udp->in_part[i] = (struct iovec){udp->buffers[i].in, UDP_IN_SIZE};
		udp->out_part[i] = (struct iovec){udp->buffers[i].out, 0};
		udp->in[i].msg_hdr = (struct msghdr){
		        .msg_name = &udp->names[i],
		        .msg_namelen = udp->name_size,
		        .msg_iov = &udp->in_part[i],
		        .msg_iovlen = 1,
		        .msg_control = udp->wildcard ? &udp->controls[i] : NULL,
		        .msg_controllen = udp->wildcard ? UDP_CONTROL : 0,
		};
		udp->out[i].msg_hdr = (struct msghdr){
		        .msg_namelen = udp->name_size,
		        .msg_iov = &udp->out_part[i],
		        .msg_iovlen = 1,
		};
	}
}

struct udp *udp_new(const struct udp_options *options)
{
	struct udp *udp = aligned_alloc(_Alignof(struct udp), sizeof *udp);
	MUST(udp != NULL);
	memset(udp, 0, sizeof *udp);
	udp->fd = options->fd;
	udp->v6 = options->family == ADDR_V6;
	udp->wildcard = options->wildcard;
	udp->name_size = udp->v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	udp->source = options->source;
	udp->limiter = options->limiter;
	udp->dice = options->random;
	udp->context = (struct answer_context){
	        .counters = &udp->counters,
	        .random = options->random,
	        .secret = options->secret,
	};
	udp->client.addr.family = options->family;
	udp->buffers = malloc(UDP_BATCH * sizeof *udp->buffers); /* pages that no packet needs are never touched */
	MUST(udp->buffers != NULL);
	udp_set_up_headers(udp);
	return udp;
}

/* The socket has one family, so the rest of the address is, and stays, zero. */
static inline void udp_set_client(struct udp *udp, const union udp_name *name)
{
	if (udp->v6)
		memcpy(udp->client.addr.bytes, &name->v6.sin6_addr, 16);
	else
		memcpy(udp->client.addr.bytes, &name->v4.sin_addr, 4);
}

/* The address asked becomes the source of the reply: the same control message, but by whatever interface leads back. */
static void udp_reply_from(struct msghdr *out, struct msghdr *in)
{
	out->msg_control = NULL;
	out->msg_controllen = 0;
	struct cmsghdr *control = CMSG_FIRSTHDR(in);
	if (control == NULL)
		return;
	if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(control);
		info->ipi_ifindex = 0;
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(control);
		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	} else {
		return;
	}
	out->msg_control = in->msg_control;
	out->msg_controllen = in->msg_controllen;
}

/* What is left of a reply after rate limiting; 0: nothing. */
static size_t udp_limit(struct udp *udp, const struct rate_limit *limit, uint8_t *out, size_t size)
{
	struct answer_context *context = &udp->context;
	if (context->proven)
		return size;
	if (udp->now == 0)
		udp->now = clock_coarse();
	if (limiter_allows(udp->limiter, limit, &udp->client.addr, context->response_class, udp->now))
		return size;
	udp->dice = hash_mix(udp->dice, context->response_class);
	bool slips = limiter_slips(limit, udp->dice);
	counter_increment(&udp->counters, slips ? COUNTER_RATE_SLIPPED : COUNTER_DROPPED_RATE);
	return slips ? limiter_truncate(out, size, context->response_opt) : 0;
}

/* Answers the batch; returns the number of replies. The read side ends before anything is sent. */
static unsigned udp_answer(struct udp *udp, unsigned count)
{
	unsigned replies = 0;
	udp->context.wall = (uint64_t)time(NULL); /* reads memory, no clock */
	udp->context.live = live_enter(udp->source);
	udp->now = 0;
	const struct rate_limit *limit = answer_rate_limit(udp->context.live);
	for (unsigned i = 0; i < count; i++) {
		struct mmsghdr *in = &udp->in[i], *out = &udp->out[replies];
		udp_set_client(udp, &udp->names[i]);
		udp->client.limited = limit != NULL && !limiter_exempts(limit, &udp->client.addr);
		uint8_t *reply = udp->buffers[replies].out;
		size_t size = answer_packet(
		        &udp->context, &udp->client, udp->buffers[i].in, in->msg_len, reply, UDP_OUT_SIZE);
		if (udp->client.limited && size != 0)
			size = udp_limit(udp, limit, reply, size);
		if (size != 0) {
			udp->out_part[replies++].iov_len = size;
			out->msg_hdr.msg_name = &udp->names[i];
			if (udp->wildcard)
				udp_reply_from(&out->msg_hdr, &in->msg_hdr);
		}
		if (udp->wildcard)
			in->msg_hdr.msg_controllen = UDP_CONTROL;
	}
	live_leave();
	return replies;
}

/* A message that cannot be sent is lost, as UDP may lose it anywhere; never wait, never try again. */
static void udp_send(struct udp *udp, unsigned count)
{
	for (unsigned sent = 0; sent < count;) {
		int moved = udp_transmit(udp, sent, count - sent);
		if (moved > 0) {
			sent += (unsigned)moved;
		} else if (errno != EINTR) {
			counter_increment(&udp->counters, COUNTER_UDP_SEND_ERRORS);
			sent++;
		}
	}
}

static void udp_receive_failed(struct udp *udp)
{
	if (errno == EINTR || errno == EAGAIN)
		return;
	counter_increment(&udp->counters, COUNTER_UDP_RECEIVE_ERRORS);
	if (errno != ECONNREFUSED)
		poll(NULL, 0, 1); /* a fault that stays must not take the core */
}

/* What woke the thread was udp_stop: no datagram, and no sender's address. */
static bool udp_is_wake(struct udp *udp, unsigned count)
{
	struct msghdr *first = &udp->in[0].msg_hdr;
	if (count != 1 || first->msg_namelen != 0)
		return false;
	first->msg_namelen = udp->name_size;
	if (udp->wildcard)
		first->msg_controllen = UDP_CONTROL;
	return true;
}

static void udp_batch(struct udp *udp, unsigned count)
{
	counter_increment(&udp->counters, COUNTER_UDP_BATCHES);
	udp_send(udp, udp_answer(udp, count));
}

/* After the stop: all that the socket still holds. */
static void udp_drain(struct udp *udp)
{
	while (clock_now() < udp->deadline) {
		int count = udp_receive(udp, MSG_DONTWAIT);
		if (count > 0)
			udp_batch(udp, (unsigned)count);
		else if (errno == EAGAIN)
			return;
		else
			udp_receive_failed(udp);
	}
}

static void *udp_run(void *argument)
{
	struct udp *udp = argument;
	live_thread_start();
	while (!atomic_load_explicit(&udp->stopping, memory_order_acquire)) {
		int count = udp_receive(udp, MSG_WAITFORONE);
		if (count <= 0)
			udp_receive_failed(udp);
		else if (!udp_is_wake(udp, (unsigned)count))
			udp_batch(udp, (unsigned)count);
	}
	udp_drain(udp);
	live_thread_stop();
	return NULL;
}

int udp_start(struct udp *udp)
{
	int code = pthread_create(&udp->thread, NULL, udp_run, udp);
	udp->started = code == 0;
	if (udp->started)
		pthread_setname_np(udp->thread, "udp");
	return code;
}

void udp_stop(struct udp *udp, nanotime deadline)
{
	udp->deadline = deadline;
	atomic_store_explicit(&udp->stopping, true, memory_order_release);
	(void)shutdown(udp->fd, SHUT_RD);
}

void udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	if (udp->started)
		pthread_join(udp->thread, NULL);
	close(udp->fd);
	free(udp->buffers);
	free(udp);
}

const struct counters *udp_counters(const struct udp *udp)
{
	return &udp->counters;
}
