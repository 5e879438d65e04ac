/* A reply of Docker, the metadata service or the agent as bytes: the same in one piece as in many, never more body than came. */
#include <string.h>

#include "common/http1.h"
#include "tests/fuzz/fuzz.h"

struct taken {
	int  result;
	long status;
	struct buf headers, body;
};

static void take(struct view in, size_t piece, struct taken *t)
{
	struct http1 h = { .headers = &t->headers };

	t->headers.limit = 16384;
	for (; in.len > 0 && t->result == 0;) {
		struct view some = { in.p, in.len < piece ? in.len : piece }, body;

		in.p += some.len;
		in.len -= some.len;
		while (some.len > 0 && t->result == 0) {
			size_t before = some.len;

			t->result = http1_feed(&h, &some, &body);
			if (t->result == 0 && some.len == before)
				abort(); /* it would never end */
			if (buf_add(&t->body, body.p, body.len) < 0)
				abort();
		}
	}
	if (t->result == 0)
		t->result = http1_end(&h);
	t->status = h.status;
	http1_done(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = { (const char *) data, len };
	struct taken whole = { 0 }, pieces = { 0 };
	struct http1_url u;

	take(in, len ? len : 1, &whole);
	take(in, 1 + len % 7, &pieces);
	if (whole.result != pieces.result || whole.status != pieces.status || whole.body.len != pieces.body.len || whole.body.len > len ||
	    (whole.body.len && memcmp(whole.body.p, pieces.body.p, whole.body.len) != 0))
		abort();
	buf_done(&whole.headers);
	buf_done(&whole.body);
	buf_done(&pieces.headers);
	buf_done(&pieces.body);
	if (http1_url(in, &u) == 0 && (u.host.len == 0 || memchr(in.p, '\n', in.len)))
		abort();
	return 0;
}
