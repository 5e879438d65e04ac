#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/reach.h"
#include "efs/mount/targets.h"

enum { ANSWER_MAX = 256 << 10 };

static const char *text_of(struct json_object *o, const char *key)
{
	const char *text = json_text(o, key, NULL);

	return text ? text : "";
}

static bool is_wanted(struct json_object *o, const struct target_want *want)
{
	if (want->zone[0])
		return strcmp(text_of(o, "AvailabilityZoneName"), want->zone) == 0;
	return !want->zone_id[0] || strcmp(text_of(o, "AvailabilityZoneId"), want->zone_id) == 0;
}

/* Only what is an address: it becomes an argument of mount.nfs4. */
static bool take_address(struct json_object *o, char *ret, size_t size)
{
	static const struct {
		const char *key;
		int         family;
	} kinds[] = { { "IpAddress", AF_INET }, { "Ipv6Address", AF_INET6 } };
	unsigned char room[16];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *text = text_of(o, kinds[i].key);

		if (inet_pton(kinds[i].family, text, room) == 1 && strlen(text) < size) {
			memcpy(ret, text, strlen(text) + 1);
			return true;
		}
	}
	return false;
}

/* Zone names are letters, digits and '-'; whatever else somebody writes there is not repeated. */
static void add_zone(struct buf *zones, const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n > 0 && n < 64 && buf_printf(zones, "%s%.*s", zones->len > 0 ? ", " : "", (int) n, name) < 0)
		return; /* those that do not fit are not named */
}

int targets_pick(struct view answer, const struct target_want *want, char *ret, size_t size, struct err *e)
{
	AUTO_JSON *o = NULL;
	AUTO_BUF zones = { .limit = 300 };
	struct json_object *list;
	struct json_place at;

	if (json_parse(answer, &o, &at, e) < 0 || json_get(o, json_type_array, &list, "MountTargets", NULL) < 0)
		return err_say(e, -EBADMSG, "read the mount targets: the answer of the EFS API is no list of them");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *target = json_object_array_get_idx(list, i);

		if (!json_object_is_type(target, json_type_object) || strcmp(text_of(target, "LifeCycleState"), "available") != 0)
			continue;
		if (is_wanted(target, want) && take_address(target, ret, size))
			return 0;
		add_zone(&zones, text_of(target, "AvailabilityZoneName"));
	}
	if (!zones.len)
		return err_say(e, -ENOENT, "the file system has no mount target that is available");
	return err_say(e, -ENOENT, "the file system has no mount target that is available in zone %s, but in %s",
		       want->zone[0] ? want->zone : want->zone_id, zones.p);
}

/* This API has its errors in a header, with a URL behind a colon. */
static int refused(const struct aws_answer *answer, const struct aws *a, struct err *e)
{
	struct view kind = view_of(answer->error.code);
	size_t n = 0;

	if (kind.len == 0)
		(void) http_header(&answer->reply, "x-amzn-ErrorType", &kind);
	while (n < kind.len && n < 60 && ((kind.p[n] >= 'A' && kind.p[n] <= 'Z') || (kind.p[n] >= 'a' && kind.p[n] <= 'z')))
		n++;
	if (answer->reply.status == 404)
		return err_say(e, -ENOENT, "ask the EFS API: there is no such file system in this account and region");
	return err_say(e, -EACCES, "ask the EFS API: %.*s, status %ld (role '%s' needs elasticfilesystem:DescribeMountTargets)", (int) n, kind.p,
		       answer->reply.status, aws_role(a));
}

int targets_find(struct imds *i, int root, const char *id, const char *region, const struct target_want *want, unsigned deadline_ms,
		 char *ret, size_t size, struct err *e)
{
	AUTO_AWS *aws = NULL;
	AUTO_ANSWER answer = { .reply = { .status = 0 } };
	char path[160];
	struct aws_call call = { .service = "elasticfilesystem", .region = region, .path = path, .max_reply = ANSWER_MAX, .deadline_ms = deadline_ms };
	int r;

	snprintf(path, sizeof path, "/2015-02-01/mount-targets?FileSystemId=%s", id);
	r = reach_aws(root, i, &aws, e);
	if (r == 0)
		r = aws_do(aws, &call, &answer, e);
	if (r == AWS_ROLE_ABSENT)
		return err_say(e, -EACCES, "ask the EFS API: the instance has no role");
	if (r == AWS_REFUSED)
		return refused(&answer, aws, e);
	return r < 0 ? r : targets_pick(buf_view(&answer.reply.body), want, ret, size, e);
}
