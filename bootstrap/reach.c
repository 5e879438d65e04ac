#include <stdlib.h>
#include <string.h>

#include "bootstrap/reach.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/paths.h"

/* The last value that either file of the agent gives; the user's file wins. To be freed. */
static char *agent_variable(int root, const char *name)
{
	static const char *const files[] = { PATH_ECS_CONFIG, PATH_INSTANCE_CONFIG };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_BUF text = { 0 };
		struct view value;
		struct err unused;

		if (file_read(root, files[i], CONFIG_FILE_MAX, &text, &unused) == 0 && keyval_find(buf_view(&text), name, &value) && value.len > 0)
			return strndup(value.p, value.len);
	}
	return NULL;
}

int reach_aws(int root, struct imds *imds, struct aws **ret, struct err *e)
{
	char *https = agent_variable(root, "HTTPS_PROXY"), *http = agent_variable(root, "HTTP_PROXY"), *no = agent_variable(root, "NO_PROXY");
	struct http_outside outside = { .proxy = https ? https : http, .no_proxy = no };
	int r = aws_open(imds, root, &outside, ret, e);

	free(https);
	free(http);
	free(no);
	return r;
}
