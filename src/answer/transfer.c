/*
 * transfer.c: AXFR and IXFR out (RFC 5936, RFC 1995): who may have a zone, and
 * its records in order, as many to a message as fit.
 *
 * Called by answer.c (respond_transfer) and by serve's connections. A transfer
 * is a walk over parts, each a run of sets; where it stands is (part, item, set,
 * byte), so that it can stop after any set, and within one that no message holds.
 */
#include "answer/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "answer/exchange.h"
#include "base/assert.h"
#include "wire/message.h"
#include "zone/diff.h"

/* Of a set that is larger, so much is taken at a time: with an owner before each record it still fits the smallest room
 * for a message. */
#define SLICE 8192

/* A run of sets: the whole zone but its SOA, or some changes. */
struct part {
	const struct change *changes; /* NULL: the zone */
	uint32_t count;
};

/* The records of a transfer in order, and where it stands. */
struct walk {
	const struct zone *zone;
	struct change soa;                        /* of the zone */
	const struct zone_diff *diffs[DIFFS_MAX]; /* oldest first */
	uint32_t diff_count;                      /* 0: the whole zone */
	uint32_t part, item;                      /* item: a node of the zone, or a change */
	unsigned set;                             /* of the node */
	uint32_t byte;                            /* of the set: where the slice begins */
	struct rrset slice;
};

struct transfer {
	struct zone *zone;       /* held */
	struct zone_diff *diffs; /* held; NULL: the whole zone */
	struct walk walk;
	struct query query; /* the question, in `packet` */
	uint8_t packet[DNS_HEADER + NAME_BYTES + 4];
	bool is_signed;
	struct tsig tsig;
	bool started; /* the first message is out */
	uint16_t payload;
};

/* ---- who may ---- */

static bool may_transfer(const struct exchange *exchange, const struct conf_zone *zone)
{
	const struct tsig_key *key = exchange->is_signed ? exchange->tsig.key : NULL;
	for (uint32_t i = 0; i < zone->transfer_count; i++) {
		const struct conf_transfer *allowed = &zone->transfer[i];
		if (!prefix_contains(&allowed->from, &exchange->client->addr))
			continue;
		if (allowed->key == NO_INDEX || key == &exchange->snapshot->conf->keys[allowed->key])
			return true;
	}
	return false;
}

/* The serial of the SOA that an IXFR question brings in its authority section (RFC 1995 3); false if there is none. */
static bool serial_asked(const struct query *query, uint32_t *serial)
{
	struct message message;
	struct message_record record;
	if (!message_open(&message, query->packet, query->size))
		return false;
	while (message_next(&message, &record)) {
		if (record.section != SECTION_AUTHORITY || record.type != TYPE_SOA || record.class != CLASS_IN ||
		        record.size < 22 || !name_equal(record.owner, query->qname))
			continue;
		struct reader r = reader_of(query->packet + record.rdata + record.size - 20, 20);
		*serial = read_u32(&r);
		return true;
	}
	return false;
}

/* ---- the walk ---- */

/* How many diffs of the chain lead from `serial` to now; 0: the chain does not reach back so far. */
static uint32_t diffs_from(const struct zone_diff *diffs, uint32_t serial)
{
	uint32_t count = 1;
	for (const struct zone_diff *diff = diffs; diff; diff = diff->before, count++)
		if (diff->from == serial)
			return count;
	return 0;
}

static void walk_start(struct walk *walk, const struct zone *zone, const struct zone_diff *diffs, uint32_t diff_count)
{
	MUST(diff_count <= DIFFS_MAX);
	walk->zone = zone;
	walk->soa = (struct change){zone->name, *zone->soa};
	walk->diff_count = diff_count;
	walk->part = walk->item = walk->set = walk->byte = 0;
	for (uint32_t i = diff_count; i > 0; i--, diffs = diffs->before)
		walk->diffs[i - 1] = diffs;
}

static uint32_t walk_parts(const struct walk *walk)
{
	return walk->diff_count ? 2 + 4 * walk->diff_count : 3;
}

/* SOA, all of the zone, SOA (RFC 5936 2.2); or SOA, for each diff the old SOA, what went, the new SOA, what came, then
 * SOA (RFC 1995 4). */
static struct part walk_part(const struct walk *walk)
{
	if (walk->part == 0 || walk->part == walk_parts(walk) - 1)
		return (struct part){&walk->soa, 1};
	if (!walk->diff_count)
		return (struct part){NULL, walk->zone->node_count};
	const struct zone_diff *diff = walk->diffs[(walk->part - 1) / 4];
	const struct part parts[4] = {{&diff->old_soa, 1}, {diff->removed, diff->removed_count}, {&diff->new_soa, 1},
	        {diff->added, diff->added_count}};
	return parts[(walk->part - 1) % 4];
}

/* The whole set where the walk stands, or NULL at the end; goes over what is empty. */
static const struct rrset *walk_whole(struct walk *walk, const uint8_t **owner)
{
	for (; walk->part < walk_parts(walk); walk->part++, walk->item = walk->set = 0) {
		struct part part = walk_part(walk);
		if (part.changes && walk->item < part.count) {
			*owner = part.changes[walk->item].owner;
			return &part.changes[walk->item].set;
		}
		for (; !part.changes && walk->item < part.count; walk->item++, walk->set = 0) {
			const struct node *node = &walk->zone->nodes[walk->item];
			*owner = node->name;
			for (; walk->set < node->set_count; walk->set++)
				if (node->sets[walk->set].type != TYPE_SOA)
					return &node->sets[walk->set];
		}
	}
	return NULL;
}

/* What is to be sent next, or NULL at the end: a set, or as many records of it as make a slice. */
static const struct rrset *walk_next(struct walk *walk, const uint8_t **owner)
{
	const struct rrset *whole = walk_whole(walk, owner);
	if (!whole || whole->size <= SLICE)
		return whole;
	walk->slice = *whole;
	walk->slice.targets = NULL;
	walk->slice.signatures = NULL;
	walk->slice.wire = whole->wire + walk->byte;
	walk->slice.count = 0;
	walk->slice.size = 0;
	struct reader r = reader_of(walk->slice.wire, whole->size - walk->byte);
	while (reader_left(&r)) {
		read_bytes(&r, RR_HEADER - 2);
		read_bytes(&r, read_u16(&r));
		if (walk->slice.count && reader_offset(&r) > SLICE)
			break;
		walk->slice.size = (uint32_t)reader_offset(&r);
		walk->slice.count++;
	}
	return &walk->slice;
}

/* Past `sent`, which walk_next gave. */
static void walk_on(struct walk *walk, const struct rrset *sent)
{
	if (sent == &walk->slice) {
		const uint8_t *owner;
		walk->byte += sent->size;
		if (walk->byte < walk_whole(walk, &owner)->size)
			return;
		walk->byte = 0;
	}
	if (walk_part(walk).changes)
		walk->item++;
	else
		walk->set++;
}

/* Appends what fits; true: all of it did. *none: not even the first. */
static bool walk_write(struct walk *walk, struct reply *reply, bool *none)
{
	const uint8_t *owner;
	const struct rrset *set;
	*none = true;
	reply->exact = true;
	while ((set = walk_next(walk, &owner)) != NULL) {
		if (!reply_rrset(reply, SECTION_ANSWER, (struct owner){.name = owner}, set, set->ttl, NULL))
			return false;
		*none = false;
		walk_on(walk, set);
	}
	return true;
}

/* ---- making one ---- */

/* Keeps the question beyond the life of its packet. */
static void keep_question(struct transfer *transfer, const struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	size_t size = DNS_HEADER + query->qname_length + 4u;
	memcpy(transfer->packet, query->packet, size);
	transfer->query = *query;
	transfer->query.packet = transfer->packet;
	transfer->query.size = size;
	transfer->query.qname = transfer->packet + DNS_HEADER;
	transfer->query.cookie = NULL;
}

static struct transfer *transfer_new(const struct exchange *exchange, const struct snapshot_zone *zone, uint32_t diffs)
{
	struct transfer *transfer = calloc(1, sizeof *transfer);
	MUST(transfer);
	transfer->zone = zone_hold(zone->zone);
	transfer->diffs = diffs ? zone_diff_hold(zone->diffs) : NULL;
	walk_start(&transfer->walk, zone->zone, zone->diffs, diffs);
	keep_question(transfer, exchange);
	transfer->is_signed = exchange->is_signed;
	transfer->tsig = exchange->tsig;
	transfer->payload = exchange->edns.payload;
	return transfer;
}

/* The zone's SOA alone: nothing is newer, or (over UDP) the rest is to be asked for over TCP (RFC 1995 2, 4). */
static unsigned respond_soa(struct exchange *exchange, const struct zone *zone)
{
	struct owner owner = {exchange->query.qname, DNS_HEADER};
	exchange->reply.flags |= FLAG_AA;
	if (!reply_rrset(&exchange->reply, SECTION_ANSWER, owner, zone->soa, zone->soa->ttl, NULL))
		exchange->truncated = true;
	return RCODE_NOERROR;
}

/* Over UDP: the changes where they fit one message, else the SOA (RFC 1995 2). */
static unsigned respond_datagram(struct exchange *exchange, const struct snapshot_zone *zone, uint32_t diffs)
{
	struct walk walk;
	bool none;
	struct reply_mark mark = reply_mark(&exchange->reply);
	walk_start(&walk, zone->zone, zone->diffs, diffs);
	if (!diffs || !walk_write(&walk, &exchange->reply, &none)) {
		reply_rewind(&exchange->reply, mark);
		return respond_soa(exchange, zone->zone);
	}
	exchange->reply.flags |= FLAG_AA;
	counter_increment(exchange->context->counters, COUNTER_TRANSFERS_CHANGES);
	return RCODE_NOERROR;
}

unsigned respond_transfer(struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	const struct snapshot *snapshot = exchange->snapshot;
	name_hash_labels(&exchange->query.labels, query->lower, snapshot->seed);
	const struct snapshot_zone *zone = snapshot_zone_find(snapshot, query->lower, &exchange->query.labels, 0);
	if (!zone || zone->length != query->qname_length)
		return RCODE_NOTAUTH;
	if (!may_transfer(exchange, &snapshot->conf->zones[zone - snapshot->zones]))
		return RCODE_REFUSED;
	if (!zone->zone)
		return RCODE_SERVFAIL;
	exchange->zone = zone;
	uint32_t serial, diffs = 0;
	if (query->qtype == TYPE_IXFR) {
		if (!serial_asked(query, &serial))
			return RCODE_FORMERR;
		if (!serial_before(serial, zone->zone->serial))
			return respond_soa(exchange, zone->zone);
		diffs = diffs_from(zone->diffs, serial);
	}
	if (!exchange->client->stream)
		return query->qtype == TYPE_IXFR ? respond_datagram(exchange, zone, diffs) : RCODE_REFUSED;
	if (!exchange->context->may_transfer)
		return RCODE_SERVFAIL; /* it is to come again */
	exchange->context->transfer = transfer_new(exchange, zone, diffs);
	counter_increment(exchange->context->counters, diffs ? COUNTER_TRANSFERS_CHANGES : COUNTER_TRANSFERS_WHOLE);
	return RCODE_NOERROR;
}

/* ---- sending one ---- */

size_t transfer_next(struct transfer *transfer, uint8_t *out, size_t room, uint64_t wall)
{
	const uint8_t *owner;
	if (!walk_whole(&transfer->walk, &owner))
		return 0;
	size_t limit = room - (transfer->is_signed ? tsig_size(&transfer->tsig) : 0);
	struct edns_reply edns = {.payload = transfer->payload,
	        .dnssec_ok = transfer->query.dnssec_ok,
	        .expire = transfer->query.expire,
	        .expire_after = transfer->zone->expire,
	        .ede = EDE_NONE};
	bool has_edns = transfer->query.edns && !transfer->started, none;
	struct reply reply;
	reply_start(&reply, out, limit, &transfer->query, has_edns ? reply_opt_size(&edns, &transfer->query) : 0);
	reply.flags |= FLAG_AA;
	/* a record that no message holds: the client must not take the rest for the zone */
	if (!walk_write(&transfer->walk, &reply, &none) && none) {
		reply.rcode = RCODE_SERVFAIL;
		transfer->walk.part = walk_parts(&transfer->walk);
	}
	size_t size = reply_finish(&reply, &transfer->query, has_edns ? &edns : NULL);
	transfer->started = true;
	return transfer->is_signed ? tsig_append(&transfer->tsig, out, size, room, wall) : size;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	zone_diff_release(transfer->diffs);
	zone_release(transfer->zone);
	free(transfer);
}
