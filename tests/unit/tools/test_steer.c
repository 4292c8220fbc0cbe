/*
 * test_steer.c: decision tests are read, and what is wrong with them is said with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl_steer.h"
#include "wire/rrset.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Everything that was read of a case, as one line. */
static void describe(const struct steer_case *c, char *text, size_t room)
{
	char from[ADDR_TEXT_MAX], subnet[ADDR_TEXT_MAX] = "-", name[NAME_TEXT_MAX], type[16];
	if (c->question.has_subnet)
		prefix_format(&c->question.subnet, subnet);
	size_t used = (size_t)snprintf(text, room,
	        "%s: %s %s %s from %s ecs %s; dc %s scope %d ttl %ld rcode %d nodata %d", c->name.text, c->asked.text,
	        name_format(c->question.name, name), rrtype_format(c->question.type, type),
	        addr_format(&c->question.from, from), subnet, c->datacenter.text ? c->datacenter.text : "-", c->scope,
	        c->ttl, c->rcode, c->nodata);
	static const char *const acts[] = {"down", "up", "drained", "reads", "after"};
	for (uint32_t i = 0; i < c->event_count; i++) {
		const struct steer_event *event = &c->events[i];
		used += (size_t)snprintf(text + used, room - used, " %s %s", acts[event->act], event->what.text);
		for (unsigned j = 0; j < event->reading_count; j++)
			used += (size_t)snprintf(
			        text + used, room - used, " %s=%s", event->readings[j].field, event->readings[j].value);
	}
	for (unsigned i = 0; i < c->answer_count; i++)
		used += (size_t)snprintf(text + used, room - used, " answer %s", c->answer[i].text);
}

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
	        {"a from 192.0.2.1 ask www.example.com A", "a: www.example.com www.example.com. A from 192.0.2.1 ecs "
	                                                   "-; dc - scope -1 ttl -1 rcode -1 nodata 0"},
	        {"\t a\tfrom 192.0.2.1   ask X. aaaa dc fra scope 22 # why\r",
	                "a: X. X. AAAA from 192.0.2.1 ecs -; dc fra scope 22 ttl -1 rcode -1 nodata 0"},
	        {"a from 8.8.8.8 ecs 203.0.113.0/24 ask x A ttl 0 rcode nxdomain",
	                "a: x x. A from 8.8.8.8 ecs 203.0.113.0/24; dc - scope -1 ttl 0 rcode 3 nodata 0"},
	        {"a ecs 2001:db8:1:2:3::4 ask x TYPE65 nodata",
	                "a: x x. HTTPS from 2001:db8:1:: ecs 2001:db8:1::/56; dc - scope -1 ttl -1 rcode -1 nodata 1"},
	        {"a ecs 192.0.2.77 ask x A",
	                "a: x x. A from 192.0.2.0 ecs 192.0.2.0/24; dc - scope -1 ttl -1 rcode -1 nodata 0"},
	        {"a ecs 192.0.2.77/32 ask x A",
	                "a: x x. A from 192.0.2.77 ecs 192.0.2.77/32; dc - scope -1 ttl -1 rcode -1 nodata 0"},
	        {"a ecs 0.0.0.0/0 from ::1 ask . SOA answer 1 answer 2",
	                "a: . . SOA from ::1 ecs 0.0.0.0/0; dc - scope -1 ttl -1 rcode -1 nodata 0 answer 1 answer 2"},
	        {"a down fra iad from ::1 ask x A",
	                "a: x x. A from ::1 ecs -; dc - scope -1 ttl -1 rcode -1 nodata 0 down fra down iad"},
	        {"a reads fra role=primary,epoch=5 lag=2s down t/192.0.2.1@80 from ::1 after 20m up fra load iad=0.95 "
	         "sin=1200 "
	         "drained sin after 1s ask x A addresses 192.0.2.1,2001:DB8::1",
	                "a: x x. A from ::1 ecs -; dc - scope -1 ttl -1 rcode -1 nodata 0 reads fra role=primary "
	                "epoch=5 "
	                "lag=2s down t/192.0.2.1@80 after 20m up fra reads iad load=0.95 reads sin load=1200 drained "
	                "sin after "
	                "1s answer 192.0.2.1 answer 2001:db8::1"},
	        {"a reads fra lag= from ::1 ask x A",
	                "a: x x. A from ::1 ecs -; dc - scope -1 ttl -1 rcode -1 nodata 0 reads fra lag="},
	        {"down down x from ::1 ask from A",
	                "down: from from. A from ::1 ecs -; dc - scope -1 ttl -1 rcode -1 nodata 0 down x"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new();
		struct err *err = err_new();
		size_t count;
		char got[2048];
		const struct steer_case *cases = steer_parse(
		        arena, "f", rows[i].text, strlen(rows[i].text), &count, err);
		err_print(err, stderr, false);
		assert_int_equal(count, 1);
		describe(&cases[0], got, sizeof got);
		assert_string_equal(got, rows[i].expected);
		err_free(err);
		arena_free(arena);
	}
}

static const struct {
	const char *name, *text, *expected; /* "LINE:COLUMN: MESSAGE" */
} bad_rows[] = {
        {"only a name", "a", "1:2: 'ask NAME TYPE' is missing"},
        {"no ask", "a from ::1  # x", "1:13: 'ask NAME TYPE' is missing"},
        {"nobody asks", "\n  a ask x A", "2:3: 'a' does not say who asks: from ADDRESS, or ecs PREFIX"},
        {"near condition", "a form ::1 ask x A", "1:3: 'form' is no condition of a case; did you mean 'from'?"},
        {"far condition", "a banana ::1 ask x A", "1:3: 'banana' is no condition of a case"},
        {"no address", "a from", "1:7: the address of who asks is missing"},
        {"bad address", "a from 1.2.3 ask x A", "1:8: '1.2.3' is not an address"},
        {"twice", "a from ::1 from ::2 ask x A", "1:12: 'from' is here twice"},
        {"bad prefix", "a ecs x/24 ask x A", "1:7: 'x/24' is not a prefix"},
        {"long prefix", "a ecs 1.2.3.4/33 ask x A", "1:7: '1.2.3.4/33' is longer than its addresses are"},
        {"host bits", "a ecs 1.2.3.4/24 ask x A", "1:7: '1.2.3.4/24' has bits set behind its length"},
        {"down nothing", "a down from ::1 ask x A", "1:3: down what? Name data centers or targets"},
        {"up nothing", "a up", "1:3: up what? Name data centers or targets"},
        {"drained nothing", "a drained after 1s", "1:3: drained what? Name data centers or targets"},
        {"reads nothing", "a reads from ::1", "1:3: reads what? Name a data center and fields: fra role=primary"},
        {"reads no field", "a reads fra from ::1 ask x A", "1:9: what is read of 'fra'? FIELD=VALUE is missing"},
        {"reads no value", "a reads fra a=1,role from ::1 ask x A",
                "1:17: 'role' is not FIELD=VALUE, such as role=primary"},
        {"reads no name", "a reads fra =1 from ::1 ask x A", "1:13: '=1' is not FIELD=VALUE, such as role=primary"},
        {"load of nothing", "a load from ::1 ask x A", "1:3: load of what? Such as: load fra=0.95"},
        {"load without number", "a load fra from ::1 ask x A", "1:8: 'fra' is not DC=LOAD, such as fra=0.95"},
        {"load no number", "a load fra=x from ::1 ask x A",
                "1:8: 'x' is no load: a part, such as 0.95, or requests a second"},
        {"after nothing", "a after", "1:8: how much time passes, such as 20m is missing"},
        {"after no time", "a after 20 from ::1 ask x A", "1:9: '20' is not a time up to 7d, such as 20m"},
        {"after too long", "a after 8d from ::1 ask x A", "1:9: '8d' is not a time up to 7d, such as 20m"},
        {"near reads", "a read fra role=x from ::1 ask x A",
                "1:3: 'read' is no condition of a case; did you mean 'reads'?"},
        {"no addresses", "a from ::1 ask x A addresses", "1:29: a list of addresses is missing"},
        {"bad addresses", "a from ::1 ask x A addresses 192.0.2.1,x", "1:40: 'x' is not an address"},
        {"no name", "a from ::1 ask", "1:15: the name that is asked for is missing"},
        {"bad name", "a from ::1 ask a..b A", "1:16: no domain name: an empty label"},
        {"no type", "a from ::1 ask x", "1:17: the type that is asked for is missing"},
        {"bad type", "a from ::1 ask x dc fra", "1:18: 'dc' is not a record type"},
        {"near expectation", "a from ::1 ask x A scop 1", "1:20: 'scop' is no expectation; did you mean 'scope'?"},
        {"no data center", "a from ::1 ask x A dc", "1:22: the name of a data center is missing"},
        {"scope too large", "a from ::1 ask x A scope 129", "1:26: '129' is not a number that can stand here"},
        {"scope no number", "a from ::1 ask x A scope -1", "1:26: '-1' is not a number that can stand here"},
        {"ttl too large", "a from ::1 ask x A ttl 2147483648",
                "1:24: '2147483648' is not a number that can stand here"},
        {"rcode", "a from ::1 ask x A rcode BAD", "1:26: 'BAD' is not a response code, such as NXDOMAIN"},
        {"both", "a from ::1 ask x A nodata answer 1", "1:1: 'a' expects both 'nodata' and an answer"},
        {"same name", "a from ::1 ask x A\n\na from ::2 ask x A", "3:1: a second case 'a'; the first is in line 1"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_rows); i++) {
		struct arena *arena = arena_new();
		struct err *err = err_new();
		size_t count;
		char got[512];
		steer_parse(arena, "f", bad_rows[i].text, strlen(bad_rows[i].text), &count, err);
		assert_int_equal(err_items(err), 1);
		const struct err_item *item = err_item(err, 0);
		snprintf(got, sizeof got, "%u:%u: %s", item->line, item->column, item->message);
		assert_string_equal(got, bad_rows[i].expected);
		err_free(err);
		arena_free(arena);
	}
}

/* Good cases around a bad one are kept, and all mistakes are told in one run. */
static void test_many(void **state)
{
	(void)state;
	static const char text
	        [] = "# one\n\na from ::1 ask x A\nb frm ::1\nc from ::1 ask x A dc fra\n\xff\0 from ::1 ask x A\nd";
	struct arena *arena = arena_new();
	struct err *err = err_new();
	size_t count;
	const struct steer_case *cases = steer_parse(arena, "f", text, sizeof text - 1, &count, err);
	assert_int_equal(count, 2);
	assert_string_equal(cases[0].name.text, "a");
	assert_string_equal(cases[1].name.text, "c");
	assert_int_equal(cases[1].name.at.line, 5);
	assert_int_equal(err_items(err), 3);
	assert_string_equal(err_item(err, 1)->message, "a 0 byte in a line of text");
	err_free(err);
	arena_free(arena);
}

static void expect_one_error(char *text, const char *expected)
{
	struct arena *arena = arena_new();
	struct err *err = err_new();
	size_t count;
	steer_parse(arena, "f", text, strlen(text), &count, err);
	assert_int_equal(err_items(err), 1);
	assert_string_equal(err_item(err, 0)->message, expected);
	err_free(err);
	arena_free(arena);
	free(text);
}

/* `count` times a piece between two others. */
static char *repeat(const char *before, const char *piece, int count, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(before, out);
	while (count--)
		fputs(piece, out);
	fputs(after, out);
	fclose(out);
	return text;
}

static void test_bounds(void **state)
{
	(void)state;
	expect_one_error(repeat("a ", "x ", 1024, ""), "more than 1024 words in a line");
	expect_one_error(repeat("a down", " x", 251, " from ::1 ask x A"), "more than 250 things happen");
	expect_one_error(repeat("a from ::1 ask x A", " answer x", 65, ""), "more than 64 records are expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_good),
	        cmocka_unit_test(test_bad),
	        cmocka_unit_test(test_many),
	        cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
