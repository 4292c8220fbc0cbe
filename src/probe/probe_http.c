/*
 * probe_http.c: asks a web server as a client would, but at the pool's address, and judges what it says.
 *
 * Called by prober.c; http_engine.c runs the transfer. Whatever host the URL
 * names, the connection goes to the target: curl is told so for every host and
 * port, so that a redirect cannot lead elsewhere either. One deadline covers
 * resolving, connecting, TLS, the reply and what follows a redirect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "probe/probe_http.h"

#define REDIRECTS_MAX 3
#define URL_MAX 2048

/* ---- the request ---- */

/* The name in a pool of names, without its final dot; else the address, in brackets if it needs them. */
static void target_text(const struct target *what, char *text, size_t room)
{
	char address[ADDR_TEXT_MAX];
	if (!what->host) {
		addr_format(&what->endpoint.addr, address);
		snprintf(text, room, what->endpoint.addr.family == ADDR_V6 ? "[%s]" : "%s", address);
		return;
	}
	snprintf(text, room, "%s", what->host);
	size_t length = strlen(text);
	if (length && text[length - 1] == '.')
		text[length - 1] = 0;
}

static bool set_url(struct http_slot *slot, const struct watch *watch)
{
	char url[URL_MAX], to[512], connect_to[600];
	const struct probe_spec *spec = watch->spec;
	target_text(watch->what, to, sizeof to);
	int length = snprintf(url, sizeof url, "%s://%s:%u%s", spec->type == PROBE_HTTPS ? "https" : "http",
	        spec->host ? spec->host : to, watch->what->endpoint.port, spec->path ? spec->path : "/");
	snprintf(connect_to, sizeof connect_to, "::%s:", to); /* whatever host and port: to this host, the same port */
	slot->connect_to = curl_slist_append(NULL, connect_to);
	MUST(slot->connect_to);
	return length > 0 && length < URL_MAX && !curl_easy_setopt(slot->easy, CURLOPT_URL, url) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_CONNECT_TO, slot->connect_to);
}

static void set_timeout(struct http_slot *slot, nanotime left)
{
	curl_easy_setopt(slot->easy, CURLOPT_TIMEOUT_MS, (long)(left < NANO_MILLI ? 1 : left / NANO_MILLI));
}

static bool set_up(struct http_slot *slot, const struct watch *watch)
{
	const struct probe_spec *spec = watch->spec;
	CURLcode bad = 0;
	for (const char *const *header = spec->headers; header && *header; header++) {
		slot->headers = curl_slist_append(slot->headers, *header);
		MUST(slot->headers);
	}
	bad |= curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
	bad |= curl_easy_setopt(slot->easy, CURLOPT_CONNECT_ONLY, spec->type == PROBE_TCP ? 1L : 0L);
	bad |= curl_easy_setopt(slot->easy, CURLOPT_SSL_VERIFYPEER, spec->verify ? 1L : 0L);
	bad |= curl_easy_setopt(slot->easy, CURLOPT_SSL_VERIFYHOST, spec->verify ? 2L : 0L);
	if (spec->type == PROBE_HTTPS)
		bad |= curl_easy_setopt(slot->easy, CURLOPT_CAINFO, spec->ca ? spec->ca : http_default_ca());
	set_timeout(slot, spec->timeout);
	return !bad && set_url(slot, watch);
}

static void http_start(struct watch *watch)
{
	struct http_engine *engine = prober_http(watch->prober, watch);
	struct http_slot *slot = http_slot_take(engine);
	if (!slot) {
		watch_done(watch, OUTCOME_UNABLE, "no memory", NULL);
		return;
	}
	slot->watch = watch;
	slot->limit = watch->is_fetch ? FETCH_READ_MAX : PROBE_READ_MAX;
	slot->seen = slot->taken = slot->earlier = slot->body_size = 0;
	slot->redirects = slot->steps = 0;
	slot->socket = -1;
	slot->opened = false;
	slot->no_socket = 0;
	slot->enough = slot->headless = false;
	slot->deadline = watch->started + watch->spec->timeout;
	*slot->error = 0;
	watch->attempt = slot;
	bool good = set_up(slot, watch);
	if (good && http_engine_add(engine, slot))
		return; /* curl's timer starts it, and all that start with it, in the loop's next turn */
	http_slot_give(engine, slot);
	watch_done(watch, good ? OUTCOME_UNABLE : OUTCOME_FAILED, good ? "curl is out of order" : "not a possible URL",
	        NULL);
}

static void http_drop(struct watch *watch)
{
	http_slot_give(prober_http(watch->prober, watch), watch->attempt);
}

/* ---- the reply ---- */

static bool same_host(const char *url, const char *other)
{
	CURLU *a = curl_url(), *b = curl_url();
	char *host_a = NULL, *host_b = NULL, *scheme = NULL;
	bool same = a && b && !curl_url_set(a, CURLUPART_URL, url, 0) && !curl_url_set(b, CURLUPART_URL, other, 0) &&
	            !curl_url_get(a, CURLUPART_HOST, &host_a, 0) && !curl_url_get(b, CURLUPART_HOST, &host_b, 0) &&
	            !curl_url_get(b, CURLUPART_SCHEME, &scheme, 0) && !strcasecmp(host_a, host_b) &&
	            (!strcmp(scheme, "http") || !strcmp(scheme, "https"));
	curl_free(host_a);
	curl_free(host_b);
	curl_free(scheme);
	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

/* Goes where the reply sends us; false if it sends us nowhere, elsewhere or too often (then the reply is judged as it
 * is). */
static bool follow(struct http_engine *engine, struct http_slot *slot)
{
	char *to = NULL, *from = NULL;
	if (!slot->watch->spec->follow || slot->redirects == REDIRECTS_MAX || slot->taken == slot->limit)
		return false;
	curl_easy_getinfo(slot->easy, CURLINFO_REDIRECT_URL, &to);
	curl_easy_getinfo(slot->easy, CURLINFO_EFFECTIVE_URL, &from);
	if (!to || !from || !same_host(from, to))
		return false;
	char *url = strdup(to); /* curl's own goes when the handle is taken off */
	MUST(url);
	slot->redirects++;
	slot->seen = slot->body_size = 0;
	slot->earlier = slot->taken;
	slot->steps = 0;
	slot->socket = -1;
	slot->opened = false;
	slot->enough = false;
	set_timeout(slot, slot->deadline - clock_now());
	curl_multi_remove_handle(engine->multi, slot->easy);
	bool followed = !curl_easy_setopt(slot->easy, CURLOPT_URL, url) && http_engine_add(engine, slot);
	free(url);
	return followed;
}

/* Everything came as it should: is it what was wanted? */
static bool judge(const struct http_slot *slot, char detail[PROBE_DETAIL])
{
	const struct probe_spec *spec = slot->watch->spec;
	long status = 0;
	if (spec->type == PROBE_TCP) {
		snprintf(detail, PROBE_DETAIL, "connected");
		return true;
	}
	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < spec->status_min || status > spec->status_max) {
		snprintf(detail, PROBE_DETAIL,
		        spec->status_min == spec->status_max ? "status %ld, wanted %u" : "status %ld, wanted %u-%u",
		        status, spec->status_min, spec->status_max);
		return false;
	}
	if (spec->body && !memmem(slot->body, slot->body_size, spec->body, strlen(spec->body))) {
		snprintf(detail, PROBE_DETAIL, "body lacks '%s'%s", spec->body,
		        slot->enough ? " in its first 64 KiB" : "");
		return false;
	}
	snprintf(detail, PROBE_DETAIL, "status %ld", status);
	return true;
}

/* What a whole reply says in the fields that are to be read. One that is not JSON makes them unknown where it is well
 * otherwise; an error page says nothing of them. Returns what is to be reported. */
static const struct reading *read_fields(
        const struct http_slot *slot, bool ok, struct reading readings[READINGS_MAX], char detail[PROBE_DETAIL])
{
	const struct probe_spec *spec = slot->watch->spec;
	if (!spec->read_count)
		return NULL;
	bool json = reading_parse(readings, spec->read, spec->read_count, slot->body, slot->body_size);
	if (!json && ok)
		strcat(detail, slot->enough ? ", no JSON in 64 KiB" : ", body is no JSON");
	return json || ok ? readings : NULL;
}

/* A list that is cut off would be another list. */
static enum outcome judge_fetch(const struct http_slot *slot, char detail[PROBE_DETAIL])
{
	if (!judge(slot, detail))
		return OUTCOME_FAILED;
	if (!slot->enough)
		return OUTCOME_OK;
	snprintf(detail, PROBE_DETAIL, "larger than %d bytes", FETCH_READ_MAX);
	return OUTCOME_FAILED;
}

/* Ends a fetch; its body outlives the slot for as long as it is told. */
static void end_fetch(struct http_engine *engine, struct http_slot *slot, enum outcome outcome, const char *detail)
{
	struct watch *watch = slot->watch;
	char *body = slot->body;
	watch->body = outcome == OUTCOME_OK ? body ? body : "" : NULL;
	watch->body_size = slot->body_size;
	slot->body = NULL;
	slot->body_room = 0;
	http_slot_give(engine, slot);
	watch_done(watch, outcome, detail, NULL);
	watch->body = NULL;
	free(body);
}

void http_finished(struct http_engine *engine, struct http_slot *slot, CURLcode code)
{
	char detail[PROBE_DETAIL] = "";
	struct reading list[READINGS_MAX];
	const struct reading *readings = NULL;
	struct watch *watch = slot->watch;
	enum outcome outcome;
	if ((code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK) && slot->enough)
		code = CURLE_OK;
	if (code == CURLE_OK && follow(engine, slot))
		return;
	if (watch->is_fetch) {
		end_fetch(engine, slot, code == CURLE_OK ? judge_fetch(slot, detail) : http_reason(slot, code, detail),
		        detail);
		return;
	}
	if (code == CURLE_OK) {
		outcome = judge(slot, detail) ? OUTCOME_OK : OUTCOME_FAILED;
		readings = read_fields(slot, outcome == OUTCOME_OK, list, detail);
	} else {
		outcome = http_reason(slot, code, detail);
	}
	http_slot_give(engine, slot);
	watch_done(watch, outcome, detail, readings);
}

const struct probe_kind probe_http = {http_start, http_drop};
