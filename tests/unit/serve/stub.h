/*
 * stub.h: what the tests of serve put in place of answer and live, and a small client.
 *
 * The stub echoes a query with QR set. Bytes 12 and 13 of a query, if not 0, ask for a
 * reply of that size; byte 14 asks for a reply after so many milliseconds;
 * byte 15, if not 0, for the client's address at byte 16. Bytes 17 and 18, if not 0, ask for a transfer of so
 * many messages of STUB_TRANSFERRED bytes.
 */
#ifndef MERIDIAN_TESTS_SERVE_STUB_H
#define MERIDIAN_TESTS_SERVE_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rate_limit.h"
#include "serve/serve.h"

/* Memory and time are then not what they are in production. */
#if !defined(__has_feature)
#define __has_feature(feature) 0 /* clang's way to tell; gcc has the macros below */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
        __has_feature(thread_sanitizer)
#define STUB_SANITIZED true
#else
#define STUB_SANITIZED false
#endif

enum { STUB_QUERY = 40, STUB_WAIT_MS = 30000, STUB_TRANSFERRED = 60000 };

/* Threads between live_thread_start and live_thread_stop. */
int stub_threads(void);
/* The rate limit from now on; NULL: none. The class of a query is its byte 16; proven: byte 19, if not 0. */
void stub_limit(const struct rate_limit *limit);
/* Transfers that were not yet freed. */
int stub_transfers(void);

/* A server on `listen` ("127.0.0.1@0" …, ended by NULL), started. */
struct serve *stub_serve(const char *const *listen, const struct serve_options *more);
/* The address of its listener `i`. */
struct endpoint stub_endpoint(const struct serve *serve, uint32_t i);
uint64_t stub_counter(const struct serve *serve, enum counter which);

/* A query of STUB_QUERY bytes with this id; asks for a reply of `reply` bytes (0: an echo). */
void stub_query(uint8_t query[STUB_QUERY], uint16_t id, uint16_t reply);
/* The same with two bytes of length before it. */
size_t stub_framed(uint8_t *to, uint16_t id, uint16_t reply);

/* A connected socket, from a source address if that is not NULL. */
int stub_connect(const struct endpoint *to, int type, const char *from);
/* All or nothing, each step within STUB_WAIT_MS; false: it did not go, or the peer ended. */
bool stub_send(int fd, const void *bytes, size_t size);
bool stub_receive(int fd, void *bytes, size_t size);
/* One framed reply; returns its size, 0: end or error. Checks that it is a response with the id. */
size_t stub_reply(int fd, uint16_t id);
/* True if the peer ends the connection (or resets it) within `ms`, whatever it still sends. */
bool stub_ended(int fd, int ms);
/* Asks one question on a connection and gets the reply. */
bool stub_ask(int fd, uint16_t id);
unsigned stub_descriptors(void);

#endif
