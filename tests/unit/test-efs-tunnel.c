/* The parts of ecs-efs-tunnel that decide: its state file, buffers, when to renew, which port, whether it is still needed. */
#include <errno.h>

#include "efs/tunnel/config.h"
#include "efs/tunnel/listener.h"
#include "efs/tunnel/lookup.h"
#include "efs/tunnel/pipe.h"
#include "efs/tunnel/renewal.h"
#include "efs/tunnel/watch.h"
#include "tests/unit/test.h"

#define NEEDED "FILE_SYSTEM=fs-0123\nHOST=fs-0123.efs.us-east-1.amazonaws.com\nREGION=us-east-1\nMOUNTPOINT=/mnt\n"

static void config_defaults(void **state)
{
	struct tunnel_config c;
	struct err e;

	(void) state;
	assert_int_equal(tunnel_config_parse(view_of(NEEDED), &c, &e), 0);
	assert_string_equal(c.connect, c.host);
	assert_string_equal(c.source, "ecs.ec2");
	assert_int_equal(c.connect_port, 2049);
	assert_int_equal(c.port, 0);
	assert_true(c.verify);
	assert_false(c.iam);
	assert_string_equal(c.netns, "");
}

static void config_whole(void **state)
{
	struct tunnel_config c;
	struct err e;

	(void) state;
	assert_int_equal(tunnel_config_parse(view_of(NEEDED "# a comment\n\nCONNECT=fd00::5\nCONNECT_PORT=2050\nPORT=20049\nIAM=true\nVERIFY=0\n"
							    "NETNS=/proc/77/ns/net\nACCESS_POINT=fsap-0123456789abcdef0\nCA_FILE=/etc/ca\n"
							    "CREDENTIALS_URI=/v2/credentials/1=2\nSOURCE=k8s\nFROM_A_NEWER_VERSION=x\nMOUNTPOINT=/mnt/a b\n"),
					     &c, &e),
			 0);
	assert_string_equal(c.connect, "fd00::5");
	assert_int_equal(c.connect_port, 2050);
	assert_int_equal(c.port, 20049);
	assert_true(c.iam);
	assert_false(c.verify);
	assert_string_equal(c.netns, "/proc/77/ns/net");
	assert_string_equal(c.credentials_uri, "/v2/credentials/1=2");
	assert_string_equal(c.mount_point, "/mnt/a b");
	assert_string_equal(c.source, "k8s");
}

static void config_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "", "FILE_SYSTEM is missing" },
		{ "FILE_SYSTEM=fs-0123\n", "HOST is missing" },
		{ NEEDED "HOST=\n", "HOST is missing" },
		{ NEEDED "FILE_SYSTEM=fs-\n", "line 5: FILE_SYSTEM: 'fs-' is no such value" },
		{ NEEDED "FILE_SYSTEM=fs-XYZ\n", "FILE_SYSTEM" },
		{ NEEDED "HOST=a b\n", "HOST" },
		{ NEEDED "HOST=-x\n", "HOST" },
		{ NEEDED "CONNECT=a/b\n", "CONNECT" },
		{ NEEDED "REGION=us_east\n", "REGION" },
		{ NEEDED "NETNS=proc\n", "NETNS" },
		{ NEEDED "PORT=65536\n", "PORT" },
		{ NEEDED "PORT=-1\n", "PORT" },
		{ NEEDED "CONNECT_PORT=0\n", "CONNECT_PORT is 0" },
		{ NEEDED "IAM=perhaps\n", "IAM" },
		{ NEEDED "VERIFY=5\n", "VERIFY" },
		{ NEEDED "ACCESS_POINT=fsap-x\n", "ACCESS_POINT" },
		{ NEEDED "CREDENTIALS_URI=http://example.com/\n", "CREDENTIALS_URI" },
		{ NEEDED "CREDENTIALS_URI=/a\rHost: x\n", "CREDENTIALS_URI" },
		{ NEEDED "MOUNTPOINT=mnt\n", "MOUNTPOINT" },
		{ NEEDED "nonsense\n", "line 5: no KEY=VALUE" },
		{ NEEDED "A B=c\n", "line 5: no KEY=VALUE" },
	};
	struct tunnel_config c = { .port = 7 };
	struct err e;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(tunnel_config_parse(view_of(bad[i][0]), &c, &e), -EINVAL);
		assert_says(e, bad[i][1]);
	}
	assert_int_equal(c.port, 7);
}

static void config_too_long(void **state)
{
	char text[8192] = NEEDED "MOUNTPOINT=/";
	struct tunnel_config c;
	size_t n = strlen(text);
	struct err e;

	(void) state;
	memset(text + n, 'a', 4095);
	assert_int_equal(tunnel_config_parse(view_of(text), &c, &e), -EINVAL);
	text[n + 4094] = '\0';
	assert_int_equal(tunnel_config_parse(view_of(text), &c, &e), 0);
}

static void names(void **state)
{
	char longest[TUNNEL_BASE_MAX + 2];

	(void) state;
	memset(longest, 'x', sizeof longest);
	longest[TUNNEL_BASE_MAX + 1] = '\0';
	assert_true(tunnel_base_ok("fs-0123.mnt.efs"));
	assert_true(tunnel_base_ok("fs-0123.mnt.a\\x20b"));
	assert_false(tunnel_base_ok(""));
	assert_false(tunnel_base_ok(".fs"));
	assert_false(tunnel_base_ok("a/b"));
	assert_false(tunnel_base_ok("a b"));
	assert_false(tunnel_base_ok("a\nb"));
	assert_false(tunnel_base_ok(longest));
	longest[TUNNEL_BASE_MAX] = '\0';
	assert_true(tunnel_base_ok(longest));
}

/* What is not taken holds up the source; the end is told after the last byte. */
static void pipes(void **state)
{
	struct pipe p = { .p = NULL };
	char *room;

	(void) state;
	assert_true(pipe_wants_source(&p));
	assert_false(pipe_wants_sink(&p));
	assert_int_equal(pipe_room(&p, &room), PIPE_SIZE);
	memcpy(room, "abc", 3);
	pipe_added(&p, 3);
	assert_view(pipe_data(&p), "abc");
	pipe_taken(&p, 1);
	assert_view(pipe_data(&p), "bc");
	assert_int_equal(pipe_room(&p, &room), PIPE_SIZE - 3);
	pipe_added(&p, PIPE_SIZE - 3);
	assert_false(pipe_wants_source(&p));
	pipe_rest(&p);
	assert_non_null(p.p);
	pipe_taken(&p, PIPE_SIZE - 1);
	assert_true(pipe_wants_source(&p));
	assert_false(pipe_wants_sink(&p));
	pipe_rest(&p);
	assert_null(p.p);
	p.ended = true;
	assert_false(pipe_wants_source(&p));
	assert_true(pipe_wants_sink(&p));
	assert_int_equal(pipe_data(&p).len, 0);
	assert_false(pipe_over(&p));
	p.closed = true;
	assert_true(pipe_over(&p));
	assert_false(pipe_wants_sink(&p));
}

static void renewals(void **state)
{
	static const struct {
		unsigned failures;
		long     low, high;
	} table[] = {
		{ 0, 3600000, 3600000 }, { 1, 1000, 1100 },      { 2, 2000, 2200 },      { 3, 4000, 4400 },
		{ 9, 256000, 281600 },   { 10, 300000, 330000 }, { 1000, 300000, 330000 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (unsigned dice = 0; dice < 50; dice++)
			assert_in_range(renewal_delay(table[i].failures, 3600000, dice), table[i].low, table[i].high);
	/* Tries go on while the old certificate is valid: at least ten of them. */
	assert_true(10 * 330000L < (EFS_CERTIFICATE_VALID_S - 3600) * 1000L);
}

/* Whatever the dice, each port comes once. */
static void ports(void **state)
{
	(void) state;
	for (unsigned dice = 0; dice < 100; dice += 3) {
		bool seen[PORT_LAST - PORT_FIRST + 1] = { false };

		for (unsigned n = 0; n < ARRAY_LEN(seen); n++) {
			uint16_t port = listener_candidate(dice * 7919, n);

			assert_in_range(port, PORT_FIRST, PORT_LAST);
			assert_false(seen[port - PORT_FIRST]);
			seen[port - PORT_FIRST] = true;
		}
	}
}

static bool mounted(const char *line, bool anywhere)
{
	return watch_mounted(view_of(line), "/mnt/a b", 20049, anywhere);
}

static void mounts(void **state)
{
	(void) state;
	assert_true(mounted("1 0 8:1 / / rw - ext4 x rw\n55 1 0:40 / /mnt/a\\040b rw - nfs4 127.0.0.1:/ rw,vers=4.1,port=20049,addr=127.0.0.1\n", false));
	assert_false(mounted("55 1 0:40 / /mnt/other rw - nfs4 127.0.0.1:/ rw,port=20049\n", false));
	assert_true(mounted("55 1 0:40 / /mnt/other rw - nfs4 127.0.0.1:/x rw,port=20049\n", true));
	assert_false(mounted("55 1 0:40 / /mnt/a\\040b rw - nfs4 127.0.0.1:/ rw,port=200490\n", true));
	assert_false(mounted("55 1 0:40 / /mnt/a\\040b rw - nfs4 127.0.0.1:/ rw,mountport=20049\n", true));
	assert_false(mounted("55 1 0:40 / /mnt/a\\040b rw - nfs4 127.0.0.1:/ rw\n", true));
	assert_false(mounted("55 1 0:40 / /mnt/a\\040b rw - nfs4 10.0.0.1:/ rw,port=20049\n", true));
	assert_false(mounted("55 1 0:40 / /mnt/a\\040b rw - ext4 127.0.0.1:/ rw,port=20049\n", true));
	assert_false(mounted("", true));
	assert_true(watch_mounted(view_of("55 1 0:40 / /m rw - nfs4 127.0.0.1:/ rw\n"), "/m", 2049, false));
}

static void watches(void **state)
{
	struct watch w = { .within_ms = 120, .gone_ms = 30, .since = 1000 };

	(void) state;
	assert_int_equal(watch_judge(&w, false, 0, 1119), WATCH_GO_ON);
	assert_int_equal(watch_judge(&w, false, 0, 1120), WATCH_NEVER);
	assert_int_equal(watch_judge(&w, true, 0, 1119), WATCH_GO_ON);
	assert_int_equal(watch_judge(&w, false, 0, 1148), WATCH_GO_ON);
	assert_int_equal(watch_judge(&w, true, 0, 1148), WATCH_GO_ON); /* it was only moved */
	assert_int_equal(watch_judge(&w, false, 0, 1177), WATCH_GO_ON);
	assert_int_equal(watch_judge(&w, false, 0, 1178), WATCH_GONE);
	assert_int_equal(watch_judge(&w, false, 1100, 1178), WATCH_GO_ON); /* somebody has it still, and is answered */
	assert_int_equal(watch_judge(&w, false, 1100, 1219), WATCH_GO_ON);
	assert_int_equal(watch_judge(&w, false, 1100, 1220), WATCH_GONE);
}

static void addresses(void **state)
{
	struct lookup l = { .name = "10.1.2.3", .port = 2049 };
	char text[ADDRESS_TEXT];

	(void) state;
	assert_true(lookup_is_address(&l));
	address_text(&l.found.at[0], text);
	assert_string_equal(text, "10.1.2.3:2049");
	l.name = "fd00::5";
	assert_true(lookup_is_address(&l));
	address_text(&l.found.at[0], text);
	assert_string_equal(text, "[fd00::5]:2049");
	l.name = "fs-0123.efs.us-east-1.amazonaws.com";
	assert_false(lookup_is_address(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config_defaults), TEST(config_whole), TEST(config_refused), TEST(config_too_long), TEST(names), TEST(pipes),
		TEST(renewals),        TEST(ports),        TEST(mounts),         TEST(watches),         TEST(addresses),
	};

	return RUN("efs-tunnel", tests);
}
