/* Docker's volume plugin protocol, version 1: what comes in and what goes out, as text. Pure. */
#ifndef EFS_PLUGIN_REQUEST_H
#define EFS_PLUGIN_REQUEST_H

#include "common/buf.h"
#include "common/json.h"
#include "efs/plugin/volumes.h"

enum { REQUEST_MAX = 64 << 10, PATH_UNKNOWN = 1 }; /* bytes of a body; an option of mount(8) ends at a page */

enum method {
	METHOD_ACTIVATE, METHOD_CREATE, METHOD_GET, METHOD_LIST, METHOD_PATH,
	METHOD_MOUNT, METHOD_UNMOUNT, METHOD_REMOVE, METHOD_CAPABILITIES, METHOD_COUNT_
};

struct request {
	enum method         method;
	struct json_object *body;
	const char         *name, *id;   /* "" when absent; they live in the body */
	struct json_object *options;     /* strings only; NULL: none */
};

void request_done(struct request *r);
#define AUTO_REQUEST CLEANUP(request_done) struct request

/* /VolumeDriver.Mount -> METHOD_MOUNT. 0 or PATH_UNKNOWN. */
int request_method(const char *path, enum method *ret) MUST_CHECK;

/*
 * The body of a request. Methods that take nothing take any body. 0, or -EBADMSG (not JSON, or a member of another type):
 * the caller answers 400 with the sentence.
 */
int request_parse(enum method m, struct view body, struct request *ret, struct err *e) MUST_CHECK;

/* Bodies of answers, into b, with the line end of Go's encoder: 0 or -ENOMEM. */
int reply_done(enum method m, struct buf *b) MUST_CHECK;                           /* {} and what is always the same */
int reply_volume(const struct volume *v, struct buf *b) MUST_CHECK;                /* of Get */
int reply_list(const struct volumes *t, struct buf *b) MUST_CHECK;
int reply_mountpoint(const struct volume *v, struct buf *b) MUST_CHECK;            /* of Mount and Path */
int reply_error(const char *text, struct buf *b) MUST_CHECK;                       /* {"Err":"…"} */

#endif
