#include <stdio.h>
#include <string.h>

#include "efs/mount/conf.h"

static bool is_section(struct view line, const char *section)
{
	size_t n = strlen(section);

	return line.len >= n + 2 && memcmp(line.p + 1, section, n) == 0 && line.p[n + 1] == ']';
}

static struct view cut_key(struct view *line)
{
	struct view key = { line->p, 0 };

	while (key.len < line->len && line->p[key.len] != '=' && line->p[key.len] != ':')
		key.len++;
	line->p += key.len < line->len ? key.len + 1 : key.len;
	line->len -= key.len < line->len ? key.len + 1 : key.len;
	return view_trim(key);
}

bool conf_find(struct view text, const char *section, const char *key, struct view *ret)
{
	bool inside = false, found = false;
	struct view line;

	while (view_line(&text, &line)) {
		line = view_trim(line);
		if (line.len == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[') {
			inside = is_section(line, section);
			continue;
		}
		if (inside && view_is_nocase(cut_key(&line), key)) {
			*ret = view_trim(line);
			found = true;
		}
	}
	return found;
}

bool conf_mount(struct view text, const char *region, const char *key, struct view *ret)
{
	char section[64];

	snprintf(section, sizeof section, "mount.%s", region);
	return conf_find(text, section, key, ret) || conf_find(text, "mount", key, ret);
}
