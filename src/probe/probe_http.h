/*
 * probe_http.h: what probe_http.c (attempts), http_engine.c (curl on the loop) and http_reason.c (words) share.
 */
#ifndef MERIDIAN_PROBE_PROBE_HTTP_H
#define MERIDIAN_PROBE_PROBE_HTTP_H

#include "probe/probe_inside.h"

/* An easy handle with what one attempt needs; kept for the next attempt, of whatever target. */
struct http_slot {
	struct http_slot *next; /* that is idle */
	CURL *easy;
	struct watch *watch; /* NULL: idle */
	struct curl_slist *headers, *connect_to;
	size_t limit; /* of what is read: PROBE_READ_MAX, FETCH_READ_MAX */
	char *body;   /* of `limit` bytes at most */
	size_t body_size, body_room;
	size_t seen;        /* bytes of this reply's body that came */
	size_t taken;       /* bytes of all that came, heads and bodies, over redirects: `limit` at most */
	size_t earlier;     /* of `taken`: before this connection */
	unsigned redirects; /* followed so far */
	unsigned steps;     /* of curl, on this connection */
	int socket;         /* of this connection; -1: there is none, or which one is not known */
	bool opened;        /* a socket, for this connection */
	nanotime deadline;
	int no_socket; /* errno of a socket that could not be had */
	bool enough;   /* reading was stopped by us: what came is judged */
	bool headless; /* it was stopped before the head had ended: there is nothing to judge */
	char error[CURL_ERROR_SIZE];
};

struct http_engine {
	struct prober *prober;
	CURLM *multi;
	int epoll;        /* curl's sockets */
	uv_poll_t ready;  /* of the epoll */
	uv_timer_t timer; /* curl's own */
	unsigned handles; /* open */
	struct http_slot *idle;
};

/* A slot that is ready to be set up; NULL: no memory. */
struct http_slot *http_slot_take(struct http_engine *engine);
/* Ends what it does and keeps it for later. */
void http_slot_give(struct http_engine *engine, struct http_slot *slot);
/* Starts the transfer that the slot was set up for. False: curl could not. */
bool http_engine_add(struct http_engine *engine, struct http_slot *slot);

/* The system's CA certificates, as curl was built to find them; NULL: not known. */
const char *http_default_ca(void);

/* probe_http.c: the transfer has ended. */
void http_finished(struct http_engine *engine, struct http_slot *slot, CURLcode code);

/* http_reason.c: how curl's end is said in words. */
enum outcome http_reason(const struct http_slot *slot, CURLcode code, char detail[PROBE_DETAIL]);

#endif
