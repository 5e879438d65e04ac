/* `config`: user data -> parts -> settings -> ecs.config. Writes files, logs nothing; what happened is in the report. */
#ifndef BOOTSTRAP_CONFIG_H
#define BOOTSTRAP_CONFIG_H

#include <stdbool.h>

#include "bootstrap/fetch.h"
#include "bootstrap/settings.h"
#include "common/err.h"

struct config_report {
	struct fetched  fetched;
	struct settings settings;
	bool            has_user_data;
	bool            off;                /* nothing could be asked; the files are as they were */
	unsigned        parts, ours, lines; /* parts of the user data, those that are ours, lines in our block */
	bool            written;            /* false: ecs.config was right already */
	bool            unclosed_block;
};

void config_report_done(struct config_report *r);
#define AUTO_REPORT CLEANUP(config_report_done) struct config_report

/* 0 or negative; on failure ecs.config is as it was and /run/ecs/user-data says "failed". */
int config_run(const struct fetch *f, struct config_report *ret, struct err *e) MUST_CHECK;

#endif
