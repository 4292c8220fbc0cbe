/*
 * fetch.c: lists of members that are asked of URLs: a list that is good and new is kept in the state folder, and a
 * reload takes it from there.
 *
 * Called by daemon.c whenever something was published. The prober asks; what
 * comes is checked and written by a worker, since a list may be long and a disk
 * slow. The catch: nothing that a registry says, or does not say, takes a member
 * away unless a whole good list says so; so an error only tells, and the list
 * that serves goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "main/fetch.h"
#include "main/report.h"
#include "probe/member_list.h"
#include "wire/name.h"

enum standing { NOT_ASKED, GOOD, FAILED };

/* One source of the configuration that serves; what is known of it stays while its definition does. */
struct list {
	struct member_source *source; /* the configuration's */
	uint64_t digest;              /* of the definition */
	char *path;                   /* where it is kept */
	enum standing standing;
	char why[MEMBER_LIST_WHY]; /* it failed */
	nanotime since;            /* of the standing; wall */
	nanotime last_good;        /* wall; 0: never */
	uint32_t count;            /* of members it had then */
	uint64_t text;             /* digest of the last good list, as a file */
	uint64_t kept;             /* the same, where it was written and nothing was loaded since; else 0 */
	uint64_t body;             /* of the reply that it came with */
	bool busy;                 /* a worker has a reply of it */
};

struct fetch_lists {
	struct daemon *daemon;
	struct list *lists;
	struct fetch *asked; /* the same, for the prober */
	uint32_t count;
	bool written;                         /* a list was, in the first round */
	void (*first)(struct daemon *daemon); /* who waits for the first round; NULL: nobody */
};

/* A reply, for a worker. All of it is the job's own: the configuration may be gone before it ends. */
struct job {
	struct fetch_lists *fetch;
	uv_work_t work;
	struct arena *arena;
	uint64_t digest; /* of the list's definition */
	uint64_t serves; /* of the list that serves, */
	uint64_t kept;   /* and of one that will */
	const char *url, *path, *body;
	size_t size;
	uint64_t body_digest;
	struct member_list_form form;
	unsigned min;
	/* what became of it */
	char why[MEMBER_LIST_WHY]; /* "": it is good */
	uint32_t count;
	uint64_t text; /* digest of the list */
	bool written;  /* it is a new one */
};

/* ---- the worker ---- */

/* The list as a file; NULL: it is not good. The caller frees it. */
static char *list_text(struct job *job)
{
	char *lines = member_list_text(job->body, job->size, &job->form, &job->count, job->why), *text = NULL;
	struct err *err = err_new();
	if (lines)
		MUST(asprintf(&text, "# the last good list of %s\n%s", job->url, lines) >= 0);
	if (text && job->count < job->min)
		snprintf(job->why, sizeof job->why, "the list has %u member%s, and 'min' is %u", job->count,
		        job->count == 1 ? "" : "s", job->min);
	else if (text && members_check(text, strlen(text), err) < 0)
		snprintf(job->why, sizeof job->why, "%s", err_item(err, 0)->message);
	err_free(err);
	free(lines);
	if (!*job->why)
		return text;
	free(text);
	return NULL;
}

static void work(uv_work_t *uv)
{
	struct job *job = uv->data;
	char *text = list_text(job);
	job->text = text ? hash_bytes(MEMBER_FILE_SEED, text, strlen(text)) : 0;
	if (text && job->text != job->serves && job->text != job->kept) {
		job->written = file_replace(job->path, text, strlen(text)) == 0;
		if (!job->written)
			snprintf(job->why, sizeof job->why, "the list is good, but cannot be kept: %s: %s", job->path,
			        strerror(errno));
	}
	free(text);
}

/* ---- results ---- */

static void go_on(void *context, const struct reload_outcome *outcome)
{
	struct fetch_lists *fetch = context;
	void (*first)(struct daemon *) = fetch->first;
	(void)outcome;
	fetch->first = NULL;
	if (first && fetch->daemon->phase != DAEMON_STOPPING)
		first(fetch->daemon);
}

/* The first round has ended when each list was asked for; what came with it is loaded then. */
static void check_first(struct fetch_lists *fetch)
{
	for (uint32_t i = 0; i < fetch->count; i++)
		if (fetch->lists[i].standing == NOT_ASKED)
			return;
	if (!fetch->first)
		return;
	if (!fetch->written) {
		go_on(fetch, NULL);
		return;
	}
	fetch->written = false;
	reload_request(fetch->daemon->reload, "lists of members", go_on, fetch);
}

/* Tells what is new, and notes it. `reason` "": it is good. */
static void settle(struct fetch_lists *fetch, struct list *list, const char *reason)
{
	char why[MEMBER_LIST_WHY];
	text_visible(why, sizeof why, reason, strlen(reason));
	enum standing standing = *why ? FAILED : GOOD;
	const char *url = list->source->url;
	nanotime now = clock_wall();
	if (standing != list->standing) {
		list->since = now;
		if (*why)
			log_warn("members of %s: %s; the last good list goes on", url, why);
		else
			log_info("members of %s: %u", url, list->count);
		tell_at(fetch->daemon, *why ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "members", url, *why ? "failed" : "good",
		        *why ? why : "the list can be had");
	}
	list->standing = standing;
	memcpy(list->why, why, sizeof why);
	if (!*why)
		list->last_good = now;
	check_first(fetch);
}

static struct list *find_list(struct fetch_lists *fetch, uint64_t digest)
{
	for (uint32_t i = 0; i < fetch->count; i++)
		if (fetch->lists[i].digest == digest)
			return &fetch->lists[i];
	return NULL;
}

static void note_written(struct fetch_lists *fetch, struct list *list)
{
	struct daemon *daemon = fetch->daemon;
	char text[64];
	snprintf(text, sizeof text, "%u member%s", list->count, list->count == 1 ? "" : "s");
	tell_at(daemon, LOG_LEVEL_INFO, "members", list->source->url, "changed", text);
	if (fetch->first)
		fetch->written = true;
	else
		watch_changed(daemon->watch, list->source->url);
}

static void take_end(struct fetch_lists *fetch, struct list *list, const struct job *job)
{
	list->busy = false;
	if (!*job->why) {
		list->body = job->body_digest;
		list->text = job->text;
		list->count = job->count;
	}
	if (job->written) {
		list->kept = job->text;
		note_written(fetch, list);
	}
	settle(fetch, list, job->why);
}

static void after(uv_work_t *uv, int status)
{
	struct job *job = uv->data;
	struct fetch_lists *fetch = job->fetch;
	struct list *list = find_list(fetch, job->digest); /* NULL: a reload took it away */
	(void)status;
	if (list && fetch->daemon->phase != DAEMON_STOPPING)
		take_end(fetch, list, job);
	arena_free(job->arena);
}

static void start_job(struct fetch_lists *fetch, struct list *list, const struct fetch_result *result, uint64_t digest)
{
	const struct member_source *source = list->source;
	struct arena *arena = arena_new();
	struct job *job = arena_alloc(arena, sizeof *job);
	char *body = arena_bytes(arena, result->size + 1);
	memcpy(body, result->body, result->size);
	*job = (struct job){.fetch = fetch,
	        .arena = arena,
	        .digest = list->digest,
	        .serves = source->digest,
	        .kept = list->kept,
	        .url = arena_string(arena, source->url),
	        .path = arena_string(arena, source->path),
	        .body = body,
	        .size = result->size,
	        .body_digest = digest,
	        .form = {source->list ? arena_string(arena, source->list) : NULL,
	                source->address ? arena_string(arena, source->address) : NULL,
	                source->weight ? arena_string(arena, source->weight) : NULL, source->has_v4, source->has_v6},
	        .min = source->min};
	job->work.data = job;
	list->busy = true;
	MUST(uv_queue_work(&fetch->daemon->loop, &job->work, work, after) == 0);
}

/* A reply, or none; one that says what the last good one said is no work. */
static void got(void *context, uint32_t index, const struct fetch_result *result)
{
	struct fetch_lists *fetch = context;
	struct list *list = &fetch->lists[index];
	if (list->busy)
		return;
	if (!result->ok) {
		settle(fetch, list, result->detail);
		return;
	}
	uint64_t digest = hash_bytes(list->digest, result->body, result->size);
	if (digest == list->body)
		settle(fetch, list, "");
	else
		start_job(fetch, list, result, digest);
}

/* ---- the set of lists ---- */

static uint32_t count_sources(const struct conf *conf)
{
	uint32_t count = 0;
	for (const struct member_source *source = conf->sources; source; source = source->next)
		count++;
	return count;
}

static struct list list_of(struct fetch_lists *fetch, struct member_source *source)
{
	struct list *old = find_list(fetch, source->probe.digest);
	struct list list = old ? *old : (struct list){.digest = source->probe.digest};
	/* One that was asked for before may have come while this was built. */
	if (!old && !source->digest && fetch->lists)
		unlink(source->path); /* left by an earlier time: never taken for news */
	list.source = source;
	list.path = strdup(source->path);
	MUST(list.path);
	if (source->digest != list.text)
		list.kept = list.body = 0; /* whatever came, something else serves: the next reply is looked at anew */
	return list;
}

static bool is_kept_at(const struct conf *conf, const char *path)
{
	const struct member_source *source = conf->sources;
	while (source && strcmp(source->path, path) != 0)
		source = source->next;
	return source;
}

/* What nobody asks for any more is not kept either: should it be asked for again, it would be old. `conf` NULL: at the
 * end all of it is. */
static void drop_lists(struct fetch_lists *fetch, const struct conf *conf)
{
	for (uint32_t i = 0; i < fetch->count; i++) {
		if (conf && !is_kept_at(conf, fetch->lists[i].path))
			unlink(fetch->lists[i].path);
		free(fetch->lists[i].path);
	}
	free(fetch->lists);
	free(fetch->asked);
}

void fetch_published(struct fetch_lists *fetch)
{
	const struct conf *conf = daemon_conf(fetch->daemon);
	uint32_t count = count_sources(conf), i = 0;
	struct list *lists = calloc(count + 1, sizeof *lists);
	struct fetch *asked = calloc(count + 1, sizeof *asked);
	MUST(lists && asked);
	for (struct member_source *source = conf->sources; source; source = source->next, i++) {
		lists[i] = list_of(fetch, source);
		asked[i] = (struct fetch){&source->target, &source->probe};
	}
	drop_lists(fetch, conf);
	fetch->lists = lists;
	fetch->asked = asked;
	fetch->count = count;
	prober_fetch(fetch->daemon->prober, asked, count, got, fetch);
	check_first(fetch); /* the list that a start waits for may be asked for no more */
}

void fetch_first_round(struct fetch_lists *fetch, void (*done)(struct daemon *daemon))
{
	fetch->first = done;
	check_first(fetch);
}

struct fetch_lists *fetch_new(struct daemon *daemon)
{
	struct fetch_lists *fetch = calloc(1, sizeof *fetch);
	MUST(fetch);
	fetch->daemon = daemon;
	return fetch;
}

void fetch_free(struct fetch_lists *fetch)
{
	drop_lists(fetch, NULL);
	free(fetch);
}

/* ---- what is known of them ---- */

static json_t *users_of(const struct conf *conf, const struct member_source *source)
{
	json_t *list = json_array();
	char name[NAME_TEXT_MAX];
	for (uint32_t i = 0; i < conf->service_count; i++)
		for (uint32_t j = 0; j < conf->services[i].pool_count; j++)
			if (conf->services[i].pools[j].source == source)
				json_array_append_new(list, json_pack("{s:s, s:s}", "service",
				                                    name_format(conf->services[i].names[0], name),
				                                    "pool", conf->services[i].pools[j].name));
	return list;
}

/* What deserves a look; false: nothing does. */
static bool is_odd(const struct list *list, char *text, size_t room)
{
	char when[32] = "an earlier run";
	time_t seconds = (time_t)(list->last_good / NANO_SECOND);
	struct tm tm;
	if (list->last_good && gmtime_r(&seconds, &tm))
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (list->standing == FAILED && !list->source->digest && !list->last_good)
		snprintf(text, room, "its list of members was never had: %s", list->why);
	else if (list->standing == FAILED)
		snprintf(text, room, "its list of members is that of %s: %s", when, list->why);
	else if (list->standing == GOOD && list->kept && list->kept != list->source->digest)
		snprintf(text, room, "its new list of members waits for a reload that succeeds");
	else
		return false;
	return true;
}

json_t *fetch_report(const struct fetch_lists *fetch)
{
	static const char *const words[] = {[NOT_ASKED] = "not asked yet", [GOOD] = "good", [FAILED] = "failed"};
	json_t *all = json_array();
	for (uint32_t i = 0; i < fetch->count; i++) {
		const struct list *list = &fetch->lists[i];
		json_array_append_new(all,
		        json_pack("{s:s, s:o, s:s, s:s?, s:o, s:o, s:I}", "from", list->source->url, "pools",
		                users_of(daemon_conf(fetch->daemon), list->source), "state", words[list->standing],
		                "why", list->standing == FAILED ? list->why : NULL, "since", report_time(list->since),
		                "last_good", report_time(list->last_good), "members", (json_int_t)list->count));
	}
	return all;
}

void fetch_remark(const struct fetch_lists *fetch, const char *service, json_t *remarks)
{
	char text[2 * MEMBER_LIST_WHY];
	for (uint32_t i = 0; i < fetch->count; i++) {
		if (!is_odd(&fetch->lists[i], text, sizeof text))
			continue;
		json_t *users = users_of(daemon_conf(fetch->daemon), fetch->lists[i].source), *user;
		size_t j;
		json_array_foreach(users, j, user)
		{
			if (service && strcmp(json_string_value(json_object_get(user, "service")), service) != 0)
				continue;
			json_object_set_new(user, "text", json_string(text));
			json_array_append(remarks, user);
		}
		json_decref(users);
	}
}

void fetch_metrics(void *context, FILE *out)
{
	const struct fetch_lists *fetch = context;
	if (!fetch->count)
		return;
	fputs("# HELP meridian_members_good Whether a list of members could be had the last time.\n"
	      "# TYPE meridian_members_good gauge\n",
	        out);
	for (uint32_t i = 0; i < fetch->count; i++)
		fprintf(out, "meridian_members_good{from=\"%s\",id=\"%016llx\"} %d\n", fetch->lists[i].source->url,
		        (unsigned long long)fetch->lists[i].digest, fetch->lists[i].standing == GOOD);
}
