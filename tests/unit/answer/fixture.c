#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/text.h"
#include "fixture.h"
#include "snap/reload.h"
#include "snap/snapshot.h"

enum { QUERY_ID = 0x1234, PATH_ROOM = 256 };

/* ---- making one ---- */

static void put(const char *folder, const char *name, const char *text)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void put_server(const char *folder, const struct fixture_files *files)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "%s/meridian.yaml", folder);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "listen: [127.0.0.1@5300]\ngeo: geo\n%szones:\n", files->server ? files->server : "");
	if (files->access)
		fprintf(out, "  default: %s\n", files->access);
	fputs("  named:\n", out);
	unsigned count = 0;
	for (const struct fixture_zone *zone = files->zones; zone->origin; zone++) {
		char name[32];
		snprintf(name, sizeof name, "%u.zone", count++);
		put(folder, name, zone->text);
		fprintf(out, "    '%s': %s\n", zone->origin, name);
	}
	assert_int_equal(fclose(out), 0);
}

static void clear(const char *folder, const struct fixture_files *files)
{
	char path[PATH_ROOM];
	unsigned count = 0;
	for (const struct fixture_zone *zone = files->zones; zone->origin; zone++) {
		snprintf(path, sizeof path, "%s/%u.zone", folder, count++);
		unlink(path);
	}
	static const char *const others[] = {"meridian.yaml", "geo/a.yaml"};
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, others[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/geo", folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* A build runs at once. */
static void queue(void *context, void (*work)(void *), void (*after)(void *), void *argument)
{
	(void)context;
	work(argument);
	after(argument);
}

static void load(struct fixture *fixture, const struct fixture_files *files)
{
	char geo[PATH_ROOM];
	snprintf(geo, sizeof geo, "%s/geo", fixture->folder);
	assert_int_equal(mkdir(geo, 0755), 0);
	put_server(fixture->folder, files);
	if (files->geo)
		put(fixture->folder, "geo/a.yaml", files->geo);
	reload_request(fixture->reload, "test", NULL, NULL);
	clear(fixture->folder, files);
	if (!reload_last(fixture->reload)->failed)
		return;
	err_print(reload_last(fixture->reload)->err, stderr, false);
	fail_msg("the files of the fixture have an error");
}

static unsigned fixtures; /* of the test's only thread, which is a reader while there are any */

struct fixture *fixture_new(const struct fixture_files *files)
{
	char path[PATH_ROOM];
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/meridian-answer-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	if (!fixtures++)
		live_thread_start();
	snprintf(path, sizeof path, "%s/meridian.yaml", fixture->folder);
	fixture->source = live_source_new();
	fixture->reload = reload_new(
	        path, fixture->source, files->seed ? files->seed : 7, (struct reload_hooks){.queue = queue});
	load(fixture, files);
	fixture->context = (struct answer_context){.counters = &fixture->counters, .random = 1, .wall = 1700000000};
	fixture->client.stream = true;
	assert_true(addr_parse(&fixture->client.addr, "192.0.2.1"));
	return fixture;
}

void fixture_reload(struct fixture *fixture, const struct fixture_files *files)
{
	assert_int_equal(mkdir(fixture->folder, 0700), 0);
	load(fixture, files);
}

void fixture_free(struct fixture *fixture)
{
	reload_free(fixture->reload);
	live_source_free(fixture->source);
	if (!--fixtures)
		live_thread_stop();
	free(fixture);
}

/* ---- asking ---- */

/* The options of a question. */
struct words {
	bool edns, dnssec_ok, udp;
	unsigned long payload, class;
	const char *options; /* in hex; may be NULL */
};

static void write_hex(struct writer *w, const char *hex)
{
	for (; hex && hex[0]; hex += 2) {
		char pair[3] = {hex[0], hex[1], 0}, *end;
		write_u8(w, (uint8_t)strtoul(pair, &end, 16));
		assert_true(end == pair + 2);
	}
}

static struct words read_words(char *text)
{
	struct words words = {.payload = 1232, .class = CLASS_IN};
	for (char *word; (word = strsep(&text, " "));) {
		bool size = !strncmp(word, "+size=", 6);
		if (size)
			words.payload = strtoul(word + 6, NULL, 10);
		else if (!strncmp(word, "+class=", 7))
			words.class = strtoul(word + 7, NULL, 10);
		else if (!strncmp(word, "+opt=", 5))
			words.options = word + 5;
		else if (!strcmp(word, "+do"))
			words.dnssec_ok = true;
		else if (!strcmp(word, "+udp"))
			words.udp = true;
		else if (strcmp(word, "+edns") != 0)
			fail_msg("'%s' is no option of a question", word);
		words.edns |= size || !strcmp(word, "+do") || !strcmp(word, "+edns") || words.options;
	}
	return words;
}

static size_t build_query(const char *question, uint8_t query[FIXTURE_QUERY_MAX], struct words *words)
{
	char copy[NAME_TEXT_MAX + 100], *rest = copy, *name, *type;
	uint8_t wire[NAME_BYTES];
	uint16_t number;
	const char *why = NULL;
	snprintf(copy, sizeof copy, "%s", question);
	name = strsep(&rest, " ");
	type = strsep(&rest, " ");
	if (!type || !name_parse(wire, name, strlen(name), NULL, &why) || !rrtype_parse(&number, type))
		fail_msg("'%s' is no question: %s", question, why ? why : "its type is not known");
	*words = read_words(rest);
	struct writer w = writer_of(query, FIXTURE_QUERY_MAX);
	const uint16_t header[] = {QUERY_ID, 0, 1, 0, 0, words->edns};
	for (unsigned i = 0; i < sizeof header / sizeof header[0]; i++)
		write_u16(&w, header[i]);
	write_bytes(&w, wire, name_length(wire));
	write_u16(&w, number);
	write_u16(&w, (uint16_t)words->class);
	if (words->edns) {
		write_u8(&w, 0);
		write_u16(&w, TYPE_OPT);
		write_u16(&w, (uint16_t)words->payload);
		write_u32(&w, words->dnssec_ok ? 0x8000 : 0);
		size_t size = words->options ? strlen(words->options) / 2 : 0;
		write_u16(&w, (uint16_t)size);
		write_hex(&w, words->options);
	}
	assert_false(w.full);
	return writer_offset(&w);
}

size_t fixture_query(const char *question, uint8_t query[FIXTURE_QUERY_MAX])
{
	struct words words;
	return build_query(question, query, &words);
}

/* What a client over UDP takes: what its OPT says, at most ours, else 512 bytes. */
static size_t allowed(const struct fixture *fixture, const uint8_t *bytes, size_t size)
{
	struct message message;
	struct message_record record;
	size_t room = 512, ours = fixture->context.live->snapshot->conf->udp_payload;
	if (fixture->client.stream)
		return UINT16_MAX;
	if (message_open(&message, bytes, size))
		while (message_next(&message, &record))
			if (record.section == SECTION_ADDITIONAL && record.type == TYPE_OPT && record.class > room)
				room = record.class < ours ? record.class : ours;
	return room;
}

size_t fixture_send(struct fixture *fixture, const void *bytes, size_t size)
{
	/* copied, so that a sanitizer sees a byte read behind it */
	uint8_t *packet = malloc(size ? size : 1);
	const char *why;
	assert_non_null(packet);
	memcpy(packet, bytes, size);
	fixture->context.live = live_enter(fixture->source);
	fixture->size = answer_packet(
	        &fixture->context, &fixture->client, packet, size, fixture->reply, sizeof fixture->reply);
	assert_true(fixture->size <= allowed(fixture, packet, size));
	live_leave();
	if (fixture->size && !message_check(fixture->reply, fixture->size, &why))
		fail_msg("the reply is unsound: %s", why);
	free(packet);
	return fixture->size;
}

static void print_record(FILE *out, const struct message *message, const struct message_record *record)
{
	static const char *const sections[] = {
	        [SECTION_ANSWER] = "an", [SECTION_AUTHORITY] = "ns", [SECTION_ADDITIONAL] = "ar"};
	char owner[NAME_TEXT_MAX], type[16], rdata[4096];
	fprintf(out, "%s %s %u", sections[record->section], name_format(record->owner, owner), record->ttl);
	if (record->class != CLASS_IN)
		fprintf(out, " CLASS%u", record->class);
	message_format_rdata(message, record, rdata, sizeof rdata);
	fprintf(out, " %s %s\n", rrtype_format(record->type, type), rdata);
}

char *fixture_text(const struct fixture *fixture, bool opt)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {{FLAG_AA, " AA"}, {FLAG_TC, " TC"}, {FLAG_RD, " RD"}, {FLAG_RA, " RA"}, {FLAG_AD, " AD"},
	        {FLAG_CD, " CD"}};
	if (!fixture->size)
		return strdup("no reply\n");
	struct message message;
	struct message_record record;
	char *text = NULL, rcode[16], line[4096];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_true(message_open(&message, fixture->reply, fixture->size));
	fputs(rcode_format(message_rcode(&message), rcode), out);
	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (message.flags & flags[i].bit)
			fputs(flags[i].name, out);
	fputc('\n', out);
	while (message_next(&message, &record)) {
		if (record.section && record.type != TYPE_OPT)
			print_record(out, &message, &record);
		else if (record.section && opt) {
			message_format(&message, &record, line, sizeof line);
			fprintf(out, "ar %s\n", line);
		}
	}
	assert_false(message.bad);
	fclose(out);
	return text;
}

char *fixture_ask(struct fixture *fixture, const char *question)
{
	uint8_t query[FIXTURE_QUERY_MAX];
	struct words words;
	size_t size = build_query(question, query, &words), asked = DNS_HEADER + name_length(query + DNS_HEADER) + 4;
	bool stream = fixture->client.stream;
	fixture->client.stream = stream && !words.udp;
	assert_true(fixture_send(fixture, query, size) >= asked);
	fixture->client.stream = stream;
	assert_memory_equal(fixture->reply, query, 2);
	assert_memory_equal(fixture->reply + DNS_HEADER, query + DNS_HEADER, asked - DNS_HEADER);
	return fixture_text(fixture, false);
}
