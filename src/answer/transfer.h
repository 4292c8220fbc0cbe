/*
 * transfer.h: a zone handed out whole (AXFR, RFC 5936) or by its changes (IXFR, RFC 1995), message by message.
 *
 * answer_packet makes one where a stream client may have it; the connection then asks for one message after another, as
 * fast as its client reads, and frees it. A transfer holds references on what it sends, so that a reload in its midst
 * changes nothing. It belongs to one thread. Allocates: transfers are rare and allowed to few.
 */
#ifndef MERIDIAN_ANSWER_TRANSFER_H
#define MERIDIAN_ANSWER_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

struct transfer;

/* Writes the next message into `room` bytes (at least 16,384); returns its size, 0 after the last one. `wall`: seconds
 * since 1970, for TSIG. */
size_t transfer_next(struct transfer *transfer, uint8_t *out, size_t room, uint64_t wall);
/* NULL is allowed. */
void transfer_free(struct transfer *transfer);

#endif
