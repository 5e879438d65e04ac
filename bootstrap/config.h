/* `config`: user data -> parts -> settings -> ecs.config. Writes files, logs nothing; what happened is in the report. */
#ifndef BOOTSTRAP_CONFIG_H
#define BOOTSTRAP_CONFIG_H

#include <stdbool.h>

#include "bootstrap/changes.h"
#include "bootstrap/fetch.h"
#include "bootstrap/sections.h"
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
	bool            refused;            /* user data was read, and a part of ours is wrong */
	struct buf      before, after;      /* ecs.config as it is, and as it shall be */
	bool            absent;             /* there is no ecs.config */
	long            begin_ms, read_ms, written_ms; /* when it began, had read the user data (0: it has not), was done with ecs.config */
	struct section_report sections[SECTIONS_MAX]; /* of those that are more than lines in ecs.config */
	size_t          n_sections;
};

void config_report_done(struct config_report *r);
#define AUTO_REPORT CLEANUP(config_report_done) struct config_report

/* What config_run would change, section by section; nothing is changed. *ret_changes is filled, the caller ends it. 0 or negative. */
int config_plan(const struct fetch *f, struct changes *ret_changes, struct config_report *ret, struct err *e) MUST_CHECK;

/* 0, or negative: ecs.config is as it was then and /run/ecs/user-data says "failed" or "refused". A section that failed is in the report only. */
int config_run(const struct fetch *f, struct config_report *ret, struct err *e) MUST_CHECK;

#endif
