/* One part of user data, as cloud-init would hand it over and as we use it. */
#ifndef CLOUD_INIT_PART_H
#define CLOUD_INIT_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-init/line.h"
#include "cloud-init/mime.h"
#include "cloud-init/types.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/view.h"

#define PART_SCRIPT_INTERPRETER "/usr/bin/ecs-bootstrap apply"

enum part_kind { PART_FOREIGN, PART_ENV, PART_JSON };

struct part {
	enum part_kind kind;
	bool           script;       /* ours, in a script that names us as interpreter: cloud-init will run it too */
	bool           message;      /* message/…: its content follows as parts */
	bool           decompressed; /* it was of a gzip type */
	bool           own_gzip;     /* of a type of ours and gzip inside, which cloud-init leaves alone */
	unsigned       number;       /* 1 is the first part of the document, containers not counted */
	unsigned       line;         /* of the document, where the part begins; 1 is the first */
	unsigned       body_line;    /* … where its body begins; 0 if lines of the body are none of the document */
	struct view    headers;
	struct view    declared;     /* type as written; TYPE_NOT_MIME for a document that is no MIME */
	struct view    type;         /* … after a look at the first bytes */
	struct view    encoding;     /* Content-Transfer-Encoding, empty if none */
	struct buf     filename;     /* UTF-8; empty if none */
	struct view    handed;       /* what cloud-init hands over */
	struct view    body;         /* what we use, if it is ours: never compressed, no interpreter line */
	struct buf     decoded, unpacked; /* what the two point into, unless they point into the document */
};

/*
 * Makes a part of what the MIME walk gave. room: bytes that own buffers may take. Negative: a limit, memory, or a gzip
 * type that cannot be read; the part is to be given to part_done() all the same.
 */
int part_from_mime(const struct mime_part *m, size_t room, struct part *ret, struct err *e) MUST_CHECK;

/* Makes the one part of a document that is no MIME. */
int part_from_document(struct view document, struct part *ret, struct err *e) MUST_CHECK;

void part_done(struct part *p);

/* The name by which cloud-init saves it: the file name's harmless characters, or part-NNN. */
int part_safe_name(const struct part *p, struct buf *ret) MUST_CHECK;

#endif
