/*
 * http_engine.c: libcurl's multi interface on the loop: its sockets are uv_poll, its one timer a uv_timer.
 *
 * Easy handles are set up once for all that never changes, and reused. Curl
 * calls back into socket_changed and timer_changed from within its own
 * functions, so nothing there may call curl; ends of transfers are taken after
 * each action.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <linux/close_range.h>
#include <unistd.h>

#include "base/assert.h"
#include "probe/probe_http.h"
#include "probe/socket_read.h"

#define READY_MAX 64
#define BUFFER_BYTES 4096L
#define STEPS_FREE 12           /* a reply that is well has come by then */
#define TLS_BYTES (16u * 1024u) /* of handshake, certificates, and what surrounds the records */
#define IDLE_CONNECTIONS 1L     /* none is kept: each attempt begins with a connect */

/* ---- ends ---- */

static void take_ends(struct http_engine *engine)
{
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(engine->multi, &left));) {
		struct http_slot *slot = NULL;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
		http_finished(engine, slot, code); /* `message` is gone after it */
	}
}

static void act(struct http_engine *engine, curl_socket_t socket, int events)
{
	int running;
	curl_multi_socket_action(engine->multi, socket, events, &running);
	take_ends(engine);
}

/* ---- sockets and time ---- */

/* Curl's sockets are in an epoll of their own, which the loop polls: libuv makes seven system calls for the life of
 * one, this makes three. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct http_engine *engine = poll->data;
	struct epoll_event ready[READY_MAX];
	(void)status;
	(void)events;
	int count = epoll_wait(engine->epoll, ready, READY_MAX, 0);
	for (int i = 0; i < count; i++) {
		/* On an error curl tries to read, and learns what it is; told of an error it would say only that. */
		uint32_t what = ready[i].events & (EPOLLERR | EPOLLHUP) ? EPOLLIN | EPOLLOUT : ready[i].events;
		act(engine, ready[i].data.fd,
		        (what & EPOLLIN ? CURL_CSELECT_IN : 0) | (what & EPOLLOUT ? CURL_CSELECT_OUT : 0));
	}
}

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *user, void *assigned)
{
	static char known; /* what curl keeps for a socket that is in the epoll */
	struct http_engine *engine = user;
	struct epoll_event event = {.data.fd = socket,
	        .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u)};
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(engine->epoll, EPOLL_CTL_DEL, socket, &event);
		return 0;
	}
	if (assigned)
		return epoll_ctl(engine->epoll, EPOLL_CTL_MOD, socket, &event);
	curl_multi_assign(engine->multi, socket, &known);
	return epoll_ctl(engine->epoll, EPOLL_CTL_ADD, socket, &event);
}

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_changed(CURLM *multi, long timeout, void *user)
{
	struct http_engine *engine = user;
	(void)multi;
	if (timeout < 0) {
		uv_timer_stop(&engine->timer);
		return 0;
	}
	uv_update_time(prober_loop(engine->prober));
	uv_timer_start(&engine->timer, on_timer, (uint64_t)timeout, 0);
	return 0;
}

/* ---- slots ---- */

const char *http_default_ca(void)
{
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* A socket of our own making, so that "no descriptor" is told from "no connection". */
static curl_socket_t socket_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_slot *slot = user;
	(void)purpose;
	int socket_made = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
	if (socket_made < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			slot->no_socket = errno;
		return CURL_SOCKET_BAD;
	}
	slot->socket = slot->opened ? -1 : socket_made; /* of a name's two addresses one may win, or the other */
	slot->opened = true;
	return socket_made;
}

static size_t body_came(char *bytes, size_t one, size_t size, void *user)
{
	struct http_slot *slot = user;
	const struct probe_spec *spec = slot->watch->spec;
	bool wanted = spec->body || spec->read_count || slot->watch->is_fetch;
	size_t left = slot->limit - slot->taken, take = size * one < left ? size * one : left;
	if (wanted && slot->body_size + take > slot->body_room) {
		size_t room = slot->body_room ? slot->body_room * 2 : 4096;
		while (room < slot->body_size + take)
			room *= 2;
		char *larger = realloc(slot->body, room);
		MUST(larger);
		slot->body = larger;
		slot->body_room = room;
	}
	if (wanted) {
		memcpy(slot->body + slot->body_size, bytes, take);
		slot->body_size += take;
	}
	slot->seen += take;
	slot->taken += take;
	slot->enough = slot->taken == slot->limit;
	return slot->enough ? 0 : size * one;
}

/* A line of the head, or of a trailer; of interim replies too. */
static size_t head_came(char *bytes, size_t one, size_t size, void *user)
{
	struct http_slot *slot = user;
	(void)bytes;
	if (size * one >= slot->limit - slot->taken) {
		slot->headless = true;
		return 0;
	}
	slot->taken += size * one;
	return size * one;
}

/* Called at each step of curl. A line of a head, or of what stands between chunks, comes to us only when it has ended,
 * so that one without an end is noticed here: after some steps the kernel is asked what the connection brought. */
static int step_made(void *user, curl_off_t d1, curl_off_t d2, curl_off_t u1, curl_off_t u2)
{
	struct http_slot *slot = user;
	(void)d1, (void)d2, (void)u1, (void)u2;
	if (++slot->steps < STEPS_FREE || slot->socket < 0)
		return 0;
	size_t most = slot->limit + (slot->watch->spec->type == PROBE_HTTPS ? TLS_BYTES : 0);
	if (slot->earlier + socket_read(slot->socket) <= most)
		return 0;
	slot->enough = slot->seen > 0;
	slot->headless = !slot->enough;
	return 1;
}

static bool slot_set_up(struct http_slot *slot)
{
	CURL *easy = slot->easy;
	CURLcode bad = 0;
	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a resumed session shows no certificate */
	bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* with one, curl reads all of the CAs each time */
	bad |= curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 300L);
	bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* not to wait for a name server that is silent */
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "Meridian probe");
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, slot);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, head_came);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, slot);
	bad |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, step_made);
	bad |= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, slot);
	return bad == CURLE_OK;
}

static void slot_free(struct http_slot *slot)
{
	curl_easy_cleanup(slot->easy);
	free(slot->body);
	free(slot);
}

struct http_slot *http_slot_take(struct http_engine *engine)
{
	struct http_slot *slot = engine->idle;
	if (slot) {
		engine->idle = slot->next;
		return slot;
	}
	slot = calloc(1, sizeof *slot);
	MUST(slot);
	slot->easy = curl_easy_init();
	if (slot->easy && slot_set_up(slot))
		return slot;
	slot_free(slot);
	return NULL;
}

void http_slot_give(struct http_engine *engine, struct http_slot *slot)
{
	curl_multi_remove_handle(engine->multi, slot->easy);
	curl_slist_free_all(slot->headers);
	curl_slist_free_all(slot->connect_to);
	slot->headers = slot->connect_to = NULL;
	slot->watch = NULL;
	slot->body_size = 0;
	if (slot->body_room > 8192) {
		free(slot->body);
		slot->body = NULL;
		slot->body_room = 0;
	}
	slot->next = engine->idle;
	engine->idle = slot;
}

bool http_engine_add(struct http_engine *engine, struct http_slot *slot)
{
	return curl_multi_add_handle(engine->multi, slot->easy) == CURLM_OK;
}

/* ---- new and free ---- */

static void on_closed(uv_handle_t *handle)
{
	struct http_engine *engine = handle->data;
	struct prober *prober = engine->prober;
	if (!--engine->handles) {
		close(engine->epoll);
		free(engine);
	}
	prober_let(prober);
}

static bool watch_epoll(struct http_engine *engine)
{
	uv_loop_t *loop = prober_loop(engine->prober);
	engine->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (engine->epoll < 0)
		return false;
	if (uv_poll_init(loop, &engine->ready, engine->epoll)) {
		close(engine->epoll);
		return false;
	}
	MUST(uv_timer_init(loop, &engine->timer) == 0);
	engine->timer.data = engine->ready.data = engine;
	for (; engine->handles < 2; engine->handles++)
		prober_hold(engine->prober);
	return uv_poll_start(&engine->ready, UV_READABLE, on_ready) == 0;
}

struct http_engine *http_engine_new(struct prober *prober, struct err *err)
{
	struct http_engine *engine = calloc(1, sizeof *engine);
	MUST(engine);
	engine->prober = prober;
	if (!watch_epoll(engine)) {
		err_add(err, ERR_ERROR, NULL, "cannot watch sockets for probes: %s", strerror(errno));
		free(engine);
		return NULL;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(engine->multi = curl_multi_init())) {
		err_add(err, ERR_ERROR, NULL, "libcurl cannot start");
		http_engine_free(engine);
		return NULL;
	}
	/* Curl wakes itself by a pair of sockets that programs would inherit. All else is marked so already; where the
	 * kernel is too old for the call, they do inherit it, and can do no harm with it. */
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	return engine;
}

void http_engine_free(struct http_engine *engine)
{
	for (struct http_slot *slot; (slot = engine->idle);) {
		engine->idle = slot->next;
		slot_free(slot);
	}
	curl_multi_cleanup(engine->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&engine->ready, on_closed);
	uv_close((uv_handle_t *)&engine->timer, on_closed);
}
