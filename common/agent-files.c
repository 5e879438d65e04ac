#include <string.h>

#include "common/agent-files.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/paths.h"

char *agent_files_value(int root, const char *name)
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
