/*
 * conf_access.c: who may do what: keys, zone transfers, notifies, cookies, rate limits.
 */
#include <string.h>

#include "snap/conf_reader.h"
#include "wire/name.h"

enum { DNS_PORT = 53, COOKIE_SECRET = 16, PER_SECOND_MAX = 1000000, SLIP_MAX = 100 };

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool read_secret(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "32 hexadecimal digits"))
		return false;
	uint8_t *secret = arena_bytes(reader->arena, COOKIE_SECRET);
	bool good = strlen(value->text) == 2 * COOKIE_SECRET;
	for (size_t i = 0; good && i < COOKIE_SECRET; i++) {
		int high = hex_digit(value->text[2 * i]), low = hex_digit(value->text[2 * i + 1]);
		good = high >= 0 && low >= 0;
		secret[i] = (uint8_t)(high << 4 | low);
	}
	if (!good) {
		reader_error(reader, value, "a cookie secret has 32 hexadecimal digits");
		return false;
	}
	*(const uint8_t **)field = secret;
	return true;
}

bool read_cookies(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const char *const policies[] = {
	        [COOKIES_ON] = "on", [COOKIES_OFF] = "off", [COOKIES_REQUIRED] = "required", NULL};
	static const struct option options[] = {{"secret", read_secret, offsetof(struct conf, cookie_secret)}};
	static const struct option word = {.words = policies};
	(void)option;
	(void)field;
	if (value->kind != YAML_MAPPING)
		return read_word(reader, value, &word, &reader->conf->cookies);
	return options_read(reader, value, "'cookies'", OPTIONS(options), reader->conf);
}

static bool read_exempt(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct rate_limit *limit = field;
	(void)option;
	return read_prefixes(reader, value, &limit->exempt, &limit->exempt_count);
}

bool read_rate_limit(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct option options[] = {
	        {"per-second", read_unsigned, offsetof(struct rate_limit, per_second), 1, PER_SECOND_MAX},
	        {"slip", read_unsigned, offsetof(struct rate_limit, slip), 0, SLIP_MAX},
	        {"exempt", read_exempt, 0},
	};
	if (value->kind != YAML_MAPPING)
		return read_flag(reader, value, option, &((struct rate_limit *)field)->on);
	return options_read(reader, value, "'rate-limit'", OPTIONS(options), field);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* RFC 4648 4, with its padding; the number of bytes, or 0. `bytes` has room for three quarters of the text. */
static size_t base64_read(uint8_t *bytes, const char *text)
{
	size_t length = strlen(text), digits = length, used = 0;
	while (digits > 0 && length - digits < 2 && text[digits - 1] == '=')
		digits--;
	if (length % 4 || digits % 4 == 1)
		return 0;
	uint32_t bits = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = base64_digit(text[i]);
		if (digit < 0)
			return 0;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4)
			bytes[used++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return used;
}

static bool read_key_secret(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct tsig_key *key = field;
	(void)option;
	if (!expect_scalar(reader, value, "a secret in base64"))
		return false;
	uint8_t *bytes = arena_bytes(reader->arena, strlen(value->text));
	size_t length = base64_read(bytes, value->text);
	if (!length || length > TSIG_SECRET_MAX) {
		reader_error(reader, value,
		        "the secret of a key is 1 to %d bytes in base64, such as the output of openssl rand -base64 32",
		        TSIG_SECRET_MAX);
		return false;
	}
	key->secret = bytes;
	key->secret_size = (uint16_t)length;
	return true;
}

static void read_key(struct reader *reader, const struct yaml *value, struct tsig_key *key)
{
	static const char *const algorithms[] = {[TSIG_HMAC_SHA256] = "hmac-sha256",
	        [TSIG_HMAC_SHA384] = "hmac-sha384",
	        [TSIG_HMAC_SHA512] = "hmac-sha512",
	        NULL};
	static const struct option options[] = {
	        {"algorithm", read_word, offsetof(struct tsig_key, algorithm), .words = algorithms},
	        {"secret", read_key_secret, 0},
	};
	key->name = read_name(reader, value->key, true);
	key->algorithm = TSIG_HMAC_SHA256;
	if (options_read(reader, value, "a key", OPTIONS(options), key) && !yaml_get(value, "secret"))
		reader_error(reader, value->key, "the key '%s' has no secret", value->key->text);
}

void conf_keys_read(struct reader *reader, const struct yaml *value)
{
	if (!expect_mapping(reader, value, "a mapping of names to keys"))
		return;
	struct tsig_key *keys = arena_alloc(reader->arena, value->count * sizeof *keys);
	names_free(&reader->keys);
	names_new(reader, &reader->keys, value->count);
	for (const struct yaml *item = value->first; item; item = item->next)
		if (names_add(reader, &reader->keys, item, "key"))
			read_key(reader, item, &keys[reader->keys.count - 1]);
	reader->conf->keys = keys;
	reader->conf->key_count = reader->keys.count;
}

/* An entry of `transfer` or `notify`: a text, or { address, key }. Sets *address (NULL: an error was told). */
struct entry {
	const struct yaml *address;
	uint32_t key;
};

static bool take_address(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)reader;
	(void)option;
	*(const struct yaml **)field = value;
	return true;
}

static bool take_key(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "the name of a key"))
		return false;
	*(uint32_t *)field = names_find(reader, &reader->keys, value, value->text, "key");
	return true;
}

static struct entry read_entry(struct reader *reader, const struct yaml *value)
{
	static const struct option options[] = {
	        {"address", take_address, offsetof(struct entry, address)},
	        {"key", take_key, offsetof(struct entry, key)},
	};
	struct entry entry = {.key = NO_INDEX};
	if (value->kind != YAML_MAPPING)
		entry.address = value;
	else if (options_read(reader, value, "an entry here", OPTIONS(options), &entry) && !entry.address)
		reader_error(reader, value, "'address' is missing");
	return entry;
}

bool read_transfer(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct conf_zone *zone = field;
	(void)option;
	if (!expect_list(reader, value, "a list of addresses or prefixes"))
		return false;
	struct conf_transfer *transfer = arena_alloc(reader->arena, value->count * sizeof *transfer);
	zone->transfer = transfer;
	zone->transfer_count = 0;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct entry entry = read_entry(reader, item);
		transfer->key = entry.key;
		if (entry.address && read_prefix(reader, entry.address, &transfer->from)) {
			transfer++;
			zone->transfer_count++;
		}
	}
	return true;
}

bool read_notify(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct conf_zone *zone = field;
	(void)option;
	if (!expect_list(reader, value, "a list of ADDRESS or ADDRESS@PORT"))
		return false;
	struct conf_notify *notify = arena_alloc(reader->arena, value->count * sizeof *notify);
	zone->notify = notify;
	zone->notify_count = 0;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct entry entry = read_entry(reader, item);
		notify->key = entry.key;
		if (entry.address && read_endpoint(reader, entry.address, DNS_PORT, &notify->to)) {
			notify++;
			zone->notify_count++;
		}
	}
	return true;
}
