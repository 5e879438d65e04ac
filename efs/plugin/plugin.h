/* What the parts of the running plugin share: serve.c takes requests, work.c does what takes time, loop.c waits. */
#ifndef EFS_PLUGIN_PLUGIN_H
#define EFS_PLUGIN_PLUGIN_H

#include "efs/plugin/request.h"
#include "efs/plugin/saver.h"
#include "efs/plugin/server.h"

enum { UNMOUNT_LIMIT_MS = 45000 };

struct plugin;

struct source { /* something that epoll watches */
	void (*on_event)(struct plugin *p, struct source *s);
};

struct plugin {
	int             root, epoll;
	char           *real;      /* of place_open */
	unsigned        mount_limit_ms;
	struct volumes  volumes;
	struct server  *server;
	struct saver   *saver;
	uint64_t        changes, given; /* of the volumes; what of them the saver has got */
	struct job     *saving;         /* answered when their change is on the disk */
	struct work    *works;          /* volumes with something to do */
	struct command *lingering;      /* umounts whose work is done: see linger.h */
	unsigned        mounting;       /* commands that run */
	struct buf      mountinfo;
};

enum job_kind { JOB_CREATE, JOB_MOUNT, JOB_UNMOUNT, JOB_REMOVE, JOB_UNDO };

/* A request that cannot be answered at once. */
struct job {
	struct source    hangup;
	struct job      *next;
	enum job_kind    kind;
	struct exchange *x;      /* NULL: nobody waits, or not any more */
	bool             watched; /* its connection is in the epoll set */
	char            *name, *id;
	long             deadline; /* ms of clock_ms */
	uint64_t         change;
	struct buf       reply;
	bool             answered, counted; /* counted: a Mount that holds its volume */
};

/* ---- serve.c */
int plugin_serve(struct plugin *p, int listen_fd, struct err *e) MUST_CHECK;
/* x NULL: a job of our own. NULL: no memory. */
struct job *job_new(struct plugin *p, struct exchange *x, enum job_kind kind, const char *name, const char *id);
void job_answer(struct plugin *p, struct job *j);                     /* with its reply, now */
void job_fail(struct plugin *p, struct job *j, const char *text);     /* {"Err": text}; logged */
void job_save(struct plugin *p, struct job *j);                       /* with its reply, once all changes are saved */
void job_free(struct plugin *p, struct job *j);
void save_if_due(struct plugin *p);
void on_saved(struct plugin *p);

#endif
