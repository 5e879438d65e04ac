/*
 * What became of each step of this boot: written down by the programs as they go, one small file a step, and read by
 * `ecs-bootstrap status`. KEY=VALUE, for everybody to read: a cause is a sentence such as the log has, never a secret.
 */
#ifndef COMMON_STEPS_H
#define COMMON_STEPS_H

#include <stdbool.h>

#include "common/buf.h"

#define PATH_STEPS "/run/ecs/steps"

enum { STEP_FILE_MAX = 2048, STEP_NAME_SIZE = 48, STEP_CAUSE_SIZE = 512 };

enum step_result {
	STEP_RUNNING, /* so long as the process lives */
	STEP_WAITING, /* the same; the cause says for what */
	STEP_DONE,
	STEP_SKIPPED, /* there was nothing to do */
	STEP_WARNED,  /* done as far as it could be */
	STEP_FAILED,
	STEP_RESULTS
};

struct step {
	char             name[STEP_NAME_SIZE]; /* letters, digits and . _ - */
	enum step_result result;
	long             begin_ms, end_ms; /* clock_ms(); end_ms 0: running or waiting */
	int              pid;
	char             boot[40];         /* the kernel's boot id; empty: nobody knew it */
	char             cause[STEP_CAUSE_SIZE];
};

/*
 * Writes down, in place of what was known of the step before, what became of it: it began at begin_ms and has ended now,
 * unless it is running or waiting. Whatever goes wrong with that is nobody's business.
 */
void step_note(int root, const char *name, enum step_result result, long begin_ms, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The same for one that ended at end_ms. */
void step_note_ended(int root, const char *name, enum step_result result, long begin_ms, long end_ms, const char *cause);

/*
 * Whether this is what was written down of it on this boot, with that cause (NULL: any): then nobody need say it again.
 * A cause that is cut when it is written is never the same.
 */
bool step_is(int root, const char *name, enum step_result result, const char *cause);

void step_forget(int root, const char *name); /* on this boot there is no such step any more */

const char *step_word(enum step_result result); /* "running", "waiting", … */
bool step_name_ok(const char *name);

/* The file of a step, appended to *b, 0 or as buf_add(); and its reader: 0 or -EBADMSG, without a name. Pure. */
int step_render(const struct step *s, struct buf *b) MUST_CHECK;
int step_read(struct view text, struct step *ret) MUST_CHECK;
void step_boot_id(int root, char ret[40]); /* the kernel's below root; empty if there is none */

#endif
