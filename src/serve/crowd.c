/*
 * crowd.c: three lines, and a table of clients.
 *
 * Each client has a line of its own members too, in the order of their last
 * move: one that is beyond its share pushes out its own oldest, and is the first
 * to give way to others. Shares being parts of the whole, few can be beyond theirs.
 */
#include "serve/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

enum {
	CROWD_PREFIX_V6 = 56,    /* what one customer of an access network usually has */
	CROWD_PATIENCE_PART = 20 /* of the patience is left when the crowd is full */
};

struct crowd_client {
	struct crowd_client *next; /* in its bucket */
	struct crowd_link members;
	struct crowd_link greedy; /* among those beyond their share */
	struct addr addr;         /* masked */
	unsigned count;
};

static struct crowd_member *crowd_of_line(struct crowd_link *link)
{
	return (struct crowd_member *)(void *)((char *)link - offsetof(struct crowd_member, in_line));
}

static struct crowd_member *crowd_of_client(struct crowd_link *link)
{
	return (struct crowd_member *)(void *)((char *)link - offsetof(struct crowd_member, in_client));
}

static struct crowd_client *crowd_of_greedy(struct crowd_link *link)
{
	return (struct crowd_client *)(void *)((char *)link - offsetof(struct crowd_client, greedy));
}

static void crowd_link_begin(struct crowd_link *head)
{
	head->before = head->after = head;
}

static void crowd_link_out(struct crowd_link *link)
{
	link->before->after = link->after;
	link->after->before = link->before;
}

static void crowd_link_last(struct crowd_link *head, struct crowd_link *link)
{
	link->before = head->before;
	link->after = head;
	head->before->after = link;
	head->before = link;
}

void crowd_begin(struct crowd *crowd, const struct crowd_limits *limits, const uint8_t seed[16])
{
	MUST(limits->members > 0 && limits->share > 0);
	*crowd = (struct crowd){.limits = *limits};
	memcpy(crowd->seed, seed, sizeof crowd->seed);
	for (unsigned i = 0; i < CROWD_LINES; i++)
		crowd_link_begin(&crowd->lines[i]);
	crowd_link_begin(&crowd->greedy);
	uint32_t size = 16;
	while (size < limits->members && size < 1u << 20)
		size *= 2;
	crowd->client_mask = size - 1;
	crowd->clients = calloc(size, sizeof(struct crowd_client *));
	MUST(crowd->clients != NULL);
}

void crowd_end(struct crowd *crowd)
{
	MUST(crowd->members == 0 && crowd->held == 0);
	free(crowd->clients);
	crowd->clients = NULL;
}

static struct addr crowd_prefix(const struct addr *addr)
{
	struct addr masked = *addr;
	addr_mask(&masked, addr->family == ADDR_V6 ? CROWD_PREFIX_V6 : 32);
	return masked;
}

static struct crowd_client **crowd_bucket(const struct crowd *crowd, const struct addr *masked)
{
	return &crowd->clients[siphash(crowd->seed, masked->bytes, sizeof masked->bytes) & crowd->client_mask];
}

static struct crowd_client *crowd_find(const struct crowd *crowd, const struct addr *masked)
{
	struct crowd_client *client = *crowd_bucket(crowd, masked);
	while (client != NULL && !addr_equal(&client->addr, masked))
		client = client->next;
	return client;
}

static struct crowd_client *crowd_find_or_add(struct crowd *crowd, const struct addr *addr)
{
	struct addr masked = crowd_prefix(addr);
	struct crowd_client *client = crowd_find(crowd, &masked);
	if (client != NULL)
		return client;
	client = malloc(sizeof *client);
	if (client == NULL)
		return NULL;
	struct crowd_client **bucket = crowd_bucket(crowd, &masked);
	*client = (struct crowd_client){.next = *bucket, .addr = masked};
	crowd_link_begin(&client->members);
	*bucket = client;
	return client;
}

static void crowd_forget(struct crowd *crowd, struct crowd_client *client)
{
	struct crowd_client **at = crowd_bucket(crowd, &client->addr);
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	free(client);
}

bool crowd_join(struct crowd *crowd, struct crowd_member *member, const struct addr *addr, nanotime now)
{
	struct crowd_client *client = crowd_find_or_add(crowd, addr);
	if (client == NULL)
		return false;
	*member = (struct crowd_member){.client = client, .line = CROWD_IDLE, .since = now};
	crowd_link_last(&client->members, &member->in_client);
	crowd_link_last(&crowd->lines[CROWD_IDLE], &member->in_line);
	crowd->members++;
	if (++client->count == crowd->limits.share + 1)
		crowd_link_last(&crowd->greedy, &client->greedy);
	return true;
}

void crowd_leave(struct crowd *crowd, struct crowd_member *member)
{
	crowd_hold(crowd, member, 0);
	crowd_link_out(&member->in_line);
	crowd_link_out(&member->in_client);
	crowd->members--;
	struct crowd_client *client = member->client;
	member->client = NULL;
	if (--client->count == crowd->limits.share)
		crowd_link_out(&client->greedy);
	if (client->count == 0)
		crowd_forget(crowd, client);
}

void crowd_move(struct crowd *crowd, struct crowd_member *member, enum crowd_line line, nanotime now)
{
	crowd_link_out(&member->in_line);
	crowd_link_out(&member->in_client);
	member->line = line;
	member->since = now;
	crowd_link_last(&crowd->lines[line], &member->in_line);
	crowd_link_last(&member->client->members, &member->in_client);
}

void crowd_hold(struct crowd *crowd, struct crowd_member *member, size_t bytes)
{
	crowd->held += bytes - member->held;
	member->held = bytes;
}

struct crowd_member *crowd_first(const struct crowd *crowd, enum crowd_line line)
{
	struct crowd_link *first = crowd->lines[line].after;
	return first == &crowd->lines[line] ? NULL : crowd_of_line(first);
}

struct crowd_member *crowd_next(const struct crowd *crowd, const struct crowd_member *member)
{
	struct crowd_link *next = member->in_line.after;
	return next == &crowd->lines[member->line] ? NULL : crowd_of_line(next);
}

struct crowd_member *crowd_longest(const struct crowd *crowd)
{
	for (unsigned line = 0; line < CROWD_LINES; line++) {
		struct crowd_member *first = crowd_first(crowd, (enum crowd_line)line);
		if (first != NULL)
			return first;
	}
	return NULL;
}

struct crowd_member *crowd_giving_way(const struct crowd *crowd, const struct addr *addr)
{
	if (crowd->members < crowd->limits.members)
		return NULL;
	struct addr masked = crowd_prefix(addr);
	struct crowd_client *client = crowd_find(crowd, &masked);
	if (client != NULL && client->count >= crowd->limits.share)
		return crowd_of_client(client->members.after);
	if (crowd->greedy.after != &crowd->greedy)
		return crowd_of_client(crowd_of_greedy(crowd->greedy.after)->members.after);
	return crowd_longest(crowd);
}

struct crowd_member *crowd_heaviest(const struct crowd *crowd)
{
	if (crowd->held <= crowd->limits.held)
		return NULL;
	struct crowd_member *partial = crowd_first(crowd, CROWD_PARTIAL);
	struct crowd_member *blocked = crowd_first(crowd, CROWD_BLOCKED);
	if (partial == NULL || blocked == NULL)
		return partial != NULL ? partial : blocked;
	return partial->since < blocked->since ? partial : blocked;
}

nanotime crowd_patience(const struct crowd *crowd)
{
	nanotime whole = crowd->limits.patience, least = whole / CROWD_PATIENCE_PART;
	unsigned half = crowd->limits.members / 2;
	if (crowd->members <= half)
		return whole;
	unsigned room = crowd->limits.members > crowd->members ? crowd->limits.members - crowd->members : 0;
	return least + (whole - least) * room / (crowd->limits.members - half);
}

struct crowd_member *crowd_late(const struct crowd *crowd, nanotime now)
{
	nanotime patience = crowd_patience(crowd);
	for (unsigned line = 0; line < CROWD_LINES; line++) {
		struct crowd_member *first = crowd_first(crowd, (enum crowd_line)line);
		if (first != NULL && now - first->since >= patience)
			return first;
	}
	return NULL;
}
