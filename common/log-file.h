/* The file behind log.h: several programs append to one, so each looks before it writes whether it is still the file of that name. */
#ifndef COMMON_LOG_FILE_H
#define COMMON_LOG_FILE_H

#include <time.h>

#include "common/view.h"

/*
 * A new file is begun each day (UTC) and at LOG_FILE_MAX bytes; the old ones are FILE.1 (the newest) to FILE.7. So all
 * of them together stay under LOG_FILE_MAX * (LOG_FILE_OLD + 1), and none is kept that was last written to LOG_FILE_DAYS
 * days ago. (Amazon's ecs-init keeps 24 files of an hour each, whatever their size.)
 */
enum { LOG_FILE_MAX = 4 << 20, LOG_FILE_OLD = 7, LOG_FILE_DAYS = 14 };

struct log_file {
	int  root;
	int  fd;        /* -1: none, or it cannot be opened */
	char path[256]; /* absolute, below root; empty: no file is wanted */
};

/* Its folder is made. What fails is done without: a full or read-only disk must not stop the program that would report it. */
void log_file_open(struct log_file *f, int root, const char *path);

/* Appends one line, its end included. now decides about age. */
void log_file_write(struct log_file *f, struct view line, time_t now);

#endif
