#include "efs/plugin/decide.h"

static const enum step steps[WISH_COUNT_][STAND_COUNT_] = {
	[WISH_MOUNT] = {
		[STAND_DOWN] = STEP_MOUNT,
		[STAND_LEFT] = STEP_COUNT,
		[STAND_LOST] = STEP_MOUNT, /* those who hold the lost mount keep their IDs: their Unmounts will come */
		[STAND_UP]   = STEP_COUNT,
	},
	[WISH_UNMOUNT_UNKNOWN] = {
		/* as the peer: success. dockerd also asks for mounts that a restart has forgotten */
		[STAND_DOWN] = STEP_NOTHING,
		[STAND_LEFT] = STEP_NOTHING, /* a rebuilt record does not know its users; Remove unmounts */
		[STAND_LOST] = STEP_NOTHING,
		[STAND_UP]   = STEP_NOTHING,
	},
	[WISH_UNMOUNT_ONE] = {
		[STAND_LOST] = STEP_DROP,
		[STAND_UP]   = STEP_DROP,
	},
	[WISH_UNMOUNT_LAST] = {
		[STAND_LOST] = STEP_DROP,
		[STAND_UP]   = STEP_UNMOUNT, /* the ID stays until it is gone, so that a second Unmount tries again */
	},
	[WISH_UNDO] = {
		[STAND_DOWN] = STEP_NOTHING,
		[STAND_LEFT] = STEP_UNMOUNT,
		[STAND_LOST] = STEP_NOTHING,
		[STAND_UP]   = STEP_NOTHING, /* somebody has come meanwhile */
	},
	[WISH_REMOVE] = {
		[STAND_DOWN] = STEP_FORGET,
		[STAND_LEFT] = STEP_UNMOUNT,
		[STAND_LOST] = STEP_FORGET,
		[STAND_UP]   = STEP_UNMOUNT, /* as the peer */
	},
};

enum stand stand_of(bool users, bool mounted)
{
	if (users)
		return mounted ? STAND_UP : STAND_LOST;
	return mounted ? STAND_LEFT : STAND_DOWN;
}

enum step decide(enum wish w, enum stand s)
{
	return w < WISH_COUNT_ && s < STAND_COUNT_ ? steps[w][s] : STEP_IMPOSSIBLE;
}

enum verdict judge_mount(bool ok, enum truth t)
{
	if (ok)
		return t == TRUTH_ABSENT ? VERDICT_NOWHERE : VERDICT_DONE;
	return t == TRUTH_MOUNTED ? VERDICT_UNDO : VERDICT_FAILED;
}

enum verdict judge_unmount(bool ok, enum truth t)
{
	if (t == TRUTH_ABSENT)
		return VERDICT_DONE; /* whatever umount(8) says: "not mounted" is what was wanted */
	if (!ok)
		return VERDICT_FAILED;
	return t == TRUTH_MOUNTED ? VERDICT_AGAIN : VERDICT_DONE;
}
