/* The supervisor's inside, shared by loop.c (signals, set-up), calls.c (amazon-ecs-init) and actions.c (what the table orders). */
#ifndef INIT_ACTIONS_H
#define INIT_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "init/environment.h"
#include "init/health.h"
#include "init/job.h"
#include "init/loop.h"
#include "init/probe.h"
#include "init/rules-watch.h"
#include "init/supervisor.h"

enum { EXIT_TERMINAL = 5, EXIT_FAILED = 255 };

struct loop {
	const struct loop_options *options;
	sd_event          *ev;
	struct rules_watch *rules; /* NULL: they cannot be watched here */
	enum sup_state     state;
	struct job        *job;
	sd_event_source   *timer, *process;
	struct probe      *probe; /* only while running */
	struct health      health;
	struct environment environment;
	unsigned           failures;
	long               up_since; /* clock_ms; 0: the agent does not run */
	long               up_began; /* when its start was last begun */
	/* the last report of amazon-ecs-init */
	char     id[80], daemon[48];
	uint64_t pid, exit_status;
	bool     adopted, exit_known, docker_gone;
	bool     ready, stopping; /* systemd has been told */
	bool     reloading;       /* who asked for a reload is still to hear what came of it */
};

/* Takes the event to the table and does what that says. */
void feed(struct loop *l, enum sup_event event);
void act(struct loop *l, enum sup_action action, enum sup_event event);

/* Each runs a verb of amazon-ecs-init in place of the one that is running, and feeds the event that comes of it. */
void call_up(struct loop *l);      /* EV_UP, EV_BRIEF, EV_JOB_FAILED */
void call_outcome(struct loop *l); /* EV_EXIT_…, EV_JOB_FAILED */
void call_verb(struct loop *l, const char *verb, unsigned limit_ms); /* EV_JOB_DONE, EV_JOB_FAILED */

#endif
