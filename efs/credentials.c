#include <errno.h>
#include <stdio.h>

#include "common/http.h"
#include "efs/credentials.h"

enum { ANSWER_MAX = 16384, CONNECT_MS = 2000, TOTAL_MS = 10000, INSTANCE_MS = 5000 };

static int task_role(const char *endpoint, const char *uri, struct aws_credentials *ret, struct err *e)
{
	char url[1024];
	AUTO_HTTP *http = NULL;
	AUTO_REPLY reply = { 0 };
	struct http_request rq = {
		.method = "GET", .url = url, .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS, .max_reply = ANSWER_MAX,
	};
	int r;

	if (snprintf(url, sizeof url, "%s%s", endpoint, uri) >= (int) sizeof url)
		return err_set(e, -ENAMETOOLONG, "read the task's credentials");
	r = http_new(&http, e);
	r = r < 0 ? r : http_do(http, &rq, &reply, e);
	if (r < 0)
		return err_wrap(e, "read the task's credentials");
	if (reply.status >= 400 && reply.status < 500)
		return err_say(e, -EACCES, "read the task's credentials: the agent knows none for this task (HTTP status %ld)", reply.status);
	if (reply.status != 200)
		return err_say(e, -EIO, "read the task's credentials: the agent answers with HTTP status %ld", reply.status);
	if (aws_credentials_parse_task(buf_view(&reply.body), ret, e) < 0)
		return err_wrap(e, "read the task's credentials");
	return 0;
}

static int instance_role(struct aws_credentials *ret, struct err *e)
{
	AUTO_IMDS *imds = NULL;
	int r = imds_open(INSTANCE_MS, &imds, e);

	if (r == IMDS_OFF)
		return err_say(e, -EACCES, "read credentials of the instance's role: the metadata service is switched off");
	r = r < 0 ? r : aws_credentials_get(imds, INSTANCE_MS, ret, e);
	if (r == AWS_NO_ROLE)
		return err_say(e, -EACCES, "read credentials of the instance's role: the instance has no role");
	return r;
}

int efs_credentials_get(const char *endpoint, const char *uri, struct aws_credentials *ret, struct err *e)
{
	return uri[0] ? task_role(endpoint, uri, ret, e) : instance_role(ret, e);
}
