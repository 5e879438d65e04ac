#include <stdlib.h>

#include "common/agent-files.h"
#include "common/reach.h"

int reach_aws(int root, struct imds *imds, struct aws **ret, struct err *e)
{
	char *https = agent_files_value(root, "HTTPS_PROXY"), *http = agent_files_value(root, "HTTP_PROXY"), *no = agent_files_value(root, "NO_PROXY");
	struct http_outside outside = { .proxy = https ? https : http, .no_proxy = no };
	int r = aws_open(imds, root, &outside, ret, e);

	free(https);
	free(http);
	free(no);
	return r;
}
