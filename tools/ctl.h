/*
 * ctl.h: what the files of meridianctl share.
 *
 * One command a process: what was asked (struct ctl), the table of verbs, a call to the server, and how things are
 * shown. All text from the server or from files passes ctl_text or text_visible before a terminal sees it.
 */
#ifndef MERIDIAN_TOOLS_CTL_H
#define MERIDIAN_TOOLS_CTL_H

#include <stdio.h>

#include <jansson.h>

#include "base/err.h"

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* What was asked on the command line. */
struct ctl {
	const char *file;   /* -c; NULL: not given */
	const char *socket; /* -s; NULL: not given */
	bool json;          /* --json */
	bool colour_out, colour_err;
	const char *from, *ecs, *reason, *over, *log, *down, *add, *services,
	        *when; /* options of verbs; NULL: not given */
	bool force, accept;
	char **words; /* behind the verb */
	unsigned count;
};

/* One row of the table of verbs; usage, `help` and the man page follow it. */
struct ctl_verb {
	const char *name, *synopsis, *help;
	int (*run)(const struct ctl *ctl);
	bool online;            /* needs a running server */
	unsigned least, most;   /* words behind it */
	const char *members[2]; /* of the request, that the words become */
	const char *options;    /* letters of ctl_option rows that it takes */
	bool patient;           /* the server may take its time: a load */
	const char *instead;    /* what does without a server, or NULL */
};

/* ctl_verbs.c */
extern const struct ctl_verb ctl_verbs[];
extern const unsigned ctl_verb_count;
const struct ctl_verb *ctl_verb_find(const char *name);
/* The configuration: -c, or the installed one. */
const char *ctl_file(const struct ctl *ctl);

/* ctl_call.c: sends a verb with ctl's words and options as its page of the protocol says (src/control/README.md); the
 * data, which the caller owns, or NULL, and all that is wrong was said on stderr. */
json_t *ctl_call(const struct ctl *ctl, const struct ctl_verb *verb);
/* Where the server listens; the caller frees it. NULL: said on stderr. */
char *ctl_socket_path(const struct ctl *ctl, struct err *err);

/* ctl_show.c */
/* "meridianctl: error: …" on stderr; returns CTL_FAILED. */
int ctl_fail(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Items as control_err_json makes them, in the form of compilers. */
void ctl_show_errors(const json_t *items, FILE *out, bool colour);
/* The same; an item without a file is meridianctl's, and of that verb: both are written into it. */
void ctl_show_own_errors(json_t *items, const char *verb, FILE *out, bool colour);
/* Data as it is. */
void ctl_show_json(const json_t *data);
/* Text of any origin as a terminal can show it; the caller frees it. */
char *ctl_visible(const char *text);
/* A member as text that can be shown: strings, numbers, lists joined by spaces; "-" for what is not there. The caller
 * frees it. */
char *ctl_text(const json_t *object, const char *key);
/* "3d 4h", "5m 2s". */
const char *ctl_span(json_int_t seconds, char text[32]);
/* A member that is a time, as "2026-01-02 03:04:05" in the local zone, or "-"; the caller frees it. */
char *ctl_time(const json_t *object, const char *key);

/* Lines of words in aligned columns; the first is the heading. */
struct ctl_table;
struct ctl_table *ctl_table_new(unsigned columns);
/* Takes `text` over; cells fill row after row. `colour`: an SGR parameter such as "31", or NULL. */
void ctl_table_add(struct ctl_table *table, char *text, const char *colour);
/* The same, behind two blanks. */
void ctl_table_add_indented(struct ctl_table *table, char *text, const char *colour);
void ctl_table_heading(struct ctl_table *table, const char *const *names);
/* Prints and frees; nothing but the heading: nothing is printed. */
void ctl_table_end(struct ctl_table *table, FILE *out, bool colour);
/* The colour of a word of state: up, down, drained … */
const char *ctl_state_colour(const char *state);

/* ctl_report.c, ctl_explain.c: data for people. */
void ctl_show_status(const struct ctl *ctl, const json_t *data);
void ctl_show_health(const struct ctl *ctl, const json_t *data);
/* What an override did. */
void ctl_show_override(const struct ctl *ctl, const json_t *data);
void ctl_show_stats(const struct ctl *ctl, const json_t *data);
void ctl_show_explain(const struct ctl *ctl, const json_t *data);

/* ctl_plan.c */
void ctl_show_plan(const struct ctl *ctl, const json_t *data);
/* What the shares of `data` are shares of, as a paragraph; `taken`: and what is taken for granted, or NULL. */
void ctl_show_weighing(const json_t *data, const char *taken);
/* Members of shares, of whatever is told of each family. */
enum { FAMILIES_SHOWN = 2 };
extern const char *const ctl_families[FAMILIES_SHOWN];
/* "12.3 %" of a member "ipv4" or "ipv6"; "-" where there is none. The caller frees it. */
char *ctl_percent(const json_t *shares, const char *family);
/* Of which services of a group how many clients move, as a line. */
void ctl_show_who(const json_t *group);
/* From where to where they move, and what each data center has before and after. */
void ctl_show_moves(const struct ctl *ctl, const json_t *group);
int offline_plan(const struct ctl *ctl);

/* ctl_whatif.c */
void ctl_show_whatif(const struct ctl *ctl, const json_t *data);
int offline_whatif(const struct ctl *ctl);

/* ctl_offline.c, ctl_test.c: without a server. */
int offline_check(const struct ctl *ctl);
int offline_explain(const struct ctl *ctl);
int offline_test(const struct ctl *ctl);
/* ctl_record.c */
int offline_record(const struct ctl *ctl);

#endif
