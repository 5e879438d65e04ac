#include <errno.h>

#include "bootstrap/swap-header.h"
#include "bootstrap/swap-plan.h"
#include "tests/unit/test.h"

static void test_what_to_do(void **state)
{
	static const struct {
		bool wanted, active, roomy;
		enum swap_there there;
		enum swap_action action;
	} cases[] = {
		{ true, false, true, SWAP_ABSENT, SWAP_DO_CREATE },      { true, false, true, SWAP_RIGHT, SWAP_DO_SWAPON },
		{ true, true, true, SWAP_RIGHT, SWAP_DO_NOTHING },       { true, true, false, SWAP_RIGHT, SWAP_DO_NOTHING },
		{ true, false, false, SWAP_OTHER_SIZE, SWAP_DO_RESIZE }, { true, true, true, SWAP_OTHER_SIZE, SWAP_DO_RESIZE },
		{ true, true, false, SWAP_OTHER_SIZE, SWAP_DO_KEEP },    { true, false, true, SWAP_FOREIGN, SWAP_DO_REFUSE },
		{ true, true, true, SWAP_FOREIGN, SWAP_DO_NOTHING },     { false, false, true, SWAP_ABSENT, SWAP_DO_NOTHING },
		{ false, true, true, SWAP_FOREIGN, SWAP_DO_NOTHING },    { false, false, true, SWAP_FOREIGN, SWAP_DO_NOTHING },
		{ false, false, false, SWAP_RIGHT, SWAP_DO_REMOVE },     { false, true, true, SWAP_RIGHT, SWAP_DO_REMOVE },
		{ false, true, false, SWAP_RIGHT, SWAP_DO_KEEP },        { false, true, true, SWAP_OTHER_SIZE, SWAP_DO_REMOVE },
		{ false, true, false, SWAP_OTHER_SIZE, SWAP_DO_KEEP },   { false, false, true, SWAP_OTHER_SIZE, SWAP_DO_REMOVE },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (swap_decide(cases[i].wanted, cases[i].there, cases[i].active, cases[i].roomy) != cases[i].action)
			fail_msg("case %zu", i);
}

static void test_what_fits_into_memory(void **state)
{
	(void) state;
	assert_true(swap_fits_memory(0, 0));
	assert_true(swap_fits_memory(GIB, GIB + 64 * MIB));
	assert_false(swap_fits_memory(GIB, GIB));
	assert_false(swap_fits_memory(1, 64 * MIB));
}

static void test_sizes_as_they_are_written(void **state)
{
	uint64_t size = 7;

	(void) state;
	assert_int_equal(swap_parse_size(view_of("512MiB"), &size), 0);
	assert_int_equal(size, 512 * MIB);
	assert_int_equal(swap_parse_size(view_of("4GiB"), &size), 0);
	assert_int_equal(size, 4 * GIB);
	assert_int_equal(swap_parse_size(view_of("auto"), &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(swap_parse_size(view_of("4GB"), &size), -EINVAL);
	assert_int_equal(swap_parse_size(view_of("MiB"), &size), -EINVAL);
	assert_int_equal(swap_parse_size(view_of("-1GiB"), &size), -EINVAL);
	assert_int_equal(swap_parse_size(view_of("0GiB"), &size), -EINVAL);
	assert_int_equal(swap_parse_size(view_of(""), &size), -EINVAL);
}

static void assert_size(enum swap_kind kind, uint64_t asked, struct swap_room room, uint64_t wanted)
{
	struct err e = { .text = "" };
	uint64_t size = 0;

	if (swap_size(kind, asked, &room, &size, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(size / MIB, wanted / MIB);
	assert_int_equal(size % MIB, 0);
}

static void assert_no_size(enum swap_kind kind, uint64_t asked, struct swap_room room, const char *says)
{
	struct err e = { .text = "" };
	uint64_t size = 7;

	assert_int_equal(swap_size(kind, asked, &room, &size, &e), -ENOSPC);
	assert_says(e, says);
	assert_int_equal(size, 7);
}

static void test_how_much(void **state)
{
	(void) state;
	assert_size(SWAP_FILE, 2 * GIB, (struct swap_room) { GIB, 30 * GIB, 4 * GIB, 0 }, 2 * GIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { GIB, 30 * GIB, 20 * GIB, 0 }, 2 * GIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { 16 * GIB, 100 * GIB, 90 * GIB, 0 }, 4 * GIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { 16 * GIB, 8 * GIB, 5 * GIB, 0 }, GIB);
	assert_size(SWAP_DEVICE, 0, (struct swap_room) { 16 * GIB, 2 * GIB, 2 * GIB, 0 }, 2 * GIB);
	assert_size(SWAP_DEVICE, GIB, (struct swap_room) { 16 * GIB, GIB, GIB, 0 }, GIB);
	assert_size(SWAP_ZRAM, 0, (struct swap_room) { .memory = 2 * GIB }, GIB);
	assert_size(SWAP_ZRAM, 3 * GIB, (struct swap_room) { .memory = 2 * GIB }, 3 * GIB);
}

/* Free space differs from boot to boot, also by the file itself. */
static void test_what_is_near_enough_stays(void **state)
{
	(void) state;
	assert_size(SWAP_FILE, 0, (struct swap_room) { 16 * GIB, 8 * GIB, 4 * GIB, GIB }, GIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { 16 * GIB, 8 * GIB, 3 * GIB + GIB / 2, GIB }, GIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { 16 * GIB, 8 * GIB, GIB, GIB }, 2 * GIB / 5 / MIB * MIB);
	assert_size(SWAP_FILE, 0, (struct swap_room) { 4 * GIB, 100 * GIB, 80 * GIB, 2 * GIB }, 4 * GIB);
}

static void test_a_disk_is_not_filled(void **state)
{
	(void) state;
	assert_no_size(SWAP_FILE, 4 * GIB, (struct swap_room) { GIB, 30 * GIB, 4 * GIB, 0 }, "would leave less than 1024 MiB of the disk: 4096 MiB");
	assert_no_size(SWAP_FILE, GIB, (struct swap_room) { GIB, 2 * GIB, GIB, 0 }, "would leave less than 204 MiB");
	assert_size(SWAP_FILE, 3 * GIB, (struct swap_room) { GIB, 30 * GIB, 4 * GIB, 0 }, 3 * GIB);
	assert_size(SWAP_FILE, 4 * GIB, (struct swap_room) { GIB, 30 * GIB, 3 * GIB, 2 * GIB }, 4 * GIB);
	assert_no_size(SWAP_FILE, 0, (struct swap_room) { GIB, 8 * GIB, 100 * MIB, 0 }, "no room");
	assert_no_size(SWAP_DEVICE, 2 * GIB, (struct swap_room) { GIB, GIB, GIB, 0 }, "2048 MiB of swap on a device of 1024 MiB");
}

static void test_header(void **state)
{
	static char page[SWAP_PAGE_MAX];
	unsigned char uuid[SWAP_UUID_SIZE] = { 1, 2, 3 };
	struct swap_header h;
	uint32_t number;

	(void) state;
	for (size_t size = SWAP_PAGE_MIN; size <= SWAP_PAGE_MAX; size *= 2) {
		memset(page, 0x55, sizeof page);
		swap_header_make(page, size, 64 * MIB, uuid);
		assert_memory_equal(page + size - 10, "SWAPSPACE2", 10);
		memcpy(&number, page + 1024, 4);
		assert_int_equal(number, 1);
		memcpy(&number, page + 1028, 4);
		assert_int_equal(number, 64 * MIB / size - 1);
		assert_memory_equal(page + 1036, uuid, sizeof uuid);
		assert_string_equal(page + 1052, "ecs-bootstrap");
		assert_true(swap_header_read((struct view) { page, sizeof page }, &h));
		assert_int_equal(h.page_size, size);
		assert_int_equal(h.size, 64 * MIB);
		assert_true(h.ours);
		assert_string_equal(swap_content((struct view) { page, sizeof page }), size == 8192 || size == 32768 ? "data" : "swap");
		page[1052] = 'x';
		assert_true(swap_header_read((struct view) { page, sizeof page }, &h));
		assert_false(h.ours);
		assert_false(swap_header_read((struct view) { page, size - 1 }, &h));
		page[1024] = 2;
		assert_false(swap_header_read((struct view) { page, sizeof page }, &h));
	}
}

static void test_what_a_device_holds(void **state)
{
	static char head[128 << 10];
	static const struct {
		size_t at;
		const char *bytes, *says;
	} cases[] = {
		{ 0x438, "\x53\xef", "an ext file system" }, { 0, "XFSB", "an XFS file system" },   { 512, "EFI PART", "a GPT partition table" },
		{ 0x10040, "_BHRfS_M", "a btrfs file system" }, { 512, "LABELONE", "an LVM volume" }, { 4096, "\xfc\x4e\x2b\xa9", "a part of a RAID" },
		{ 510, "\x55\xaa", "a partition table or boot sector" }, { sizeof head - 1, "x", "data" },
	};

	(void) state;
	assert_null(swap_content((struct view) { head, sizeof head }));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(head, 0, sizeof head);
		memcpy(head + cases[i].at, cases[i].bytes, strlen(cases[i].bytes));
		assert_string_equal(swap_content((struct view) { head, sizeof head }), cases[i].says);
	}
}

static void test_proc_swaps(void **state)
{
	static const char text[] =
		"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		"/dev/zram0                              partition\t65532\t\t12\t\t100\n"
		"/a\\040b\\134c\\011                     file\t\t32764\t\t0\t\t-2\n"
		"/gone\\040(deleted)                     file\t\t4\t\t0\t\t5\n"
		"nonsense\n"
		"/short file\n"
		"/bad file x 0 0\n"
		"/last file 8 4 -3";
	struct view rest = view_of(text);
	struct swaps_line line;

	(void) state;
	assert_true(swaps_next(&rest, &line));
	assert_string_equal(line.path, "/dev/zram0");
	assert_int_equal(line.size, 65532 * 1024);
	assert_int_equal(line.used, 12 * 1024);
	assert_false(line.deleted);
	assert_true(swaps_next(&rest, &line));
	assert_string_equal(line.path, "/a b\\c\t");
	assert_true(swaps_next(&rest, &line));
	assert_string_equal(line.path, "/gone");
	assert_true(line.deleted);
	assert_true(swaps_next(&rest, &line));
	assert_string_equal(line.path, "/last");
	assert_int_equal(line.used, 4096);
	assert_false(swaps_next(&rest, &line));
}

static void test_meminfo(void **state)
{
	uint64_t n = 7;

	(void) state;
	assert_true(meminfo_find(view_of("MemTotal:        2000 kB\nMemAvailable:    1000 kB\n"), "MemAvailable", &n));
	assert_int_equal(n, 1000 * 1024);
	assert_false(meminfo_find(view_of("MemTotal:        2000 kB\n"), "MemAvailable", &n));
	assert_false(meminfo_find(view_of("MemAvailable: x kB\n"), "MemAvailable", &n));
	assert_false(meminfo_find(view_of(""), "MemAvailable", &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_to_do),
		TEST(test_what_fits_into_memory),
		TEST(test_sizes_as_they_are_written),
		TEST(test_how_much),
		TEST(test_what_is_near_enough_stays),
		TEST(test_a_disk_is_not_filled),
		TEST(test_header),
		TEST(test_what_a_device_holds),
		TEST(test_proc_swaps),
		TEST(test_meminfo),
	};

	return RUN("swap-plan", tests);
}
