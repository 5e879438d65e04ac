/* What a request does to a volume, as tables without I/O: the core of the plugin. */
#ifndef EFS_PLUGIN_DECIDE_H
#define EFS_PLUGIN_DECIDE_H

#include <stdbool.h>

/* What is asked. An Unmount is three questions: what is known of its ID decides. */
enum wish {
	WISH_MOUNT,
	WISH_UNMOUNT_UNKNOWN, /* this ID holds nothing */
	WISH_UNMOUNT_ONE,     /* others, or more of the same ID, remain */
	WISH_UNMOUNT_LAST,
	WISH_UNDO,            /* ours: a mount was made and nobody waits for it any more */
	WISH_REMOVE,
	WISH_COUNT_
};

/* How the volume stands: has it users (IDs), and is it in mountinfo? */
enum stand {
	STAND_DOWN, /* neither */
	STAND_LEFT, /* mounted, no users: a mount that was just made, or one that an earlier plugin left */
	STAND_LOST, /* users, but not mounted: after a reboot, or somebody has unmounted it */
	STAND_UP,   /* both */
	STAND_COUNT_
};

enum step {
	STEP_IMPOSSIBLE, /* a bug: nobody wrote this pair down */
	STEP_NOTHING,    /* done as it is */
	STEP_COUNT,      /* count the ID up, done */
	STEP_DROP,       /* count the ID down, done */
	STEP_MOUNT,      /* run mount(8), then ask again */
	STEP_UNMOUNT,    /* run umount(8), then ask again */
	STEP_FORGET,     /* remove folder and record, done */
};

enum stand stand_of(bool users, bool mounted);
enum step  decide(enum wish w, enum stand s);

/* What mountinfo says after a command. */
enum truth { TRUTH_ABSENT, TRUTH_MOUNTED, TRUTH_UNKNOWN /* it could not be read */ };

enum verdict {
	VERDICT_DONE,
	VERDICT_FAILED,
	VERDICT_NOWHERE, /* mount(8) says it worked and mountinfo does not have it */
	VERDICT_UNDO,    /* failed and yet mounted: to be unmounted before the failure is told */
	VERDICT_AGAIN,   /* unmounted, but another mount stood below */
};

/* ok: exit status 0 in time. Without mountinfo the exit status is believed. */
enum verdict judge_mount(bool ok, enum truth t);
enum verdict judge_unmount(bool ok, enum truth t);

#endif
