/* `after-user-data`: whether the agent may start now, must wait for cloud-init, or must not start at all. */
#ifndef BOOTSTRAP_AFTER_H
#define BOOTSTRAP_AFTER_H

#include <stdbool.h>

#include "common/err.h"
#include "common/view.h"

struct after_facts {
	bool cloud_init_here;     /* it runs on this boot: its generator says so before any unit starts */
	bool cloud_init_finished; /* its result file is there */
	bool nothing_for_cloud_init; /* all of the user data is ours, or there is none */
	bool user_data_failed;    /* it could not be read or applied, which may pass */
	bool user_data_refused;   /* a part of ours is wrong */
	bool cluster_named;       /* some ecs.config holds ECS_CLUSTER */
};

/*
 * AFTER_RETRY, AFTER_WITHHOLD: the agent would join the cluster "default" only because user data was not applied; it is to be
 * applied again, or that would be in vain. Pure.
 */
enum after_verdict { AFTER_GO, AFTER_WAIT, AFTER_RETRY, AFTER_WITHHOLD };
enum after_verdict after_judge(const struct after_facts *f);

void after_look(int root, struct after_facts *ret);

/* Waits, by inotify, until cloud-init has written its result or remind_ms are over. 0 or negative. */
int after_wait(int root, unsigned remind_ms, struct err *e) MUST_CHECK;

enum { AFTER_MODULE_SIZE = 48 };

/* What went wrong in cloud-init: how often, and in which of its modules first (empty: it does not say). */
struct after_errors {
	size_t n;
	char   first[AFTER_MODULE_SIZE];
};

/* Reads a result.json. Of cloud-init's text only the module's name is taken: the rest may hold secrets. 0, or -EBADMSG and no errors. Pure. */
int after_errors(struct view result, struct after_errors *ret, struct err *e) MUST_CHECK;

/* The same of the result of this boot. 0 or negative, FILE_ABSENT where there is none yet. */
int after_look_errors(int root, struct after_errors *ret, struct err *e) MUST_CHECK;

#endif
