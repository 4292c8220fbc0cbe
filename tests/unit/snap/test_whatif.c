/*
 * test_whatif.c: what data centers would have to bear, by loads, by capacities and by neither; questions that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snap/whatif.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IAD, FRA, SIN, DATACENTERS };
static const char *const names[DATACENTERS] = {"iad", "fra", "sin"};
#define NOBODY SHIFT_NOBODY

/* Half of the clients at fra, whose next choice is iad and then sin; three eighths at iad; an eighth at sin. */
static const struct shift_way fra_falls[] = {
        {FRA, IAD, SIN, {0.5, 1}}, {IAD, IAD, SIN, {0.375, 0}}, {SIN, SIN, IAD, {0.125, 0}}};
static const struct shift_way two_fall[] = {
        {FRA, SIN, NOBODY, {0.5, 1}}, {IAD, SIN, NOBODY, {0.375, 0}}, {SIN, SIN, NOBODY, {0.125, 0}}};
static const struct shift_way all_fall[] = {{FRA, NOBODY, NOBODY, {1, 1}}};

/* "iad 38>88 use 50>117! sin 1": shares and uses in percent, ! over, = drained, and who bears most if
 * it fails as well. */
static void tell(const struct whatif *whatif, char *text, size_t room)
{
	static const char *const bases[] = {"load", "capacity", "growth"};
	size_t size = (size_t)snprintf(text, room, "%s:", bases[whatif->basis]);
	for (uint32_t i = 0; i < whatif->site_count; i++) {
		const struct whatif_site *site = &whatif->sites[i];
		size += (size_t)snprintf(text + size, room - size, " %s%s%s %.0f>%.0f use %.0f>%.0f%s", site->name,
		        site->down ? "-" : "", strcmp(site->now, "up") == 0 ? "" : "=", 100 * site->before,
		        100 * site->after, 100 * site->use, 100 * site->use_after, site->over ? "!" : "");
		if (site->worst != NO_INDEX)
			size += (size_t)snprintf(text + size, room - size, " then %s %.0f",
			        whatif->sites[site->worst].name, 100 * site->worst_use);
	}
	snprintf(text + size, room - size, "; next %s",
	        whatif->next == NO_INDEX ? "none" : whatif->sites[whatif->next].name);
}

static const struct {
	const char *name;
	const struct shift_way *ways;
	size_t count;
	double capacities[DATACENTERS], loads[DATACENTERS];
	const char *down[3], *expected;
} weighed[] = {
        {"nothing is known", fra_falls, 3, {0}, {NAN, NAN, NAN}, {"fra"},
                "growth: iad 38>88 use 100>233 then sin 800 fra- 50>0 use 100>0 sin= 12>12 use 100>100 then iad "
                "267; next iad"},
        /* of all capacity iad has a half, fra and sin a quarter each */
        {"capacities", fra_falls, 3, {2000, 1000, 1000}, {NAN, NAN, NAN}, {"fra"},
                "capacity: iad 38>88 use 75>175! then sin 400 fra- 50>0 use 200>0 sin= 12>12 use 50>50 then iad "
                "200; next iad"},
        /* fra bears 800/s, which all go to iad, which has 600/s */
        {"loads", fra_falls, 3, {2000, 1000, 1000}, {0.3, 0.8, 0.1}, {"fra"},
                "load: iad 38>88 use 30>70 then sin 150 fra- 50>0 use 80>0 sin= 12>12 use 10>10 then iad 75; "
                "next "
                "iad"},
        {"loads without capacities: all are as large", fra_falls, 3, {0}, {0.3, 0.8, 0.1}, {"fra"},
                "load: iad 38>88 use 30>110! then sin 120 fra- 50>0 use 80>0 sin= 12>12 use 10>10 then iad 120; "
                "next iad"},
        /* iad and sin bear 700/s for half of the clients: so does fra */
        {"a load that is not known", fra_falls, 3, {2000, 1000, 1000}, {0.3, NAN, 0.1}, {"fra"},
                "load: iad 38>88 use 30>65 then sin 140 fra- 50>0 use nan>0 sin= 12>12 use 10>10 then iad 70; "
                "next "
                "iad"},
        {"a capacity that is not known", fra_falls, 3, {0, 1000, 1000}, {0.3, 0.8, 0.1}, {"fra"},
                "load: iad 38>88 use 30>nan then sin 144 fra- 50>0 use 80>0 sin= 12>12 use 10>10; next sin"},
        {"the last one", two_fall, 3, {1000, 1000, 1000}, {0.3, 0.8, 0.1}, {"fra", "iad"},
                "load: iad- 38>0 use 30>0 fra- 50>0 use 80>0 sin= 12>100 use 10>120!; next sin"},
        {"nobody", all_fall, 1, {1000, 1000, 1000}, {0.3, 0.8, 0.1}, {"fra", "iad", "sin"},
                "load: iad- 0>0 use 30>0 fra- 100>0 use 80>0 sin-= 0>0 use 10>0; next none"},
};

static void test_weigh(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(weighed); i++) {
		struct datacenter datacenters[DATACENTERS];
		const char *pools[SHIFT_PLACES + 1] = {"iad", "fra", "sin"}, *services[] = {"a."};
		char text[1000];
		for (unsigned j = 0; j < DATACENTERS; j++)
			datacenters[j] = (struct datacenter){.name = names[j], .capacity = weighed[i].capacities[j]};
		struct conf conf = {.datacenters = datacenters, .datacenter_count = DATACENTERS};
		const struct snapshot snapshot = {
		        .conf = &conf, .steering = {.datacenters = names, .datacenter_count = DATACENTERS}};
		double loads[DATACENTERS];
		const char *down[3];
		memcpy(loads, weighed[i].loads, sizeof loads);
		memcpy(down, weighed[i].down, sizeof down);
		const char *now[DATACENTERS] = {"up", "up", "drained"};
		struct whatif_state known = {.loads = loads, .now = now};
		struct whatif_question question = {.down = down, .state = &known};
		while (question.down_count < 3 && down[question.down_count])
			question.down_count++;
		struct shift_way ways[3];
		memcpy(ways, weighed[i].ways, weighed[i].count * sizeof *ways);
		struct whatif_group group = {.services = services,
		        .service_count = 1,
		        .names = pools,
		        .name_count = DATACENTERS,
		        .shift = {.counted = {true, true}, .ways = ways, .count = weighed[i].count}};
		struct whatif whatif = {.arena = arena_new(), .groups = &group, .group_count = 1};
		whatif_weigh(&whatif, &snapshot, &question);
		tell(&whatif, text, sizeof text);
		arena_free(whatif.arena);
		if (strcmp(text, weighed[i].expected) != 0)
			fail_msg("%s: %s, not %s", weighed[i].name, text, weighed[i].expected);
	}
}

static void test_parse(void **state)
{
	static const struct {
		const char *down, *added, *expected; /* what was understood, or the error */
	} table[] = {
	        {"fra", NULL, "fra;"},
	        {"fra,iad,fra", NULL, "fra iad;"},
	        {NULL, "gru=-23.4,-46.5", "; gru at -23.4 -46.5"},
	        {"fra", "gru=+23,46.5", "fra; gru at 23.0 46.5"},
	        {NULL, NULL, "say what happens: --down DC[,DC], or --add NAME=LATITUDE,LONGITUDE"},
	        {",", NULL, "say what happens: --down DC[,DC], or --add NAME=LATITUDE,LONGITUDE"},
	        {NULL, "gru", "'gru' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "=1,2", "'=1,2' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a=91,2", "'a=91,2' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a=1,181", "'a=1,181' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a=nan,1", "'a=nan,1' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a=1,2,3", "'a=1,2,3' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a=1,", "'a=1,' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	        {NULL, "a b=1,2", "'a b=1,2' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct arena *arena = arena_new();
		struct err *err = err_new();
		struct whatif_question question = {.down = NULL};
		char text[500] = "";
		size_t size = 0;
		if (whatif_parse(arena, &question, table[i].down, table[i].added, NULL, err)) {
			for (unsigned j = 0; j < question.down_count; j++)
				size += (size_t)snprintf(
				        text + size, sizeof text - size, "%s%s", j ? " " : "", question.down[j]);
			size += (size_t)snprintf(text + size, sizeof text - size, ";");
			if (question.added)
				snprintf(text + size, sizeof text - size, " %s at %.1f %.1f", question.added->name,
				        question.added->latitude, question.added->longitude);
		} else {
			snprintf(text, sizeof text, "%s", err_item(err, 0)->message);
		}
		assert_string_equal(text, table[i].expected);
		err_free(err);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_weigh), cmocka_unit_test(test_parse)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
