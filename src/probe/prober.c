/*
 * prober.c: when each target is asked, and what becomes of the result.
 *
 * A target's phase within its interval hangs on its name and the process's seed,
 * so that targets are spread evenly and nameservers do not probe in step. No
 * start is later than an interval after the one before (jitter only ever shortens),
 * which is what the promised time to notice a failure rests on. The first round
 * is spread over a second; from it to the phase one gap is shorter.
 *
 * A process that was stopped, or starved, finds deadlines passed that it never
 * gave a chance: a beat on the loop notices, and such timeouts are no results.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "base/dict.h"
#include "base/hash.h"
#include "base/log.h"
#include "probe/probe_inside.h"

#define FIRST_SPREAD NANO_SECOND
#define TOGETHER (10 * NANO_MILLI) /* starts that are so near are one turn of the loop: waking up costs most */
#define BEAT_MS 250
#define STALL (750 * NANO_MILLI)
#define RETRY NANO_SECOND /* after an attempt that could not be made */

struct prober {
	uv_loop_t *loop;
	uint64_t seed;
	uint64_t drawn; /* random numbers so far */
	struct board *board;
	const struct fetch *fetches; /* that are to be asked beside the targets; the caller's */
	uint32_t fetch_count;
	fetch_got *got;
	void *got_context;
	struct watch **watches; /* by target of the board (NULL: it is made of others), then by fetch */
	uint32_t watch_count;
	struct heap heap;
	uint32_t running, running_max;
	uint32_t waited_for;         /* targets that have not had their first turn */
	struct http_engine *http[2]; /* [1]: with CA files of their own */
	struct exec_queue *exec;
	uv_timer_t timer; /* the next due */
	uv_timer_t round; /* tells of the first round, from the loop */
	uv_timer_t beat;
	nanotime beaten;  /* when the beat last ran */
	nanotime stalled; /* until then attempts were not given their time */
	nanotime told;    /* of the last line about attempts that could not be made */
	uint32_t handles;
	bool closing;
	void (*done)(void *context);
	void *done_context;
	void (*changed)(void *context, bool verdict);
	void *changed_context;
};

static const struct probe_kind *kind_of(const struct target *what, const struct probe_spec *spec)
{
	static const struct probe_kind *const kinds[] = {[PROBE_TCP] = &probe_tcp,
	        [PROBE_HTTP] = &probe_http,
	        [PROBE_HTTPS] = &probe_http,
	        [PROBE_EXEC] = &probe_exec,
	        [PROBE_DNS] = &probe_dns};
	return spec->type == PROBE_TCP && what->host ? &probe_http : kinds[spec->type]; /* curl resolves names */
}

uv_loop_t *prober_loop(const struct prober *prober)
{
	return prober->loop;
}

uint16_t prober_random(struct prober *prober)
{
	uint64_t key[2] = {prober->seed, ~prober->seed};
	prober->drawn++;
	return (uint16_t)siphash((const uint8_t *)key, &prober->drawn, sizeof prober->drawn);
}

/* Curl keeps the CA certificates of one file only, and reading the system's takes it 20 ms: those who bring a file of
 * their own do not share an engine with those who don't. */
static bool has_private_ca(const struct probe_spec *spec)
{
	return spec->type == PROBE_HTTPS && spec->ca;
}

struct http_engine *prober_http(const struct prober *prober, const struct watch *watch)
{
	return prober->http[watch->private_ca];
}

struct exec_queue *prober_exec(const struct prober *prober)
{
	return prober->exec;
}

void prober_hold(struct prober *prober)
{
	prober->handles++;
}

void prober_let(struct prober *prober)
{
	MUST(prober->handles);
	if (--prober->handles || !prober->closing)
		return;
	free(prober);
}

/* ---- schedule ---- */

static void start(struct watch *watch, nanotime now)
{
	heap_remove(&watch->prober->heap, watch);
	watch->prober->running++;
	watch->started = now;
	watch->kind->start(watch);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct prober *prober)
{
	struct watch *first = heap_first(&prober->heap);
	if (!first || prober->closing || prober->running >= prober->running_max) {
		uv_timer_stop(&prober->timer);
		return;
	}
	nanotime now = clock_now(), due = (first->due + TOGETHER - 1) / TOGETHER * TOGETHER;
	uv_update_time(prober->loop);
	uv_timer_start(
	        &prober->timer, on_timer, due > now ? (uint64_t)((due - now + NANO_MILLI - 1) / NANO_MILLI) : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct prober *prober = timer->data;
	nanotime now = clock_now();
	/* A bound on the starts of one turn of the loop, so that results are taken in between. */
	for (unsigned starts = 0; starts < 64 && prober->running < prober->running_max; starts++) {
		struct watch *watch = heap_first(&prober->heap);
		if (!watch || watch->due > now)
			break;
		start(watch, now);
	}
	arm(prober);
}

static void on_beat(uv_timer_t *timer)
{
	struct prober *prober = timer->data;
	nanotime now = clock_now();
	if (now - prober->beaten > STALL)
		prober->stalled = now;
	prober->beaten = now;
}

/* Was this process kept from running while the attempt was under way? */
static bool was_stalled(const struct prober *prober, const struct watch *watch, nanotime now)
{
	return watch->started <= prober->stalled || now - prober->beaten > STALL;
}

/* ---- results ---- */

static void tell_round(uv_timer_t *timer)
{
	struct prober *prober = timer->data;
	void (*done)(void *) = prober->done;
	if (!done || prober->waited_for)
		return;
	prober->done = NULL;
	done(prober->done_context); /* may free the prober */
}

/* Never from within a result: whoever is told may end everything. */
static void check_round(struct prober *prober)
{
	if (prober->done && !prober->waited_for)
		uv_timer_start(&prober->round, tell_round, 0, 0);
}

static void take_turn(struct watch *watch)
{
	if (watch->had_turn)
		return;
	watch->had_turn = true;
	watch->prober->waited_for--;
	check_round(watch->prober);
}

static void tell_unable(struct prober *prober, const struct watch *watch, const char *detail, nanotime now)
{
	if (prober->told && now - prober->told < 10 * NANO_SECOND)
		return;
	prober->told = now;
	log_warn("%s cannot be probed now: %s", watch->name, detail);
}

static void report(struct watch *watch, const struct result *result, nanotime now)
{
	struct prober *prober = watch->prober;
	uint32_t targets = board_steering(prober->board)->target_count;
	if (watch->is_fetch) {
		struct fetch_result got = {result->ok, result->detail, watch->body, watch->body_size};
		prober->got(prober->got_context, watch->target - targets, &got);
		return;
	}
	bool changed = board_report(prober->board, watch->target, result, now, clock_wall());
	if ((changed || board_hurried(prober->board)) && prober->changed)
		prober->changed(prober->changed_context, changed);
}

void watch_done(struct watch *watch, enum outcome outcome, const char *detail, const struct reading *readings)
{
	struct prober *prober = watch->prober;
	nanotime now = clock_now();
	watch->attempt = NULL;
	prober->running--;
	bool excused = outcome == OUTCOME_TIMEOUT && !watch->excused && was_stalled(prober, watch, now);
	watch->excused = excused;
	if (excused) {
		watch->due = now; /* ask again, at once */
	} else if (outcome == OUTCOME_UNABLE) {
		tell_unable(prober, watch, detail, now);
		watch->due = now + (RETRY < watch->spec->interval ? RETRY : watch->spec->interval);
		take_turn(watch);
		if (watch->is_fetch)
			report(watch, &(struct result){.detail = detail}, now);
	} else {
		watch->due = schedule_next(watch->phase, watch->spec->interval, watch->due, now);
		take_turn(watch);
		struct result result = {.ok = outcome == OUTCOME_OK,
		        .detail = detail,
		        .took = now - watch->started,
		        .readings = readings};
		report(watch, &result, now);
	}
	heap_add(&prober->heap, watch);
	arm(prober);
}

/* ---- the set of targets ---- */

static struct watch *watch_new(
        struct prober *prober, const struct target *what, const struct probe_spec *spec, nanotime now)
{
	struct watch *watch = calloc(1, sizeof *watch);
	MUST(watch);
	uint64_t hash = hash_bytes(prober->seed, what->name, strlen(what->name));
	nanotime spread = spec->interval < FIRST_SPREAD ? spec->interval : FIRST_SPREAD;
	watch->prober = prober;
	watch->name = strdup(what->name);
	MUST(watch->name);
	watch->digest = spec->digest;
	watch->kind = kind_of(what, spec);
	watch->private_ca = has_private_ca(spec);
	watch->phase = (nanotime)(hash % (uint64_t)spec->interval);
	watch->due = now + (nanotime)(hash_mix(hash, 1) % (uint64_t)spread);
	return watch;
}

static void watch_free(struct watch *watch)
{
	struct prober *prober = watch->prober;
	if (watch->heap_at) {
		heap_remove(&prober->heap, watch);
	} else {
		prober->running--;
		watch->kind->drop(watch);
	}
	if (!watch->had_turn)
		prober->waited_for--;
	free(watch->name);
	free(watch);
}

/* Targets and fetches as one list: what the one at `i` asks, and how. */
static struct fetch asked_at(const struct prober *prober, uint32_t i)
{
	const struct steering *steering = board_steering(prober->board);
	if (i >= steering->target_count)
		return prober->fetches[i - steering->target_count];
	const struct target *what = &steering->targets[i];
	return (struct fetch){what, &steering->probes[what->probe]};
}

/* Where the names of the new list are; of a name that stands twice, the first. */
static struct dict *names_of(const struct prober *prober, uint32_t count)
{
	struct dict *names = dict_new();
	for (uint32_t i = 0; i < count; i++) {
		const char *name = asked_at(prober, i).what->name;
		dict_add(names, name, strlen(name), i);
	}
	return names;
}

/* Where a name is in the new list, NO_INDEX if it is gone. Most reloads leave most of the list in its order, and while
 * a million names are looked for nothing else is done: no table is made but for one that is not where it was (`next`,
 * or behind a target that is made of others). */
static uint32_t find_name(
        const struct prober *prober, struct dict **names, uint32_t next, const char *name, uint32_t count)
{
	uint32_t found;
	for (uint32_t i = next; i < count && i < next + 2; i++)
		if (!strcmp(asked_at(prober, i).what->name, name))
			return i;
	if (!*names)
		*names = names_of(prober, count);
	return dict_get(*names, name, strlen(name), &found) ? found : NO_INDEX;
}

/* The old watches that go on take their new places; `spec` of the old ones may point to what is gone. */
static void keep_watches(struct prober *prober, struct watch **watches, uint32_t count)
{
	struct dict *names = NULL;
	uint32_t next = 0;
	for (uint32_t i = 0; i < prober->watch_count; i++) {
		struct watch *watch = prober->watches[i];
		if (!watch)
			continue;
		uint32_t target = find_name(prober, &names, next, watch->name, count);
		bool known = target != NO_INDEX && !watches[target];
		struct fetch asked = known ? asked_at(prober, target) : (struct fetch){0};
		next = target == NO_INDEX ? next : target + 1;
		if (!known || asked.spec->digest != watch->digest) {
			prober->watches[i] = NULL;
			watch_free(watch);
			continue;
		}
		watch->target = target;
		watch->spec = asked.spec;
		watch->what = asked.what;
		watches[target] = watch;
	}
	dict_free(names);
}

void prober_set(struct prober *prober, struct board *board)
{
	const struct steering *steering = board_steering(board);
	uint32_t count = steering->target_count + prober->fetch_count;
	struct watch **watches = calloc(count + 1, sizeof *watches);
	MUST(watches);
	nanotime now = clock_now();
	prober->board = board;
	keep_watches(prober, watches, count);
	for (uint32_t i = 0; i < count; i++) {
		bool is_fetch = i >= steering->target_count;
		if (watches[i] || (!is_fetch && target_parts(steering, i))) /* its parts are asked */
			continue;
		struct fetch asked = asked_at(prober, i);
		watches[i] = watch_new(prober, asked.what, asked.spec, now);
		watches[i]->target = i;
		watches[i]->is_fetch = is_fetch;
		watches[i]->what = asked.what;
		watches[i]->spec = asked.spec;
		prober->waited_for++;
		heap_add(&prober->heap, watches[i]);
	}
	free(prober->watches);
	prober->watches = watches;
	prober->watch_count = count;
	check_round(prober);
	arm(prober);
}

void prober_fetch(struct prober *prober, const struct fetch *list, uint32_t count, fetch_got *got, void *context)
{
	prober->fetches = list;
	prober->fetch_count = count;
	prober->got = got;
	prober->got_context = context;
}

void prober_first_round(struct prober *prober, void (*done)(void *context), void *context)
{
	prober->done = done;
	prober->done_context = context;
	check_round(prober);
}

void prober_on_change(struct prober *prober, void (*changed)(void *context, bool verdict), void *context)
{
	prober->changed = changed;
	prober->changed_context = context;
}

/* ---- new and free ---- */

/* Half of the descriptors are for others. */
static uint32_t attempts_max(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 8192)
		return 4096;
	return limit.rlim_cur < 32 ? 16 : (uint32_t)limit.rlim_cur / 2;
}

static void add_timer(struct prober *prober, uv_timer_t *timer)
{
	MUST(uv_timer_init(prober->loop, timer) == 0);
	timer->data = prober;
	prober_hold(prober);
}

struct prober *prober_new(uv_loop_t *loop, uint64_t random, struct err *err)
{
	struct prober *prober = calloc(1, sizeof *prober);
	MUST(prober);
	prober->loop = loop;
	prober->seed = random;
	prober->running_max = attempts_max();
	prober->stalled = INT64_MIN;
	prober->beaten = clock_now();
	prober->http[0] = http_engine_new(prober, err);
	prober->http[1] = prober->http[0] ? http_engine_new(prober, err) : NULL;
	if (!prober->http[1]) {
		prober->closing = true;
		if (prober->http[0])
			http_engine_free(prober->http[0]);
		else if (!prober->handles)
			free(prober);
		return NULL;
	}
	prober->exec = exec_queue_new();
	add_timer(prober, &prober->timer);
	add_timer(prober, &prober->round);
	add_timer(prober, &prober->beat);
	uv_timer_start(&prober->beat, on_beat, BEAT_MS, BEAT_MS);
	uv_unref((uv_handle_t *)&prober->beat);
	return prober;
}

static void on_closed(uv_handle_t *handle)
{
	prober_let(handle->data);
}

void prober_free(struct prober *prober)
{
	prober->closing = true;
	for (uint32_t i = 0; i < prober->watch_count; i++)
		if (prober->watches[i])
			watch_free(prober->watches[i]);
	free(prober->watches);
	heap_free(&prober->heap);
	exec_queue_free(prober->exec);
	http_engine_free(prober->http[0]);
	http_engine_free(prober->http[1]);
	uv_close((uv_handle_t *)&prober->timer, on_closed);
	uv_close((uv_handle_t *)&prober->round, on_closed);
	uv_close((uv_handle_t *)&prober->beat, on_closed);
}
