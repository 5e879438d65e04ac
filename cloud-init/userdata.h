/* User data as bytes in, parts out: which are ours, which are cloud-init's. */
#ifndef CLOUD_INIT_USERDATA_H
#define CLOUD_INIT_USERDATA_H

#include "cloud-init/mime.h"
#include "cloud-init/part.h"
#include "common/buf.h"
#include "common/err.h"

enum {
	USERDATA_EC2_MAX = 16 << 10,     /* EC2 refuses more */
	USERDATA_RAW_MAX = 64 << 10,     /* copies on disk may be larger */
	USERDATA_DECODED_MAX = 1 << 20,  /* the document, and again all parts together */
	USERDATA_PARTS_MAX = 1024,
	USERDATA_EVENTS_MAX = 256,      /* more are not remembered */
};

struct userdata {
	struct buf   document;   /* the whole, without base64 and gzip around it */
	bool         base64;     /* what was around it */
	bool         gzip;
	bool         only_ours;  /* base64 with white space in it: cloud-init does not see what is inside */
	bool         damaged;    /* gzip by its first bytes, but not readable: the document is the bytes as they came */
	bool         mime;
	struct part *parts;
	size_t       n_parts;
	size_t       decoded;    /* bytes of all own buffers */
	struct userdata_event {
		enum mime_event kind;
		struct view      where; /* in document */
	} *events;
	size_t       n_events;
};

/*
 * What cloud-init would see, for those who look only: also an empty document is a part, damaged gzip is one of unknown
 * type. Takes no ownership of raw. Negative only for limits, memory, and a part of a gzip type that cannot be read
 * (cloud-init drops all of the user data then).
 */
int userdata_look(struct view raw, struct userdata **ret, struct err *e) MUST_CHECK;

/* The same for those who act: damaged gzip is an error, and a document that is empty or white has no parts. */
int userdata_parse(struct view raw, struct userdata **ret, struct err *e) MUST_CHECK;

void userdata_freep(struct userdata **u);
#define AUTO_USERDATA CLEANUP(userdata_freep) struct userdata

#endif
