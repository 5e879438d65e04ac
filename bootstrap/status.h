/* `status`: what became of this boot, as the programs have written it down, and what can be seen of it right now. */
#ifndef BOOTSTRAP_STATUS_H
#define BOOTSTRAP_STATUS_H

#include "bootstrap/wait.h"
#include "common/steps.h"

enum { STATUS_ROWS_MAX = 128, STATUS_UNITS_MAX = 12, STATUS_TEXT_SIZE = STEP_CAUSE_SIZE };

struct status_row {
	char        name[96];
	const char *result;            /* step_word(), or "interrupted": it ended without a word; "unknown": its record cannot be read */
	bool        bad;               /* failed or interrupted */
	bool        timed;             /* the two below are known */
	long        began_ms, took_ms; /* took_ms: so far, where it has not ended */
	char        cause[STATUS_TEXT_SIZE];
};

struct status_unit {
	char name[64], active[24], sub[24], result[32], says[STATUS_TEXT_SIZE];
	bool bad; /* systemd calls it failed */
};

enum status_rules { STATUS_RULES_UNASKED, STATUS_RULES_SAME, STATUS_RULES_DIFFER, STATUS_RULES_UNKNOWN };

struct status {
	char               boot[40];
	struct status_row  rows[STATUS_ROWS_MAX];
	size_t             n_rows, n_recorded; /* the first n_recorded are steps of this boot */
	bool               partial;            /* something only root may read is left out */
	struct status_unit units[STATUS_UNITS_MAX];
	size_t             n_units;
	bool               live; /* root is a system that runs, so it was asked: the rest is filled */
	enum status_rules  rules;
	char               rules_say[STATUS_TEXT_SIZE];
	bool               registered;
	struct agent_identity agent;
	char               hint[128]; /* on ENI trunking; empty: none */
};

/* Reads the records below root, those of other boots left out, sorted by when they began. Nothing there is no failure. 0 or negative. */
int status_read(int root, struct status *s, struct err *e) MUST_CHECK;

/* One record as a row; boot: of now, alive: whether its process is. false: it is of another boot. Pure. */
bool status_row_of(const struct step *step, const char *boot, bool alive, long now_ms, struct status_row *ret);

/* One more row of what is no record: NULL when there is no place left. name and cause are cleaned. */
struct status_row *status_add(struct status *s, struct view name, const char *result, struct view cause);

/* Text from outside as a line for a terminal: valid UTF-8, no control characters, cut at size. Pure. */
void status_clean(struct view text, char *to, size_t size);

/* Whether nothing is wrong: a boot of which there is no record at all is. Pure. */
bool status_is_fine(const struct status *s);

#endif
