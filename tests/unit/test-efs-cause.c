#include "common/efs-cause.h"
#include "tests/unit/test.h"

#define DENIED "mount.nfs4: access denied by server while mounting 127.0.0.1:/\n"
#define RESET  "mount.nfs4: mount system call failed for /efs: Connection reset by peer\n"

/* As mount(8), nfs-utils 2.6 and efs-utils print them. */
static void test_what_programs_say(void **state)
{
	static const struct {
		const char  *said;
		enum efs_way way;
		bool         timed_out;
		const char  *part; /* "": nothing is known */
	} cases[] = {
		{ "Failed to resolve \"fs-01234567.efs.us-east-1.amazonaws.com\" - check that your file system ID is correct, and ensure that the VPC "
		  "has an EFS mount target for this file system ID.", EFS_WAY_UNKNOWN, false, "VPC DNS resolution" },
		{ "mount.nfs4: Failed to resolve server fs-01234567.efs.us-east-1.amazonaws.com: Name or service not known", EFS_WAY_PLAIN, false, "VPC DNS resolution" },
		{ "mount.nfs4: Failed to resolve server x: Temporary failure in name resolution", EFS_WAY_UNKNOWN, true, "no name server has answered" },
		{ "mount.nfs4: Connection refused", EFS_WAY_UNKNOWN, false, "or the TLS tunnel has ended" },
		{ "mount.nfs4: Connection refused", EFS_WAY_PLAIN, false, "nothing listens on port 2049" },
		{ "mount.nfs4: Connection refused", EFS_WAY_TLS, false, "the tunnel does not listen" },
		{ "mount.nfs4: Connection timed out", EFS_WAY_UNKNOWN, false, "security groups" },
		{ "mount.nfs4: Connection timed out for fs-1.efs.x:/ on /y", EFS_WAY_TLS_IAM, false, "security groups" },
		{ "", EFS_WAY_UNKNOWN, true, "security groups" },
		{ "whatever", EFS_WAY_UNKNOWN, true, "security groups" },
		{ DENIED, EFS_WAY_UNKNOWN, false, "elasticfilesystem:ClientMount" }, { "b'" DENIED "'", EFS_WAY_UNKNOWN, true, "authorizationConfig" },
		{ DENIED, EFS_WAY_PLAIN, false, "(option tls)" }, { DENIED, EFS_WAY_TLS, false, "(option iam)" }, { DENIED, EFS_WAY_TLS_IAM, false, "ClientMount" },
		{ "mount.nfs4: Operation not permitted", EFS_WAY_UNKNOWN, false, "access is denied" },
		{ RESET, EFS_WAY_UNKNOWN, false, "may demand TLS" }, { RESET, EFS_WAY_PLAIN, false, "may demand TLS" }, { RESET, EFS_WAY_TLS, false, "TLS was refused" },
		{ "mount.nfs4: mounting 127.0.0.1:/nowhere failed, reason given by server: No such file or directory", EFS_WAY_TLS, false, "rootDirectory" },
		{ "mount: /efs: unknown filesystem type 'efs'.", EFS_WAY_UNKNOWN, false, "amazon-efs-utils" },
		{ "mount: /x: unknown filesystem type 's3files'.", EFS_WAY_UNKNOWN, false, "no mount.s3files" },
		{ "mount: /efs: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.", EFS_WAY_UNKNOWN, false,
		  "nothing here can mount it" },
		{ "mount.nfs4: No such device", EFS_WAY_TLS_IAM, false, "modprobe nfsv4" }, { "mount.nfs4: Protocol not supported", EFS_WAY_PLAIN, false, "version of NFS" },
		{ "mount.nfs4: an incorrect mount option was specified", EFS_WAY_PLAIN, false, "none of NFS's" },
		{ "mount.nfs4: Network is unreachable", EFS_WAY_UNKNOWN, false, "no route" },
		{ "something new", EFS_WAY_UNKNOWN, false, "" }, { "", EFS_WAY_UNKNOWN, false, "" }, { "whatever", EFS_WAY_TLS_IAM, false, "" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = efs_cause(view_of(cases[i].said), cases[i].way, cases[i].timed_out);

		if (cases[i].part[0] ? !strstr(text, cases[i].part) : text[0] != '\0')
			fail_msg("%s: '%s'", cases[i].said, text);
	}
}

/* Each row is reached by its own words, and by these with its text behind them, as mount.efs prints it. */
static void test_every_row(void **state)
{
	(void) state;
	for (size_t i = 0; i < efs_causes_n; i++) {
		const struct efs_cause *row = &efs_causes[i];

		assert_int_not_equal(row->ways, 0);
		assert_null(strchr(row->text, '\n'));
		for (enum efs_way way = EFS_WAY_UNKNOWN; way < EFS_WAY_COUNT_; way++) {
			char both[1024];

			if (!(row->ways & (1U << way)))
				continue;
			snprintf(both, sizeof both, "mount.efs: mount fs-1 at /x: mount.nfs4: %s (%s)", row->said, row->text);
			if (efs_cause(view_of(row->said), way, true) != row->text || efs_cause(view_of(both), way, false) != row->text)
				fail_msg("row %zu, way %d: %s", i, way, efs_cause(view_of(both), way, false));
		}
	}
}

/* What one way knows the others know too, in their words. */
static void test_words_are_known_however_it_is_mounted(void **state)
{
	(void) state;
	for (size_t i = 0; i < efs_causes_n; i++)
		for (enum efs_way way = EFS_WAY_UNKNOWN; way < EFS_WAY_COUNT_; way++)
			assert_string_not_equal(efs_cause(view_of(efs_causes[i].said), way, false), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_programs_say), TEST(test_every_row), TEST(test_words_are_known_however_it_is_mounted),
	};

	return RUN("efs-cause", tests);
}
