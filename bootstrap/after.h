/* `after-user-data`: whether the agent may start now, must wait for cloud-init, or must not start at all. */
#ifndef BOOTSTRAP_AFTER_H
#define BOOTSTRAP_AFTER_H

#include <stdbool.h>

#include "common/err.h"

struct after_facts {
	bool cloud_init_here;     /* it runs on this boot: its generator says so before any unit starts */
	bool cloud_init_finished; /* its result file is there */
	bool nothing_for_cloud_init; /* all of the user data is ours, or there is none */
	bool user_data_failed;    /* it could not be read, or a part of ours was refused */
	bool cluster_named;       /* some ecs.config holds ECS_CLUSTER */
};

/* AFTER_WITHHOLD: the agent would join the cluster "default" only because user data could not be read. Pure. */
enum after_verdict { AFTER_GO, AFTER_WAIT, AFTER_WITHHOLD };
enum after_verdict after_judge(const struct after_facts *f);

void after_look(int root, struct after_facts *ret);

/* Waits, by inotify, until cloud-init has written its result or remind_ms are over. 0 or negative. */
int after_wait(int root, unsigned remind_ms, struct err *e) MUST_CHECK;

#endif
