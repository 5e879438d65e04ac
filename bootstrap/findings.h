/* What was found wrong or odd in the settings: each with its place, in the order in which it was found. */
#ifndef BOOTSTRAP_FINDINGS_H
#define BOOTSTRAP_FINDINGS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"

enum { FINDINGS_MAX = 64 };

struct finding {
	bool              is_error; /* else a warning: the part is taken all the same */
	unsigned          part;     /* number in the user data; 0: none */
	struct json_place at;       /* line 0: the part as a whole; column 0: the line as a whole */
	char              path[160]; /* JSON path, "" if there is none */
	char              text[480]; /* what and why, without the place; no secrets */
};

struct findings {
	struct finding *list;
	size_t          n;
	unsigned        errors; /* counted beyond FINDINGS_MAX too */
};

void findings_done(struct findings *f);
#define AUTO_FINDINGS CLEANUP(findings_done) struct findings

/* Keeps a copy of *where with FMT as its text. More than FINDINGS_MAX are only counted, as is one without memory for it. */
void findings_add(struct findings *f, const struct finding *where, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* One more would only be counted: nothing need be found out for its text. */
bool findings_full(const struct findings *f);

/* "read part 2, line 3, column 5: swap.size: …" in *ret, whose code becomes -EINVAL. Returns the code. */
int finding_say(const struct finding *f, struct err *ret);

#endif
