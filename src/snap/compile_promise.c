/*
 * compile_promise.c: do the TTLs of a steered name fit the time in which its failures are noticed?
 *
 * Called by compile_attachments.c for each name. Warnings only: what is served is what the files say.
 */
#include "base/text.h"
#include "snap/compile.h"

/* How long it takes at most until a target of the pool is known to be down; 0: it is not probed. */
static nanotime pool_detection(const struct steering *steering, const struct pool *pool)
{
	uint32_t target = pool->cname ? pool->cname_target : NO_INDEX;
	for (unsigned family = 0; family < FAMILIES && target == NO_INDEX; family++)
		if (pool->of[family].count)
			target = pool->of[family].list[0].target; /* a pool has one probe */
	if (target == NO_INDEX)
		return 0;
	return probe_detection(&steering->probes[steering->targets[target].probe]);
}

void compile_promise(const struct steering *steering, const struct service *service, uint32_t ttl_seconds,
        const char *name, const struct err_at *at, struct err *err)
{
	nanotime promise = steering->safety.promise, ttl = ttl_seconds * NANO_SECOND, detection = 0;
	char ttl_text[32], detection_text[32], promise_text[32];
	for (unsigned i = 0; i < service->pool_count; i++) {
		nanotime its = pool_detection(steering, &service->pools[i]);
		detection = its > detection ? its : detection;
	}
	if (!detection)
		return;
	text_duration_format(ttl, ttl_text);
	text_duration_format(detection, detection_text);
	text_duration_format(promise, promise_text);
	if (promise && detection + ttl > promise)
		err_add(err, ERR_WARNING, at,
		        "%s: a failure is noticed within %s and its TTL is %s, which together are longer than the "
		        "promised %s",
		        name, detection_text, ttl_text, promise_text);
	else if (ttl < detection)
		err_add(err, ERR_WARNING, at,
		        "%s: its TTL of %s is shorter than the %s in which a failure is noticed: it costs queries and "
		        "speeds up nothing much",
		        name, ttl_text, detection_text);
}
