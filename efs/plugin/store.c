#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "efs/mountinfo.h"
#include "efs/plugin/names.h"
#include "efs/plugin/place.h"
#include "efs/plugin/store.h"

void store_time(char ret[TIME_SIZE])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(ret, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t) snprintf(ret + n, TIME_SIZE - n, ".%09ld", now.tv_nsec);
	while (ret[n - 1] == '0')
		n--;
	if (ret[n - 1] == '.')
		n--;
	if (tm.tm_gmtoff == 0)
		snprintf(ret + n, TIME_SIZE - n, "Z");
	else
		snprintf(ret + n, TIME_SIZE - n, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+', labs(tm.tm_gmtoff) / 3600,
		         labs(tm.tm_gmtoff) / 60 % 60);
}

static int move_aside(int root, struct err *e)
{
	char aside[128], when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(aside, sizeof aside, "%s.corrupt-%s", PATH_PLUGIN_STATE, when);
	if (renameat(root, &PATH_PLUGIN_STATE[1], root, aside + 1) < 0)
		return err_set(e, -errno, "move '%s' aside", PATH_PLUGIN_STATE);
	log_warn("the state file is now %s", aside);
	return 0;
}

/* 0: read, or there is none. VOLUMES_DAMAGED: *ret holds what could be read of it. */
static int read_state(int root, struct volumes *ret, struct err *e)
{
	AUTO_BUF text = { .p = NULL };
	int r = file_read(root, PATH_PLUGIN_STATE, STATE_MAX, &text, e);

	if (r == 0)
		return volumes_parse(buf_view(&text), ret, e);
	if (volumes_new(ret) < 0)
		return err_set(e, -ENOMEM, "read '%s'", PATH_PLUGIN_STATE);
	return r == FILE_ABSENT ? 0 : VOLUMES_DAMAGED;
}

/* A mount of ours that no record knows: the name is that of the folder. */
static void rebuild_one(struct volumes *t, const char *name, const char *type)
{
	char path[PATH_MAX], now[TIME_SIZE];
	struct volume *v;

	store_time(now);
	snprintf(path, sizeof path, "%s/%s", VOLUMES_DIR, name);
	v = volumes_add(t, name, type, path, NULL);
	if (!v || json_object_object_add(v->entry, "createdAt", json_object_new_string(now)) < 0) {
		log_error("rebuild volume %s: %s", name, strerror(ENOMEM));
		return;
	}
	log_warn("volume %s rebuilt: it is mounted; its options and users are not known", name);
}

/* Goes through the mounts that stand directly in our folder. */
static void look_for_strangers(struct view mountinfo, const char *real, struct volumes *t, bool rebuild)
{
	size_t n = strlen(real);
	char path[PATH_MAX];
	struct mountinfo m;
	struct err e;

	while (mountinfo_next(&mountinfo, &m)) {
		if (mountinfo_decode(m.point, path, sizeof path) < 0 || strncmp(path, real, n) != 0 || path[n] != '/')
			continue;
		if (name_check(path + n + 1, &e) < 0 || volumes_find(t, path + n + 1))
			continue;
		if (rebuild)
			rebuild_one(t, path + n + 1, "efs");
		else
			log_warn("%s is mounted, and no volume has this path", path);
	}
}

static void compare(struct view mountinfo, const char *real, struct volumes *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct volume *v = t->list[i];

		v->mounted = place_has(mountinfo, real, v);
		if (volume_users(v) > 0 && !v->mounted) {
			log_warn("volume %s is not mounted any more: its %zu mount IDs are forgotten", v->name, volume_users(v));
			volume_forget_users(v);
		} else if (volume_users(v) == 0 && v->mounted) {
			log_info("volume %s is mounted and nobody is known to use it; the next Mount takes it as it is", v->name);
		}
		if (!volume_type_is_known(volume_type(v)))
			log_warn("volume %s is of type %s, which this version cannot mount; it is kept", v->name, volume_type(v));
	}
}

int store_load(int root, const char *real, struct volumes *ret, struct err *e)
{
	AUTO_BUF mountinfo = { .p = NULL };
	int damaged, r = dir_make(root, PATH_PLUGIN_STATE_DIR, 0755, e);

	if (r < 0)
		return r;
	damaged = read_state(root, ret, e);
	if (damaged < 0)
		return damaged;
	if (damaged) {
		log_error("state file %s is damaged: %s; %zu volumes of it are whole, the rest is rebuilt from what is mounted",
		          PATH_PLUGIN_STATE, e->text, ret->count);
		if (move_aside(root, e) < 0)
			return e->code;
	}
	if (place_read(root, &mountinfo, e) < 0) {
		log_error("%s; the state file is believed", e->text);
		for (size_t i = 0; i < ret->count; i++)
			ret->list[i]->mounted = volume_users(ret->list[i]) > 0;
		return 0;
	}
	look_for_strangers(buf_view(&mountinfo), real, ret, damaged > 0);
	compare(buf_view(&mountinfo), real, ret);
	return 0;
}
