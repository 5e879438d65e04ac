#include <string.h>
#include <strings.h>

#include "bootstrap/checks.h"
#include "cloud-init/decode.h"
#include "cloud-init/header.h"
#include "cloud-init/utf8.h"
#include "common/keyval.h"

static const struct spot whole = { .line = 0 };
static const struct spot begin = { .line = 1, .column = 1 };

/* What an editor on another system puts in front. */
static bool check_mark(struct check *c)
{
	if (view_starts(c->document, "\xef\xbb\xbf"))
		remark_add(&c->found, REMARK_BOM, begin, "the document begins with a byte order mark");
	else if (view_starts(c->document, "\xff\xfe") || view_starts(c->document, "\xfe\xff"))
		remark_add(&c->found, REMARK_UTF16, begin, "the document is UTF-16");
	else
		return true;
	return false;
}

static void check_size(struct check *c)
{
	size_t packed;

	if (c->raw.len <= USERDATA_EC2_MAX)
		return;
	packed = gzip_size(c->raw);
	remark_add(&c->found, REMARK_TOO_LARGE, whole, "the user data has %zu bytes", c->raw.len);
	if (packed > 0 && packed <= USERDATA_EC2_MAX)
		remark_fix_last(&c->found, "compress it with gzip, which is understood: %zu bytes then", packed);
	else
		remark_fix_last(&c->found, "move something out of it: compressed with gzip it would still have %zu bytes", packed);
}

static bool check_layers(struct check *c)
{
	if (c->u->damaged)
		remark_add(&c->found, REMARK_GZIP_DAMAGED, whole, "this is gzip data that is damaged, cut short or followed by something else");
	else if (c->u->only_ours || (!c->u->base64 && looks_like_base64(c->raw) && c->raw.len >= 16))
		remark_add(&c->found, REMARK_BASE64_SPACE, begin, "this is base64 with white space in it");
	else if (c->u->base64)
		remark_add(&c->found, REMARK_BASE64_TWICE, begin, "this is base64");
	return !c->u->damaged && (c->u->base64 || !looks_like_base64(c->raw));
}

/* The place of the first line that begins so, in any case; NULL if there is none. */
static const char *find_line(struct view document, const char *start)
{
	size_t n = strlen(start);
	struct view line;

	while (line_next(&document, &line))
		if (line.len >= n && strncasecmp(line.p, start, n) == 0)
			return line.p;
	return NULL;
}

static bool looks_like_pairs(struct view text)
{
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	bool pair = false;

	while ((kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		if (kind == KEYVAL_NO_EQUALS || kind == KEYVAL_BAD_NAME)
			return false;
		pair = pair || kind == KEYVAL_PAIR;
	}
	return pair;
}

static bool check_no_mime(struct check *c)
{
	const struct part *p = &c->u->parts[0];
	const char *container = find_line(c->document, "Content-Type: multipart/");
	const char *version = find_line(c->document, "MIME-Version:");

	if (p->kind != PART_FOREIGN || view_trim(c->document).len == 0)
		return true;
	if (version && (container || version > c->document.p + MIME_SNIFF_BYTES))
		remark_add(&c->found, REMARK_MIME_VERSION_LATE, spot_at(c, version), "'MIME-Version' stands too far down");
	else if (container)
		remark_add(&c->found, REMARK_NO_MIME_VERSION, spot_at(c, container), "this looks like MIME, but there is no 'MIME-Version'");
	else if (!view_is_nocase(p->type, TYPE_NOT_MIME))
		return true;
	else if (looks_like_pairs(c->document))
		remark_add(&c->found, REMARK_PLAIN_SETTINGS, begin, "NAME=VALUE lines without '#ecs-bootstrap' above them");
	else
		remark_add(&c->found, REMARK_UNKNOWN_DOCUMENT, begin, "the first line does not say what this is");
	return false;
}

/* Blank lines in front of what was meant as headers. */
static bool check_first_line(struct check *c)
{
	struct view rest = c->document, line;

	if (!line_next(&rest, &line) || view_trim(line).len > 0 || !find_line(c->document, "Content-Type: multipart/"))
		return true;
	remark_add(&c->found, REMARK_BLANK_FIRST, begin, "the document begins with a blank line");
	return false;
}

bool check_document(struct check *c)
{
	size_t bad;

	check_size(c);
	if (!check_layers(c) || !check_mark(c) || !check_first_line(c))
		return false;
	if (!c->u->mime)
		return check_no_mime(c);
	bad = utf8_find_invalid(c->document);
	if (bad < c->document.len)
		remark_add(&c->found, REMARK_NOT_UTF8, spot_at(c, c->document.p + bad), "this byte is no UTF-8");
	return true;
}
