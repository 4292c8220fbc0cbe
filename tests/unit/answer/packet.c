#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "packet.h"
#include "wire/query.h"
#include "wire/rrset.h"

enum { WORDS_ROOM = 8192 };

static void write_hex(struct writer *w, const char *hex)
{
	while (hex && *hex) {
		if (*hex == '.') {
			hex++;
			continue;
		}
		char pair[3] = {hex[0], hex[1], 0}, *end;
		write_u8(w, (uint8_t)strtoul(pair, &end, 16));
		if (end != pair + 2)
			fail_msg("'%s' is no byte", pair);
		hex += 2;
	}
}

static void write_question(struct writer *w, char *rest)
{
	if (!strchr(rest, ':')) {
		write_hex(w, rest);
		return;
	}
	uint8_t wire[NAME_BYTES];
	uint16_t type = 0;
	const char *why, *name = strsep(&rest, ":"), *type_text = strsep(&rest, ":");
	if (!name_parse(wire, name, strlen(name), NULL, &why) || !rrtype_parse(&type, type_text))
		fail_msg("'%s' '%s' is no question", name, type_text);
	write_bytes(w, wire, name_length(wire));
	write_u16(w, type);
	write_u16(w, rest ? (uint16_t)strtoul(rest, NULL, 10) : CLASS_IN);
}

static void write_opt(struct writer *w, char *rest)
{
	const char *payload = strsep(&rest, ":"), *ttl = strsep(&rest, ":");
	write_u8(w, 0);
	write_u16(w, TYPE_OPT);
	write_u16(w, payload && *payload ? (uint16_t)strtoul(payload, NULL, 10) : 1232);
	write_u32(w, ttl ? (uint32_t)strtoul(ttl, NULL, 16) : 0);
	uint8_t *length = write_room(w, 2);
	assert_non_null(length);
	size_t start = writer_offset(w);
	write_hex(w, rest);
	put_u16(length, (uint16_t)(writer_offset(w) - start));
}

/* One word; the section that it counts in, or -1. */
static int write_word(struct writer *w, char *word)
{
	static const char *const sections[] = {"q", "an", "ns", "ar"};
	char *rest = strchr(word, ':');
	if (rest)
		*rest++ = 0;
	if (!strcmp(word, "opt")) {
		write_opt(w, rest ? rest : word + 3);
		return 3;
	}
	if (!rest)
		fail_msg("'%s' is no word of a packet", word);
	for (int i = 0; i < 4; i++)
		if (!strcmp(word, sections[i])) {
			if (i == 0)
				write_question(w, rest);
			else
				write_hex(w, rest);
			return i;
		}
	assert_string_equal(word, "raw");
	write_hex(w, rest);
	return -1;
}

size_t packet_build(const char *words, uint8_t packet[PACKET_MAX])
{
	char copy[WORDS_ROOM], *rest = copy, *given = NULL;
	uint16_t flags = 0, counts[4] = {0};
	assert_true((size_t)snprintf(copy, sizeof copy, "%s", words) < sizeof copy);
	struct writer w = writer_of(packet, PACKET_MAX);
	memset(write_room(&w, DNS_HEADER), 0, DNS_HEADER);
	for (char *word; *words && (word = strsep(&rest, " "));) {
		int section = -1;
		if (!strncmp(word, "flags=", 6))
			flags = (uint16_t)strtoul(word + 6, NULL, 16);
		else if (!strncmp(word, "counts=", 7))
			given = word + 7;
		else
			section = write_word(&w, word);
		if (section >= 0)
			counts[section]++;
	}
	assert_false(w.full);
	put_u16(packet, 0x1234);
	put_u16(packet + 2, flags);
	for (unsigned i = 0; i < 4; i++) {
		const char *count = strsep(&given, ",");
		put_u16(packet + 4 + 2 * i, count ? (uint16_t)strtoul(count, NULL, 10) : counts[i]);
	}
	return writer_offset(&w);
}
