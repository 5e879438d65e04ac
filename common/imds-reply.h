/* What the instance metadata service answers, checked before anybody uses it: whoever sits at that address may say anything. Pure. */
#ifndef COMMON_IMDS_REPLY_H
#define COMMON_IMDS_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/view.h"

enum { IMDS_TOKEN_MAX = 1024, IMDS_ID_SIZE = 32, IMDS_ROLE_SIZE = 65 };

/* A session token: *ret is the body without white space around it, and can stand in a header line. */
bool imds_reply_token(struct view body, struct view *ret);

/* "i-" and 8 to 29 small hexadecimal digits. */
bool imds_reply_instance_id(struct view body, char ret[IMDS_ID_SIZE]);

/* The first role of the list in meta-data/iam/security-credentials/: it can stand in a URL's path and in messages. */
bool imds_reply_role(struct view body, char ret[IMDS_ROLE_SIZE]);

/* One word, such as a region or an address: nothing but small letters, digits and "-.:". false: the body is another thing, or too long. */
bool imds_reply_word(struct view body, char *ret, size_t size);

#endif
