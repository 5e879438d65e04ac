/* Supervision as a table: no clock, no process, no Docker. loop.c feeds events and performs actions. */
#ifndef INIT_SUPERVISOR_H
#define INIT_SUPERVISOR_H

enum sup_state {
	SUP_IDLE,
	SUP_STARTING,  /* amazon-ecs-init up is at work, perhaps waiting for Docker */
	SUP_RUNNING,   /* the agent's main process is watched, or Docker is asked to say when it ends */
	SUP_RELOADING, /* amazon-ecs-init up looks whether the agent is still what the configuration says; it runs meanwhile */
	SUP_REPLACING, /* the same, and the agent that ran has ended */
	SUP_HANGING,   /* amazon-ecs-init stop ends an agent that does not answer any more */
	SUP_ENDED,     /* it ended; amazon-ecs-init outcome asks how */
	SUP_LOGGING,   /* amazon-ecs-init logs fetches its last words */
	SUP_UPGRADING, /* amazon-ecs-init upgrade loads the image it asked for */
	SUP_BACKOFF,
	SUP_STOPPING,  /* amazon-ecs-init stop is at work */
	SUP_SIGNALLED, /* Docker is away, so the agent's process was sent SIGTERM by us */
	SUP_DONE,
	SUP_STATE_N
};

enum sup_event {
	EV_START,
	EV_UP,            /* the container runs and its process is being watched */
	EV_BRIEF,         /* it was started and has ended before it could be watched */
	EV_GONE,          /* the watched process is no more */
	EV_HUNG,          /* it runs, but its introspection port has not answered for the configured time */
	EV_EXIT_CLEAN,    /* exit status 0: the agent wants to end */
	EV_EXIT_TROUBLE,  /* 2 */
	EV_EXIT_TERMINAL, /* 5 */
	EV_EXIT_UPGRADE,  /* 42 */
	EV_EXIT_OTHER,    /* any other, or unknown */
	EV_EXIT_DOCKER,   /* any status, but Docker itself went away with it: the agent did not choose to end */
	EV_JOB_DONE,      /* logs, upgrade, stop */
	EV_JOB_FAILED,    /* any job */
	EV_TIMER,         /* the back-off, or the patience with a signal, is over */
	EV_RELOAD,        /* SIGHUP: the configuration may have changed */
	EV_STOP,          /* SIGTERM, SIGINT */
	EV_EVENT_N
};

enum sup_action {
	DO_BUG, /* zero marks a pair that nobody wrote down: it cannot happen */
	DO_NOTHING,
	DO_UP,
	DO_READY,
	DO_RELOAD,        /* read the configuration's environment again and bring the agent up with it */
	DO_REFRESH,       /* only the first half: the next start uses it */
	DO_KEEP,          /* what was tried has failed, the agent runs on as it was */
	DO_RESTART,       /* stop the agent in order to start it again */
	DO_OUTCOME,
	DO_LOGS,
	DO_UPGRADE,
	DO_BACKOFF,
	DO_STOP,
	DO_SIGNAL,        /* SIGTERM to the watched process; without one this is EV_GONE at once */
	DO_QUIT,          /* exit status 0 */
	DO_QUIT_TERMINAL, /* 5: systemd does not restart us */
	DO_QUIT_FAILED,
};

struct sup_step {
	enum sup_action act;
	enum sup_state  next;
};

struct sup_step sup_next(enum sup_state state, enum sup_event event);

/* What exit status N of the agent means; docker_gone: the daemon did not answer just after it. */
enum sup_event sup_exit_event(int status, int docker_gone);

/* Failures in a row after a run of ran_ms that ended badly: one that lasted starts the count anew. */
enum { SUP_HEALTHY_MS = 60000 };
unsigned sup_failures(unsigned before, long ran_ms);

const char *sup_state_name(enum sup_state state);

#endif
