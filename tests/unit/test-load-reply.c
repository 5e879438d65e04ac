/* What Docker answers to a load. */
#include <errno.h>

#include "init/engine/load-reply.h"
#include "tests/unit/test.h"

#define AGENT  "amazon/amazon-ecs-agent:latest"
#define LOADED "{\"stream\":\"Loaded image: " AGENT "\\n\"}\r\n"
#define OTHER  "{\"stream\":\"Loaded image: busybox:latest\\n\"}\r\n"
#define FAILED "{\"errorDetail\":{\"message\":\"unexpected EOF\"},\"error\":\"unexpected EOF\"}\r\n"

static int read_reply(const char *text, size_t piece, struct err *e)
{
	struct load_reply r = { .image = AGENT };
	struct view rest = view_of(text);

	while (rest.len > 0) {
		size_t n = rest.len < piece ? rest.len : piece;

		load_reply_add(&r, (struct view) { rest.p, n });
		rest = (struct view) { rest.p + n, rest.len - n };
	}
	return load_reply_end(&r, e);
}

static void test_replies(void **state)
{
	static const struct {
		const char *text;
		int         want;
		const char *says;
	} cases[] = {
		{ LOADED, 0, "" },
		{ "", 0, "" },                       /* an engine without words: the image is looked for afterwards */
		{ "\r\n\r\n", 0, "" },
		{ OTHER, -ENOENT, "it holds 'busybox:latest', not '" AGENT "'" },
		{ OTHER LOADED OTHER, 0, "" },       /* an archive of several */
		{ "{\"stream\":\"Loaded image: docker.io/" AGENT "\"}", 0, "" },
		{ "{\"stream\":\"Loaded image ID: sha256:0123\\n\"}\r\n", -ENOENT, "sha256:0123" },
		{ FAILED, -EREMOTEIO, "Docker says: unexpected EOF" },
		{ LOADED FAILED, -EREMOTEIO, "unexpected EOF" },
		{ FAILED LOADED, -EREMOTEIO, "unexpected EOF" },
		{ "{\"errorDetail\":{\"message\":\"only here\"}}", -EREMOTEIO, "only here" },
		{ "{\"error\":\"no line end", -EREMOTEIO, "no line end" },  /* cut off in the midst of it */
		{ "{\"stream\":\"an \\\"error\\\" in a name\"}\n" LOADED, 0, "" },
		{ "{\"status\":\"Loading layer\",\"progressDetail\":{\"current\":1}}\r\n" LOADED, 0, "" },
		{ "not JSON\n" LOADED, 0, "" },
		{ "[1,2]\n{\"error\":7}\n{\"stream\":{}}\n" LOADED, 0, "" },
	};
	struct err e = { .text = "" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t piece = 1; piece < 80; piece += 13) {
			assert_int_equal(read_reply(cases[i].text, piece, &e), cases[i].want);
			assert_says(e, cases[i].says);
		}
}

static void test_lines_without_end(void **state)
{
	static char text[100000];
	struct err e;
	size_t n = (size_t) sprintf(text, "{\"error\":\"");

	(void) state;
	memset(text + n, 'x', sizeof text - n - 1);
	assert_int_equal(read_reply(text, 4000, &e), -EREMOTEIO);
	assert_says(e, "xxxx");
	memset(text, 'x', n);
	memcpy(text + sizeof text - 200, "\n" LOADED, strlen("\n" LOADED));
	assert_int_equal(read_reply(text, 4000, &e), 0);
	memset(text, 0, sizeof text);
	assert_int_equal(read_reply(text, 4000, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_replies), TEST(test_lines_without_end) };

	return RUN("load-reply", tests);
}
