/* The content types of user data: which cloud-init knows, which it looks into, and what the first bytes of a body say. */
#ifndef CLOUD_INIT_TYPES_H
#define CLOUD_INIT_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/view.h"

#define TYPE_ENV        "application/vnd.ecs-bootstrap.env"
#define TYPE_JSON       "application/vnd.ecs-bootstrap+json"
#define TYPE_SCRIPT     "text/x-shellscript"
#define TYPE_BOOTHOOK   "text/cloud-boothook"
#define TYPE_CONFIG     "text/cloud-config"
#define TYPE_PLAIN      "text/plain"
#define TYPE_NOT_MIME   "text/x-not-multipart"

/* Everything that somebody acts on, ours first; for "is it known" and "what was meant". */
extern const char *const types_known[];
extern const size_t types_known_count;

bool type_is_known(struct view type);
bool type_is_script(struct view type); /* executed as a file: scripts of all frequencies, boothooks */
bool type_is_gzip(struct view type);   /* decompressed, then of unknown type */

/* What cloud-init takes a body for: by its first bytes if the declared type leaves that open, else the declared type. */
struct view type_sniff(struct view declared, struct view body);

/* By the first bytes alone; empty if they say nothing. */
struct view type_by_prefix(struct view body);

#endif
