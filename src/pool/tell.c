/*
 * tell.c: what the board decides is told once: a line in the log, and an event for whoever listens.
 *
 * Called by all of the room. While a board is being made, or restored, nothing
 * is told: nothing happened.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "pool/board_inside.h"

void board_listen(struct board *board, board_listener *listener, void *context)
{
	board->listener = listener;
	board->listener_context = context;
}

void board_tell(const struct board *board, const struct event *event, const char *format, ...)
{
	static void (*const writers[])(const char *, ...) = {
	        [LOG_LEVEL_ERROR] = log_error,
	        [LOG_LEVEL_WARN] = log_warn,
	        [LOG_LEVEL_INFO] = log_info,
	};
	char text[512];
	struct event told = *event;
	va_list arguments;
	if (board->quiet)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	MUST(event->level >= LOG_LEVEL_ERROR && event->level <= LOG_LEVEL_INFO);
	if (!event->unlogged)
		writers[event->level]("%s", text);
	told.text = text;
	if (board->listener)
		board->listener(board->listener_context, &told);
}
