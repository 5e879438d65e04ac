/* What is taken from the driver's own files and from a report, and the bytes that the agent reads. NVML itself: tests/flow/test_host.py. */
#include "init/engine/apparmor.h"
#include "init/engine/gpu.h"
#include "tests/unit/test.h"

static void test_version(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version:  12\n", "535.183.01" },
		{ "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (x@y)\n", "550.54.15" },
		{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  396.26  Mon\n", "396.26" },
		{ "GCC version:  gcc 12 (x)\n", "" }, { "", "" }, { "535.1", "535.1" }, { "no\n1.2\n", "" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_view(gpu_version_of(view_of(cases[i].text)), cases[i].want);
}

static void test_uuid(void **state)
{
	(void) state;
	assert_view(gpu_uuid_of(view_of("Model: \t\t Tesla T4\nIRQ:   \t\t 9\nGPU UUID: \t GPU-8f6d\nVideo BIOS: x\n")), "GPU-8f6d");
	assert_view(gpu_uuid_of(view_of("Model: x\n")), "");
	assert_view(gpu_uuid_of(view_of("GPU UUID")), "");
	assert_view(gpu_uuid_of(view_of("")), "");
}

static void test_only_words_are_ids(void **state)
{
	static const char *const bad[] = { "", "GPU-?", "a b", "a\"b", "a\nb", "GPU-\xff" };
	struct gpu_facts f = { .n = 0 };
	char longest[GPU_ID_MAX + 2];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		gpu_add(&f, view_of(bad[i]));
	assert_int_equal(f.n, 0);
	memset(longest, 'a', sizeof longest);
	gpu_add(&f, (struct view) { longest, GPU_ID_MAX + 1 });
	assert_int_equal(f.n, 0);
	for (unsigned i = 0; i < GPU_MAX + 3; i++)
		gpu_add(&f, (struct view) { longest, GPU_ID_MAX });
	assert_int_equal(f.n, GPU_MAX);
	assert_int_equal(strlen(f.ids[GPU_MAX - 1]), GPU_ID_MAX);
}

static void test_report_and_state(void **state)
{
	struct gpu_facts f = { .driver = "396.26", .problem = "ask GPU 1 for its id: lost", .ids = { "GPU-a", "GPU-b" }, .n = 2 }, back;
	AUTO_BUF report = { 0 }, json = { 0 };

	(void) state;
	assert_int_equal(gpu_report(&f, &report), 0);
	gpu_read_report(buf_view(&report), &back);
	assert_string_equal(back.driver, f.driver);
	assert_string_equal(back.problem, f.problem);
	assert_int_equal(back.n, 2);
	assert_int_equal(gpu_json(&back, &json), 0);
	assert_string_equal(json.p, "{\"DriverVersion\":\"396.26\",\"GPUIDs\":[\"GPU-a\",\"GPU-b\"]}");
	gpu_read_report(view_of("DRIVER=1.0; rm\nGPU=x y\nGPU\n\nOTHER=1\n"), &back);
	assert_string_equal(back.driver, "");
	assert_int_equal(back.n, 0);
}

static void test_apparmor_names(void **state)
{
	struct view list = view_of("a (enforce)\necs-agent-default (complain)\nname with blanks (enforce)\nodd\n");

	(void) state;
	assert_true(apparmor_lists(list, "ecs-agent-default"));
	assert_true(apparmor_lists(list, "name with blanks"));
	assert_false(apparmor_lists(list, "ecs-agent"));
	assert_false(apparmor_lists(list, "odd"));
	assert_false(apparmor_lists(view_of(""), "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_version), TEST(test_uuid), TEST(test_only_words_are_ids), TEST(test_report_and_state), TEST(test_apparmor_names),
	};

	return RUN("gpu", tests);
}
