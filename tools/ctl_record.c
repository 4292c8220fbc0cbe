/*
 * ctl_record.c: today's answers as decision tests, so that what changes them later is noticed.
 *
 * By the files, as `test` is. Clients in the scope of an answer that was recorded already would be told the same, and
 * are left out. Members that are drawn at random are not recorded.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "geo/census.h"
#include "snap/snapshot.h"
#include "tools/ctl_offline.h"
#include "tools/ctl_outcome.h"
#include "tools/ctl_stage.h"
#include "wire/rrset.h"

#define CASES_MAX 1000 /* of one name and type */

struct client {
	struct prefix prefix;
	bool subnet; /* sent as one, not the source of the query */
	double weight;
};

struct clients {
	struct client *list;
	size_t count, room;
};

static void client_add(struct clients *clients, const struct client *client)
{
	if (clients->count == clients->room) {
		clients->room = clients->room ? 2 * clients->room : 64;
		clients->list = reallocarray(clients->list, clients->room, sizeof *clients->list);
		MUST(clients->list);
	}
	clients->list[clients->count++] = *client;
}

/* ---- who asks ---- */

/* "192.0.2.9,198.51.100.0/24": addresses ask themselves, prefixes by a resolver. */
static bool read_from(struct clients *clients, const char *from, struct err *err)
{
	char *copy = strdup(from), *rest;
	bool good = true;
	MUST(copy);
	for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
		struct client client = {.weight = 1, .subnet = strchr(word, '/')};
		enum prefix_fault fault = prefix_parse(&client.prefix, word);
		if (fault == PREFIX_OK)
			client_add(clients, &client);
		else
			err_add(err, ERR_ERROR, NULL, "'%s' is not an address or a prefix%s", word,
			        fault == PREFIX_HOST_BITS ? ": it has bits set behind its length" : "");
		good = good && fault == PREFIX_OK;
	}
	free(copy);
	return good;
}

static struct addr addr_at(position at, unsigned family)
{
	struct addr addr = {.family = family == GEO_V4 ? ADDR_V4 : ADDR_V6};
	for (unsigned i = 0; i < addr_bits(&addr) / 8; i++)
		addr.bytes[i] = (uint8_t)(at >> (120 - 8 * i));
	return addr;
}

static int by_weight(const void *a, const void *b)
{
	const struct client *x = a, *y = b;
	return x->weight > y->weight ? -1 : x->weight < y->weight;
}

/* The prefixes of a query log, the heaviest first. */
static bool read_log(struct clients *clients, const char *path, struct err *err)
{
	struct query_log *log = query_log_read(path, true, err);
	if (!log)
		return false;
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		const struct tiling *lines = &log->lines[family];
		position at = 0;
		for (size_t i = 0; i < lines->count; i++) {
			unsigned length = piece_length(lines->pieces[i]);
			double weight = prefix_share(length) * log->densities[family][piece_id(lines->pieces[i])];
			struct client client = {.prefix = {addr_at(at, family), (uint8_t)length}, .weight = weight};
			client.subnet = length < addr_bits(&client.prefix.addr);
			if (weight > 0)
				client_add(clients, &client);
			at += piece_size(length);
		}
	}
	qsort(clients->list, clients->count, sizeof *clients->list, by_weight);
	query_log_free(log);
	return true;
}

/* ---- cases ---- */

struct recording {
	const struct ctl *ctl;
	const struct snapshot *snapshot;
	struct stage *stage;
	struct err *err;
	struct clients clients;
	struct explanation *explanation;
	unsigned cases;
};

/* Whether the members that are given hang on chance. */
static bool is_random(const struct explanation *explanation)
{
	const struct trace *trace = &explanation->trace;
	return trace->steered && !trace->given.set && trace->given.count && !trace->sticky &&
	       explanation->service->answer && trace->given.count == explanation->service->answer;
}

static bool has_blank(const char *text)
{
	return strpbrk(text, " \t#\\\"");
}

static void write_answer(const struct recording *recording, const struct outcome *outcome, unsigned type)
{
	bool all = !outcome->more;
	if (is_random(recording->explanation))
		return;
	for (unsigned i = 0; i < outcome->count; i++) {
		struct addr addr;
		all = all && addr_parse(&addr, outcome->data[i]) && (type == TYPE_A || type == TYPE_AAAA);
	}
	for (unsigned i = 0; i < outcome->count && all; i++)
		printf("%s%s", i ? "," : " addresses ", outcome->data[i]);
	bool plain = !all && !outcome->more;
	for (unsigned i = 0; i < outcome->count; i++)
		plain = plain && !has_blank(outcome->data[i]);
	for (unsigned i = 0; i < outcome->count && plain; i++)
		printf(" answer %s", outcome->data[i]);
}

static void write_case(const struct recording *recording, const char *name, const char *type,
        const struct client *client, const struct outcome *outcome)
{
	char who[ADDR_TEXT_MAX], text[16];
	if (client->subnet)
		prefix_format(&client->prefix, who);
	else
		addr_format(&client->prefix.addr, who);
	const char *when = recording->ctl->when ? recording->ctl->when : "";
	printf("%s/%s/%s  %s%s%s %s  ask %s %s ", name, type, who, when, *when ? " " : "",
	        client->subnet ? "ecs" : "from", who, name, type);
	if (outcome->rcode)
		printf(" rcode %s", rcode_format((unsigned)outcome->rcode, text));
	if (outcome->datacenter)
		printf(" dc %s", outcome->datacenter);
	printf(" scope %d", outcome->scope);
	if (outcome->ttl >= 0)
		printf(" ttl %ld", outcome->ttl);
	if (!outcome->count)
		printf(" nodata");
	write_answer(recording, outcome, recording->explanation->trace.family == FAMILY_V4 ? TYPE_A : TYPE_AAAA);
	putchar('\n');
}

/* Is the client in the scope of an answer that was recorded? */
static bool is_covered(const struct client *covered, size_t count, const struct client *client)
{
	for (size_t i = 0; i < count; i++)
		if (covered[i].subnet == client->subnet && covered[i].prefix.length <= client->prefix.length &&
		        prefix_contains(&covered[i].prefix, &client->prefix.addr))
			return true;
	return false;
}

/* All clients for one name and type; false if the name is in no zone. */
static bool record(struct recording *recording, const char *name, const char *type)
{
	struct client *covered = calloc(CASES_MAX, sizeof *covered);
	size_t count = 0, left = 0;
	bool ours = true;
	MUST(covered);
	for (size_t i = 0; i < recording->clients.count && ours; i++) {
		const struct client *client = &recording->clients.list[i];
		struct explain_question question;
		char who[ADDR_TEXT_MAX];
		struct outcome outcome;
		if (is_covered(covered, count, client))
			continue;
		left += count == CASES_MAX;
		if (count == CASES_MAX)
			continue;
		prefix_format(&client->prefix, who);
		if (!client->subnet)
			addr_format(&client->prefix.addr, who);
		MUST(!explain_parse(&question, name, type, client->subnet ? NULL : who, client->subnet ? who : NULL));
		struct live live = {recording->snapshot, stage_board(recording->stage)};
		explain(&live, &question, recording->explanation);
		outcome_of(recording->explanation, &outcome);
		ours = recording->explanation->trace.zone;
		if (ours)
			write_case(recording, name, type, client, &outcome);
		covered[count] = *client;
		covered[count].prefix.length = (uint8_t)outcome.scope;
		addr_mask(&covered[count++].prefix.addr, (unsigned)outcome.scope);
		recording->cases++;
		outcome_free(&outcome);
	}
	if (left)
		fprintf(stderr,
		        "meridianctl: warning: %s %s: %d cases were written, and %zu lighter prefixes left out\n", name,
		        type, CASES_MAX, left);
	free(covered);
	return ours;
}

static bool record_name(struct recording *recording, const char *text)
{
	uint8_t wire[NAME_BYTES];
	char name[NAME_TEXT_MAX];
	const char *why;
	if (!name_parse(wire, text, strlen(text), NULL, &why) || has_blank(text)) {
		err_add(recording->err, ERR_ERROR, NULL, "'%s' is no domain name that can be recorded", text);
		return false;
	}
	snprintf(name, sizeof name, "%s", text);
	size_t size = strlen(name);
	if (size > 1 && name[size - 1] == '.')
		name[size - 1] = 0;
	if (record(recording, name, "A") && record(recording, name, "AAAA"))
		return true;
	err_add(recording->err, ERR_ERROR, NULL, "'%s' is in no zone of the configuration", text);
	return false;
}

static bool record_all(struct recording *recording)
{
	const struct steering *steering = &recording->snapshot->steering;
	bool good = true;
	printf("# Answers of %s as decision tests; see meridian-steer(5).\n", ctl_file(recording->ctl));
	for (unsigned i = 0; i < recording->ctl->count; i++)
		good = record_name(recording, recording->ctl->words[i]) && good;
	for (uint32_t i = 0; i < steering->service_count && !recording->ctl->count; i++)
		good = record_name(recording, steering->services[i].name) && good;
	return good;
}

int offline_record(const struct ctl *ctl)
{
	struct recording recording = {
	        .ctl = ctl, .err = err_new(), .explanation = malloc(sizeof *recording.explanation)};
	MUST(recording.explanation);
	bool good = (!ctl->from || read_from(&recording.clients, ctl->from, recording.err)) &&
	            (!ctl->log || read_log(&recording.clients, ctl->log, recording.err));
	struct snapshot *snapshot = good ? offline_load(ctl) : NULL;
	recording.snapshot = snapshot;
	if (snapshot) {
		recording.stage = stage_new(snapshot);
		good = stage_play_text(recording.stage, ctl->when, recording.err) && record_all(&recording);
	}
	err_print(recording.err, stderr, ctl->colour_err);
	stage_free(recording.stage);
	snapshot_free(snapshot);
	free(recording.clients.list);
	free(recording.explanation);
	err_free(recording.err);
	return good && snapshot ? CTL_DONE : CTL_FAILED;
}
