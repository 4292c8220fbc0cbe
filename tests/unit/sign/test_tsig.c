/*
 * test_tsig.c: a message signed, and each way in which a signature can be wrong (RFC 8945).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "sign/tsig.h"
#include "wire/rrset.h"

#define NOW UINT64_C(1800000000)

static const uint8_t secret[] = "a secret of thirty-two bytes ...";
static const struct tsig_key keys[] = {
        {(const uint8_t *)"\4long", TSIG_HMAC_SHA512, secret, 32},
        {(const uint8_t *)"\3xfr\7example", TSIG_HMAC_SHA256, secret, 32},
};
static const struct tsig_key other_secret = {(const uint8_t *)"\3xfr\7example", TSIG_HMAC_SHA256, secret + 1, 31};
static const struct tsig_key other_name = {(const uint8_t *)"\5other", TSIG_HMAC_SHA256, secret, 32};
static const struct tsig_key other_algorithm = {(const uint8_t *)"\3xfr\7example", TSIG_HMAC_SHA384, secret, 32};

/* A query for example. NS; returns its size. */
static size_t query_write(uint8_t *out)
{
	static const uint8_t query[] = {
	        0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 2, 0, 1};
	memcpy(out, query, sizeof query);
	return sizeof query;
}

enum change {
	NOTHING,
	BODY_BIT,
	ID,
	MAC_BIT,
	TAIL_CUT,
	TTL_SET,
	MAC_OF_16,
	MAC_OF_15,
	MAC_OF_33,
	OWNER_SHORT,
	OWNER_LOOP
};

static const struct row {
	const char *name;
	const struct tsig_key *key;
	int64_t late; /* seconds from signing to checking */
	enum change change;
	int status;
	unsigned error;
} rows[] = {
        {"as signed", &keys[1], 0, NOTHING, 0, TSIG_OK},
        {"another key of ours", &keys[0], 0, NOTHING, 0, TSIG_OK},
        {"5.2.3: at the edge of the fudge", &keys[1], 300, NOTHING, 0, TSIG_OK},
        {"5.2.3: too late", &keys[1], 301, NOTHING, 0, TSIG_BADTIME},
        {"5.2.3: from the future", &keys[1], -301, NOTHING, 0, TSIG_BADTIME},
        {"5.2.2: another secret", &other_secret, 0, NOTHING, 0, TSIG_BADSIG},
        {"5.2.1: an unknown name", &other_name, 0, NOTHING, 0, TSIG_BADKEY},
        {"5.2.1: a known name, another algorithm", &other_algorithm, 0, NOTHING, 0, TSIG_BADKEY},
        {"5.2.2: one bit of the question", &keys[1], 0, BODY_BIT, 0, TSIG_BADSIG},
        {"4.3.2: a forwarder's id does not count", &keys[1], 0, ID, 0, TSIG_OK},
        {"5.2.2: one bit of the MAC", &keys[1], 0, MAC_BIT, 0, TSIG_BADSIG},
        {"4.2: the record cut short", &keys[1], 0, TAIL_CUT, -1, 0},
        {"4.2: a TTL", &keys[1], 0, TTL_SET, -1, 0},
        {"5.2.2.1: the MAC cut to half", &keys[1], 0, MAC_OF_16, 0, TSIG_OK},
        {"5.2.2.1: cut to less", &keys[1], 0, MAC_OF_15, -1, 0},
        {"5.2.2.1: longer than its algorithm's", &keys[1], 0, MAC_OF_33, -1, 0},
        {"5.2.1: of a key that nobody knows, whatever its MAC", &other_name, 0, MAC_OF_15, 0, TSIG_BADKEY},
        {"4.2: an owner that ends in a pointer", &keys[1], 0, OWNER_SHORT, 0, TSIG_OK},
        {"4.2: one whose pointer leads nowhere", &keys[1], 0, OWNER_LOOP, -1, 0},
};

/* Makes the MAC `length` bytes long; what follows it moves. */
static void resize_mac(uint8_t *message, size_t *size, size_t offset, uint16_t length)
{
	size_t data = offset + name_length(message + offset) + RR_HEADER;
	uint8_t *mac = message + data + name_length(message + data) + 10;
	uint16_t before = (uint16_t)(mac[-2] << 8 | mac[-1]);
	memmove(mac + length, mac + before, (size_t)(message + *size - (mac + before)));
	*size += (size_t)length - before;
	put_u16(mac - 2, length);
	put_u16(message + data - 2, (uint16_t)(*size - data));
}

/* xfr.example. becomes xfr and a pointer. */
static void shorten_owner(uint8_t *message, size_t *size, size_t offset, uint8_t target)
{
	uint8_t *rest = message + offset + 4;
	memmove(rest + 2, rest + 9, (size_t)(message + *size - (rest + 9)));
	rest[0] = 0xc0;
	rest[1] = target;
	*size -= 7;
}

static void change(enum change how, uint8_t *message, size_t *size, size_t offset)
{
	size_t name = name_length(message + offset);
	if (how == BODY_BIT)
		message[14] ^= 1;
	else if (how == ID)
		message[0] ^= 0xff;
	else if (how == MAC_BIT)
		message[*size - 10] ^= 1;
	else if (how == TAIL_CUT)
		*size -= 1;
	else if (how == TTL_SET)
		message[offset + name + 7] = 1;
	else if (how == OWNER_SHORT || how == OWNER_LOOP)
		shorten_owner(message, size, offset, how == OWNER_SHORT ? 12 : (uint8_t)offset);
	else if (how == MAC_OF_15 || how == MAC_OF_16 || how == MAC_OF_33)
		resize_mac(message, size, offset, how == MAC_OF_15 ? 15 : how == MAC_OF_16 ? 16 : 33);
}

static void test_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		uint8_t message[512];
		size_t offset = query_write(message);
		struct tsig asked, checked;
		tsig_begin(&asked, row->key);
		size_t size = tsig_append(&asked, message, offset, sizeof message, NOW);
		assert_true(size > offset && size <= offset + tsig_size(&asked));
		change(row->change, message, &size, offset);
		int status = tsig_verify(&checked, keys, 2, message, size, offset, NOW + (uint64_t)row->late);
		if (status != row->status || (!status && checked.error != row->error))
			fail_msg("%s: status %d, error %u", row->name, status, checked.error);
		/* 5.3.2: what was not proven gets no proof back */
		if (!status && (row->error == TSIG_BADSIG || row->error == TSIG_BADKEY))
			assert_null(checked.key);
	}
}

/* An answer is good for its question alone; and each later message hangs on the one before (5.3.1). */
static void test_answer(void **state)
{
	(void)state;
	uint8_t question[512], first[512], second[512];
	struct tsig asked, checked;
	size_t offset = query_write(question);
	tsig_begin(&asked, &keys[1]);
	size_t size = tsig_append(&asked, question, offset, sizeof question, NOW);
	assert_int_equal(tsig_verify(&checked, keys, 2, question, size, offset, NOW), 0);
	query_write(first);
	query_write(second);
	size_t first_size = tsig_append(&checked, first, offset, sizeof first, NOW + 1);
	assert_true(tsig_verify_answer(&asked, first, first_size, offset, NOW + 1));
	size_t second_size = tsig_append(&checked, second, offset, sizeof second, NOW + 2);
	assert_false(tsig_verify_answer(&asked, second, second_size, offset, NOW + 2));
	first[13] ^= 1;
	assert_false(tsig_verify_answer(&asked, first, first_size, offset, NOW + 1));
	/* an answer to another question */
	first[13] ^= 1;
	asked.mac[0] ^= 1;
	assert_false(tsig_verify_answer(&asked, first, first_size, offset, NOW + 1));
}

/* 5.2.3: the answer to a late question is signed, says BADTIME, and tells our time. */
static void test_bad_time(void **state)
{
	(void)state;
	uint8_t message[512], answer[512];
	struct tsig asked, checked;
	size_t offset = query_write(message);
	tsig_begin(&asked, &keys[1]);
	size_t size = tsig_append(&asked, message, offset, sizeof message, NOW);
	tsig_verify(&checked, keys, 2, message, size, offset, NOW + 9000);
	query_write(answer);
	size_t answer_size = tsig_append(&checked, answer, offset, sizeof answer, NOW + 9000);
	struct reader r = reader_of(answer + answer_size - 10, 10);
	assert_int_equal(read_u16(&r), TSIG_BADTIME);
	assert_int_equal(read_u16(&r), 6);
	assert_int_equal((uint64_t)read_u16(&r) << 32 | read_u32(&r), NOW + 9000);
	assert_non_null(checked.key);
}

static void test_no_room(void **state)
{
	(void)state;
	uint8_t message[512];
	struct tsig asked;
	size_t offset = query_write(message);
	tsig_begin(&asked, &keys[1]);
	assert_int_equal(tsig_append(&asked, message, offset, offset + 20, NOW), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_verify),
	        cmocka_unit_test(test_answer),
	        cmocka_unit_test(test_bad_time),
	        cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
