/*
 * Files, whole or not at all. Every function takes the folder that stands for "/" as an open descriptor (root_open) and
 * an absolute path, so that tests and --root need no second set of names; messages print the path as given. With
 * AT_FDCWD for the root a path is taken as it is: for those that a user typed.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

enum { FILE_ABSENT = 1, FILE_SAME = 2 };

void fd_closep(int *fd);
#define AUTO_FD CLEANUP(fd_closep) int

/* dir NULL or "/" for the real root. Returns 0 and the descriptor in *ret_root (the caller closes it). */
int root_open(const char *dir, int *ret_root, struct err *e) MUST_CHECK;

/* Appends a regular file to *b. FILE_ABSENT if there is none; -EMSGSIZE over limit bytes; -EISDIR, -EINVAL for what is no file. */
int file_read(int root, const char *path, size_t limit, struct buf *b, struct err *e) MUST_CHECK;

/*
 * Makes path hold exactly these bytes with this mode: readers see the old file or the new one, also after a power cut.
 * FILE_SAME if it already did: nothing is touched then. On failure the old file stays and no temporary file is left. What
 * a writer that was killed has left of this file goes, here and in file_remove and file_tidy.
 */
int file_replace(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e) MUST_CHECK;

/* The same at half the price: after a power cut within the next seconds the old file may stand there, as whole as the new one. */
int file_replace_soon(int root, const char *path, const void *data, size_t len, mode_t mode, struct err *e) MUST_CHECK;

/* mkdir -p of a folder; those that exist keep their mode. */
int dir_make(int root, const char *path, mode_t mode, struct err *e) MUST_CHECK;

/* Like unlink(2), but nothing there is fine. */
int file_remove(int root, const char *path, struct err *e) MUST_CHECK;

/* Takes away what a writer of path that was killed has left, for those who may not come to write it again. */
void file_tidy(int root, const char *path);

/* openat(2) below the root, O_CLOEXEC added: the descriptor, which the caller closes, or a negative errno without a sentence. */
int file_open(int root, const char *path, int flags, mode_t mode) MUST_CHECK;

bool file_exists(int root, const char *path);    /* follows links */
bool dir_exists(int root, const char *path);

#endif
