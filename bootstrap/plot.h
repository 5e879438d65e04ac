/* `plot`: the steps of a boot as a picture, bars along a time axis. Pure. */
#ifndef BOOTSTRAP_PLOT_H
#define BOOTSTRAP_PLOT_H

#include "bootstrap/status.h"

enum { PLOT_INPUT_MAX = 1 << 20 };

/*
 * Takes the steps with times from what `status --json` has printed, on whatever machine; more than there is place for are left out. 0,
 * or -EBADMSG: it is not that.
 */
int plot_read(struct view json, struct status *s, struct err *e) MUST_CHECK;

/*
 * Appends an SVG document with a bar for each step that has times: by colour what became of it, hatched where it only waited. Its
 * colours follow the reader's background. 0, or as buf_add(); -ENODATA: there is no such step.
 */
int plot_svg(const struct status *s, struct buf *b) MUST_CHECK;

#endif
