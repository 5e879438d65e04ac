/* Taking away what is below a root: files, and all that is in a folder. */
#ifndef BOOTSTRAP_TRACES_H
#define BOOTSTRAP_TRACES_H

#include "bootstrap/image-step.h"

/* Which names in a folder go. */
typedef bool trace_fn(const char *name);

/*
 * Each tells what it removed, and what it could not. What is not there is no failure. Links are removed, never followed,
 * and nothing on another file system is touched.
 */
void trace_file(struct image_job *j, const char *path);
void trace_contents(struct image_job *j, const char *path, trace_fn *goes); /* goes NULL: all */

/* Only folders in which nothing is, as mount points of volumes; nothing is told of those that stay. */
void trace_hollow(struct image_job *j, const char *path);

/* Calls each with the path of every folder in path whose name ends so. */
void trace_folders(struct image_job *j, const char *path, const char *end, void (*each)(struct image_job *j, const char *path));

/*
 * Whether path means the same folder inside this root as from outside: an absolute link in a mounted image leads into the
 * builder's own files. One that is not there is fine. 0 or negative.
 */
int trace_inside(const struct image_job *j, const char *path, struct err *e) MUST_CHECK;

#endif
