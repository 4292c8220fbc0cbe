/*
 * notify.c: pending notifies, in lines by how often they were sent.
 *
 * All that were sent equally often wait equally long, so each line is in the
 * order of its due times and one timer serves all. A table by zone and target
 * finds what an answer is to, and what a newer notify replaces. Sockets are not
 * connected: one for each route (family, loopback or not) serves all targets.
 */
#include "serve/notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "serve/socket.h"
#include "wire/message.h"

enum {
	BURST = 32,       /* sent at a time … */
	BURST_PAUSE = 20, /* … then so many ms of rest: 1,600 a second */
	BUCKETS = 4096,
	ROUTES = 4,
	MESSAGE_MAX = 2048,
	PLAIN_MAX = 512, /* RFC 1035 4.2.1: a NOTIFY offers no EDNS */
};
#define FIRST_WAIT (2 * NANO_SECOND)

struct job {
	struct job *next_in_bucket;
	struct job *before, *after; /* in its line */
	unsigned tries;             /* how often it was sent, and its line */
	nanotime due;
	uint32_t serial;
	struct endpoint to;
	uint16_t id;
	unsigned refused;    /* the rcode of an answer that proved nothing; 0: none came */
	struct rrset soa;    /* its bytes, and those below, are the job's */
	struct tsig_key key; /* secret_size 0: none */
	uint16_t mac_size;   /* of what was sent last */
	uint8_t mac[TSIG_MAC_MAX];
	const uint8_t *zone;
	uint8_t bytes[];
};

struct line {
	struct job *first, *last;
};

struct route {
	struct notifier *notifier;
	uv_udp_t socket;
	bool open;
	struct addr from; /* ADDR_NONE: whatever the kernel chooses */
};

struct notifier {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct route routes[ROUTES];
	unsigned handles; /* not closed yet */
	nanotime wait;
	uint8_t seed[16];
	uint32_t pending;
	struct line lines[NOTIFY_TRIES + 1];
	struct job *buckets[BUCKETS];
	struct counters counters;
	uint8_t received[MESSAGE_MAX];
};

/* ---- lines and table ---- */

static void line_append(struct notifier *notifier, struct job *job, unsigned tries, nanotime due)
{
	struct line *line = &notifier->lines[tries];
	job->tries = tries;
	job->due = due;
	job->before = line->last;
	job->after = NULL;
	*(line->last ? &line->last->after : &line->first) = job;
	line->last = job;
}

static void line_leave(struct notifier *notifier, struct job *job)
{
	struct line *line = &notifier->lines[job->tries];
	*(job->before ? &job->before->after : &line->first) = job->after;
	*(job->after ? &job->after->before : &line->last) = job->before;
}

/* Where the job of this zone and target hangs, or would. */
static struct job **job_place(struct notifier *notifier, const uint8_t *zone, const struct endpoint *to)
{
	uint8_t key[NAME_BYTES + sizeof to->addr.bytes + 2];
	size_t length = name_length(zone);
	memcpy(key, zone, length);
	memcpy(key + length, to->addr.bytes, sizeof to->addr.bytes);
	put_u16(key + length + sizeof to->addr.bytes, to->port);
	uint64_t hash = siphash(notifier->seed, key, length + sizeof to->addr.bytes + 2);
	struct job **place = &notifier->buckets[hash % BUCKETS];
	while (*place && (!name_equal((*place)->zone, zone) || (*place)->to.port != to->port ||
	                         !addr_equal(&(*place)->to.addr, &to->addr)))
		place = &(*place)->next_in_bucket;
	return place;
}

static void job_end(struct notifier *notifier, struct job *job)
{
	struct job **place = job_place(notifier, job->zone, &job->to);
	MUST(*place == job);
	*place = job->next_in_bucket;
	line_leave(notifier, job);
	notifier->pending--;
	free(job);
}

static void job_fail(struct notifier *notifier, struct job *job, const char *what, unsigned rcode)
{
	char zone[NAME_TEXT_MAX], to[ADDR_TEXT_MAX], code[16];
	log_warn("notify: %s serial %u: %s %s%s%s", name_format(job->zone, zone), job->serial,
	        endpoint_format(&job->to, to), what, rcode ? " " : "", rcode ? rcode_format(rcode, code) : "");
	counter_increment(&notifier->counters, COUNTER_NOTIFIES_FAILED);
	job_end(notifier, job);
}

/* ---- sending ---- */

static bool is_loopback(const struct addr *addr)
{
	static const uint8_t v6[16] = {[15] = 1};
	return addr->family == ADDR_V4 ? addr->bytes[0] == 127 : memcmp(addr->bytes, v6, sizeof v6) == 0;
}

static unsigned route_of(const struct addr *addr)
{
	return (addr->family == ADDR_V6 ? 2u : 0u) + is_loopback(addr);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct route *route = handle->data;
	(void)suggested;
	*buffer = uv_buf_init((char *)route->notifier->received, MESSAGE_MAX);
}

static void on_receive(
        uv_udp_t *socket, ssize_t size, const uv_buf_t *buffer, const struct sockaddr *from, unsigned flags);

static void on_closed(uv_handle_t *handle)
{
	struct notifier *notifier = handle->data;
	if (--notifier->handles == 0)
		free(notifier);
}

/* Opens the route's socket with its first use; an address that is not there any more gives way to the kernel's choice.
 */
static bool route_open(struct route *route, unsigned index)
{
	if (route->open)
		return true;
	int family = index >= 2 ? AF_INET6 : AF_INET;
	if (uv_udp_init_ex(route->notifier->loop, &route->socket, (unsigned)family))
		return false;
	route->open = true;
	route->socket.data = route;
	route->notifier->handles++;
	if (route->from.family != ADDR_NONE) {
		struct sockaddr_storage from;
		endpoint_to_sockaddr(&(struct endpoint){.addr = route->from}, &from);
		(void)uv_udp_bind(&route->socket, (const struct sockaddr *)&from, 0);
	}
	return uv_udp_recv_start(&route->socket, on_allocate, on_receive) == 0;
}

/* The message without a signature (RFC 1996 3.7, 4.5: with the SOA as a hint, where there is room). */
static size_t write_message(const struct job *job, uint8_t *out)
{
	size_t length = name_length(job->zone);
	bool hint = DNS_HEADER + length + 4 + 2 + job->soa.size <= PLAIN_MAX;
	struct writer w = writer_of(out, PLAIN_MAX);
	write_u16(&w, job->id);
	write_u16(&w, OPCODE_NOTIFY << 11 | FLAG_AA);
	write_u16(&w, 1);
	write_u16(&w, hint);
	write_u32(&w, 0);
	write_bytes(&w, job->zone, length);
	write_u16(&w, TYPE_SOA);
	write_u16(&w, CLASS_IN);
	if (hint) {
		write_u16(&w, 0xc000 | DNS_HEADER);
		write_bytes(&w, job->soa.wire, job->soa.size);
	}
	MUST(!w.full);
	return writer_offset(&w);
}

static void job_send(struct notifier *notifier, struct job *job)
{
	uint8_t message[MESSAGE_MAX];
	struct tsig tsig;
	size_t size = write_message(job, message);
	if (job->key.secret_size) {
		tsig_begin(&tsig, &job->key);
		size = tsig_append(&tsig, message, size, sizeof message, (uint64_t)(clock_wall() / NANO_SECOND));
		memcpy(job->mac, tsig.mac, tsig.mac_size);
		job->mac_size = tsig.mac_size;
	}
	struct sockaddr_storage to;
	endpoint_to_sockaddr(&job->to, &to);
	uv_buf_t buffer = uv_buf_init((char *)message, (unsigned)size);
	unsigned index = route_of(&job->to.addr);
	/* whatever keeps it from leaving, the next try may succeed */
	if (route_open(&notifier->routes[index], index) &&
	        uv_udp_try_send(&notifier->routes[index].socket, &buffer, 1, (const struct sockaddr *)&to) >= 0)
		counter_increment(&notifier->counters, COUNTER_NOTIFIES_SENT);
	line_leave(notifier, job);
	line_append(notifier, job, job->tries + 1, clock_now() + (notifier->wait << job->tries));
}

static void on_timer(uv_timer_t *timer);

/* Does what is due, the oldest first, and sets the timer for the rest. */
static void work(struct notifier *notifier)
{
	nanotime now = clock_now(), next = INT64_MAX;
	unsigned done = 0;
	for (unsigned tries = NOTIFY_TRIES + 1; tries-- > 0;) {
		struct job *job;
		while ((job = notifier->lines[tries].first) != NULL && job->due <= now && done < BURST) {
			done++;
			if (tries < NOTIFY_TRIES)
				job_send(notifier, job);
			else if (job->refused)
				job_fail(notifier, job, "gave no answer that is proven, but", job->refused);
			else
				job_fail(notifier, job, "does not answer", 0);
		}
	}
	for (unsigned tries = 0; tries <= NOTIFY_TRIES; tries++) {
		const struct job *job = notifier->lines[tries].first;
		if (job && job->due < next)
			next = job->due;
	}
	if (next == INT64_MAX)
		return;
	uint64_t delay = next > now ? (uint64_t)((next - now) / NANO_MILLI) + 1 : 1;
	uv_update_time(notifier->loop);
	uv_timer_start(&notifier->timer, on_timer, done == BURST && delay < BURST_PAUSE ? BURST_PAUSE : delay, 0);
}

static void on_timer(uv_timer_t *timer)
{
	work(timer->data);
}

/* ---- answers ---- */

/* Is it signed as the job's question asks for? */
static bool proven(const struct job *job, const struct message *message, size_t signature)
{
	struct tsig tsig;
	if (!job->key.secret_size)
		return true;
	tsig_begin(&tsig, &job->key);
	memcpy(tsig.mac, job->mac, job->mac_size);
	tsig.mac_size = job->mac_size;
	return tsig_verify_answer(
	        &tsig, message->bytes, message->size, signature, (uint64_t)(clock_wall() / NANO_SECOND));
}

/* The job that a message answers, or NULL: one of ours, asked of this address, under this id (RFC 1996 4.7).
 * *signature: where its TSIG starts, 0: none. */
static struct job *job_answered(
        struct notifier *notifier, struct message *message, const struct endpoint *from, size_t *signature)
{
	struct message_record record;
	if ((message->flags & (FLAG_QR | FLAG_OPCODE)) != (FLAG_QR | OPCODE_NOTIFY << 11) || message->counts[0] != 1)
		return NULL;
	if (!message_next(message, &record) || record.type != TYPE_SOA || record.class != CLASS_IN)
		return NULL;
	name_lower(record.owner, record.owner, name_length(record.owner));
	struct job *job = *job_place(notifier, record.owner, from);
	if (!job || job->tries == 0 || job->id != message->id)
		return NULL;
	*signature = 0;
	while (message_next(message, &record))
		*signature = record.section == SECTION_ADDITIONAL && record.type == TYPE_TSIG ? record.offset : 0;
	return message->bad ? NULL : job;
}

static void on_receive(
        uv_udp_t *socket, ssize_t size, const uv_buf_t *buffer, const struct sockaddr *address, unsigned flags)
{
	struct route *route = socket->data;
	struct notifier *notifier = route->notifier;
	struct message message;
	if (size <= 0 || !address || flags & UV_UDP_PARTIAL ||
	        !message_open(&message, (const uint8_t *)buffer->base, (size_t)size))
		return;
	struct endpoint from = endpoint_from_sockaddr(address);
	size_t signature;
	struct job *job = job_answered(notifier, &message, &from, &signature);
	if (!job)
		return;
	unsigned rcode = message.flags & 15;
	if (!proven(job, &message, signature)) {
		job->refused = rcode;
	} else if (rcode != RCODE_NOERROR) {
		job_fail(notifier, job, "answers", rcode);
	} else {
		char zone[NAME_TEXT_MAX], to[ADDR_TEXT_MAX];
		log_debug("notify: %s serial %u: %s knows", name_format(job->zone, zone), job->serial,
		        endpoint_format(&job->to, to));
		counter_increment(&notifier->counters, COUNTER_NOTIFIES_ANSWERED);
		job_end(notifier, job);
	}
}

/* ---- outside ---- */

static void *put(struct writer *w, const void *bytes, size_t size)
{
	uint8_t *at = w->at;
	write_bytes(w, bytes, size);
	return at;
}

static struct job *job_new(const struct notify *notify)
{
	const struct tsig_key *key = notify->key;
	size_t name = name_length(notify->zone), key_name = key ? name_length(key->name) : 0;
	size_t size = name + notify->soa->size + key_name + (key ? key->secret_size : 0u);
	struct job *job = calloc(1, sizeof *job + size);
	MUST(job);
	struct writer w = writer_of(job->bytes, size);
	job->zone = put(&w, notify->zone, name);
	job->soa = (struct rrset){.wire = put(&w, notify->soa->wire, notify->soa->size), .size = notify->soa->size};
	job->serial = notify->serial;
	job->to = notify->to;
	if (key) {
		job->key = *key;
		job->key.name = put(&w, key->name, key_name);
		job->key.secret = put(&w, key->secret, key->secret_size);
	}
	MUST(!w.full && getrandom(&job->id, sizeof job->id, 0) == sizeof job->id);
	return job;
}

void notifier_send(struct notifier *notifier, const struct notify *notify)
{
	struct job *old = *job_place(notifier, notify->zone, &notify->to);
	if (old)
		job_end(notifier, old);
	struct job *job = job_new(notify);
	struct job **place = job_place(notifier, job->zone, &job->to);
	job->next_in_bucket = *place;
	*place = job;
	notifier->pending++;
	line_append(notifier, job, 0, clock_now());
	if (notifier->pending > NOTIFY_PENDING_MAX)
		job_fail(notifier, job, "is not told: too many others wait", 0);
	else
		uv_timer_start(&notifier->timer, on_timer, 0, 0);
}

struct notifier *notifier_new(const struct notifier_options *options)
{
	struct notifier *notifier = aligned_alloc(_Alignof(struct notifier), sizeof *notifier);
	MUST(notifier);
	memset(notifier, 0, sizeof *notifier);
	notifier->loop = options->loop;
	notifier->wait = options->wait ? options->wait : FIRST_WAIT;
	MUST(getrandom(notifier->seed, sizeof notifier->seed, 0) == sizeof notifier->seed);
	uv_timer_init(options->loop, &notifier->timer);
	notifier->timer.data = notifier;
	notifier->handles = 1;
	for (unsigned i = 0; i < ROUTES; i++)
		notifier->routes[i].notifier = notifier;
	for (uint32_t i = 0; i < options->listen_count; i++) {
		const struct addr *addr = &options->listen[i].addr;
		struct route *route = &notifier->routes[route_of(addr)];
		if (route->from.family == ADDR_NONE && !socket_is_wildcard(addr))
			route->from = *addr;
	}
	return notifier;
}

void notifier_free(struct notifier *notifier)
{
	if (!notifier)
		return;
	for (unsigned i = 0; i <= NOTIFY_TRIES; i++)
		while (notifier->lines[i].first)
			job_end(notifier, notifier->lines[i].first);
	for (unsigned i = 0; i < ROUTES; i++) {
		if (!notifier->routes[i].open)
			continue;
		notifier->routes[i].socket.data = notifier;
		uv_close((uv_handle_t *)&notifier->routes[i].socket, on_closed);
	}
	uv_close((uv_handle_t *)&notifier->timer, on_closed);
}

const struct counters *notifier_counters(const struct notifier *notifier)
{
	return &notifier->counters;
}
