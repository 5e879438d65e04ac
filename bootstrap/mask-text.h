/* Logs and answers as they may be handed on: without what may be a secret. For any text, where mask.h knows the form of its files. Pure. */
#ifndef BOOTSTRAP_MASK_TEXT_H
#define BOOTSTRAP_MASK_TEXT_H

#include "common/buf.h"
#include "common/json.h"
#include "common/view.h"

/*
 * Appends text with MASK for what stands behind a name that speaks of a secret and '=' or ':' (to the end of its quotes; without
 * quotes to the line's end), for user and password in URLs, for words that look like keys of AWS or tokens, and for private keys in PEM.
 * Lines stay lines. 0 or as buf_add().
 */
int mask_text(struct view text, struct buf *b) MUST_CHECK;

/*
 * The same for JSON: appends the document, indented, with MASK for the values of members that speak of secrets, of all variables in an
 * "Env" and of all but the first word of a command ("Args", "Cmd", "Entrypoint", "Test"); other strings as mask_text(). 0, -EBADMSG:
 * it is no JSON, and nothing is appended; or as buf_add().
 */
int mask_json(struct view text, struct buf *b) MUST_CHECK;

#endif
