#include <errno.h>

#include "efs/mount/nfs.h"
#include "efs/mount/targets.h"
#include "efs/mount/unit.h"
#include "tests/unit/test.h"

#define RESET  "mount.nfs4: Connection reset by peer for 127.0.0.1:/ on /x\n"
#define DENIED "mount.nfs4: access denied by server while mounting 127.0.0.1:/\n"

static struct err err;

static void what_to_do_after_a_run(void **state)
{
	static const struct {
		unsigned      attempt;
		bool          killed;
		int           status;
		const char   *said;
		bool          access_point;
		enum nfs_next next;
	} all[] = {
		{ 1, false, 0, "", false, NFS_DONE }, { 3, false, 0, RESET, true, NFS_DONE },
		{ 1, true, 0, "", false, NFS_AGAIN }, { 2, true, 0, "", true, NFS_AGAIN }, { 3, true, 0, "", false, NFS_FAILED },
		{ 1, false, 32, RESET, false, NFS_AGAIN_LATER }, { 2, false, 32, RESET, true, NFS_AGAIN_LATER }, { 3, false, 32, RESET, false, NFS_FAILED },
		{ 1, false, 32, DENIED, false, NFS_FAILED }, { 1, false, 32, DENIED, true, NFS_AGAIN_LATER }, { 3, false, 32, DENIED, true, NFS_FAILED },
		{ 1, false, 32, "mount.nfs4: Connection refused", true, NFS_FAILED }, { 1, false, 127, "", true, NFS_FAILED }, { 1, false, 137, "", true, NFS_FAILED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct nfs_end end = { all[i].attempt, all[i].killed, all[i].status, view_of(all[i].said), all[i].access_point };

		if (nfs_judge(&end) != all[i].next)
			fail_msg("row %zu", i);
	}
}

#define TARGET(zone, id, state, more) "{\"AvailabilityZoneName\":\"" zone "\",\"AvailabilityZoneId\":\"" id "\",\"LifeCycleState\":\"" state "\"," more "}"

static int pick(const char *targets, const char *zone, const char *id, char ret[ADDRESS_SIZE])
{
	struct target_want want = { zone, id };
	char text[2048];

	snprintf(text, sizeof text, "{\"MountTargets\":[%s]}", targets);
	return targets_pick(view_of(text), &want, ret, ADDRESS_SIZE, &err);
}

static void a_mount_target_of_ones_own_zone(void **state)
{
	static const char *const three = TARGET("eu-1a", "euc1-az1", "creating", "\"IpAddress\":\"10.0.0.1\"") ","
		TARGET("eu-1b", "euc1-az2", "available", "\"IpAddress\":\"10.0.0.2\"") ","
		TARGET("eu-1c", "euc1-az3", "available", "\"Ipv6Address\":\"fd00::3\"");
	char at[ADDRESS_SIZE];

	(void) state;
	assert_int_equal(pick(three, "", "euc1-az2", at), 0);
	assert_string_equal(at, "10.0.0.2");
	assert_int_equal(pick(three, "eu-1c", "euc1-az2", at), 0);
	assert_string_equal(at, "fd00::3");
	assert_int_equal(pick(three, "", "", at), 0);
	assert_string_equal(at, "10.0.0.2");
	assert_int_equal(pick(three, "eu-1a", "", at), -ENOENT);
	assert_says(err, "in zone eu-1a, but in eu-1b, eu-1c");
	assert_int_equal(pick(three, "", "euc1-az9", at), -ENOENT);
	assert_says(err, "euc1-az9");
}

static void answers_that_are_none(void **state)
{
	static const char *const bad[] = { "", "null", "{}", "[]", "{\"MountTargets\":{}}", "{\"MountTargets\":", "<html>" };
	struct target_want want = { "", "" };
	char at[ADDRESS_SIZE];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(targets_pick(view_of(bad[i]), &want, at, sizeof at, &err), -EBADMSG);
	assert_int_equal(pick("", "", "", at), -ENOENT);
	assert_int_equal(pick("1,null,[],{}", "", "", at), -ENOENT);
	assert_int_equal(pick(TARGET("a", "b", "available", "\"IpAddress\":\"x;rm -rf\""), "", "", at), -ENOENT);
	assert_int_equal(pick(TARGET("a", "b", "available", "\"IpAddress\":7"), "", "", at), -ENOENT);
}

static void what_the_tunnel_is_told(void **state)
{
	struct place place = { .id = "fs-1", .region = "eu-west-1", .host = "fs-1.efs.eu-west-1.amazonaws.com", .connect = "10.0.0.1" };
	AUTO_EFS_OPTIONS o;
	struct tunnel_unit t = { .base = "fs-1.efs", .dir = "/efs", .options = &o, .place = &place, .ca_file = "", .source = "ecs.ec2" };
	AUTO_BUF b = { .limit = 0 };

	(void) state;
	assert_int_equal(efs_options_parse(view_of("tls,iam,tlsport=20050,awscredsuri=/v2/credentials/x,netns=/proc/1/ns/net"), &o, &err), 0);
	assert_int_equal(unit_text(&t, &b, &err), 0);
	assert_string_equal(b.p, "FILE_SYSTEM=fs-1\nHOST=fs-1.efs.eu-west-1.amazonaws.com\nCONNECT=10.0.0.1\nREGION=eu-west-1\nPORT=20050\n"
				 "NETNS=/proc/1/ns/net\nACCESS_POINT=\nIAM=true\nCREDENTIALS_URI=/v2/credentials/x\nCA_FILE=\nVERIFY=2\nMOUNTPOINT=/efs\nSOURCE=ecs.ec2\n");
	t.dir = "/a\nIAM=false";
	buf_clear(&b);
	assert_int_equal(unit_text(&t, &b, &err), -EINVAL);
	assert_says(err, "MOUNTPOINT has a line end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_to_do_after_a_run), TEST(a_mount_target_of_ones_own_zone), TEST(answers_that_are_none), TEST(what_the_tunnel_is_told),
	};

	return RUN("mount.efs decisions", tests);
}
