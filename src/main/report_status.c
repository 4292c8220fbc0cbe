/*
 * report_status.c: status as JSON: what runs, since when, what was loaded.
 *
 * Called by commands.c.
 */
#include <unistd.h>

#include "config.h"
#include "main/report.h"

static json_t *report_listen(const struct daemon *daemon)
{
	json_t *list = json_array();
	uint32_t count = 0;
	const struct endpoint *endpoints = daemon->serve ? serve_endpoints(daemon->serve, &count) : NULL;
	for (uint32_t i = 0; i < count; i++) {
		char text[ADDR_TEXT_MAX];
		json_array_append_new(list, json_string(endpoint_format(&endpoints[i], text)));
	}
	return list;
}

static json_t *report_reload(const struct daemon *daemon)
{
	const struct reload_last *last = reload_last(daemon->reload);
	if (!last)
		return json_null();
	return json_pack("{s:o, s:b, s:b, s:I, s:o}", "at", report_time(last->wall), "ok", !last->failed, "loaded",
	        last->loaded, "took_ms", (json_int_t)(last->took / NANO_MILLI), "errors", control_err_json(last->err));
}

static json_t *report_zones(const struct snapshot *snapshot)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < snapshot->zone_count; i++) {
		const struct snapshot_zone *zone = &snapshot->zones[i];
		const struct conf_zone *named = &snapshot->conf->zones[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b, s:I, s:I}", "name", named->name, "file",
		                                    named->file, "loaded", zone->zone != NULL, "stale", zone->stale,
		                                    "serial", (json_int_t)(zone->zone ? zone->zone->serial : 0),
		                                    "records", (json_int_t)(zone->zone ? zone->zone->records : 0)));
	}
	return list;
}

static json_t *report_databases(const struct snapshot *snapshot)
{
	json_t *list = json_array();
	const struct geodb_file *files;
	size_t count = geodb_files(snapshot->geodb, &files);
	nanotime now = clock_wall() / NANO_SECOND;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		        list, json_pack("{s:s, s:s, s:o, s:I, s:I}", "path", files[i].path, "kind", files[i].kind,
		                      "built", report_time((nanotime)files[i].built * NANO_SECOND), "age_days",
		                      (json_int_t)((now - (nanotime)files[i].built) / 86400), "networks",
		                      (json_int_t)files[i].records));
	return list;
}

static json_t *report_targets(const struct board *board)
{
	json_int_t counts[3] = {0};
	for (uint32_t i = 0; i < board_steering(board)->target_count; i++)
		counts[board_target(board, i)->verdict]++;
	return json_pack("{s:I, s:I, s:I}", "up", counts[VERDICT_UP], "down", counts[VERDICT_DOWN], "unknown",
	        counts[VERDICT_UNKNOWN]);
}

json_t *report_status(const struct daemon *daemon)
{
	static const char *const phases[] = {"loading", "probing", "ready", "stopping"};
	const struct live *live = live_current(daemon->source);
	json_t *status = json_pack("{s:s, s:s, s:I, s:o, s:I, s:o, s:o}", "version", PACKAGE_VERSION, "phase",
	        phases[daemon->phase], "pid", (json_int_t)getpid(), "started", report_time(daemon->started), "uptime_s",
	        (json_int_t)((clock_wall() - daemon->started) / NANO_SECOND), "reload", report_reload(daemon), "listen",
	        report_listen(daemon));
	if (!live)
		return status;
	json_t *more = json_pack("{s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:b}", "remarks",
	        report_remarks(live->board), "generation", (json_int_t)live->snapshot->generation, "workers",
	        (json_int_t)live->snapshot->conf->workers, "zones", report_zones(live->snapshot), "databases",
	        report_databases(live->snapshot), "services", (json_int_t)live->snapshot->steering.service_count,
	        "datacenters", (json_int_t)live->snapshot->steering.datacenter_count, "targets",
	        report_targets(live->board), "drained", report_drained(live->board), "overrides",
	        report_overrides(live->board), "frozen", board_frozen(live->board));
	json_object_update(status, more);
	json_decref(more);
	return status;
}
