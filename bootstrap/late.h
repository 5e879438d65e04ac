/* `late-check`: what user scripts left in ecs.config once they have run. Nothing is rewritten. */
#ifndef BOOTSTRAP_LATE_H
#define BOOTSTRAP_LATE_H

#include "bootstrap/findings.h"
#include "common/view.h"

#define PATH_LATE_REPORT "/run/ecs/late-check" /* what was reported on this boot */

enum { LATE_SAME = 1 }; /* it was reported before, or there is nothing to report */

/* Names given twice, unknown ones, quotes that the agent keeps, lines it passes over. Never a value, never a part of a bad line. Pure. */
int late_check(struct view file, struct findings *out) MUST_CHECK;

/*
 * Looks at ecs.config below root. 0: there are findings that this boot has not seen; LATE_SAME; or negative, if the file
 * cannot be read. That the report cannot be remembered is no failure.
 */
int late_run(int root, struct findings *out, struct err *e) MUST_CHECK;

#endif
