/*
 * conf_server.c: meridian.yaml: one row per key, and the defaults.
 */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "snap/conf_reader.h"

enum {
	DNS_PORT = 53,
	METRICS_PORT = 9153,
	WORKERS_MAX = 256,
	SOCKET_PATH_MAX = 107,
	NSID_MAX = 64,
	VERSION_MAX = 255,
	UDP_PAYLOAD_MAX = 4096
};

/* A value alone stands for a list of one. */
static const struct yaml *first_of(const struct yaml *value, uint32_t *count)
{
	bool list = value->kind == YAML_LIST;
	*count = list ? value->count : 1;
	return list ? value->first : value;
}

static option_read read_listen, read_workers, read_databases, read_socket, read_ecs, read_metrics, read_events,
        read_user;

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

#define FIELD(name) offsetof(struct conf, name)
static const struct option options[] = {
        {"listen", read_listen, 0},
        {"workers", read_workers, FIELD(workers), 1, WORKERS_MAX},
        {"zones", read_later},
        {"geo", read_later},
        {"databases", read_databases, 0},
        {"state", read_path, FIELD(state)},
        {"control", read_socket, FIELD(control)},
        {"user", read_user, FIELD(user)},
        {"ecs", read_ecs, 0},
        {"nsid", read_text_or_none, FIELD(nsid), 0, NSID_MAX},
        {"udp-payload", read_u16, FIELD(udp_payload), 512, UDP_PAYLOAD_MAX},
        {"metrics", read_metrics, FIELD(metrics)},
        {"events", read_events, FIELD(events)},
        {"cookies", read_cookies, 0},
        {"rate-limit", read_rate_limit, FIELD(rate_limit)},
        {"version", read_text_or_none, FIELD(version), 0, VERSION_MAX},
        {"keys", read_later},
        {"table-memory", read_size, FIELD(table_memory), 0, INT64_C(1) << 40},
        {"strict", read_flag, FIELD(strict)},
        {"log", read_word, FIELD(log), .words = log_levels},
};
#undef FIELD

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static bool read_listen(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	uint32_t count, used = 0;
	(void)option;
	(void)field;
	if (value->kind != YAML_SCALAR && !expect_list(reader, value, "a list of ADDRESS or ADDRESS@PORT"))
		return false;
	const struct yaml *item = first_of(value, &count);
	if (!count)
		reader_error(reader, value, "'listen' must not be empty");
	struct endpoint *listen = arena_alloc(reader->arena, count * sizeof *listen);
	for (; item; item = value->kind == YAML_LIST ? item->next : NULL) {
		if (!read_endpoint(reader, item, DNS_PORT, &listen[used]))
			continue;
		uint32_t first = 0;
		while (!same_endpoint(&listen[first], &listen[used]))
			first++;
		if (first < used)
			reader_error(reader, item, "'%s' is here twice", item->text);
		else
			used++;
	}
	reader->conf->listen = listen;
	reader->conf->listen_count = used;
	return true;
}

static bool read_workers(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	return is_word(value, "auto") || read_unsigned(reader, value, option, field);
}

static bool read_user(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	reader->conf->user_place = reader_place(value);
	return read_text(reader, value, option, field);
}

void conf_check_user(const struct conf *conf, struct err *err)
{
	struct err_at at = conf_place_at(&conf->user_place);
	if (!conf->user || getpwnam(conf->user))
		return;
	err_add(err, ERR_WARNING, &at,
	        "there is no user '%s' here, and a start as root would fail; create it: adduser --system --group %s",
	        conf->user, conf->user);
}

static bool read_databases(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct conf *conf = reader->conf;
	uint32_t count, used = 0;
	(void)field;
	if (value->kind != YAML_SCALAR && !expect_list(reader, value, "a list of .mmdb files"))
		return false;
	const struct yaml *item = first_of(value, &count);
	const char **paths = arena_alloc(reader->arena, count * sizeof *paths);
	struct place *places = arena_alloc(reader->arena, count * sizeof *places);
	for (; item; item = value->kind == YAML_LIST ? item->next : NULL) {
		if (!read_path(reader, item, option, &paths[used]))
			continue;
		places[used] = reader_place(item);
		uint32_t first = 0;
		while (strcmp(paths[first], paths[used]) != 0)
			first++;
		if (first < used)
			reader_error(reader, item, "'%s' is here twice", item->text);
		else
			used++;
	}
	conf->databases = paths;
	conf->database_places = places;
	conf->database_count = used;
	return true;
}

static bool read_socket(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	const char *path;
	if (!read_path(reader, value, option, &path))
		return false;
	if (strlen(path) > SOCKET_PATH_MAX) {
		reader_error(reader, value, "the path of a socket is at most %d bytes long, not %zu", SOCKET_PATH_MAX,
		        strlen(path));
		return false;
	}
	*(const char **)field = path;
	return true;
}

static bool read_events(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct option ways[] = {
	        {"file", read_path, offsetof(struct conf_events, file)},
	        {"socket", read_socket, offsetof(struct conf_events, socket)},
	        {"exec", read_texts, offsetof(struct conf_events, exec)},
	};
	(void)option;
	return options_read(reader, value, "'events'", OPTIONS(ways), field);
}

static bool read_ecs(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct conf *conf = reader->conf;
	(void)option;
	(void)field;
	if (value->kind == YAML_LIST) {
		conf->ecs = ECS_LISTED;
		return read_prefixes(reader, value, &conf->ecs_from, &conf->ecs_from_count);
	}
	if (!expect_scalar(reader, value, "on, off or a list of prefixes"))
		return false;
	if (!is_word(value, "on") && !is_word(value, "off")) {
		reader_error(reader, value, "'ecs' must be on, off or a list of prefixes, not '%s'", value->text);
		return false;
	}
	conf->ecs = is_word(value, "on") ? ECS_ON : ECS_OFF;
	return true;
}

static bool read_metrics(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	struct endpoint *endpoint = arena_alloc(reader->arena, sizeof *endpoint);
	if (is_word(value, "none"))
		return true;
	if (!read_endpoint(reader, value, METRICS_PORT, endpoint))
		return false;
	*(const struct endpoint **)field = endpoint;
	return true;
}

static void set_defaults(struct conf *conf)
{
	/* what comes from a loopback address was sent by this host: the kernel drops it on every other way in */
	static const struct prefix loopback[] = {
	        {{.family = ADDR_V4, .bytes = {127}}, 8}, {{.family = ADDR_V6, .bytes = {[15] = 1}}, 128}};
	static const struct endpoint everywhere[] = {{{.family = ADDR_V4}, DNS_PORT}, {{.family = ADDR_V6}, DNS_PORT}};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	conf->listen = everywhere;
	conf->listen_count = sizeof everywhere / sizeof *everywhere;
	conf->workers = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
	conf->state = "/var/lib/meridian";
	conf->control = CONF_CONTROL_PATH;
	conf->ecs = ECS_ON;
	conf->cookies = COOKIES_ON;
	conf->rate_limit = (struct rate_limit){
	        .on = true, .per_second = 100, .slip = 2, .exempt = loopback, .exempt_count = 2};
	conf->udp_payload = 1232; /* DNS flag day 2020: fits every path unfragmented */
	conf->table_memory = 256u << 20;
	conf->log = LOG_LEVEL_INFO;
}

void conf_server_read(
        struct reader *reader, const struct yaml *root, const struct yaml **zones, const struct yaml **geo)
{
	set_defaults(reader->conf);
	*zones = *geo = NULL;
	names_new(reader, &reader->keys, 0);
	if (!root || !options_read(reader, root, "meridian.yaml", OPTIONS(options), reader->conf))
		return;
	const struct yaml *keys = yaml_get(root, "keys");
	if (keys)
		conf_keys_read(reader, keys);
	*zones = yaml_get(root, "zones");
	*geo = yaml_get(root, "geo");
}
