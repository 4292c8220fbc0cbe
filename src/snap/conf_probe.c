/*
 * conf_probe.c: how health is asked. Which keys a probe takes depends on its type, so the table says for each key which
 * types know it.
 */
#include <string.h>

#include "base/hash.h"
#include "snap/conf_reader.h"
#include "wire/name.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599, IN_A_ROW_MAX = 64, HEADERS_MAX = 32 };

#define BIT(type) (1u << (type))
#define WEB (BIT(PROBE_HTTP) | BIT(PROBE_HTTPS))
#define DNS BIT(PROBE_DNS)
#define EVERY (WEB | DNS | BIT(PROBE_TCP) | BIT(PROBE_EXEC))

/* Not here: all and any, which are keys in place of `type`. */
static const char *const types[] = {[PROBE_TCP] = "tcp",
        [PROBE_HTTP] = "http",
        [PROBE_HTTPS] = "https",
        [PROBE_EXEC] = "exec",
        [PROBE_DNS] = "dns",
        NULL};
/* By number (RFC 1035 4.1.1). */
static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", NULL};

/* "200" or "200-299". */
static bool parse_status(const char *text, uint16_t *min, uint16_t *max)
{
	unsigned numbers[2] = {0, 0};
	size_t length = strlen(text);
	if ((length != 3 && length != 7) || (length == 7 && text[3] != '-'))
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)text[i] - '0';
		if (i == 3)
			continue;
		if (digit > 9)
			return false;
		numbers[i / 4] = 10 * numbers[i / 4] + digit;
	}
	*min = (uint16_t)numbers[0];
	*max = (uint16_t)numbers[length == 7];
	return *min >= STATUS_MIN && *min <= *max && *max <= STATUS_MAX;
}

static bool read_status(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct probe_spec *probe = field;
	uint16_t min, max;
	(void)option;
	if (!expect_scalar(reader, value, "a status such as 200 or 200-299"))
		return false;
	if (!parse_status(value->text, &min, &max)) {
		reader_error(reader, value,
		        "'status' must be a status or a range within %d-%d, such as 200-299, not '%s'", STATUS_MIN,
		        STATUS_MAX, value->text);
		return false;
	}
	probe->status_min = min;
	probe->status_max = max;
	return true;
}

/* Text that goes into a request line or a header: nothing that could begin another one. */
bool check_line(struct reader *reader, const struct yaml *value, bool spaces)
{
	for (const char *at = value->text; *at; at++)
		if ((uint8_t)*at < ' ' || *at == 0x7f || (*at == ' ' && !spaces)) {
			reader_error(reader, value, "%s must not hold %s", reader_subject(reader, value),
			        spaces ? "control characters" : "spaces or control characters");
			return false;
		}
	return true;
}

bool read_host(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	return read_text(reader, value, option, field) && check_line(reader, value, false);
}

static bool read_request_path(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	if (!expect_scalar(reader, value, "a path, such as /healthz"))
		return false;
	if (*value->text != '/') {
		reader_error(reader, value, "'path' must begin with '/', not '%s'", value->text);
		return false;
	}
	return check_line(reader, value, false) && read_text(reader, value, option, field);
}

static bool is_token(const char *text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	return *text && text[strspn(text, marks)] == 0;
}

bool read_headers(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_mapping(reader, value, "a mapping of header names to values"))
		return false;
	if (value->count > HEADERS_MAX) {
		reader_error(reader, value, "a probe sends at most %d headers, not %u", HEADERS_MAX, value->count);
		return false;
	}
	const char **headers = arena_alloc(reader->arena, (value->count + 1) * sizeof *headers);
	uint32_t count = 0;
	for (const struct yaml *item = value->first; item; item = item->next) {
		if (!is_token(item->key->text))
			reader_error(reader, item->key, "'%s' is no name of a header", item->key->text);
		else if (expect_scalar(reader, item, "the text of a header") && check_line(reader, item, true))
			headers[count++] = arena_printf(reader->arena, "%s: %s", item->key->text, item->text);
	}
	*(const char *const **)field = headers;
	return true;
}

static bool read_command(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	const char *const *command;
	if (!read_texts(reader, value, option, &command))
		return false;
	for (const struct yaml *item = value->first; item; item = item->next) {
		const char *brace = strchr(item->text, '{');
		while (brace && !strncmp(brace, "{address}", 9))
			brace = strchr(brace + 1, '{');
		if (brace)
			reader_error(reader, item, "only {address} is replaced in a command; '%s' has another brace",
			        item->text);
	}
	if (command[0][0] != '/')
		reader_error(
		        reader, value->first, "the program of a probe is named by its full path, not '%s'", command[0]);
	*(const char *const **)field = command;
	return true;
}

/* A field's name, or a path into objects: no label between two dots is empty. */
bool check_field(struct reader *reader, const struct yaml *value)
{
	size_t length = strlen(value->text);
	if (*value->text == '.' || value->text[length - 1] == '.' || strstr(value->text, "..")) {
		reader_error(reader, value, "'%s' is no name of a field, such as role or database.lag", value->text);
		return false;
	}
	for (const struct yaml *other = value->next; other; other = other->next)
		if (!strcmp(other->text, value->text)) {
			reader_error(reader, other, "the field '%s' is read twice", value->text);
			return false;
		}
	return true;
}

static bool read_fields(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct probe_spec *probe = field;
	const char *const *fields;
	if (!read_texts(reader, value, option, &fields))
		return false;
	if (value->count > READINGS_MAX) {
		reader_error(reader, value, "a probe reads at most %d fields, not %u", READINGS_MAX, value->count);
		return false;
	}
	for (const struct yaml *item = value->first; item; item = item->next)
		if (!check_field(reader, item))
			return false;
	probe->read = fields;
	probe->read_count = (uint8_t)value->count;
	return true;
}

#define FIELD(name) offsetof(struct probe_spec, name)
static bool read_dwell(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct option both[] = {
	        {"up", read_duration, FIELD(dwell_up), 0, 86400 * NANO_SECOND},
	        {"down", read_duration, FIELD(dwell_down), 0, 86400 * NANO_SECOND},
	};
	(void)option;
	return expect_mapping(reader, value, "a mapping, such as { up: 30s, down: 60s }") &&
	       options_read(reader, value, "'dwell'", OPTIONS(both), field);
}

/* The keys of all types; known[i] says which types know row i. */
static const struct option options[] = {
        {"type", read_word, FIELD(type), .words = types},
        {"port", read_u16, FIELD(port), 1, UINT16_MAX},
        {"host", read_host, FIELD(host)},
        {"path", read_request_path, FIELD(path)},
        {"status", read_status, 0},
        {"body", read_text, FIELD(body)},
        {"headers", read_headers, FIELD(headers)},
        {"ca", read_path, FIELD(ca)},
        {"verify", read_flag, FIELD(verify)},
        {"follow", read_flag, FIELD(follow)},
        {"command", read_command, FIELD(command)},
        {"read", read_fields, 0},
        {"name", read_question_name, FIELD(question.name)},
        {"query", read_question_type, FIELD(question.type)},
        {"expect", read_texts, FIELD(question.expect)},
        {"rcode", read_word, FIELD(question.rcode), .words = rcodes},
        {"aa", read_flag, FIELD(question.authoritative)},
        {"recurse", read_flag, FIELD(question.recurse)},
        {"tcp", read_flag, FIELD(question.tcp)},
        {"all", read_parts, 0},
        {"any", read_parts, 0},
        {"interval", read_duration, FIELD(interval), 100 * NANO_MILLI, 86400 * NANO_SECOND},
        {"timeout", read_duration, FIELD(timeout), NANO_MILLI, 3600 * NANO_SECOND},
        {"fall", read_u16, FIELD(fall), 1, IN_A_ROW_MAX},
        {"rise", read_u16, FIELD(rise), 1, IN_A_ROW_MAX},
        {"dwell", read_dwell, 0},
};
#undef FIELD
static const unsigned known[] = {EVERY, EVERY, WEB, WEB, WEB, WEB, WEB, BIT(PROBE_HTTPS), BIT(PROBE_HTTPS), WEB,
        BIT(PROBE_EXEC), WEB, DNS, DNS, DNS, DNS, DNS, DNS, DNS, 0, 0, EVERY, EVERY, EVERY, EVERY, EVERY};
_Static_assert(sizeof known / sizeof *known == sizeof options / sizeof *options, "a row in each table");

/* Errors for keys that the type does not know. */
static void check_keys(struct reader *reader, const struct yaml *value, enum probe_type type)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const struct yaml *given = yaml_get(value, options[i].key);
		if (given && !(known[i] & BIT(type)))
			reader_error(reader, given->key, "a probe of the type %s has no key '%s'", types[type],
			        options[i].key);
	}
}

/* Whether what its type needs is there, and the default port. */
static void check_needs(struct reader *reader, const struct yaml *value, struct probe_spec *probe)
{
	static const uint16_t ports[] = {
	        [PROBE_HTTP] = 80, [PROBE_HTTPS] = 443, [PROBE_TCP] = 0, [PROBE_EXEC] = 0, [PROBE_DNS] = 53};
	if (!yaml_get(value, "port"))
		probe->port = ports[probe->type];
	if (probe->type == PROBE_TCP && !yaml_get(value, "port"))
		reader_error(
		        reader, value->key, "the probe '%s' needs a port, since its type is tcp", value->key->text);
	if (probe->type == PROBE_EXEC && !yaml_get(value, "command"))
		reader_error(
		        reader, value->key, "the probe '%s' needs a command, since its type is exec", value->key->text);
	if (probe->type == PROBE_DNS)
		conf_question_check(reader, value, probe);
	const struct yaml *timeout = yaml_get(value, "timeout");
	if (!timeout && probe->timeout > probe->interval)
		probe->timeout = probe->interval;
	if (probe->timeout > probe->interval)
		reader_warn(reader, timeout, "the timeout of '%s' is longer than its interval", value->key->text);
	const struct yaml *verify = yaml_get(value, "verify"), *ca = yaml_get(value, "ca");
	if (ca && verify && !probe->verify)
		reader_warn(reader, ca, "'ca' has no effect under 'verify: off'");
}

static const char *joined(struct reader *reader, const char *const *texts)
{
	const char *all = "";
	for (; texts && *texts; texts++)
		all = arena_printf(reader->scratch, "%s%c%s", all, 1, *texts);
	return all;
}

static const char *or_none(const char *text)
{
	return text ? text : "\2";
}

static const char *question_text(struct reader *reader, const struct probe_question *question)
{
	char name[NAME_TEXT_MAX];
	if (!question->name)
		return "";
	return arena_printf(reader->scratch, "%s %u %d %d%d%d%s", name_format(question->name, name), question->type,
	        question->rcode, question->authoritative, question->recurse, question->tcp,
	        joined(reader, question->expect));
}

/* The definition as one text, hashed: what the schedule of a target depends on. */
static uint64_t digest_of(struct reader *reader, const struct probe_spec *p)
{
	static const uint8_t key[16] = "meridian probes";
	const char *text = arena_printf(reader->scratch,
	        "%s\n%d %u %u %u %d %d %u %u %lld %lld %lld %lld\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s", p->name,
	        (int)p->type, p->port, p->status_min, p->status_max, p->verify, p->follow, p->fall, p->rise,
	        (long long)p->interval, (long long)p->timeout, (long long)p->dwell_up, (long long)p->dwell_down,
	        or_none(p->host), or_none(p->path), or_none(p->body), or_none(p->ca), joined(reader, p->headers),
	        joined(reader, p->command), joined(reader, p->read), question_text(reader, &p->question));
	return siphash(key, text, strlen(text));
}

void conf_probe_read(struct reader *reader, const struct yaml *value, struct probe_spec *probe)
{
	*probe = (struct probe_spec){.name = arena_string(reader->arena, value->key->text),
	        .type = PROBE_TCP,
	        .status_min = 200,
	        .status_max = 299,
	        .verify = true,
	        .targets = 1,
	        .question.type = TYPE_A,
	        .interval = 10 * NANO_SECOND,
	        .timeout = 3 * NANO_SECOND,
	        .fall = 3,
	        .rise = 2};
	if (!options_read(reader, value, "a probe", OPTIONS(options), probe))
		return;
	if (conf_parts_check(reader, value, probe))
		return;
	const struct yaml *type = yaml_get(value, "type");
	if (!type)
		reader_error(reader, value->key, "the probe '%s' has no type", value->key->text);
	if (!type || (probe->type == PROBE_TCP && !is_word(type, "tcp")))
		return; /* the type is not known, so neither is what belongs to it */
	check_keys(reader, value, probe->type);
	check_needs(reader, value, probe);
	if (!probe->path && (BIT(probe->type) & WEB))
		probe->path = "/";
	probe->address_only = probe->type == PROBE_DNS;
	probe->digest = digest_of(reader, probe);
}
