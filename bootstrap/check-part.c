#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bootstrap/checks.h"
#include "bootstrap/nearest.h"
#include "cloud-init/decode.h"
#include "cloud-init/header.h"
#include "common/parse.h"

enum { SHOWN = 80 };

static struct spot spot_of_header(const struct check *c, const struct part *p, const char *name)
{
	struct view value;
	struct spot at = { .part = p->number, .line = p->line, .column = 0 };

	if (c->u->mime && header_find(p->headers, name, &value))
		at = spot_at(c, value.p);
	at.part = p->number;
	return at;
}

/* Text from outside that goes into a message: one line, no controls. */
static const char *clean(struct view v, char text[SHOWN])
{
	int n = snprintf(text, SHOWN, "%.*s", VIEW_ARG(v, SHOWN - 1));

	for (int i = 0; i < n && i < SHOWN - 1; i++)
		if (!isprint((unsigned char) text[i]))
			text[i] = '?';
	return text;
}

static void check_unknown_type(struct check *c, const struct part *p)
{
	struct spot at = spot_of_header(c, p, "Content-Type");
	char name[SHOWN];
	const char *meant = nearest_name(clean(p->declared, name), types_known, types_known_count, sizeof types_known[0]);

	if (strchr(name, '(')) {
		remark_add(&c->found, REMARK_TYPE_COMMENT, at, "the type is '%s', with its comment", name);
	} else if (meant) {
		remark_add(&c->found, REMARK_TYPE_TYPO, at, "unknown type '%s'; did you mean '%s'?", name, meant);
		remark_fix_last(&c->found, "write 'Content-Type: %s'", meant);
	} else {
		remark_add(&c->found, REMARK_TYPE_UNKNOWN, at, "unknown type '%s'", name);
	}
}

static void check_type(struct check *c, const struct part *p)
{
	struct spot at = spot_of_header(c, p, "Content-Type");
	bool plain = view_is_nocase(p->type, TYPE_PLAIN);
	char name[SHOWN], type[SHOWN];
	struct view value;

	if (header_find(p->headers, "Content-Type", &value) && view_is_nocase(p->declared, TYPE_PLAIN) &&
	    strncasecmp(value.p, TYPE_PLAIN, value.len < strlen(TYPE_PLAIN) ? value.len : strlen(TYPE_PLAIN)) != 0)
		remark_add(&c->found, REMARK_TYPE_MALFORMED, at, "'%s' is no content type", clean(value, name));
	if (plain && p->handed.len > 0)
		remark_add(&c->found, REMARK_PLAIN_UNKNOWN, at, "nobody knows what to do with this text");
	else if (!plain && !type_is_known(p->type) && !view_is_nocase(p->type, TYPE_NOT_MIME))
		check_unknown_type(c, p);
	else if (view_is_nocase(p->declared, TYPE_SCRIPT) && !view_is_nocase(p->type, TYPE_SCRIPT))
		remark_add(&c->found, REMARK_TYPE_OTHER, at, "declared as %s, but it begins like %s", clean(p->declared, name), clean(p->type, type));
}

static bool is_known_header(struct view name)
{
	static const char *const known[] = { "MIME-Version", "Launch-Index", "Merge-Type", "Number-Attachments", "Subject", "From",
					     "To", "Date", "Message-ID", "Sender", "Reply-To", "Received", "Return-Path" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (view_is_nocase(name, known[i]))
			return true;
	return (name.len > 8 && strncasecmp(name.p, "Content-", 8) == 0) || (name.len > 2 && strncasecmp(name.p, "X-", 2) == 0);
}

static void check_headers(struct check *c, const struct part *p)
{
	struct view rest = p->headers, name, value;
	char text[SHOWN];

	while (header_next(&rest, &name, &value)) {
		struct spot at;

		if (is_known_header(name))
			continue;
		at = spot_at(c, name.p);
		at.part = p->number;
		remark_add(&c->found, REMARK_ODD_HEADER, at, "'%s' is taken for a header of this part", clean(name, text));
	}
}

static bool is_base64_char(char ch)
{
	return isalnum((unsigned char) ch) || strchr("+/=\r\n\t ", ch);
}

/* body: still encoded. */
static void check_base64(struct check *c, const struct part *p)
{
	const char *at = p->headers.p + p->headers.len, *end = at;
	struct view rest = { at, (size_t) (c->document.p + c->document.len - at) }, line;
	struct spot where;

	while (line_next(&rest, &line) && !view_starts(line, "--"))
		end = line.p + line.len;
	while (at < end && is_base64_char(*at) && *at != '\0')
		at++;
	if (at == end)
		return;
	where = spot_at(c, at);
	where.part = p->number;
	remark_add(&c->found, REMARK_BASE64_BODY, where, "this is no base64");
}

static void check_encoding(struct check *c, const struct part *p)
{
	char name[SHOWN];

	if (view_is_nocase(p->encoding, "base64"))
		check_base64(c, p);
	else if (p->encoding.len > 0 && !decode_for(p->encoding) && !view_is_nocase(p->encoding, "7bit") &&
		 !view_is_nocase(p->encoding, "8bit") && !view_is_nocase(p->encoding, "binary"))
		remark_add(&c->found, REMARK_ENCODING, spot_of_header(c, p, "Content-Transfer-Encoding"), "unknown encoding '%s'", clean(p->encoding, name));
}

/* Only where cloud-init reads the body as it stands in a document of text. Ours it never reads. */
static void check_ascii(struct check *c, const struct part *p)
{
	struct view v = p->handed;
	struct spot at;
	size_t i = 0;

	if (p->kind != PART_FOREIGN || p->body_line == 0)
		return;
	while (i < v.len && (unsigned char) v.p[i] < 0x80)
		i++;
	if (i == v.len)
		return;
	at = spot_at(c, v.p + i);
	at.part = p->number;
	remark_add(&c->found, REMARK_NOT_ASCII, at, "this character is not ASCII");
}

static void check_launch_index(struct check *c, const struct part *p)
{
	struct view value;
	char text[SHOWN];
	uint64_t n;

	if (header_find(p->headers, "Launch-Index", &value) && parse_u64(view_trim(value), UINT32_MAX, &n) < 0)
		remark_add(&c->found, REMARK_LAUNCH_INDEX, spot_of_header(c, p, "Launch-Index"), "'%s' is no launch index", clean(value, text));
}

static void check_name(struct check *c, const struct part *p)
{
	AUTO_BUF mine = { 0 };
	char name[SHOWN];

	if (!type_is_script(p->type) || part_safe_name(p, &mine) < 0)
		return;
	for (size_t i = 0; i + 1 < p->number; i++) {
		const struct part *other = &c->u->parts[i];
		AUTO_BUF theirs = { 0 };

		if (!type_is_script(other->type) || part_safe_name(other, &theirs) < 0 || theirs.len != mine.len ||
		    (mine.len > 0 && memcmp(theirs.p, mine.p, mine.len) != 0) ||
		    view_is_nocase(p->type, TYPE_BOOTHOOK) != view_is_nocase(other->type, TYPE_BOOTHOOK))
			continue;
		remark_add(&c->found, REMARK_SAME_NAME, spot_of_header(c, p, "Content-Disposition"), "part %u has the name '%s', too", other->number,
			   clean(buf_view(&mine), name));
		return;
	}
}

void check_part(struct check *c, const struct part *p)
{
	if (p->message) {
		remark_add(&c->found, REMARK_MESSAGE, spot_of_header(c, p, "Content-Type"), "a message inside the user data");
		return;
	}
	if (c->u->mime) {
		check_headers(c, p);
		check_type(c, p);
		check_launch_index(c, p);
		check_encoding(c, p);
		check_ascii(c, p);
		check_name(c, p);
	}
	if (view_trim(p->handed).len == 0)
		remark_add(&c->found, REMARK_EMPTY, (struct spot) { .part = p->number, .line = p->line }, "this %s is empty", c->u->mime ? "part" : "document");
	else if (type_is_script(p->type))
		check_script(c, p);
}
