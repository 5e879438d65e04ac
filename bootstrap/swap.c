#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/kept.h"
#include "bootstrap/swap-act.h"
#include "bootstrap/swap-await.h"
#include "bootstrap/swap.h"

enum { PATH_SIZE = 4096, NO_SWAPPINESS = -1, MOUNTS_WAIT_MS = 10000 };

struct want {
	const char *device; /* as it stands in the setting; NULL: no swap is wanted */
	uint64_t    size;   /* bytes; 0: auto */
	int         swappiness;
};

struct run {
	int                 root;
	char                boot_id[48];
	struct json_object *state;
};

static int read_want(struct json_object *value, struct want *ret, struct err *e)
{
	struct json_object *number;
	const char *size, *device;

	*ret = (struct want) { .swappiness = NO_SWAPPINESS };
	if (!value)
		return 0;
	size = json_text(value, "size", NULL);
	device = json_text(value, "device", NULL);
	ret->device = device ? device : PATH_SWAP_FILE;
	if (!size || swap_parse_size(view_of(size), &ret->size) < 0)
		return err_say(e, -EINVAL, "read swap.size: must be a size such as 512MiB or 4GiB, or auto");
	if (json_get(value, json_type_int, &number, "swappiness", NULL) == 0)
		ret->swappiness = json_object_get_int(number);
	return 0;
}

static bool of_this_boot(const struct run *run, const char *key)
{
	const char *id = json_text(run->state, key, NULL);

	return id && strcmp(id, run->boot_id) == 0;
}

/* What the state says is ours; a zram device of another boot is no more. */
static const char *path_of_ours(const struct run *run)
{
	const char *path = json_text(run->state, "path", NULL);

	if (!path || path[0] != '/' || (swap_is_zram(path) && !of_this_boot(run, "bootId")))
		return NULL;
	return path;
}

/* On disk before anything is made, so that a run that ends in the midst of it leaves nothing that nobody knows. */
static int remember(struct run *run, const char *path, struct err *e)
{
	int r = kept_set(run->state, "path", path);

	if (r == 0)
		r = kept_set(run->state, "bootId", path ? run->boot_id : NULL);
	return r < 0 ? err_set(e, r, "write '%s'", PATH_SWAP_STATE) : kept_write(run->root, PATH_SWAP_STATE, run->state, e);
}

/* ours: what the state names, or NULL. */
static int find_path(int root, const char *device, const char *ours, char ret[PATH_SIZE], struct err *e)
{
	if (strcmp(device, "instance-store") == 0)
		return swap_store_find(root, ret, e);
	if (strcmp(device, "zram") == 0 && !(ours && swap_is_zram(ours)))
		return swap_zram_new(root, ret, e);
	snprintf(ret, PATH_SIZE, "%s", strcmp(device, "zram") == 0 ? ours : device);
	return 0;
}

/* A zram device that was made for nothing goes again. */
static int make(struct run *run, const char *path, const struct want *want, struct err *e)
{
	struct err unused;
	int r = strncmp(path, "/dev/", 5) != 0 ? swap_await_mounts(run->root, path, MOUNTS_WAIT_MS, e) : 0;

	if (r == 0)
		r = remember(run, path, e);
	if (r == 0 && strcmp(path, PATH_SWAP_FILE) == 0)
		r = dir_make(run->root, "/var/lib/ecs", 0755, e);
	if (r == 0)
		r = swap_bring(run->root, path, want->size, e);
	if (r < 0 && swap_is_zram(path) && swap_zram_remove(run->root, path, &unused) == 0)
		(void) !remember(run, NULL, &unused);
	return r;
}

/* The new one first, for what the old one holds; until that has gone there are two of ours. */
static int overlap(struct run *run, const char *ours, const char *path, const struct want *want, struct err *e)
{
	int r = kept_set(run->state, "oldPath", ours);

	if (r < 0)
		return err_set(e, r, "write '%s'", PATH_SWAP_STATE);
	r = make(run, path, want, e);
	return r < 0 ? err_wrap(e, "the memory cannot hold what is swapped out, and both at once cannot be had") : r;
}

/* What a move has left, because the memory could not take it or the run was ended. 0, SWAP_SAME or negative. */
static int drop_old(struct run *run, const char *path, struct err *e)
{
	const char *old = json_text(run->state, "oldPath", NULL);
	int r, written;

	if (!old)
		return SWAP_SAME;
	r = strcmp(old, path) == 0 ? SWAP_SAME : swap_drop(run->root, old, e);
	if (r < 0)
		return r;
	json_object_object_del(run->state, "oldPath");
	written = kept_write(run->root, PATH_SWAP_STATE, run->state, e);
	return written < 0 ? written : r;
}

/*
 * First what there is goes, so that its room and its memory are free for the new one. Where the memory cannot take
 * what it holds, the new one is made first, if the disk has room for both.
 */
static int change_place(struct run *run, const struct want *want, struct err *e)
{
	const char *ours = path_of_ours(run);
	char path[PATH_SIZE] = "", before[PATH_SIZE];
	int r = want->device ? find_path(run->root, want->device, ours, path, e) : 0, dropped = SWAP_SAME;

	snprintf(before, sizeof before, "%s", ours ? ours : ""); /* the state that it is in changes */
	if (r == 0 && ours && strcmp(before, path) != 0) {
		r = dropped = swap_drop(run->root, before, e);
		if (r == -ENOMEM && want->device)
			r = overlap(run, before, path, want, e);
	}
	if (r >= 0)
		r = drop_old(run, path, e);
	if (r < 0)
		return r;
	if (r == 0)
		dropped = 0;
	if (want->device)
		r = make(run, path, want, e);
	else if (json_text(run->state, "path", NULL))
		r = remember(run, NULL, e);
	return r < 0 ? r : dropped == SWAP_SAME && (r == SWAP_SAME || !want->device) ? APPLY_SAME : 0;
}

/* What the kernel had before is kept for the time when the setting goes; the next boot begins with it anyway. */
static int change_swappiness(struct run *run, int value, struct err *e)
{
	struct json_object *was = NULL;
	int had, r = 0;

	if (of_this_boot(run, "swappinessBootId"))
		(void) !json_get(run->state, json_type_int, &was, "swappinessBefore", NULL);
	if (value == NO_SWAPPINESS && !was && !json_text(run->state, "swappinessBootId", NULL))
		return APPLY_SAME;
	if (value != NO_SWAPPINESS || was)
		r = swap_set_swappiness(run->root, value != NO_SWAPPINESS ? value : json_object_get_int(was), &had, e);
	if (r < 0)
		return r;
	if (value == NO_SWAPPINESS) {
		json_object_object_del(run->state, "swappinessBefore");
		json_object_object_del(run->state, "swappinessBootId");
		return kept_write(run->root, PATH_SWAP_STATE, run->state, e);
	}
	if (was)
		return had == value ? APPLY_SAME : 0;
	if (kept_set(run->state, "swappinessBootId", run->boot_id) < 0 ||
	    json_object_object_add(run->state, "swappinessBefore", json_object_new_int(had)) < 0)
		return err_set(e, -ENOMEM, "write '%s'", PATH_SWAP_STATE);
	return kept_write(run->root, PATH_SWAP_STATE, run->state, e);
}

static int change(struct run *run, const struct want *want, struct err *e)
{
	int place = change_place(run, want, e), swappiness;

	if (place < 0)
		return place;
	swappiness = change_swappiness(run, want->swappiness, e);
	if (swappiness < 0)
		return swappiness;
	return place == APPLY_SAME && swappiness == APPLY_SAME ? APPLY_SAME : 0;
}

int swap_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_JSON *state = NULL;
	struct run run = { .root = a->root };
	struct swap_use unused;
	struct want want;
	int r = read_want(value, &want, e);

	r = r < 0 ? r : kept_read(a->root, PATH_SWAP_STATE, &state, e);
	if (r < 0)
		return r;
	if (!value && json_object_object_length(state) == 0)
		return APPLY_SAME;
	r = swap_look_use(a->root, NULL, &unused, e);
	if (r != 0)
		return r < 0 ? r : SWAP_NOT_HERE;
	r = swap_read_line(a->root, "/proc/sys/kernel/random/boot_id", run.boot_id, sizeof run.boot_id, e);
	run.state = state;
	return r < 0 ? r : change(&run, &want, e);
}
