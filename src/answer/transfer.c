/*
 * transfer.c: AXFR and IXFR out (RFC 5936, RFC 1995): who may have a zone, and
 * its records in order, as many to a message as fit.
 *
 * Called by answer.c (respond_transfer) and by serve's connections. A transfer
 * is a walk over a list of parts, each a run of sets; where it stands is
 * (part, set), so that it can stop after any set.
 */
#include "answer/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "answer/exchange.h"
#include "base/assert.h"
#include "wire/message.h"
#include "zone/diff.h"

/* A run of sets: one SOA, all of a zone, or one side of a diff. */
struct part {
	enum { PART_SOA, PART_ZONE, PART_CHANGES } kind;
	const struct change *changes; /* PART_SOA: one, PART_CHANGES: `count` of them */
	uint32_t count;
};

struct transfer {
	struct zone *zone;       /* held */
	struct zone_diff *diffs; /* held; NULL: the whole zone */
	struct change soa;       /* of the zone */

	struct query query; /* the question, in `packet` */
	uint8_t packet[DNS_HEADER + NAME_BYTES + 4];
	bool is_signed;
	struct tsig tsig;

	struct part *parts;
	uint32_t part_count;

	/* where it stands */
	uint32_t part;
	uint32_t node; /* PART_ZONE; the index of the change otherwise */
	unsigned set;
	bool started; /* the first message is out */
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
		if (record.section != SECTION_AUTHORITY || record.type != TYPE_SOA || record.size < 22)
			continue;
		struct reader r = reader_of(query->packet + record.rdata + record.size - 20, 20);
		*serial = read_u32(&r);
		return true;
	}
	return false;
}

/* ---- making one ---- */

/* How many diffs of the chain lead from `serial` to now; 0: the chain does not reach back so far. */
static uint32_t diffs_from(const struct zone_diff *diffs, uint32_t serial)
{
	uint32_t count = 1;
	for (const struct zone_diff *diff = diffs; diff; diff = diff->before, count++)
		if (diff->from == serial)
			return count;
	return 0;
}

static struct part soa_part(const struct change *soa)
{
	return (struct part){PART_SOA, soa, 1};
}

/* SOA, then all of the zone, then SOA again (RFC 5936 2.2). */
static void lay_out_zone(struct transfer *transfer)
{
	transfer->part_count = 3;
	transfer->parts = calloc(3, sizeof *transfer->parts);
	MUST(transfer->parts);
	transfer->parts[0] = transfer->parts[2] = soa_part(&transfer->soa);
	transfer->parts[1].kind = PART_ZONE;
}

/* SOA, then for each diff, oldest first: old SOA, what went, new SOA, what came; then SOA again (RFC 1995 4). */
static void lay_out_diffs(struct transfer *transfer, uint32_t count)
{
	transfer->part_count = 2 + 4 * count;
	transfer->parts = calloc(transfer->part_count, sizeof *transfer->parts);
	MUST(transfer->parts);
	transfer->parts[0] = transfer->parts[transfer->part_count - 1] = soa_part(&transfer->soa);
	const struct zone_diff *diff = transfer->diffs;
	for (uint32_t i = count; i > 0; i--, diff = diff->before) {
		struct part *parts = transfer->parts + 1 + 4 * (i - 1);
		parts[0] = soa_part(&diff->old_soa);
		parts[1] = (struct part){PART_CHANGES, diff->removed, diff->removed_count};
		parts[2] = soa_part(&diff->new_soa);
		parts[3] = (struct part){PART_CHANGES, diff->added, diff->added_count};
	}
}

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
	transfer->soa = (struct change){zone->zone->name, *zone->zone->soa};
	keep_question(transfer, exchange);
	transfer->is_signed = exchange->is_signed;
	transfer->tsig = exchange->tsig;
	if (diffs) {
		transfer->diffs = zone_diff_hold(zone->diffs);
		lay_out_diffs(transfer, diffs);
	} else {
		lay_out_zone(transfer);
	}
	return transfer;
}

/* The zone's SOA alone: nothing is newer, or (over UDP) the rest is to be asked for over TCP. */
static unsigned respond_soa(struct exchange *exchange, const struct zone *zone)
{
	struct owner owner = {exchange->query.qname, DNS_HEADER};
	exchange->reply.flags |= FLAG_AA;
	if (!reply_rrset(&exchange->reply, SECTION_ANSWER, owner, zone->soa, zone->soa->ttl, NULL))
		exchange->truncated = true;
	return RCODE_NOERROR;
}

unsigned respond_transfer(struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	const struct snapshot *snapshot = exchange->snapshot;
	name_split(&exchange->labels, query->lower, snapshot->seed);
	const struct snapshot_zone *zone = snapshot_zone_find(snapshot, query->lower, &exchange->labels, 0);
	if (!zone || zone->length != query->qname_length)
		return RCODE_NOTAUTH;
	if (!may_transfer(exchange, &snapshot->conf->zones[zone - snapshot->zones]))
		return RCODE_REFUSED;
	if (!zone->zone)
		return RCODE_SERVFAIL;
	uint32_t serial, diffs = 0;
	if (query->qtype == TYPE_IXFR) {
		if (!serial_asked(query, &serial))
			return RCODE_FORMERR;
		if (!serial_before(serial, zone->zone->serial))
			return respond_soa(exchange, zone->zone);
		diffs = diffs_from(zone->diffs, serial);
	}
	if (!exchange->client->stream)
		return query->qtype == TYPE_IXFR ? respond_soa(exchange, zone->zone) : RCODE_REFUSED;
	if (!exchange->context->may_transfer)
		return RCODE_REFUSED;
	exchange->context->transfer = transfer_new(exchange, zone, diffs);
	return RCODE_NOERROR;
}

/* ---- sending one ---- */

/* The set where the transfer stands, or NULL at the end; goes over what is empty. */
static const struct rrset *current_set(struct transfer *transfer, const uint8_t **owner)
{
	while (transfer->part < transfer->part_count) {
		const struct part *part = &transfer->parts[transfer->part];
		if (part->kind != PART_ZONE) {
			if (transfer->node < part->count) {
				*owner = part->changes[transfer->node].owner;
				return &part->changes[transfer->node].set;
			}
		} else if (transfer->node < transfer->zone->node_count) {
			const struct node *node = &transfer->zone->nodes[transfer->node];
			*owner = node->name;
			for (; transfer->set < node->set_count; transfer->set++)
				if (node->sets[transfer->set].type != TYPE_SOA)
					return &node->sets[transfer->set];
			transfer->node++;
			transfer->set = 0;
			continue;
		}
		transfer->part++;
		transfer->node = 0;
		transfer->set = 0;
	}
	return NULL;
}

static void go_on(struct transfer *transfer)
{
	if (transfer->parts[transfer->part].kind == PART_ZONE)
		transfer->set++;
	else
		transfer->node++;
}

size_t transfer_next(struct transfer *transfer, uint8_t *out, size_t room, uint64_t wall)
{
	const uint8_t *owner;
	const struct rrset *set = current_set(transfer, &owner);
	if (!set)
		return 0;
	size_t limit = room - (transfer->is_signed ? tsig_size(&transfer->tsig) : 0);
	struct edns_reply edns = {.payload = UDP_PAYLOAD, .dnssec_ok = transfer->query.dnssec_ok, .ede = -1};
	bool has_edns = transfer->query.edns && !transfer->started;
	struct reply reply;
	reply_start(&reply, out, limit, &transfer->query, has_edns ? reply_opt_size(&edns, &transfer->query) : 0);
	reply.flags |= FLAG_AA;
	bool fits = false;
	for (; set; set = current_set(transfer, &owner)) {
		if (!reply_rrset(&reply, SECTION_ANSWER, (struct owner){.name = owner}, set, set->ttl, NULL))
			break;
		fits = true;
		go_on(transfer);
	}
	/* a set that no message holds: the client must not take the rest for the zone */
	if (!fits) {
		reply.rcode = RCODE_SERVFAIL;
		transfer->part = transfer->part_count;
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
	free(transfer->parts);
	free(transfer);
}
