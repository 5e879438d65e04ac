/* The sections of a settings document beyond `agent`: which module derives lines from it, which makes the host so. */
#ifndef BOOTSTRAP_SECTIONS_H
#define BOOTSTRAP_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bootstrap/apply.h"
#include "bootstrap/settings.h"

enum { SECTIONS_MAX = 16 };

/* What became of each section whose host side was looked at. */
struct section_report {
	const char *key;
	bool        asked;   /* the document has it */
	long        begin_ms, end_ms;
	int         outcome; /* 0 made, positive as its module says, negative failed */
	struct err  e;
};

/* Lets every section add its defaults to the agent's variables. The first failure ends it. 0 or negative. */
int sections_derive(const struct apply *a, struct settings *s, struct err *e) MUST_CHECK;

/* Makes the host as each section says, or takes away what an earlier boot made. One that fails does not stop the others. A dry run leaves out those that cannot plan. */
size_t sections_apply(const struct apply *a, const struct settings *s, struct section_report ret[SECTIONS_MAX]);

#endif
