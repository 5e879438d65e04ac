/* `collect-logs`: all that somebody who helps from afar asks for, in one archive, without secrets. */
#ifndef BOOTSTRAP_COLLECT_H
#define BOOTSTRAP_COLLECT_H

#include <stdbool.h>
#include <time.h>

#include "bootstrap/tgz.h"

enum {
	COLLECT_SOURCE_MAX = 4 << 20,   /* bytes of each log: its last */
	COLLECT_ARCHIVE_MAX = 64 << 20, /* packed */
	COLLECT_FOLDER_FILES = 24,      /* of a folder of logs: the newest */
};

/* How secrets are hidden: in any text, in NAME=VALUE lines, in JSON. */
enum collect_mask { COLLECT_TEXT, COLLECT_CONFIG, COLLECT_JSON };

struct collect {
	int         root;
	const char *root_name; /* what --root was given, or NULL */
	bool        user_data; /* it is wanted too */
	void      (*progress)(size_t done, size_t all, const char *name); /* NULL: nobody looks */

	struct tgz *archive;
	struct buf  had, missing; /* lines of the manifest */
	unsigned    n_had, n_missing;
	bool        silent;       /* Docker has let a question's time run out: it is not asked again */
	int         broken;       /* negative: the archive is of no use */
	struct err  why;
	char        instance[32];
};

struct collect_source {
	const char *name; /* in the archive */
	void      (*take)(struct collect *c, const struct collect_source *s);
	enum collect_mask mask;
	const char *from;        /* a path below the root, or of a URL */
	const char *const *argv; /* a program */
};

/* collect-table.c */
const struct collect_source *collect_sources(size_t *ret_n);

/* For the ways to take one (collect-take.h). note: how much of it, or NULL. Masks, archives, and writes it down. */
void collect_keep(struct collect *c, const char *name, enum collect_mask mask, struct view text, const char *note);
void collect_miss(struct collect *c, const char *name, const char *why);

/* Sets c->instance: from the metadata service, else from what cloud-init has kept, else "unknown". */
void collect_identify(struct collect *c);

/* All sources and the manifest, packed, into *out. folder: within the archive. 0, or negative: there is no archive. */
int collect_run(struct collect *c, const char *folder, time_t when, struct buf *out, struct err *e) MUST_CHECK;

#endif
