#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bootstrap/remark.h"

#define SILENT "cloud-init drops such parts without a word, and nothing in them takes effect"

/* One row for each kind. */
static const struct kind {
	const char   *name;
	enum severity severity;
	const char   *why, *fix;
} kinds[] = {
	[REMARK_TOO_LARGE] = { "too-large", SEVERITY_ERROR, "EC2 takes 16384 bytes of user data, counted before base64", NULL },
	[REMARK_BOM] = { "byte-order-mark", SEVERITY_ERROR, "the first bytes are an invisible UTF-8 byte order mark, so neither a header nor '#!' is recognised",
			 "save the file as UTF-8 without BOM" },
	[REMARK_UTF16] = { "utf-16", SEVERITY_ERROR, "nothing that reads user data knows this encoding", "save the file as UTF-8 without BOM" },
	[REMARK_BLANK_FIRST] = { "blank-first-line", SEVERITY_ERROR, "a blank line ends the headers, so the whole document becomes one part of text",
				 "begin with the first header; a template may have put a line end there" },
	[REMARK_NO_MIME_VERSION] = { "no-mime-version", SEVERITY_ERROR, "without it cloud-init takes all of this for one unknown text",
				     "add the line 'MIME-Version: 1.0' at the top" },
	[REMARK_MIME_VERSION_LATE] = { "late-mime-version", SEVERITY_ERROR, "cloud-init looks for it in the first 4096 bytes only",
				       "move the line 'MIME-Version: 1.0' to the top" },
	[REMARK_BASE64_SPACE] = { "base64-with-space", SEVERITY_ERROR,
				  "cloud-init decodes base64 around user data only if nothing else is in it, not even a line end at the end",
				  "give it as it is; EC2's tools encode it" },
	[REMARK_BASE64_TWICE] = { "base64-around", SEVERITY_NOTE, "it will be decoded, but costs a third of the size", "give it as it is; EC2's tools encode it" },
	[REMARK_GZIP_DAMAGED] = { "damaged-gzip", SEVERITY_ERROR, "then cloud-init takes the compressed bytes for one unknown text", "compress it again" },
	[REMARK_NOT_UTF8] = { "not-utf-8", SEVERITY_ERROR, "cloud-init stops at a document that is not UTF-8; nothing in it takes effect",
			      "put such parts in base64: 'Content-Transfer-Encoding: base64'" },
	[REMARK_UNREADABLE] = { "unreadable", SEVERITY_ERROR, "nothing in the user data takes effect", NULL },
	[REMARK_UNKNOWN_DOCUMENT] = { "unknown-document", SEVERITY_ERROR, "cloud-init warns and does nothing with it",
				      "begin with '#!/bin/sh', '#cloud-config', '{' or '#ecs-bootstrap', or use MIME" },
	[REMARK_PLAIN_SETTINGS] = { "bare-settings", SEVERITY_ERROR, "without a first line that says what it is nobody reads it", "put '#ecs-bootstrap' in a line above" },
	[REMARK_NO_BOUNDARY] = { "no-boundary", SEVERITY_ERROR, SILENT, "write 'Content-Type: multipart/mixed; boundary=\"==BOUNDARY==\"'" },
	[REMARK_NO_DELIMITER] = { "no-delimiter", SEVERITY_ERROR, SILENT, NULL },
	[REMARK_LOOKALIKE] = { "delimiter-lookalike", SEVERITY_ERROR,
			       "a delimiter is '--' and the boundary to the letter, so this is plain text, and what follows belongs to what stood before", NULL },
	[REMARK_NO_CLOSING] = { "no-closing-delimiter", SEVERITY_WARNING, "a document that was cut short looks just the same", NULL },
	[REMARK_OPEN_LAST] = { "last-delimiter-open", SEVERITY_WARNING, "it opens one more part, which is empty", NULL },
	[REMARK_SWALLOWED] = { "repeated-delimiter", SEVERITY_WARNING, "of delimiters that follow each other only the first counts, even if the next one closes",
			       "leave one of them" },
	[REMARK_NO_BLANK_LINE] = { "no-blank-line", SEVERITY_WARNING, "a line that could be a header ('runcmd:') would be taken for one and lost",
				   "put a blank line between headers and body" },
	[REMARK_ODD_HEADER] = { "odd-header", SEVERITY_WARNING, "if it is the first line of the body, it is lost as a header", "put a blank line between headers and body" },
	[REMARK_BEFORE] = { "text-before", SEVERITY_WARNING, "what stands before the first delimiter is dropped", "move it into a part, or take it out" },
	[REMARK_AFTER] = { "text-after", SEVERITY_WARNING, "what stands after the closing delimiter is dropped", "move it into a part, or take it out" },
	[REMARK_PARTS_AFTER] = { "parts-after", SEVERITY_ERROR, "what stands after the closing delimiter is dropped, parts too", "close once, at the very end" },
	[REMARK_TYPE_TYPO] = { "type-misspelt", SEVERITY_ERROR, "cloud-init warns of the unknown type and does nothing with the part", NULL },
	[REMARK_TYPE_COMMENT] = { "comment-in-type", SEVERITY_ERROR, "cloud-init takes the comment for a piece of the type, which it then does not know", "leave the comment out" },
	[REMARK_TYPE_UNKNOWN] = { "type-unknown", SEVERITY_WARNING, "cloud-init warns ('degraded') and does nothing with the part unless a part handler takes it", "write a type that cloud-init knows, such as text/x-shellscript or text/cloud-config, or leave the part out" },
	[REMARK_TYPE_MALFORMED] = { "type-malformed", SEVERITY_WARNING, "a type has exactly one '/'; this one is taken for text/plain", "write a whole type, such as 'Content-Type: text/x-shellscript'" },
	[REMARK_TYPE_OTHER] = { "type-overruled", SEVERITY_WARNING, "for this type cloud-init believes the first bytes rather than the header", "declare the type that it begins like, or begin the body with '#!'" },
	[REMARK_PLAIN_UNKNOWN] = { "text-unknown", SEVERITY_WARNING, "cloud-init looks at the first bytes of text/plain; these say nothing to it", "declare a type, or begin the body with '#!/bin/sh', '#cloud-config' or another such line" },
	[REMARK_LAUNCH_INDEX] = { "launch-index", SEVERITY_ERROR, "cloud-init keeps a part only where its number is the instance's own; what is no number is dropped on every instance",
				  "write 'Launch-Index: 0' for the first instance of a launch, or leave the header out" },
	[REMARK_ENCODING] = { "encoding-unknown", SEVERITY_ERROR, "the body is then taken as it stands, not decoded",
			      "write base64, quoted-printable, 7bit or 8bit and nothing behind it" },
	[REMARK_BASE64_BODY] = { "base64-junk", SEVERITY_WARNING, "what is no base64 is skipped, so damage goes unseen", "encode the part again" },
	[REMARK_NOT_ASCII] = { "not-ascii", SEVERITY_ERROR, "cloud-init damages such characters in a part that is not in base64",
			       "use 'Content-Transfer-Encoding: base64' for this part, or ASCII" },
	[REMARK_SAME_NAME] = { "same-file-name", SEVERITY_ERROR, "cloud-init saves both under that name; the later one overwrites the earlier", "give each part a name of its own" },
	[REMARK_MESSAGE] = { "message-part", SEVERITY_WARNING, "cloud-init handles what is in it twice", "put its content into a part of its own" },
	[REMARK_EMPTY] = { "empty-part", SEVERITY_NOTE, "it has no effect", "leave it out" },
	[REMARK_NO_INTERPRETER] = { "no-interpreter", SEVERITY_ERROR, "the file is executed directly and the kernel refuses it: Exec format error",
				    "begin the script with '#!/bin/bash'" },
	[REMARK_HOOK_NO_INTERPRETER] = { "no-interpreter", SEVERITY_ERROR, "the boothook is executed directly and the kernel refuses it: Exec format error",
					 "begin it with '#!/bin/bash', also after '#cloud-boothook'" },
	[REMARK_SPACE_BEFORE] = { "space-before-interpreter", SEVERITY_ERROR, "the kernel wants '#!' as the very first bytes; this cannot be executed", "take away what stands before '#!'" },
	[REMARK_CR_LINES] = { "cr-line-ends", SEVERITY_ERROR, "to the kernel and the shell all of it is one line", "save the file with LF line ends" },
	[REMARK_START_IN_HOOK] = { "start-in-boothook", SEVERITY_ERROR,
				   "on Debian and Ubuntu boothooks run before sysinit.target, where a service that needs Docker can never start: the boot hangs",
				   "use 'systemctl enable ecs' or append --no-block; the agent starts by itself when user data is done" },
	[REMARK_START_IN_SCRIPT] = { "start-in-script", SEVERITY_NOTE,
				     "it works with ecs-bootstrap, blocking or not, and deadlocks with ecs-init; the agent would start by itself when user data is done", "leave it out" },
	[REMARK_UPSTART] = { "upstart-command", SEVERITY_WARNING, "this is a command of Amazon Linux 1; systemd hosts have none such", "leave it out; the agent starts by itself" },
	[REMARK_EXPORT] = { "export", SEVERITY_ERROR, "these lines are no shell; the part is refused and ecs.config stays as it was", "write NAME=VALUE" },
	[REMARK_BLANK_IN_NAME] = { "blank-at-equals", SEVERITY_ERROR, "no name ends in a blank; the part is refused and ecs.config stays as it was", "write NAME=VALUE without blanks" },
	[REMARK_BLANK_AT_EQUALS] = { "blank-at-equals", SEVERITY_WARNING, "the agent's reader takes the blank for a piece of the value", "write NAME=VALUE without blanks" },
	[REMARK_QUOTES] = { "quotes", SEVERITY_WARNING, "the agent's reader keeps quotes as a piece of the value; systemd takes them away", "leave them out" },
	[REMARK_SETTING] = { "setting", SEVERITY_ERROR, "the part is refused and ecs.config stays as it was", "'ecs-bootstrap help settings' lists every key with its values" },
	[REMARK_SETTING_ODD] = { "setting", SEVERITY_WARNING, NULL, NULL },
};

const char *remark_name(enum remark_id id)
{
	return kinds[id].name;
}

enum severity remark_severity(enum remark_id id)
{
	return kinds[id].severity;
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[s];
}

const char *remark_why(enum remark_id id)
{
	return kinds[id].why;
}

const char *remark_fix(const struct remark *r)
{
	return r->fix[0] ? r->fix : kinds[r->id].fix;
}

void remark_add(struct remarks *l, enum remark_id id, struct spot at, const char *fmt, ...)
{
	struct remark *r = &l->list[l->n];
	va_list ap;

	l->counts[kinds[id].severity]++;
	if (l->n == REMARKS_MAX)
		return;
	r->id = id;
	r->at = at;
	va_start(ap, fmt);
	vsnprintf(r->what, sizeof r->what, fmt, ap);
	va_end(ap);
	l->n++;
}

void remark_fix_last(struct remarks *l, const char *fmt, ...)
{
	va_list ap;

	if (l->n == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(l->list[l->n - 1].fix, sizeof l->list[l->n - 1].fix, fmt, ap);
	va_end(ap);
}

static int compare(const void *a, const void *b)
{
	const struct remark *x = a, *y = b;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return (int) x->id - (int) y->id;
}

void remarks_sort(struct remarks *l)
{
	qsort(l->list, l->n, sizeof l->list[0], compare);
}
