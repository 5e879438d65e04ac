/* User data as bytes in, parts out: which are ours, which are cloud-init's. */
#ifndef CLOUD_INIT_USERDATA_H
#define CLOUD_INIT_USERDATA_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/view.h"

#define TYPE_ENV  "application/vnd.ecs-bootstrap.env"
#define TYPE_JSON "application/vnd.ecs-bootstrap+json"

enum {
	USERDATA_RAW_MAX = 64 << 10,     /* EC2 refuses more than 16 KiB; copies on disk may be larger */
	USERDATA_DECODED_MAX = 1 << 20,  /* all layers and parts together */
	USERDATA_PARTS_MAX = 1024,
};

enum part_kind { PART_FOREIGN, PART_ENV, PART_JSON };

struct part {
	enum part_kind kind;
	unsigned       number; /* 1 is the first part of the document, containers not counted */
	struct view    type;   /* as declared; "text/x-not-multipart" for a document that is no MIME */
	struct view    body;   /* decoded; points into the document or into own */
	struct buf     own;
};

struct userdata {
	struct buf   document; /* the whole, without base64 and gzip around it */
	struct part *parts;
	size_t       n_parts;
	size_t       decoded;  /* bytes of all own buffers */
};

/* Takes no ownership of raw. Empty or white: no parts. Negative only for limits, memory and damaged gzip. */
int userdata_parse(struct view raw, struct userdata **ret, struct err *e) MUST_CHECK;
void userdata_freep(struct userdata **u);
#define AUTO_USERDATA CLEANUP(userdata_freep) struct userdata

#endif
