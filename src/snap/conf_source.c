/*
 * conf_source.c: pools whose members are asked of a URL: `{ from: URL, read: …, interval: … }`.
 *
 * Nothing is asked here. Who asks (main) keeps the last good list in the state
 * folder, as a file of members, and that is what is read. Automation never
 * empties a pool: where there is no such file, or it makes no sense, the members
 * that the pool had in the configuration before go on; only a pool that never
 * had any begins with none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "snap/conf_reader.h"

#define TIMEOUT_MAX (60 * NANO_SECOND) /* a start waits so long for a list that it lacks */
#define HOST_MAX 253

bool conf_is_url(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t scheme = strspn(text, letters);
	return scheme && !strncmp(text + scheme, "://", 3);
}

/* ---- the URL ---- */

/* A name or an IPv4 address, or an IPv6 address in brackets; its length, 0 if it is none of these. */
static size_t host_length(const char *text)
{
	if (*text == '[') {
		size_t length = strcspn(text, "]/?");
		return text[length] == ']' ? length + 1 : 0;
	}
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
	return *text == '.' || *text == '-' || length > HOST_MAX ? 0 : length;
}

/* ":8500" at *at, which moves behind it; where there is none, *port stays. */
static bool take_port(const char **at, uint16_t *port)
{
	char digits[6] = "";
	int64_t number;
	if (**at != ':')
		return true;
	size_t length = strspn(++*at, "0123456789");
	if (length >= sizeof digits)
		return false;
	memcpy(digits, *at, length);
	*at += length;
	if (!text_number(&number, digits, 1, UINT16_MAX))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* Whom the URL names; false: it is none that can be asked. */
static bool parse_url(struct reader *reader, const char *url, struct member_source *source)
{
	struct probe_spec *probe = &source->probe;
	bool secure = !strncmp(url, "https://", 8);
	const char *at = url + (secure ? 8 : 7);
	size_t length = host_length(at);
	if ((!secure && strncmp(url, "http://", 7) != 0) || !length)
		return false;
	bool bracket = *at == '[';
	const char *host = arena_stringn(reader->arena, at + bracket, length - 2 * bracket);
	at += length;
	probe->type = secure ? PROBE_HTTPS : PROBE_HTTP;
	source->target.endpoint.port = secure ? 443 : 80;
	if (!take_port(&at, &source->target.endpoint.port) || (*at && *at != '/' && *at != '?') ||
	        strpbrk(at, "#\"\\<>"))
		return false;
	probe->path = arena_printf(reader->arena, "%s%s", *at == '/' ? "" : "/", at);
	if (addr_parse(&source->target.endpoint.addr, host))
		return bracket == (source->target.endpoint.addr.family == ADDR_V6);
	source->target.host = probe->host = host;
	return !bracket;
}

static bool read_url(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct member_source *source = field;
	(void)option;
	source->url = source->probe.name = arena_string(reader->arena, value->text);
	if (!check_line(reader, value, false))
		return false;
	if (strchr(value->text, '@'))
		reader_error(reader, value, "a URL holds no name and password; send them in 'headers'");
	else if (!parse_url(reader, source->url, source))
		reader_error(reader, value,
		        "'%s' is no URL that can be asked; write one such as http://10.0.0.5:8500/v1/web", value->text);
	return true;
}

/* ---- the source ---- */

static bool read_json_path(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	return read_text(reader, value, option, field) && check_field(reader, value);
}

#define FIELD(name) offsetof(struct member_source, name)
static const struct option options[] = {
        {"from", read_url, 0},
        {"read", read_json_path, FIELD(list)},
        {"address", read_json_path, FIELD(address)},
        {"weight", read_json_path, FIELD(weight)},
        {"min", read_unsigned, FIELD(min), 1, FAMILIES *MEMBERS_MAX},
        {"interval", read_duration, FIELD(probe.interval), NANO_SECOND, 86400 * NANO_SECOND},
        {"timeout", read_duration, FIELD(probe.timeout), NANO_MILLI, TIMEOUT_MAX},
        {"host", read_host, FIELD(probe.host)},
        {"headers", read_headers, FIELD(probe.headers)},
        {"ca", read_path, FIELD(probe.ca)},
        {"verify", read_flag, FIELD(probe.verify)},
        {"follow", read_flag, FIELD(probe.follow)},
};
#undef FIELD

/* What makes a list another list; and with when it is asked, another schedule. */
static void identify(struct reader *reader, struct member_source *source)
{
	static const uint8_t key[16] = "meridian members";
	struct probe_spec *probe = &source->probe;
	const char *const *headers = probe->headers;
	char *text = arena_printf(reader->scratch, "%s\n%s\n%s\n%s\n%u\n%s\n%s\n%d %d", source->url,
	        source->list ? source->list : "", source->address ? source->address : "",
	        source->weight ? source->weight : "", source->min, probe->host ? probe->host : "",
	        probe->ca ? probe->ca : "", probe->verify, probe->follow);
	for (; headers && *headers; headers++)
		text = arena_printf(reader->scratch, "%s\n%s", text, *headers);
	source->id = siphash(key, text, strlen(text));
	probe->digest = hash_mix(hash_mix(source->id, (uint64_t)probe->interval), (uint64_t)probe->timeout);
	/* A registry may be asked for several lists by one URL: each has a name, and so a schedule, of its own. */
	source->target.name = arena_printf(
	        reader->arena, "%s as %016llx", source->url, (unsigned long long)probe->digest);
	source->path = file_within(reader->arena, reader->conf->state,
	        arena_printf(reader->scratch, "%016llx" MEMBER_LIST_SUFFIX, (unsigned long long)source->id));
}

static void check_source(struct reader *reader, const struct yaml *value, struct member_source *source)
{
	const struct yaml *timeout = yaml_get(value, "timeout");
	if (!timeout && source->probe.timeout > source->probe.interval)
		source->probe.timeout = source->probe.interval;
	if (source->probe.timeout > source->probe.interval)
		reader_warn(reader, timeout, "the timeout is longer than the interval");
	static const char *const secure[] = {"ca", "verify"};
	for (size_t i = 0; i < sizeof secure / sizeof *secure; i++) {
		const struct yaml *given = yaml_get(value, secure[i]);
		if (given && source->probe.type != PROBE_HTTPS)
			reader_error(reader, given->key, "'%s' is for a URL of https", secure[i]);
	}
}

struct member_source *conf_source_read(struct reader *reader, const struct yaml *value)
{
	struct conf *conf = reader->conf;
	struct member_source *source = arena_alloc(reader->arena, sizeof *source);
	*source = (struct member_source){.min = 1,
	        .probe = {.status_min = 200,
	                .status_max = 299,
	                .verify = true,
	                .interval = 10 * NANO_SECOND,
	                .timeout = 3 * NANO_SECOND}};
	options_read(reader, value, "'members' of a URL", OPTIONS(options), source);
	check_source(reader, value, source);
	identify(reader, source);
	struct member_source **end = &conf->sources;
	for (; *end; end = &(*end)->next)
		if ((*end)->id == source->id && (*end)->probe.digest == source->probe.digest)
			return *end; /* asked once for all pools that say the same */
	return *end = source;
}

/* ---- the members ---- */

/* A list that was not asked for until now is of an earlier time, if there is one; at a start nothing better is known.
 */
static bool is_current(const struct reader *reader, const struct member_source *source)
{
	const struct member_source *before = reader->previous ? reader->previous->sources : NULL;
	while (before && before->id != source->id)
		before = before->next;
	return before || !reader->previous;
}

/* What is kept of it; NULL: nothing that can be used. */
static const struct yaml *kept_list(struct reader *reader, struct member_source *source)
{
	const struct conf_source *from = reader->source;
	struct err *quiet = err_new();
	size_t size;
	if (source->looked || !is_current(reader, source))
		goto done;
	source->looked = true;
	char *text = from->read(from->context, source->path, MEMBER_FILE_MAX, &size, quiet, NULL);
	if (text && members_check(text, size, quiet) >= (int)source->min) {
		source->digest = hash_bytes(MEMBER_FILE_SEED, text, size);
		source->kept = conf_members_lines(
		        reader, source->path, arena_stringn(reader->scratch, text, size), size);
	}
	free(text);
done:
	err_free(quiet);
	return source->kept;
}

static const struct conf_pool *find_pool(const struct conf_service *service, const char *name)
{
	for (uint32_t i = 0; i < service->pool_count; i++)
		if (!strcmp(service->pools[i].name, name))
			return &service->pools[i];
	return NULL;
}

/* The pool of that name of the service of that name; most services stand where they stood. */
static const struct conf_pool *pool_before(const struct reader *reader, const uint8_t *service, const char *name)
{
	const struct conf *before = reader->previous;
	uint32_t count = before ? before->service_count : 0, guess = reader->conf->service_count;
	for (uint32_t i = 0; i < count; i++) {
		const struct conf_service *old = &before->services[(guess + i) % count];
		if (name_equal(old->names[0], service))
			return find_pool(old, name);
	}
	return NULL;
}

/* False: there was none. */
static bool take_before(struct reader *reader, const struct conf_service *service, struct conf_pool *pool)
{
	const struct conf_pool *old = service->name_count ? pool_before(reader, service->names[0], pool->name) : NULL;
	if (!old || !old->member_count)
		return false;
	struct conf_pool_member *members = arena_alloc(reader->arena, old->member_count * sizeof *members);
	memcpy(members, old->members, old->member_count * sizeof *members);
	pool->members = members;
	pool->member_count = old->member_count;
	return true;
}

void conf_source_fill(
        struct reader *reader, const struct yaml *value, const struct conf_service *service, struct conf_pool *pool)
{
	struct member_source *source = pool->source;
	const struct yaml *kept = kept_list(reader, source);
	if (kept) {
		conf_pool_fill(reader, kept, pool);
		for (uint32_t i = 0; i < pool->member_count; i++) {
			source->has_v4 |= pool->members[i].addr.family == ADDR_V4;
			source->has_v6 |= pool->members[i].addr.family == ADDR_V6;
		}
		return;
	}
	if (!take_before(reader, service, pool) && !err_count(reader->err, ERR_ERROR))
		reader_warn(reader, value, "the pool '%s' has no members until its list has been asked for: %s",
		        pool->name, source->url);
}
