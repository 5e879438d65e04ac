#include <errno.h>

#include "bootstrap/agent-tar.h"
#include "common/paths.h"
#include "tests/unit/test.h"

#define MANIFEST "[{\"Config\":\"c.json\",\"RepoTags\":[\"other:1\",\"" AGENT_IMAGE "\"],\"Layers\":[]}]"

struct tar {
	char   bytes[16384];
	size_t len;
};

static void finish_header(char *h)
{
	unsigned sum = 0;

	memcpy(h + 257, "ustar", 6);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char) h[i];
	snprintf(h + 148, 8, "%06o", sum);
}

static void add(struct tar *t, const char *name, const char *text, char type)
{
	char *h = t->bytes + t->len;

	snprintf(h, 100, "%s", name);
	snprintf(h + 124, 12, "%011o", (unsigned) strlen(text));
	h[156] = type;
	finish_header(h);
	memcpy(h + 512, text, strlen(text));
	t->len += 512 + (strlen(text) + 511) / 512 * 512;
}

static int check(const struct tar *t, size_t len, struct err *e)
{
	/* exactly so many bytes, so that a sanitizer sees any read behind them */
	char *copy = malloc(len + 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, t->bytes, len);
	r = agent_tar_check((struct view) { copy, len }, AGENT_IMAGE, e);
	free(copy);
	return r;
}

static void test_good(void **state)
{
	static const char *const names[] = { "manifest.json", "./manifest.json" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct tar t = { .len = 0 };

		add(&t, "c.json", "{}", '0');
		add(&t, "layer/", "", '5');
		add(&t, names[i], MANIFEST, '0');
		add(&t, "behind", "x", '0');
		t.len += 1024;
		assert_int_equal(check(&t, t.len, &e), 0);
	}
}

static void test_every_cut_is_seen(void **state)
{
	struct tar t = { .len = 0 };
	struct err e;

	(void) state;
	add(&t, "manifest.json", MANIFEST, '0');
	add(&t, "layer.tar", "layer", '0');
	for (size_t n = 0; n < t.len + 512; n++) {
		assert_int_equal(check(&t, n, &e), -EBADMSG);
		assert_says(e, n < 512 ? "no tar" : "cut off");
	}
	assert_int_equal(check(&t, t.len + 512, &e), 0);
}

static void test_others(void **state)
{
	static const struct {
		const char *name, *text, *says;
		char        type;
	} cases[] = {
		{ "index.json", "{}", "no manifest.json", '0' },
		{ "manifest.json", MANIFEST, "no manifest.json", '5' },
		{ "manifest.jsonx", MANIFEST, "no manifest.json", '0' },
		{ "manifest.json", "[{\"RepoTags\":[\"amazon/amazon-ecs-agent:v1\"]}]", "holds no image 'amazon/amazon-ecs-agent:latest'", '0' },
		{ "manifest.json", "[{\"RepoTags\":null},7,{\"RepoTags\":[7,{}]}]", "holds no image", '0' },
		{ "manifest.json", "[]", "holds no image", '0' },
		{ "manifest.json", "{\"RepoTags\":[]}", "manifest.json is none", '0' },
		{ "manifest.json", "[{", "manifest.json is none", '0' },
	};
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tar t = { .len = 0 };

		add(&t, cases[i].name, cases[i].text, cases[i].type);
		t.len += 1024;
		assert_int_equal(check(&t, t.len, &e), -EBADMSG);
		assert_says(e, cases[i].says);
	}
}

static void test_damage(void **state)
{
	struct tar t = { .len = 0 };
	struct err e;

	(void) state;
	add(&t, "manifest.json", MANIFEST, '0');
	add(&t, "behind", "x", '0');
	t.len += 1024;
	t.bytes[1024] ^= 1;
	assert_int_equal(check(&t, t.len, &e), -EBADMSG);
	assert_says(e, "damaged");
	memset(t.bytes, 0x1f, 512);
	assert_int_equal(check(&t, t.len, &e), -EBADMSG);
	assert_says(e, "no tar");
}

static void test_sizes_beyond_the_end(void **state)
{
	static const char sizes[][13] = { "77777777777\0", "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct tar t = { .len = 1024 };

		strcpy(t.bytes, "manifest.json");
		memcpy(t.bytes + 124, sizes[i], 12);
		finish_header(t.bytes);
		assert_int_equal(check(&t, t.len, &e), -EBADMSG);
		assert_says(e, "cut off");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_good), TEST(test_every_cut_is_seen), TEST(test_others), TEST(test_damage), TEST(test_sizes_beyond_the_end),
	};

	return RUN("agent-tar", tests);
}
