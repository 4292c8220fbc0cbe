/*
 * tsig.h: transaction signatures (RFC 8945): a message proves by a shared key who sent it.
 *
 * HMAC is OpenSSL's. A check is done before anything else is believed; MACs are compared in constant time. Time is
 * passed in. Allocates inside OpenSSL, so it is only for messages that bring a TSIG. Any thread.
 */
#ifndef MERIDIAN_SIGN_TSIG_H
#define MERIDIAN_SIGN_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"

#define TSIG_MAC_MAX 64
#define TSIG_SECRET_MAX 512

enum tsig_algorithm { TSIG_HMAC_SHA256, TSIG_HMAC_SHA384, TSIG_HMAC_SHA512, TSIG_ALGORITHMS };

struct tsig_key {
	const uint8_t *name; /* wire form, lower case */
	enum tsig_algorithm algorithm;
	const uint8_t *secret;
	uint16_t secret_size; /* 1..TSIG_SECRET_MAX */
};

/* The extended error of a TSIG record (RFC 8945 3), and what the message deserves. */
enum tsig_error { TSIG_OK = 0, TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18 };

/* An exchange that is signed: what the answer's signature needs of the question's, and each message's of the one
 * before. Set by tsig_verify (answers) or tsig_begin (requests of ours). */
struct tsig {
	const struct tsig_key *key;   /* NULL: unknown, the answer is not signed */
	uint8_t key_name[NAME_BYTES]; /* as the question has it */
	uint8_t algorithm_name[NAME_BYTES];
	uint16_t original_id;
	uint16_t error;            /* enum tsig_error */
	uint64_t time;             /* BADTIME: the client's time, seconds since 1970 */
	uint8_t mac[TSIG_MAC_MAX]; /* of the message before */
	uint16_t mac_size;
	bool later; /* a message after the first: only the timers are signed (RFC 8945 5.3.1) */
};

/* Checks the message whose TSIG record starts at `offset` (its last record). `now`: seconds since 1970. Returns −1
 * where the record is malformed (FORMERR), else 0 with tsig->error set (not TSIG_OK: NOTAUTH). */
int tsig_verify(struct tsig *tsig, const struct tsig_key *keys, size_t count, const uint8_t *message, size_t size,
        size_t offset, uint64_t now);

/* Checks the answer to a request of ours (tsig set by tsig_begin and tsig_append). True if it is signed as it should
 * be. */
bool tsig_verify_answer(struct tsig *tsig, const uint8_t *message, size_t size, size_t offset, uint64_t now);

/* Starts an exchange of our own with a key. */
void tsig_begin(struct tsig *tsig, const struct tsig_key *key);

/* The most bytes that tsig_append adds. */
size_t tsig_size(const struct tsig *tsig);
/* Appends a TSIG record to a finished message of `size` bytes in a buffer of `room`, and counts it in the header.
 * Returns the new size; 0 if there is no room. */
size_t tsig_append(struct tsig *tsig, uint8_t *message, size_t size, size_t room, uint64_t now);

#endif
