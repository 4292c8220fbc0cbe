/*
 * test_schema.c: records of all schemas, and what they come to; damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/cursor.h"
#include "geo/schema.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *name, *record, *facts;
} records[] = {
        {"GeoLite2 City",
                "{\"city\":{\"names\":{\"en\":\"Berlin\"}},\"continent\":{\"code\":\"EU\"},\"country\":{\"iso_code\":"
                "\"DE\"},"
                "\"location\":{\"accuracy_radius\":20,\"latitude\":52.5,\"longitude\":13.4,\"time_zone\":\"Europe/"
                "Berlin\"},"
                "\"registered_country\":{\"iso_code\":\"FR\"},\"subdivisions\":[{\"iso_code\":\"BE\"},{\"iso_code\":"
                "\"XY\"}]}",
                "DE EU DE-BE 52.5 13.4 -"},
        {"a guess at the country",
                "{\"country\":{\"iso_code\":\"US\"},\"location\":{\"accuracy_radius\":1000,\"latitude\":37.75,"
                "\"longitude\":-97.8}}",
                "US NA - 40.71 -74.01 -"},
        {"500 km are exact enough",
                "{\"country\":{\"iso_code\":\"US\"},\"location\":{\"accuracy_radius\":500,\"latitude\":37.75,"
                "\"longitude\":-97.8}}",
                "US NA - 37.75 -97.8 -"},
        {"registered country only", "{\"registered_country\":{\"iso_code\":\"FR\"}}", "FR EU - 48.85 2.35 -"},
        {"country before registered country, whatever the order",
                "{\"registered_country\":{\"iso_code\":\"FR\"},\"country\":{\"iso_code\":\"JP\"}}",
                "JP AS - 35.69 139.69 -"},
        {"ASN", "{\"autonomous_system_number\":64500,\"autonomous_system_organization\":\"x\"}", "- - - - - 64500"},
        {"Enterprise", "{\"traits\":{\"autonomous_system_number\":64501}}", "- - - - - 64501"},
        {"DB-IP by ip-location-db",
                "{\"city\":\"Berlin\",\"country_code\":\"DE\",\"latitude\":52.5f,\"longitude\":13.25f,\"state1\":"
                "\"Land Berlin\"}",
                "DE EU - 52.5 13.25 -"},
        {"a state by its code", "{\"country_code\":\"US\",\"state1\":\"HI\"}", "US NA US-HI 40.71 -74.01 -"},
        {"the whole code", "{\"country_code\":\"GB\",\"subdivision_code\":\"GB-ENG\"}", "GB EU GB-ENG 51.51 -0.13 -"},
        {"the code of elsewhere", "{\"country_code\":\"GB\",\"subdivision_code\":\"US-HI\"}", "GB EU - 51.51 -0.13 -"},
        {"IPinfo", "{\"asn\":\"AS64502\",\"continent\":\"SA\",\"country\":\"BR\",\"country_name\":\"Brazil\"}",
                "BR SA - -23.55 -46.64 64502"},
        {"names and codes",
                "{\"continent\":\"Europe\",\"continent_code\":\"EU\",\"country\":\"Norway\",\"country_code\":\"NO\"}",
                "NO EU - 59.91 10.75 -"},
        {"text coordinates", "{\"lat\":\"-33.9\",\"lng\":\"151.2\"}", "- - - -33.9 151.2 -"},
        {"lon", "{\"lat\":\"-33.9\",\"lon\":151.2}", "- - - -33.9 151.2 -"},
        {"both in one", "{\"loc\":\"48.2,16.4\"}", "- - - 48.2 16.4 -"},
        {"whole numbers", "{\"latitude\":-33,\"longitude\":151}", "- - - -33 151 -"},
        {"zero is a place", "{\"latitude\":0,\"longitude\":0.0}", "- - - 0 0 -"},
        {"the poles and the antimeridian", "{\"latitude\":-90,\"longitude\":180}", "- - - -90 180 -"},
        {"too far north", "{\"country_code\":\"NO\",\"latitude\":90.1,\"longitude\":10}", "NO EU - 59.91 10.75 -"},
        {"too far east", "{\"latitude\":9,\"longitude\":-180.01}", "- - - - - -"},
        {"not a number", "{\"latitude\":nan,\"longitude\":10.0}", "- - - - - -"},
        {"half a place", "{\"latitude\":52.5}", "- - - - - -"},
        {"empty text", "{\"country_code\":\"\",\"latitude\":\"\",\"longitude\":\"\"}", "- - - - - -"},
        {"text that is no number", "{\"latitude\":\"52.5N\",\"longitude\":\"13.4\"}", "- - - - - -"},
        {"no comma", "{\"loc\":\"48.2 16.4\"}", "- - - - - -"},
        {"Europe as a country", "{\"country_code\":\"EU\"}", "- EU - - - -"},
        {"Asia and the Pacific as a country", "{\"country\":{\"iso_code\":\"AP\"}}", "- AS - - - -"},
        {"a proxy", "{\"country_code\":\"A1\"}", "- - - - - -"},
        {"Tor", "{\"country_code\":\"T1\"}", "- - - - - -"},
        {"unknown", "{\"country_code\":\"ZZ\"}", "- - - - - -"},
        {"small letters", "{\"country_code\":\"de\"}", "DE EU - 52.52 13.41 -"},
        {"a country that nobody knows", "{\"country_code\":\"QQ\"}", "QQ - - - - -"},
        {"an AS of 32 bits", "{\"asn\":4294967295}", "- - - - - 4294967295"},
        {"an AS as text", "{\"as_number\":\"64503\"}", "- - - - - 64503"},
        {"no AS", "{\"asn\":\"AS\"}", "- - - - - -"},
        {"a fraction of an AS", "{\"asn\":1.5}", "- - - - - -"},
        {"fields of the wrong kind",
                "{\"country\":[{\"iso_code\":\"DE\"}],\"location\":7,\"latitude\":{\"a\":1},\"asn\":[1,2]}",
                "DE EU - 52.52 13.41 -"},
        {"nothing", "{}", "- - - - - -"},
};

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		/* Two, so that keys come once as text and once as pointers; and something that is known, to be of use.
		 */
		const struct world_network networks[] = {{"1.0.0.0/8", records[i].record}, {"2.0.0.0/8", "{\"asn\":1}"},
		        {"3.0.0.0/8", records[i].record}, {NULL, NULL}};
		char text[100];
		struct geodb *db = world_open(&(struct world_file){networks, 4, 28}, 1);
		for (unsigned released = 0; released < 2; released++) {
			struct addr addr = world_addr(released ? "3.4.5.6" : "1.2.3.4");
			struct geo_facts facts = geodb_facts(db, &addr);
			if (strcmp(world_facts(&facts, text), records[i].facts) != 0)
				fail_msg("%s: %s, expected %s", records[i].name, text, records[i].facts);
			assert_false(facts.lost || facts.special);
			geodb_release(db);
		}
		geodb_free(db);
	}
}

/* Bytes of a record, and what is wrong with it; all are refused. */
static const struct {
	const char *name, *bytes;
	size_t size;
} damaged[] = {
        {"nothing at all", "", 0},
        {"a text in place of a map",
                "\x43"
                "abc",
                4},
        {"a map cut off", "\xe1", 1},
        {"a key that is no text",
                "\xe1\xa1\x01\x41"
                "a",
                5},
        {"a key cut off",
                "\xe1\x45"
                "as",
                4},
        {"a value cut off",
                "\xe1\x43"
                "asn\xc4\x01",
                7},
        {"a pointer past the end",
                "\xe1\x43"
                "asn\x27\xff",
                7},
        {"a key that points past the end", "\xe1\x27\xff\xa1\x01", 5},
        {"a pointer to a pointer",
                "\xe1\x43"
                "asn\x20\x07\x20\x07",
                9},
        {"a record that points to itself", "\x20\x00", 2},
        {"a double of 4 bytes",
                "\xe1\x43"
                "lat\x64\x00\x00\x00\x00",
                10},
        {"a number of 5 bytes",
                "\xe1\x43"
                "asn\xc5\x01\x02\x03\x04\x05",
                11},
        {"a type that is not used",
                "\xe1\x43"
                "asn\x00\x05",
                7},
        {"a type of the future",
                "\xe1\x43"
                "asn\x00\x50",
                7},
        {"a map without end",
                "\xff\xff\xff\xff\x41"
                "a\xa0",
                7},
        {"an array that holds itself",
                "\xe1\x4c"
                "subdivisions\x01\x04\x20\x0e",
                18},
};

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct schema schema = schema_of((const uint8_t *)damaged[i].bytes, damaged[i].size);
		struct fact fact;
		if (schema_read(&schema, 0, &fact))
			fail_msg("%s: read", damaged[i].name);
	}
}

/* A map that points to itself is read as deep as it means something. */
static void test_circle(void **state)
{
	(void)state;
	static const uint8_t bytes[] = "\xe1\x47"
	                               "country\x20\x00";
	struct schema schema = schema_of(bytes, sizeof bytes - 1);
	struct fact fact;
	assert_true(schema_read(&schema, 0, &fact));
	assert_false(fact.country[0] || fact.continent[0] || fact.asn);
}

/* A record of a thousand maps, each twice in the next: 2^1000 values for who follows all pointers. */
static void test_bomb(void **state)
{
	(void)state;
	static uint8_t bytes[8000];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_bytes(&w, "\xe0", 1);
	size_t last = 0;
	for (unsigned i = 0; i < 500; i++) {
		size_t at = writer_offset(&w);
		write_bytes(&w,
		        "\xe2\x41"
		        "a",
		        3);
		write_u16(&w, (uint16_t)(0x2000 | last));
		write_bytes(&w,
		        "\x47"
		        "country",
		        8);
		write_u16(&w, (uint16_t)(0x2000 | (last & 0x7ff)));
		if (writer_offset(&w) < 2000)
			last = at;
	}
	assert_false(w.full);
	struct schema schema = schema_of(bytes, writer_offset(&w));
	struct fact fact;
	assert_true(
	        schema_read(&schema, last, &fact)); /* a map of country knows no country: nothing is followed twice */
	uint8_t flat[6000] = {0xfe, (uint8_t)((5000 - 285) >> 8), (uint8_t)(5000 - 285)};
	schema = schema_of(flat, sizeof flat);
	assert_false(schema_read(&schema, 0, &fact));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_records),
	        cmocka_unit_test(test_damaged),
	        cmocka_unit_test(test_circle),
	        cmocka_unit_test(test_bomb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
