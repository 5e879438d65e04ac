#include <stdio.h>

#include "bootstrap/settings-table.h"
#include "bootstrap/settings.h"

int settings_describe(struct buf *b)
{
	int r = 0;

	for (size_t i = 0; i < settings_table_len && r == 0; i++) {
		const struct setting *s = &settings_table[i];
		char wants[160], more[80] = "";

		if (s->required)
			snprintf(more, sizeof more, "; required");
		if (s->preset)
			snprintf(more, sizeof more, "; default %s", s->preset);
		r = buf_printf(b, "%s\n    %s%s\n    %s\n", s->path, setting_wants(s, wants, sizeof wants), more, s->help);
	}
	return r;
}
