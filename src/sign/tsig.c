/*
 * tsig.c: transaction signatures (RFC 8945): checking a message, signing one.
 *
 * Called by answer (transfers, signed queries) and by serve (NOTIFY). The catch:
 * what is hashed is never the message as it came: the id is the original one,
 * and the TSIG record does not count (RFC 8945 4.3.2).
 */
#include "sign/tsig.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "wire/message.h"

#define FUDGE 300 /* seconds (RFC 8945 10) */
#define HEADER 12

static const struct {
	const char *digest;
	const char *wire; /* lower case, the root's 0 is the string's end */
	uint8_t size;     /* of the MAC */
} algorithms[TSIG_ALGORITHMS] = {
        [TSIG_HMAC_SHA256] = {"SHA256", "\13hmac-sha256", 32},
        [TSIG_HMAC_SHA384] = {"SHA384", "\13hmac-sha384", 48},
        [TSIG_HMAC_SHA512] = {"SHA512", "\13hmac-sha512", 64},
};

/* A TSIG record taken apart. */
struct record {
	const uint8_t *mac;
	uint16_t mac_size;
	uint64_t time;
	uint16_t fudge;
	uint16_t original_id;
	uint16_t error;
	const uint8_t *other;
	uint16_t other_size;
};

/* An uncompressed name into `name`, lower case; false if it is none. */
static bool read_name(struct reader *r, uint8_t name[NAME_BYTES])
{
	size_t size = 0;
	for (;;) {
		uint8_t length = read_u8(r);
		const uint8_t *label = read_bytes(r, length);
		if (r->bad || length > 63 || size + 1 + length > NAME_BYTES)
			return false;
		name[size++] = length;
		memcpy(name + size, label, length);
		size += length;
		if (!length)
			break;
	}
	name_lower(name, name, size);
	return true;
}

/* The owner, in lower case; some clients compress it. *r then stands behind it. False if it is none. */
static bool read_owner(const uint8_t *message, size_t size, size_t offset, uint8_t name[NAME_BYTES], struct reader *r)
{
	struct message whole = {.bytes = message, .size = size};
	size_t behind = message_name(&whole, offset, name);
	if (!behind)
		return false;
	name_lower(name, name, name_length(name));
	*r = reader_of(message + behind, size - behind);
	return true;
}

static bool read_record(const uint8_t *message, size_t size, size_t offset, struct tsig *tsig, struct record *record)
{
	struct reader all, *r = &all;
	if (!read_owner(message, size, offset, tsig->key_name, r))
		return false;
	uint16_t type = read_u16(r), class = read_u16(r);
	uint32_t ttl = read_u32(r);
	uint16_t length = read_u16(r);
	if (type != TYPE_TSIG || class != CLASS_ANY || ttl || length != reader_left(r))
		return false;
	if (!read_name(r, tsig->algorithm_name))
		return false;
	record->time = (uint64_t)read_u16(r) << 32;
	record->time |= read_u32(r);
	record->fudge = read_u16(r);
	record->mac_size = read_u16(r);
	record->mac = read_bytes(r, record->mac_size);
	record->original_id = read_u16(r);
	record->error = read_u16(r);
	record->other_size = read_u16(r);
	record->other = read_bytes(r, record->other_size);
	return !r->bad && !reader_left(r);
}

static void feed(EVP_MAC_CTX *mac, const void *bytes, size_t size)
{
	MUST(EVP_MAC_update(mac, bytes, size) == 1);
}

static void feed_u16(EVP_MAC_CTX *mac, uint16_t value)
{
	uint8_t bytes[2];
	put_u16(bytes, value);
	feed(mac, bytes, sizeof bytes);
}

static void feed_time(EVP_MAC_CTX *mac, uint64_t time, uint16_t fudge)
{
	feed_u16(mac, (uint16_t)(time >> 32));
	feed_u16(mac, (uint16_t)(time >> 16));
	feed_u16(mac, (uint16_t)time);
	feed_u16(mac, fudge);
}

/* The MAC of a message without its TSIG record (RFC 8945 4.3). `before`: the MAC of the message before goes in first.
 * `additional`: how many records the header is to count. */
static void digest(const struct tsig *tsig, const uint8_t *message, size_t size, uint16_t additional, bool before,
        const struct record *record, uint8_t out[TSIG_MAC_MAX])
{
	char *name = (char *)(uintptr_t)algorithms[tsig->key->algorithm].digest;
	OSSL_PARAM parameters[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
	MUST(mac && EVP_MAC_init(mac, tsig->key->secret, tsig->key->secret_size, parameters) == 1);
	if (before) {
		feed_u16(mac, tsig->mac_size);
		feed(mac, tsig->mac, tsig->mac_size);
	}
	uint8_t header[HEADER];
	memcpy(header, message, HEADER);
	put_u16(header, record->original_id);
	put_u16(header + 10, additional);
	feed(mac, header, HEADER);
	feed(mac, message + HEADER, size - HEADER);
	if (!tsig->later) {
		feed(mac, tsig->key_name, name_length(tsig->key_name));
		feed_u16(mac, CLASS_ANY);
		feed(mac, "\0\0\0\0", 4);
		feed(mac, tsig->algorithm_name, name_length(tsig->algorithm_name));
	}
	feed_time(mac, record->time, record->fudge);
	if (!tsig->later) {
		feed_u16(mac, record->error);
		feed_u16(mac, record->other_size);
		feed(mac, record->other, record->other_size);
	}
	size_t written = 0;
	MUST(EVP_MAC_final(mac, out, &written, TSIG_MAC_MAX) == 1);
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(hmac);
}

static const struct tsig_key *find_key(const struct tsig *tsig, const struct tsig_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name_equal(keys[i].name, tsig->key_name) &&
		        name_equal((const uint8_t *)algorithms[keys[i].algorithm].wire, tsig->algorithm_name))
			return &keys[i];
	return NULL;
}

/* No MAC is longer than its algorithm's, or cut to less than half of it, or to less than ten bytes (RFC 8945 5.2.2.1).
 */
static bool mac_size_good(const struct tsig_key *key, const struct record *record)
{
	unsigned full = algorithms[key->algorithm].size, half = full / 2;
	return record->mac_size <= full && record->mac_size >= half && record->mac_size >= 10;
}

static enum tsig_error judge(struct tsig *tsig, const struct record *record, const uint8_t *message, size_t offset,
        bool before, uint64_t now)
{
	uint8_t mac[TSIG_MAC_MAX];
	struct reader counts = reader_of(message + 10, 2);
	uint16_t additional = read_u16(&counts);
	digest(tsig, message, offset, (uint16_t)(additional - 1), before, record, mac);
	if (CRYPTO_memcmp(mac, record->mac, record->mac_size) != 0)
		return TSIG_BADSIG;
	memcpy(tsig->mac, record->mac, record->mac_size);
	tsig->mac_size = record->mac_size;
	uint64_t distance = now > record->time ? now - record->time : record->time - now;
	return distance > record->fudge ? TSIG_BADTIME : TSIG_OK;
}

int tsig_verify(struct tsig *tsig, const struct tsig_key *keys, size_t count, const uint8_t *message, size_t size,
        size_t offset, uint64_t now)
{
	struct record record;
	*tsig = (struct tsig){0};
	if (!read_record(message, size, offset, tsig, &record))
		return -1;
	tsig->original_id = record.original_id;
	tsig->time = record.time;
	tsig->key = find_key(tsig, keys, count);
	tsig->error = TSIG_BADKEY;
	if (!tsig->key)
		return 0;
	if (!mac_size_good(tsig->key, &record))
		return -1;
	tsig->error = judge(tsig, &record, message, offset, false, now);
	/* an answer to what was not proven must not look proven (RFC 8945 5.3.2) */
	if (tsig->error == TSIG_BADSIG)
		tsig->key = NULL;
	return 0;
}

bool tsig_verify_answer(struct tsig *tsig, const uint8_t *message, size_t size, size_t offset, uint64_t now)
{
	struct record record;
	struct tsig answer = *tsig;
	answer.later = false;
	if (!offset || !read_record(message, size, offset, &answer, &record) ||
	        find_key(&answer, tsig->key, 1) != tsig->key || !mac_size_good(tsig->key, &record))
		return false;
	return judge(&answer, &record, message, offset, true, now) == TSIG_OK && record.error == TSIG_OK;
}

void tsig_begin(struct tsig *tsig, const struct tsig_key *key)
{
	const char *algorithm = algorithms[key->algorithm].wire;
	*tsig = (struct tsig){.key = key};
	memcpy(tsig->key_name, key->name, name_length(key->name));
	memcpy(tsig->algorithm_name, algorithm, strlen(algorithm) + 1);
}

size_t tsig_size(const struct tsig *tsig)
{
	return name_length(tsig->key_name) + RR_HEADER + name_length(tsig->algorithm_name) + 16 + TSIG_MAC_MAX + 6;
}

static void write_record(struct writer *w, const struct tsig *tsig, const struct record *record)
{
	size_t algorithm = name_length(tsig->algorithm_name);
	write_bytes(w, tsig->key_name, name_length(tsig->key_name));
	write_u16(w, TYPE_TSIG);
	write_u16(w, CLASS_ANY);
	write_u32(w, 0);
	write_u16(w, (uint16_t)(algorithm + 16 + record->mac_size + record->other_size));
	write_bytes(w, tsig->algorithm_name, algorithm);
	write_u16(w, (uint16_t)(record->time >> 32));
	write_u32(w, (uint32_t)record->time);
	write_u16(w, record->fudge);
	write_u16(w, record->mac_size);
	write_bytes(w, record->mac, record->mac_size);
	write_u16(w, record->original_id);
	write_u16(w, record->error);
	write_u16(w, record->other_size);
	write_bytes(w, record->other, record->other_size);
}

size_t tsig_append(struct tsig *tsig, uint8_t *message, size_t size, size_t room, uint64_t now)
{
	uint8_t mac[TSIG_MAC_MAX], server_time[6];
	struct reader header = reader_of(message, HEADER);
	struct record record = {.time = now, .fudge = FUDGE, .error = tsig->error, .other = server_time};
	record.original_id = read_u16(&header);
	read_bytes(&header, 8);
	uint16_t additional = read_u16(&header);
	if (tsig->error == TSIG_BADTIME) {
		/* the client's time is signed, ours is told (RFC 8945 5.2.3) */
		record.time = tsig->time;
		put_u16(server_time, (uint16_t)(now >> 32));
		put_u32(server_time + 2, (uint32_t)now);
		record.other_size = sizeof server_time;
	}
	if (tsig->key) {
		digest(tsig, message, size, additional, tsig->mac_size > 0, &record, mac);
		record.mac = mac;
		record.mac_size = algorithms[tsig->key->algorithm].size;
	}
	struct writer w = writer_of(message + size, room - size);
	write_record(&w, tsig, &record);
	if (w.full || additional == UINT16_MAX)
		return 0;
	put_u16(message + 10, (uint16_t)(additional + 1));
	memcpy(tsig->mac, mac, record.mac_size);
	tsig->mac_size = record.mac_size;
	tsig->later = true;
	return size + writer_offset(&w);
}
