#include "init/supervisor.h"

/* How an agent can have ended: the same answers whether its process was watched or Docker had to be asked all along. */
#define ENDINGS \
		[EV_EXIT_CLEAN]    = { DO_QUIT,          SUP_DONE }, \
		[EV_EXIT_TROUBLE]  = { DO_LOGS,          SUP_LOGGING }, \
		[EV_EXIT_TERMINAL] = { DO_QUIT_TERMINAL, SUP_DONE }, \
		[EV_EXIT_UPGRADE]  = { DO_UPGRADE,       SUP_UPGRADING }, \
		[EV_EXIT_OTHER]    = { DO_BACKOFF,       SUP_BACKOFF }, \
		[EV_EXIT_DOCKER]   = { DO_UP,            SUP_STARTING }, \
		[EV_JOB_FAILED]    = { DO_BACKOFF,       SUP_BACKOFF }

static const struct sup_step steps[SUP_STATE_N][EV_EVENT_N] = {
	[SUP_IDLE] = {
		[EV_START]         = { DO_UP,            SUP_STARTING },
		[EV_STOP]          = { DO_QUIT,          SUP_DONE },
	},
	[SUP_STARTING] = {
		[EV_UP]            = { DO_READY,         SUP_RUNNING },
		[EV_BRIEF]         = { DO_OUTCOME,       SUP_ENDED },
		[EV_JOB_FAILED]    = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_RELOAD]        = { DO_RELOAD,        SUP_STARTING }, /* it may be waiting for Docker with the old configuration */
		[EV_STOP]          = { DO_STOP,          SUP_STOPPING },
	},
	[SUP_RUNNING] = {
		[EV_GONE]          = { DO_OUTCOME,       SUP_ENDED },
		ENDINGS, /* not watched by pidfd: amazon-ecs-init outcome runs alongside */
		[EV_HUNG]          = { DO_RESTART,       SUP_HANGING },
		[EV_RELOAD]        = { DO_RELOAD,        SUP_RELOADING },
		[EV_STOP]          = { DO_STOP,          SUP_STOPPING },
	},
	[SUP_RELOADING] = {
		[EV_UP]            = { DO_READY,         SUP_RUNNING }, /* the old one or a new one */
		[EV_BRIEF]         = { DO_OUTCOME,       SUP_ENDED },
		[EV_GONE]          = { DO_NOTHING,       SUP_REPLACING },
		[EV_JOB_FAILED]    = { DO_KEEP,          SUP_RUNNING },
		[EV_RELOAD]        = { DO_RELOAD,        SUP_RELOADING },
		[EV_STOP]          = { DO_STOP,          SUP_STOPPING },
	},
	[SUP_REPLACING] = {
		[EV_UP]            = { DO_READY,         SUP_RUNNING },
		[EV_BRIEF]         = { DO_OUTCOME,       SUP_ENDED },
		[EV_JOB_FAILED]    = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_RELOAD]        = { DO_RELOAD,        SUP_REPLACING },
		[EV_STOP]          = { DO_STOP,          SUP_STOPPING },
	},
	[SUP_HANGING] = {
		[EV_GONE]          = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_JOB_DONE]      = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_JOB_FAILED]    = { DO_KEEP,          SUP_RUNNING }, /* Docker cannot; the next look at the agent tries again */
		[EV_RELOAD]        = { DO_REFRESH,       SUP_HANGING },
		[EV_STOP]          = { DO_STOP,          SUP_STOPPING },
	},
	[SUP_ENDED] = {
		ENDINGS,
		[EV_RELOAD]        = { DO_REFRESH,       SUP_ENDED },
		[EV_STOP]          = { DO_QUIT,          SUP_DONE }, /* there is nothing left to stop */
	},
	[SUP_LOGGING] = {
		[EV_JOB_DONE]      = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_JOB_FAILED]    = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_RELOAD]        = { DO_REFRESH,       SUP_LOGGING },
		[EV_STOP]          = { DO_QUIT,          SUP_DONE },
	},
	[SUP_UPGRADING] = {
		[EV_JOB_DONE]      = { DO_BACKOFF,       SUP_BACKOFF }, /* also after a good load: 42 over and over must not spin */
		[EV_JOB_FAILED]    = { DO_BACKOFF,       SUP_BACKOFF },
		[EV_RELOAD]        = { DO_REFRESH,       SUP_UPGRADING },
		[EV_STOP]          = { DO_QUIT,          SUP_DONE },
	},
	[SUP_BACKOFF] = {
		[EV_TIMER]         = { DO_UP,            SUP_STARTING },
		[EV_RELOAD]        = { DO_RELOAD,        SUP_STARTING }, /* perhaps it is what was wrong: no need to wait */
		[EV_STOP]          = { DO_QUIT,          SUP_DONE },
	},
	[SUP_STOPPING] = {
		[EV_GONE]          = { DO_NOTHING,       SUP_STOPPING }, /* as asked; the job is still to come home */
		[EV_JOB_DONE]      = { DO_QUIT,          SUP_DONE },
		[EV_JOB_FAILED]    = { DO_SIGNAL,        SUP_SIGNALLED },
		[EV_RELOAD]        = { DO_NOTHING,       SUP_STOPPING },
		[EV_STOP]          = { DO_NOTHING,       SUP_STOPPING },
	},
	[SUP_SIGNALLED] = {
		[EV_GONE]          = { DO_QUIT,          SUP_DONE },
		[EV_TIMER]         = { DO_QUIT_FAILED,   SUP_DONE },
		[EV_RELOAD]        = { DO_NOTHING,       SUP_SIGNALLED },
		[EV_STOP]          = { DO_NOTHING,       SUP_SIGNALLED },
	},
};

struct sup_step sup_next(enum sup_state state, enum sup_event event)
{
	return steps[state][event];
}

enum sup_event sup_exit_event(int status, int docker_gone)
{
	switch (status) {
	case 5:
		return EV_EXIT_TERMINAL;
	case 42:
		return EV_EXIT_UPGRADE;
	case 0:
		return docker_gone ? EV_EXIT_DOCKER : EV_EXIT_CLEAN;
	case 2:
		return docker_gone ? EV_EXIT_DOCKER : EV_EXIT_TROUBLE;
	default:
		return docker_gone ? EV_EXIT_DOCKER : EV_EXIT_OTHER;
	}
}

unsigned sup_failures(unsigned before, long ran_ms)
{
	return ran_ms >= SUP_HEALTHY_MS ? 1 : before + 1;
}

const char *sup_state_name(enum sup_state state)
{
	static const char *const names[SUP_STATE_N] = {
		[SUP_IDLE] = "idle",           [SUP_STARTING] = "starting",   [SUP_RUNNING] = "running",
		[SUP_RELOADING] = "reloading", [SUP_REPLACING] = "replacing", [SUP_HANGING] = "hanging",
		[SUP_ENDED] = "ended",         [SUP_LOGGING] = "logging",     [SUP_UPGRADING] = "upgrading",
		[SUP_BACKOFF] = "backing off", [SUP_STOPPING] = "stopping",   [SUP_SIGNALLED] = "signalled",
		[SUP_DONE] = "done",
	};

	return names[state];
}
