#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bootstrap/check.h"
#include "bootstrap/doctor-look.h"
#include "common/agent-files.h"
#include "common/aws-credentials.h"
#include "common/aws-place.h"
#include "common/http.h"
#include "common/reach.h"

enum { IMDS_MS = 2500, ECS_MS = 5000, ANSWER_MAX = 65536 };

static void look_at_role(struct imds *imds, struct doctor_facts *f)
{
	AUTO_CREDENTIALS c = { .expires = 0 };
	struct err e;
	int r = aws_credentials_get(imds, 0, &c, &e);

	f->no_role = r == AWS_NO_ROLE;
	if (r == 0)
		f->role_left_s = (long) (c.expires - time(NULL));
	doctor_answered(&f->role, r > 0 ? 0 : r, &e);
}

static void keep_first(const struct check *c, struct doctor_facts *f)
{
	const struct remark *first = NULL;

	for (size_t i = 0; i < c->found.n; i++) {
		const struct remark *one = &c->found.list[i];

		if (remark_severity(one->id) > SEVERITY_NOTE && (!first || remark_severity(one->id) > remark_severity(first->id)))
			first = one;
	}
	if (first)
		snprintf(f->user_data_first, sizeof f->user_data_first, "line %u: %.200s (%s)", first->at.line, first->what, remark_name(first->id));
	f->user_data_errors = c->found.counts[SEVERITY_ERROR];
	f->user_data_warnings = c->found.counts[SEVERITY_WARNING];
}

static void look_at_user_data(struct imds *imds, struct doctor_facts *f)
{
	AUTO_BUF raw = { .limit = USERDATA_RAW_MAX };
	AUTO_CHECK *c = NULL;
	struct err e;
	int r = imds_get(imds, "user-data", USERDATA_RAW_MAX, &raw, &e);

	if (r == IMDS_ABSENT) {
		doctor_unasked(&f->user_data, "there is no user data");
		return;
	}
	if (r > 0)
		r = err_say(&e, -ENODATA, "the metadata service is switched off");
	if (r == 0)
		r = check_userdata(buf_view(&raw), &c, &e);
	if (r == 0)
		keep_first(c, f);
	doctor_answered(&f->user_data, r, &e);
}

/* ---- the clock, by what a server says of its own */

int doctor_read_date(struct view date, long *ret_s)
{
	struct tm tm = { .tm_isdst = 0 };
	char text[64];
	const char *end;

	if (date.len >= sizeof text)
		return -EBADMSG;
	snprintf(text, sizeof text, "%.*s", VIEW_ARG(date, sizeof text - 1));
	end = strptime(text, "%a, %d %b %Y %H:%M:%S", &tm); /* RFC 9110: always GMT */
	if (!end || strcmp(end, " GMT") != 0)
		return -EBADMSG;
	*ret_s = timegm(&tm);
	return 0;
}

static void compare_clock(const struct http_reply *reply, struct doctor_facts *f)
{
	struct view date;
	long theirs;

	if (!http_header(reply, "Date", &date) || doctor_read_date(date, &theirs) < 0)
		return;
	f->skew_s = time(NULL) - theirs;
	f->clock = (struct doctor_asked) { .r = 0 };
}

/* The metadata service refuses what has no token; its headers tell the time all the same. */
static void compare_by_imds(struct imds *imds, struct doctor_facts *f)
{
	AUTO_HTTP *h = NULL;
	AUTO_REPLY reply = { 0 };
	struct err unused;
	char url[320];

	snprintf(url, sizeof url, "%s/", imds_endpoint(imds));
	struct http_request rq = { .method = "GET", .url = url, .connect_ms = 1000, .total_ms = IMDS_MS, .max_reply = ANSWER_MAX };

	if (http_new(&h, &unused) == 0 && http_do(h, &rq, &reply, &unused) == 0)
		compare_clock(&reply, f);
}

/* ---- ECS: whatever it answers, it is there */

static void call_ecs(int root, const char *url, struct doctor_facts *f)
{
	AUTO_REACH reach;
	struct http_request rq = { .method = "GET", .url = url, .outside = &reach.outside, .connect_ms = ECS_MS, .total_ms = ECS_MS, .max_reply = ANSWER_MAX };
	AUTO_HTTP *h = NULL;
	AUTO_REPLY reply = { 0 };
	struct err e;
	int r = http_new(&h, &e);

	reach_look(root, &reach);
	f->proxy = reach.outside.proxy != NULL;
	if (r == 0)
		r = http_do(h, &rq, &reply, &e);
	if (r == 0)
		compare_clock(&reply, f);
	doctor_answered(&f->ecs, r, &e);
}

static void look_at_ecs(int root, const struct aws_place *place, struct doctor_facts *f)
{
	char url[AWS_HOST_SIZE + 16];
	struct err e;
	int r;

	if (!place->region[0]) {
		doctor_unasked(&f->ecs, "without a region nobody knows where ECS is");
		return;
	}
	r = aws_endpoint_base("ecs", f->ecs_host, sizeof f->ecs_host, &e);
	if (r == 0 && (r = aws_host(place, "ecs", NULL, f->ecs_host, &e)) == 0)
		snprintf(url, sizeof url, "https://%s/", f->ecs_host);
	else
		snprintf(url, sizeof url, "%s/", f->ecs_host);
	if (r < 0)
		doctor_answered(&f->ecs, r, &e);
	else
		call_ecs(root, url, f);
}

static void look_at_region(int root, struct imds *imds, struct aws_place *place, struct doctor_facts *f)
{
	char *set = agent_files_value(root, "AWS_DEFAULT_REGION");
	struct err e;
	int r = 0;

	aws_place_look(root, place);
	if (imds && (!set || !aws_is_region(view_of(set))))
		r = aws_place_ask(imds, place, &e);
	else if (set && aws_is_region(view_of(set)))
		snprintf(place->region, sizeof place->region, "%s", set);
	else
		r = err_say(&e, -ENODATA, "no ecs.config names AWS_DEFAULT_REGION, and the metadata service cannot be asked");
	if (r < 0)
		place->region[0] = '\0';
	doctor_answered(&f->region, r, &e);
	free(set);
}

static void look_at_imds(struct imds *imds, struct doctor_facts *f)
{
	if (imds) {
		look_at_role(imds, f);
		look_at_user_data(imds, f);
		compare_by_imds(imds, f);
		return;
	}
	doctor_unasked(&f->role, "the metadata service cannot be asked");
	doctor_unasked(&f->user_data, "the metadata service cannot be asked");
}

void doctor_look_aws(int root, struct doctor_facts *f)
{
	struct aws_place place = { .fips = false };
	AUTO_IMDS *imds = NULL;
	struct err e;
	int r;

	doctor_unasked(&f->clock, "neither ECS nor the metadata service tells the time");
	if (f->external) {
		doctor_unasked(&f->imds, "this is a host of ECS Anywhere");
	} else {
		r = imds_open(IMDS_MS, &imds, &e);
		f->imds_off = r == IMDS_OFF;
		doctor_answered(&f->imds, r > 0 ? 0 : r, &e);
	}
	look_at_imds(imds, f);
	look_at_region(root, imds, &place, f);
	look_at_ecs(root, &place, f);
}
