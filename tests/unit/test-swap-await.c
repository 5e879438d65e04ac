#include "bootstrap/swap-await.h"
#include "tests/unit/test.h"

static void test_what_stands_above(void **state)
{
	static const struct {
		const char *line, *path, *point; /* point NULL: nothing has to be there */
		bool        by_cloud_init;
	} cases[] = {
		{ "/dev/nvme1n1 /mnt auto defaults,nofail 0 2", "/mnt/swapfile", "/mnt", false },
		{ "/dev/nvme1n1 /mnt/ auto defaults", "/mnt/a/b", "/mnt/", false },
		{ "/dev/nvme1n1 /mnt auto defaults,nofail,x-systemd.requires=cloud-init.service,_netdev,comment=cloudconfig 0 2", "/mnt/s", "/mnt", true },
		{ "LABEL=x /mnt\\040two ext4 rw 0 0", "/mnt two/s", "/mnt two", false },
		{ "UUID=1 / ext4 rw 0 0", "/swapfile", NULL, false }, { "UUID=1 /mnt ext4 rw 0 0", "/mntx/s", NULL, false }, { "UUID=1 /mnt ext4 rw 0 0", "/mnt", NULL, false },
		{ "UUID=1 none swap sw 0 0", "/none/s", NULL, false }, { "# UUID=1 /mnt ext4 rw", "/mnt/s", NULL, false }, { "", "/mnt/s", NULL, false },
		{ "UUID=1 /mnt ext4 noauto 0 0", "/mnt/s", NULL, false }, { "/data /mnt none bind 0 0", "/mnt/s", NULL, false }, { "UUID=1", "/mnt/s", NULL, false },
		{ "UUID=1 /mnt", "/mnt/s", "/mnt", false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct view rest = view_of(cases[i].line);
		struct swap_mount m;
		bool found = swap_mounts_next(&rest, cases[i].path, &m);

		if (found != (cases[i].point != NULL) || (found && (strcmp(m.point, cases[i].point) != 0 || m.by_cloud_init != cases[i].by_cloud_init)))
			fail_msg("%s: %s", cases[i].line, found ? m.point : "nothing");
		if (found)
			assert_false(swap_mounts_next(&rest, cases[i].path, &m));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_what_stands_above) };

	return RUN("swap-await", tests);
}
