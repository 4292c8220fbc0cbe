/*
 * http_engine.c: libcurl's multi interface on the loop: its sockets are uv_poll, its one timer a uv_timer.
 *
 * Easy handles are set up once for all that never changes, and reused. Curl
 * calls back into socket_changed and timer_changed from within its own
 * functions, so nothing there may call curl; ends of transfers are taken after
 * each action.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "probe/probe_http.h"

#define IDLE_CONNECTIONS 1L /* none is kept: each attempt begins with a connect */

struct http_socket {
	struct http_engine *engine;
	struct prober *prober;
	uv_poll_t poll;
	curl_socket_t socket;
};

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

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct http_socket *context = poll->data;
	int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
	/* On an error curl tries to read, and learns what it is; told of an error it would say only that. */
	act(context->engine, context->socket, status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : flags);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct http_socket *context = handle->data;
	struct prober *prober = context->prober;
	free(context);
	prober_let(prober);
}

static struct http_socket *socket_new(struct http_engine *engine, curl_socket_t socket)
{
	struct http_socket *context = calloc(1, sizeof *context);
	MUST(context);
	context->engine = engine;
	context->prober = engine->prober;
	context->socket = socket;
	if (uv_poll_init_socket(prober_loop(engine->prober), &context->poll, socket)) {
		free(context);
		return NULL;
	}
	context->poll.data = context;
	prober_hold(engine->prober);
	return context;
}

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *user, void *assigned)
{
	struct http_engine *engine = user;
	struct http_socket *context = assigned;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (context)
			uv_close((uv_handle_t *)&context->poll, on_poll_closed);
		return 0;
	}
	if (!context) {
		context = socket_new(engine, socket);
		if (!context)
			return -1;
		curl_multi_assign(engine->multi, socket, context);
	}
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	uv_poll_start(&context->poll, events, on_poll);
	return 0;
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
	int on = 1;
	(void)purpose;
	int socket_made = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
	if (socket_made < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			slot->no_socket = errno;
		return CURL_SOCKET_BAD;
	}
	setsockopt(socket_made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return socket_made;
}

static size_t body_came(char *bytes, size_t one, size_t size, void *user)
{
	struct http_slot *slot = user;
	size_t left = PROBE_BODY_MAX - slot->seen, take = size * one < left ? size * one : left;
	if (slot->watch->spec->body && slot->body_size + take > slot->body_room) {
		size_t room = slot->body_room ? slot->body_room * 2 : 4096;
		while (room < slot->body_size + take)
			room *= 2;
		char *larger = realloc(slot->body, room);
		MUST(larger);
		slot->body = larger;
		slot->body_room = room;
	}
	if (slot->watch->spec->body) {
		memcpy(slot->body + slot->body_size, bytes, take);
		slot->body_size += take;
	}
	slot->seen += take;
	slot->enough = slot->seen == PROBE_BODY_MAX;
	return slot->enough ? 0 : size * one;
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

struct http_engine *http_engine_new(struct prober *prober, struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		err_add(err, ERR_ERROR, NULL, "libcurl cannot start");
		return NULL;
	}
	struct http_engine *engine = calloc(1, sizeof *engine);
	MUST(engine);
	engine->prober = prober;
	engine->multi = curl_multi_init();
	if (!engine->multi) {
		err_add(err, ERR_ERROR, NULL, "libcurl cannot start");
		free(engine);
		curl_global_cleanup();
		return NULL;
	}
	MUST(uv_timer_init(prober_loop(prober), &engine->timer) == 0);
	engine->timer.data = engine;
	prober_hold(prober);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	return engine;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct http_engine *engine = handle->data;
	struct prober *prober = engine->prober;
	free(engine);
	prober_let(prober);
}

void http_engine_free(struct http_engine *engine)
{
	for (struct http_slot *slot; (slot = engine->idle);) {
		engine->idle = slot->next;
		slot_free(slot);
	}
	curl_multi_cleanup(engine->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&engine->timer, on_timer_closed);
}
