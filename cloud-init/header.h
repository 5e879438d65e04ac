/* The header block of a MIME entity: finding lines and parameters in it. Pure; views in, views out. */
#ifndef CLOUD_INIT_HEADER_H
#define CLOUD_INIT_HEADER_H

#include <stdbool.h>

#include "common/view.h"

/* Whether a line can stand in a header block: "name:" or, unless it is the first, a continuation. */
bool header_is_line(struct view line, bool first);

/* The first header of that name (any case), trimmed, with the line ends of folded lines kept; empty if there is none. */
struct view header_value(struct view headers, const char *name);

/* "type/subtype" of Content-Type, without parameters; text/plain where it is missing or has not exactly one '/'. */
struct view header_content_type(struct view headers);
bool header_is_container(struct view type); /* multipart/… */

/* The boundary parameter of Content-Type, unquoted, trailing blanks cut. false: none. */
bool header_boundary(struct view headers, struct view *ret);

#endif
