/* Replies of the instance metadata service and of the agent's introspection; the first byte chooses which. What passes can stand where it goes. */
#include <errno.h>
#include <string.h>

#include "bootstrap/wait.h"
#include "common/aws-credentials.h"
#include "common/aws-endpoint.h"
#include "common/imds-reply.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

/* Ended, not empty, and nothing in it that would end a header line, a URL's path or a log line. */
static void need_word(const char *text, size_t size, const char *none_of)
{
	need(strnlen(text, size) < size && text[0] && !strpbrk(text, none_of));
	for (; *text; text++)
		need(*text > ' ' && *text <= '~');
}

static void credentials(struct view body)
{
	AUTO_CREDENTIALS c = { .role = "kept" };
	struct err e;
	int r = aws_credentials_parse(body, &c, &e);

	need(r == 0 || r == -EAGAIN || r == -EBADMSG);
	need(strcmp(c.role, "kept") == 0);
	if (r == 0) {
		need_word(c.id, sizeof c.id, "");
		need_word(c.secret, sizeof c.secret, "");
		need_word(c.token, sizeof c.token, "");
	} else {
		need(!c.id[0] && !c.secret[0] && !c.token[0] && !strchr(e.text, '\n'));
	}
}

/* Region and domain, a line each, as they come to be parts of a host name. */
static void place(struct view body)
{
	static const char *const services[] = { "s3", "ssm", "ecs" };
	struct aws_place p = { .fips = body.len % 2, .fips_host = body.len % 3 == 0, .dual_stack = body.len % 5 == 0 };
	struct view region = view_cut(&body, '\n');
	char host[AWS_HOST_SIZE];
	struct err e;

	(void) imds_reply_word(region, p.region, sizeof p.region);
	(void) imds_reply_word(body, p.domain, sizeof p.domain);
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		int r = aws_host(&p, services[i], NULL, host, &e);

		need(r == 0 || r == -EINVAL);
		if (r == 0)
			need_word(host, sizeof host, "/?#@:%\\");
	}
}

static void agent(struct view body)
{
	struct agent_identity a;

	if (!wait_registered(body, &a))
		return;
	need(aws_is_region(view_of(a.region)));
	need_word(a.instance, sizeof a.instance, "\"\\");
	need_word(a.cluster, sizeof a.cluster, "\"\\");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view body = { (const char *) data + 1, len - 1 }, token;
	char id[IMDS_ID_SIZE], role[IMDS_ROLE_SIZE];

	if (len < 2)
		return 0;
	switch (data[0] % 6) {
	case 0:
		need(!imds_reply_token(body, &token) || (token.len <= IMDS_TOKEN_MAX && token.p >= body.p && token.p + token.len <= body.p + body.len));
		break;
	case 1:
		if (imds_reply_instance_id(body, id))
			need_word(id, sizeof id, "/?#@:%\\\"");
		break;
	case 2:
		if (imds_reply_role(body, role))
			need_word(role, sizeof role, "/?#:%\\\"");
		break;
	case 3:
		credentials(body);
		break;
	case 4:
		place(body);
		break;
	default:
		agent(body);
	}
	return 0;
}
