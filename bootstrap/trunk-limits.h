/* How many tasks of network mode awsvpc an instance type can run: a hint for people, never a reason to refuse. */
#ifndef BOOTSTRAP_TRUNK_LIMITS_H
#define BOOTSTRAP_TRUNK_LIMITS_H

struct trunk_limits {
	unsigned without, with; /* tasks; sources in trunk-limits.tsv */
};

enum { TRUNK_NEVER = 1, TRUNK_UNKNOWN = 2 };

/* type: e.g. "c5.large". 0 and *ret; TRUNK_NEVER: its family is known not to trunk; TRUNK_UNKNOWN: newer than the table, or none. Pure. */
int trunk_limits(const char *type, struct trunk_limits *ret);

/* In trunk-limits-table.c. */
extern const char trunk_limits_text[];

#endif
