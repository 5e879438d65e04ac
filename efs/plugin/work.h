/* What is being done with the volumes: work.c decides and keeps the order, run.c has the commands. */
#ifndef EFS_PLUGIN_WORK_H
#define EFS_PLUGIN_WORK_H

#include "efs/plugin/command.h"
#include "efs/plugin/decide.h"
#include "efs/plugin/plugin.h"

enum { MOUNTS_MAX = 64, KILL_AFTER_MS = 2000, TEXT_SIZE = 1280 };

/* What is being done with one volume: its requests one after the other, at most one command. */
struct work {
	struct source   output;
	struct work    *next;
	struct plugin  *p;
	struct volume  *v;
	struct job     *jobs;    /* the first is being served */
	struct job     *asker;   /* for whom the command runs; NULL once it has got its answer */
	struct command *command;
	enum { DOING_MOUNT, DOING_UNMOUNT, DOING_UNDO } doing;
	long            started, deadline, look_at; /* look_at: when mountinfo is asked whether an umount has done its work */
	unsigned        rounds;
	bool            late, killed, held; /* held: too many mounts at once */
	char            cause[896];
};

/* ---- work.c: jobs belong to it from then on */
void work_add(struct plugin *p, struct volume *v, struct job *j);
void work_give_up(struct plugin *p, struct job *j); /* nobody waits for it any more */
void work_take_back(struct plugin *p, const char *name, const char *id); /* a Mount whose answer nobody has got */
void work_reap(struct plugin *p);                   /* after SIGCHLD */
long work_tick(struct plugin *p);                   /* deadlines. The next one, -1: none */
void work_stop(struct plugin *p);                   /* ends all commands, forgets all jobs */

/* ---- between the two */
void work_drop(struct work *w, struct job *j);                        /* out of the list; the caller has it then */
void work_fail(struct work *w, struct job *j, const char *cause);     /* dropped and answered, in the peer's words */
void work_fail_mounts(struct work *w, const char *cause);             /* all that have waited for this one mount */
void work_undo_unless_wanted(struct work *w);
enum truth work_look(struct plugin *p, const struct volume *v);       /* mountinfo, now */
void run_mount(struct work *w, struct job *asker);
void run_unmount(struct work *w, struct job *asker);
void run_ended(struct work *w); /* the command has been reaped */
bool run_gone(struct work *w);  /* whether the mount is gone though the umount runs on: it is left to linger then */

#endif
