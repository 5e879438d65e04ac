#include <errno.h>

#include "bootstrap/spot.h"
#include "tests/unit/stand-in.h"

#define NAME "ECS_ENABLE_SPOT_INSTANCE_DRAINING"

/* value: as JSON, NULL for a section that is not there. What the variable is afterwards, NULL if it is not set. */
static const char *derive(struct imds *imds, const char *value, const char *before, int want)
{
	static char text[64];
	AUTO_JSON *agent = json_object_new_object(), *v = value ? json_tokener_parse(value) : NULL;
	struct err e = { .code = 0 };

	if (before)
		json_object_object_add(agent, NAME, json_object_new_string(before));
	assert_int_equal(spot_derive(&(struct apply) { .imds = imds }, v, agent, &e), want);
	if (want < 0)
		assert_says(e, "spotDraining");
	if (!json_text(agent, NAME, NULL))
		return NULL;
	snprintf(text, sizeof text, "%s", json_text(agent, NAME, NULL));
	return text;
}

static void test_said_by_the_user(void **state)
{
	(void) state;
	assert_string_equal(derive(NULL, "true", NULL, 0), "true");
	assert_string_equal(derive(NULL, "false", NULL, 0), "false");
	assert_string_equal(derive(NULL, "true", "false", APPLY_SAME), "false");
	assert_null(derive(NULL, "\"sometimes\"", NULL, -EINVAL));
	assert_null(derive(NULL, "1", NULL, -EINVAL));
}

static void test_without_metadata(void **state)
{
	(void) state;
	assert_null(derive(NULL, "\"auto\"", NULL, APPLY_SAME));
	assert_null(derive(NULL, NULL, NULL, APPLY_SAME));
}

static void with(const char *option, const char *argument, void (*test)(struct imds *))
{
	const char *const argv[] = { "tests/fakes/imds.py", option, argument, NULL };
	AUTO_STAND_IN metadata = { .pid = 0 };
	AUTO_IMDS *imds = NULL;
	struct err e;

	stand_in_start(&metadata, argv);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url, 1);
	assert_int_equal(imds_open(1500, &imds, &e), 0);
	test(imds);
}

static void on_spot(struct imds *imds)
{
	assert_string_equal(derive(imds, NULL, NULL, 0), "true");
	assert_string_equal(derive(imds, "\"auto\"", NULL, 0), "true");
	assert_string_equal(derive(imds, "\"auto\"", "false", APPLY_SAME), "false");
	assert_string_equal(derive(imds, "false", NULL, 0), "false");
}

static void on_demand(struct imds *imds)
{
	assert_null(derive(imds, NULL, NULL, APPLY_SAME));
	assert_null(derive(imds, "\"auto\"", NULL, APPLY_SAME));
}

static void on_nothing(struct imds *imds)
{
	assert_null(derive(imds, "\"auto\"", NULL, APPLY_SAME));
}

/* Asked for, it is a failure; else nobody has to hear of it. */
static void on_trouble(struct imds *imds)
{
	assert_null(derive(imds, "\"auto\"", NULL, -EAGAIN));
	assert_null(derive(imds, NULL, NULL, APPLY_SAME));
}

static void test_life_cycle(void **state)
{
	(void) state;
	with("--set", "instance-life-cycle=spot", on_spot);
	with("--set", "instance-life-cycle=on-demand", on_demand);
	with("--wrong", "meta-data/instance-life-cycle=404", on_nothing);
	with("--wrong", "meta-data/instance-life-cycle=500", on_trouble);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_said_by_the_user), TEST(test_without_metadata), TEST(test_life_cycle) };

	return RUN("spot", tests);
}
