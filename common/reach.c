#include <stdlib.h>

#include "common/agent-files.h"
#include "common/reach.h"

void reach_look(int root, struct reach *ret)
{
	*ret = (struct reach) { .https = agent_files_value(root, "HTTPS_PROXY"), .http = agent_files_value(root, "HTTP_PROXY"),
				.no = agent_files_value(root, "NO_PROXY") };
	ret->outside.proxy = ret->https ? ret->https : ret->http;
	ret->outside.no_proxy = ret->no;
}

void reach_done(struct reach *r)
{
	free(r->https);
	free(r->http);
	free(r->no);
}

int reach_aws(int root, struct imds *imds, struct aws **ret, struct err *e)
{
	AUTO_REACH reach;

	reach_look(root, &reach);
	return aws_open(imds, root, &reach.outside, ret, e);
}
