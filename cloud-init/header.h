/* The header block of a MIME entity: finding lines and values in it. Pure; views in, views out. */
#ifndef CLOUD_INIT_HEADER_H
#define CLOUD_INIT_HEADER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/view.h"

enum { HEADER_ABSENT = 1 };

/* Whether a line can stand in a header block: "name:", a continuation, or a mailbox's "From …". */
bool header_is_line(struct view line);

/*
 * One header after the other: start with *rest = the block. What belongs to no header (a continuation at the start, a
 * line without a name, "From …") is passed over. value: blanks in front and line ends behind cut, those of folds kept.
 */
bool header_next(struct view *rest, struct view *name, struct view *value);

/* The first header of that name, any case. false: there is none, *value is empty. */
bool header_find(struct view headers, const char *name, struct view *value);

/* "type/subtype" of Content-Type, without parameters; text/plain if it has not exactly one '/'; fallback if there is none. */
struct view header_content_type(struct view headers, const char *fallback);
bool header_is_main(struct view type, const char *main_type); /* main_type: with its '/', as "multipart/" */

/* The boundary parameter, trailing blanks cut, appended to *ret. HEADER_ABSENT without one; negative as buf_add. */
int header_boundary(struct view headers, struct buf *ret) MUST_CHECK;

/* The name of the part as a file, in UTF-8: of Content-Disposition, else Content-Type's. Nothing is appended if it is empty. */
int header_filename(struct view headers, struct buf *ret) MUST_CHECK;

#endif
