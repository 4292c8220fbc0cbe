/*
 * critic.c: the verbs that ask the board why it is as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "pool/board.h"

static const struct board *board_of(const struct play *play)
{
	return live_current(play->source)->board;
}

/* "www.example.com" is the service "www.example.com."; NO_INDEX and a complaint if there is none. */
static uint32_t find_service(struct play *play, const char *name)
{
	const struct steering *steering = board_steering(board_of(play));
	size_t length = strlen(name);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const char *is = steering->services[i].name;
		if (!strncmp(is, name, length) && (!is[length] || !strcmp(is + length, ".")))
			return i;
	}
	broken(play, "no service '%s'", name);
	return NO_INDEX;
}

typedef const char *saying(const struct board *board, uint32_t service, unsigned pool, char *text, size_t room);

static const char *say_why(const struct board *board, uint32_t service, unsigned pool, char *text, size_t room)
{
	return board_why(board, service, pool, FAMILY_V4, text, room);
}

/* SERVICE POOL TEXT: what is said of the pool. */
static bool is_said(struct play *play, char **words, saying *say, bool whole)
{
	uint32_t service = find_service(play, words[0]);
	if (service == NO_INDEX)
		return false;
	const struct service *what = &board_steering(board_of(play))->services[service];
	const char *wanted = strstr(play->rest + strlen(words[0]), words[1]) + strlen(words[1]);
	wanted += strspn(wanted, " ");
	for (unsigned i = 0; i < what->pool_count; i++) {
		char text[256];
		if (strcmp(what->pools[i].name, words[1]) != 0)
			continue;
		say(board_of(play), service, i, text, sizeof text);
		bool good = !strcmp(wanted, "nothing") ? !*text
		            : whole                    ? !strcmp(text, wanted)
		                                       : strstr(text, wanted) != NULL;
		return good || broken(play, "it is: %s", *text ? text : "nothing");
	}
	return broken(play, "no pool '%s'", words[1]);
}

bool act_why(struct play *play, char **words, unsigned count)
{
	(void)count;
	return is_said(play, words, say_why, false);
}

bool act_odd(struct play *play, char **words, unsigned count)
{
	(void)count;
	return is_said(play, words, board_odd, true);
}

bool act_because(struct play *play, char **words, unsigned count)
{
	uint32_t service = find_service(play, words[0]);
	(void)count;
	if (service == NO_INDEX)
		return false;
	const char *wanted = play->rest + strlen(words[0]) + 1;
	char text[256];
	board_ttl_why(board_of(play), service, text, sizeof text);
	return !strcmp(*text ? text : "nothing", wanted) || broken(play, "it is: %s", *text ? text : "nothing");
}

bool act_follows(struct play *play, char **words, unsigned count)
{
	uint32_t service = find_service(play, words[0]);
	if (service == NO_INDEX)
		return false;
	struct primary primary = board_primary(board_of(play), service);
	const char *is = primary.target[FAMILY_V4] ? primary.target[FAMILY_V4] : "nobody";
	bool torn = false, lost = false, good = !strcmp(is, words[1]);
	for (unsigned i = 2; i < count; i++) {
		torn |= !strcmp(words[i], "torn");
		lost |= !strcmp(words[i], "lost");
		if (!strcmp(words[i], "refuses") && i + 1 < count)
			good &= !strcmp(primary.refused ? primary.refused : "nobody", words[++i]);
		else if (!strcmp(words[i], "epoch") && i + 1 < count)
			good &= primary.has_epoch && primary.epoch == strtod(words[++i], NULL);
	}
	good &= torn == primary.torn && lost == !primary.now[FAMILY_V4];
	return good || broken(play, "it follows %s, epoch %.15g%s%s", is, primary.epoch, primary.torn ? " torn" : "",
	                       primary.now[FAMILY_V4] ? "" : " lost");
}
