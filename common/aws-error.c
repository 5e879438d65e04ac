#include <stdio.h>
#include <string.h>

#include "common/aws-error.h"
#include "common/json.h"

enum { BODY_MAX = 16384 };

/* Also cuts: a sentence that is too long is still worth its beginning. */
static void keep(struct view from, char *to, size_t size)
{
	size_t n = 0;

	from = view_trim(from);
	for (; n < from.len && n < size - 1; n++)
		to[n] = (char) (from.p[n] >= ' ' && from.p[n] <= '~' ? from.p[n] : '?');
	to[n] = '\0';
}

static bool find(struct view text, const char *word, size_t from, size_t *ret)
{
	const char *hit = text.len > from ? memmem(text.p + from, text.len - from, word, strlen(word)) : NULL;

	if (hit)
		*ret = (size_t) (hit - text.p);
	return hit != NULL;
}

/* What stands in the first <name>…</name>. Entities stay as they are: it is for reading only. */
static struct view xml_text(struct view body, const char *name)
{
	char open[32], close[32];
	size_t begin, end;

	snprintf(open, sizeof open, "<%s>", name);
	snprintf(close, sizeof close, "</%s>", name);
	if (!find(body, open, 0, &begin) || !find(body, close, begin, &end))
		return (struct view) { 0 };
	begin += strlen(open);
	return (struct view) { body.p + begin, end - begin };
}

static void read_xml(struct view body, struct aws_error *ret)
{
	struct view region = xml_text(body, "Region");

	keep(xml_text(body, "Code"), ret->code, sizeof ret->code);
	keep(xml_text(body, "Message"), ret->message, sizeof ret->message);
	if (aws_is_region(region))
		keep(region, ret->region, sizeof ret->region);
}

static void read_json(struct view body, struct aws_error *ret)
{
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err e;
	const char *type, *message, *hash;

	if (json_parse(body, &o, &at, &e) < 0)
		return;
	type = json_text(o, "__type", NULL);
	message = json_text(o, "message", NULL);
	if (!message)
		message = json_text(o, "Message", NULL);
	hash = type ? strrchr(type, '#') : NULL; /* "com.amazonaws.ecs#ServerException" */
	keep(view_of(hash ? hash + 1 : type ? type : ""), ret->code, sizeof ret->code);
	keep(view_of(message ? message : ""), ret->message, sizeof ret->message);
}

void aws_error_read(struct view body, struct aws_error *ret)
{
	size_t at;

	*ret = (struct aws_error) { .code = "" };
	body = view_trim(body);
	if (body.len == 0 || body.len > BODY_MAX)
		return;
	if (body.p[0] == '{')
		read_json(body, ret);
	else if (body.p[0] == '<' && find(body, "<Error>", 0, &at))
		read_xml((struct view) { body.p + at, body.len - at }, ret);
}

/* Codes that mean the same to a client whatever service says them. Sources: the services' lists of errors and what SDKs agree on. */
static const struct {
	const char      *code;
	enum aws_verdict verdict;
} codes[] = {
	{ "Throttling", AWS_V_RETRY },
	{ "ThrottlingException", AWS_V_RETRY },
	{ "ThrottledException", AWS_V_RETRY },
	{ "RequestThrottled", AWS_V_RETRY },
	{ "RequestThrottledException", AWS_V_RETRY },
	{ "TooManyRequestsException", AWS_V_RETRY },
	{ "RequestLimitExceeded", AWS_V_RETRY },
	{ "BandwidthLimitExceeded", AWS_V_RETRY },
	{ "PriorRequestNotComplete", AWS_V_RETRY },
	{ "SlowDown", AWS_V_RETRY },
	{ "RequestTimeout", AWS_V_RETRY },
	{ "RequestTimeoutException", AWS_V_RETRY },
	{ "RequestTimeTooSkewed", AWS_V_CLOCK },
	{ "RequestExpired", AWS_V_CLOCK },
	{ "RequestInTheFuture", AWS_V_CLOCK },
	{ "InvalidSignatureException", AWS_V_CLOCK }, /* also for a wrong key: then the clocks agree, and that ends it */
	{ "SignatureDoesNotMatch", AWS_V_CLOCK },
	{ "ExpiredToken", AWS_V_NEW_CREDENTIALS },
	{ "ExpiredTokenException", AWS_V_NEW_CREDENTIALS },
	{ "TokenRefreshRequired", AWS_V_NEW_CREDENTIALS },
	{ "InvalidToken", AWS_V_NEW_CREDENTIALS },
	{ "InvalidAccessKeyId", AWS_V_NEW_CREDENTIALS },
	{ "InvalidClientTokenId", AWS_V_NEW_CREDENTIALS },
	{ "UnrecognizedClientException", AWS_V_NEW_CREDENTIALS },
};

enum aws_verdict aws_judge(long status, const struct aws_error *error, const char *region)
{
	if (status >= 200 && status < 300)
		return AWS_V_OK;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(codes[i].code, error->code) == 0)
			return codes[i].verdict;
	switch (status) {
	case 301:
	case 302:
	case 307:
	case 400:
	case 403:
		return error->region[0] && strcmp(error->region, region) != 0 ? AWS_V_REGION : AWS_V_REFUSED;
	case 408:
	case 429:
		return AWS_V_RETRY;
	default:
		return status >= 500 ? AWS_V_RETRY : AWS_V_REFUSED;
	}
}
