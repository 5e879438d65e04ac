/* What `check` has to say: kinds of remarks as one table, and a list of those that were made. */
#ifndef BOOTSTRAP_REMARK_H
#define BOOTSTRAP_REMARK_H

#include <stddef.h>

#include "common/attr.h"
#include "common/view.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

enum remark_id {
	/* the document */
	REMARK_TOO_LARGE, REMARK_BOM, REMARK_UTF16, REMARK_BLANK_FIRST, REMARK_NO_MIME_VERSION, REMARK_MIME_VERSION_LATE,
	REMARK_BASE64_SPACE, REMARK_BASE64_TWICE, REMARK_GZIP_DAMAGED, REMARK_NOT_UTF8, REMARK_UNREADABLE, REMARK_UNKNOWN_DOCUMENT, REMARK_PLAIN_SETTINGS,
	/* its structure */
	REMARK_NO_BOUNDARY, REMARK_NO_DELIMITER, REMARK_LOOKALIKE, REMARK_NO_CLOSING, REMARK_OPEN_LAST, REMARK_SWALLOWED,
	REMARK_NO_BLANK_LINE, REMARK_ODD_HEADER, REMARK_BEFORE, REMARK_AFTER, REMARK_PARTS_AFTER,
	/* its parts */
	REMARK_TYPE_TYPO, REMARK_TYPE_COMMENT, REMARK_TYPE_UNKNOWN, REMARK_TYPE_MALFORMED, REMARK_TYPE_OTHER, REMARK_PLAIN_UNKNOWN,
	REMARK_LAUNCH_INDEX, REMARK_ENCODING, REMARK_BASE64_BODY, REMARK_NOT_ASCII, REMARK_SAME_NAME, REMARK_MESSAGE, REMARK_EMPTY,
	REMARK_NO_INTERPRETER, REMARK_HOOK_NO_INTERPRETER, REMARK_SPACE_BEFORE, REMARK_CR_LINES, REMARK_START_IN_HOOK, REMARK_START_IN_SCRIPT, REMARK_UPSTART,
	/* settings */
	REMARK_EXPORT, REMARK_BLANK_IN_NAME, REMARK_BLANK_AT_EQUALS, REMARK_QUOTES, REMARK_SETTING, REMARK_SETTING_ODD,
};

/* line 0: the document as a whole; column 0: the line as a whole. inner: a line of the decoded part, where line can only name the part. */
struct spot {
	unsigned part, line, column, inner;
};

struct remark {
	enum remark_id id;
	struct spot    at;
	char           what[400]; /* no secrets */
	char           fix[200];  /* what to write instead, if it differs from case to case */
};

enum { REMARKS_MAX = 128 };

struct remarks {
	struct remark list[REMARKS_MAX];
	size_t        n;
	unsigned      counts[SEVERITY_ERROR + 1]; /* also of those that are too many for the list */
};

/* The table. why and fix may be NULL. */
const char   *remark_name(enum remark_id id);
enum severity remark_severity(enum remark_id id);
const char   *severity_name(enum severity s);
const char   *remark_why(enum remark_id id);
const char   *remark_fix(const struct remark *r);

void remark_add(struct remarks *l, enum remark_id id, struct spot at, const char *fmt, ...) PRINTF_LIKE(4, 5);
void remark_fix_last(struct remarks *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* By place; the document as a whole first. */
void remarks_sort(struct remarks *l);

#endif
