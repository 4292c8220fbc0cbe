/*
 * test_scan.c: text into entries, and where each token stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/scan.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A token is printed as LINE:COLUMN=TEXT, in quotes if it was; `_` is a leading blank; `!` an entry with an error. */
static const struct row {
	const char *name, *text, *expected, *errors;
} rows[] = {
        {"words", "a b\tc\n", "1:1=a 1:3=b 1:5=c\n", ""},
        {"no newline at the end", "a b", "1:1=a 1:3=b\n", ""},
        {"nothing", "", "", ""},
        {"only blanks and comments", "  \n\t\n; a\n ; b \"(\n", "", ""},
        {"leading blank", " b\n", "_ 1:2=b\n", ""},
        {"comment behind", "a ; b\nc;d\n", "1:1=a\n2:1=c\n", ""},
        {"CRLF", "a\r\n b\r\n\r\nc\r", "1:1=a\n_ 2:2=b\n4:1=c\n", ""},
        {"byte order mark",
                "\xef\xbb\xbf"
                "a\n",
                "1:4=a\n", ""},
        {"parentheses", "a (b\n; (x\n\n c ) d\ne\n", "1:1=a 1:4=b 4:2=c 4:6=d\n5:1=e\n", ""},
        {"parentheses within words", "a(b)c\n", "1:1=a 1:3=b 1:5=c\n", ""},
        {"nested", "a ( ( b\n) c\n) d\n", "1:1=a 1:7=b 2:3=c 3:3=d\n", ""},
        {"blank inside parentheses is no owner", "a (\n b)\nc\n", "1:1=a 2:2=b\n3:1=c\n", ""},
        {"quotes", "a \"b ;( c\" \"\"\n", "1:1=a 1:3=\"b ;( c\" 1:12=\"\"\n", ""},
        {"escapes", "a\\ b \\; \\\" \"x\\\"y\" \\(\n", "1:1=a\\ b 1:6=\\; 1:9=\\\" 1:12=\"x\\\"y\" 1:19=\\(\n", ""},
        {"quote inside a word", "alpn=\"h2 h3\" b\n", "1:1=alpn=\"h2 h3\" 1:14=b\n", ""},
        {"bytes over 127", "\xc3\xa9 \"\xff\"\n", "1:1=\xc3\xa9 1:4=\"\xff\"\n", ""},
        {"open quote", "a \"b\nc\n", "!\n2:1=c\n", "1:3: no closing quote on this line\n"},
        {"open quote at the end", "a \"b", "!\n", "1:3: no closing quote on this line\n"},
        {"escaped end of a quote", "a \"b\\\nc\n", "!\n2:1=c\n", "1:3: no closing quote on this line\n"},
        {"quotes touch", "a \"b\"c\nd\n", "!\n2:1=d\n", "1:6: a blank is missing after the closing quote\n"},
        {"backslash at the end", "a b\\\nc\n", "!\n2:1=c\n", "1:4: a backslash at the end of the line\n"},
        {"closing parenthesis", "a b)\nc\n", "!\n2:1=c\n", "1:4: a ) without its (\n"},
        {"open parenthesis", "a\nb (c\nd\n", "1:1=a\n!\n", "2:3: no ) for this (\n"},
        {"first error of an entry", "a (\"b\n\"c\n) ) d\ne\n", "!\n4:1=e\n", "1:4: no closing quote on this line\n"},
        {"control byte", "a\nb\x01\n", "1:1=a\n#\n", "2:2: byte 0x01: this is no text file\n"},
        {"control byte in a comment", "; \x7f\n", "#\n", "1:3: byte 0x7f: this is no text file\n"},
        {"lone carriage return", "a\rb\n", "#\n", "1:2: byte 0x0d: this is no text file\n"},
};

static char *scan_all(const char *text, size_t size, struct err *err)
{
	char *copy = malloc(size + 1), *result = NULL;
	memcpy(copy, text, size);
	copy[size] = 0;
	struct source source = {.path = "z", .text = copy, .size = (uint32_t)size};
	struct scan scan;
	struct entry entry = {0};
	size_t result_size;
	FILE *out = open_memstream(&result, &result_size);
	scan_start(&scan, &source);
	for (enum scan_result found; (found = scan_next(&scan, &entry, err)) != SCAN_END;) {
		if (found != SCAN_ENTRY)
			fprintf(out, found == SCAN_BAD ? "!\n" : "#\n");
		if (found == SCAN_GARBAGE)
			break;
		if (found != SCAN_ENTRY)
			continue;
		fprintf(out, "%s", entry.blank ? "_ " : "");
		for (uint32_t i = 0; i < entry.count; i++) {
			const struct token *token = &entry.tokens[i];
			struct err_at at = place_at(token_place(&source, token));
			const char *quote = token->flags & TOKEN_QUOTED ? "\"" : "";
			fprintf(out, "%s%u:%u=%s%.*s%s", i ? " " : "", at.line, at.column, quote, (int)token->length,
			        token->text, quote);
			assert_int_equal(at.width, token->length + 2 * strlen(quote));
		}
		fprintf(out, "\n");
	}
	fclose(out);
	entry_free(&entry);
	free(source.lines);
	free(copy);
	return result;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		print_message("%s\n", rows[i].name);
		struct err *err = err_new();
		char *result = scan_all(rows[i].text, strlen(rows[i].text), err), errors[200] = "";
		assert_string_equal(result, rows[i].expected);
		for (size_t e = 0; e < err_items(err); e++) {
			const struct err_item *item = err_item(err, e);
			snprintf(errors, sizeof errors, "%u:%u: %s\n", item->line, item->column, item->message);
		}
		assert_true(err_items(err) <= 1);
		assert_string_equal(errors, rows[i].errors);
		free(result);
		err_free(err);
	}
}

static void test_zero_byte(void **state)
{
	(void)state;
	struct err *err = err_new();
	char *result = scan_all("a \0b\n", 5, err);
	assert_string_equal(result, "#\n");
	assert_string_equal(err_item(err, 0)->message, "byte 0x00: this is no text file");
	free(result);
	err_free(err);
}

/* Places asked for in any order give the same lines. */
static void test_places(void **state)
{
	(void)state;
	char text[] = "a\nbb\n\nc\n";
	struct source source = {.path = "z", .text = text, .size = 8};
	static const struct {
		uint32_t offset;
		unsigned line, column;
	} places[] = {{6, 4, 1}, {0, 1, 1}, {3, 2, 2}, {8, 5, 1}, {5, 3, 1}, {5, 3, 1}, {1, 1, 2}, {7, 4, 2}};
	for (size_t i = 0; i < COUNT(places); i++) {
		struct err_at at = place_at((struct place){&source, places[i].offset, 1});
		assert_int_equal(at.line, places[i].line);
		assert_int_equal(at.column, places[i].column);
	}
	free(source.lines);
}

/* In a text of many blocks, too, lines end where they may. */
static void test_places_far(void **state)
{
	(void)state;
	enum { SIZE = 5 * SOURCE_BLOCK };
	char *text = malloc(SIZE + 1);
	unsigned *lines = malloc((SIZE + 1) * sizeof *lines), *columns = malloc((SIZE + 1) * sizeof *columns);
	uint32_t random = 7, line = 1, column = 1;
	for (uint32_t i = 0; i <= SIZE; i++) {
		random = random * 1664525 + 1013904223;
		bool edge = i % SOURCE_BLOCK == 0 || i % SOURCE_BLOCK == SOURCE_BLOCK - 1;
		text[i] = random >> 28 == 0 || (edge && i < 3 * SOURCE_BLOCK) ? '\n' : 'a';
		lines[i] = line;
		columns[i] = column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	struct source source = {.path = "z", .text = text, .size = SIZE};
	for (uint32_t i = 0; i < 2000; i++) {
		random = random * 1664525 + 1013904223;
		uint32_t offset = i < 18 ? i / 3 * SOURCE_BLOCK + i % 3 - (i >= 3) : random % (SIZE + 1);
		if (offset > SIZE)
			continue;
		struct err_at at = place_at((struct place){&source, offset, 1});
		assert_int_equal(at.line, lines[offset]);
		assert_int_equal(at.column, columns[offset]);
	}
	free(source.lines);
	free(columns);
	free(lines);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_zero_byte),
	        cmocka_unit_test(test_places),
	        cmocka_unit_test(test_places_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
