/* Transfer encodings, gzip and header parameters; the first byte chooses. None gives more than its limit. */
#include <errno.h>
#include <string.h>

#include "cloud-init/decode.h"
#include "cloud-init/header.h"
#include "cloud-init/param.h"
#include "cloud-init/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { LIMIT = 1 << 16 };

static void need(bool so)
{
	if (!so)
		abort();
}

static void decode(const char *encoding, struct view text)
{
	AUTO_BUF b = { .limit = text.len + 1 };

	/* uuencode fills a line that is cut short with zeros, so it alone can grow. */
	if (strcmp(encoding, "uue") == 0)
		b.limit = LIMIT;
	int r = decode_for(view_of(encoding))(text, &b);

	need(r == 0 || (r == -EMSGSIZE && b.limit == LIMIT));
	need(b.len <= b.limit);
}

static void decompress(struct view text)
{
	AUTO_BUF b = { .limit = LIMIT };
	struct err e;
	int r = decode_gzip(text, &b, &e);

	need(r == 0 || r == -EMSGSIZE || r == -EBADMSG);
	need(b.len <= LIMIT);
}

static void parameters(struct view text)
{
	AUTO_BUF value = { .limit = 3 * text.len + 1 }, boundary = { .limit = 3 * text.len + 1 }, name = { .limit = 3 * text.len + 1 };

	need(param_get(text, "name", &value) >= 0);
	need(header_boundary(text, &boundary) >= 0);
	need(header_filename(text, &name) >= 0);
}

static void utf8(struct view text)
{
	AUTO_BUF clean = { .limit = 3 * text.len + 1 };

	need(utf8_from(text, UTF8_FROM_UTF8, &clean) == 0);
	need(utf8_find_invalid(buf_view(&clean)) == clean.len);
	need((utf8_find_invalid(text) == text.len) == (clean.len == text.len && memcmp(buf_view(&clean).p, text.p, text.len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data + 1, len - 1 };

	if (len < 2)
		return 0;
	switch (data[0] % 6) {
	case 0:
		decode("base64", text);
		break;
	case 1:
		decode("quoted-printable", text);
		break;
	case 2:
		decode("uue", text);
		break;
	case 3:
		decompress(text);
		break;
	case 4:
		parameters(text);
		break;
	default:
		utf8(text);
	}
	return 0;
}
