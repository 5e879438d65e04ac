/* The volumes, and the peer's state file: one JSON document both ways; what a newer version wrote into it stays. Pure. */
#ifndef EFS_PLUGIN_VOLUMES_H
#define EFS_PLUGIN_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/json.h"

#define VOLUMES_DIR "/var/lib/ecs/volumes"

enum { VOLUMES_DAMAGED = 1, STATE_MAX = 16 << 20 };

struct volume {
	const char         *name;    /* this and the entry belong to the document */
	struct json_object *entry;   /* its members in the state file */
	bool                mounted; /* as mountinfo says */
	void               *work;  /* what is being done with it; the plugin's, NULL when nothing is */
};

struct volumes {
	struct json_object *document;
	struct volume     **list; /* sorted by name */
	size_t              count, room;
};

int volumes_new(struct volumes *t) MUST_CHECK; /* none yet. 0 or -ENOMEM */
void volumes_done(struct volumes *t);
#define AUTO_VOLUMES CLEANUP(volumes_done) struct volumes

/*
 * Reads a state file into *ret, which is empty: the peer's of any version, or ours. Counts that are null or 0 become 1, as
 * in the peer. VOLUMES_DAMAGED: it is not what it should be, *e says where; the volumes
 * that are whole are in *ret. Otherwise 0 or -ENOMEM.
 */
int volumes_parse(struct view text, struct volumes *ret, struct err *e) MUST_CHECK;

/* The state file as the peer indents it, into b. 0, -ENOMEM, or -EMSGSIZE over the limit of b. */
int volumes_render(const struct volumes *t, struct buf *b) MUST_CHECK;

struct volume *volumes_find(const struct volumes *t, const char *name); /* NULL: none */

/* type, path: as in the state file; options (an object of strings, reference taken) may be NULL. NULL: no memory. */
struct volume *volumes_add(struct volumes *t, const char *name, const char *type, const char *path, struct json_object *options);
void volumes_remove(struct volumes *t, struct volume *v); /* v is gone then */
const char *volume_type(const struct volume *v); /* members of the entry; "" when absent */
const char *volume_path(const struct volume *v);
const char *volume_created(const struct volume *v);
const char *volume_option(const struct volume *v, const char *name);
bool volume_is_ours(const struct volume *v); /* VOLUMES_DIR/NAME, a name that is allowed: the folder is ours to make and remove */

size_t volume_users(const struct volume *v);                     /* IDs */
unsigned volume_count(const struct volume *v, const char *id);    /* mounts of one ID; 0: none */
int volume_count_up(struct volume *v, const char *id) MUST_CHECK; /* 0 or -ENOMEM */
void volume_count_down(struct volume *v, const char *id);         /* an ID at 0 is forgotten */
void volume_forget_users(struct volume *v);

#endif
