#include <string.h>

#include "bootstrap/proc-text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct view proc_word(struct view *line)
{
	struct view word;

	while (line->len > 0 && is_blank(*line->p)) {
		line->p++;
		line->len--;
	}
	word = (struct view) { line->p, 0 };
	while (word.len < line->len && !is_blank(line->p[word.len]))
		word.len++;
	line->p += word.len;
	line->len -= word.len;
	return word;
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7';
}

bool proc_unescape(struct view word, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < word.len; i++) {
		char c = word.p[i];

		if (c == '\\' && word.len - i > 3 && is_octal(word.p + i + 1)) {
			c = (char) ((word.p[i + 1] - '0') << 6 | (word.p[i + 2] - '0') << 3 | (word.p[i + 3] - '0'));
			i += 3;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return n > 0;
}

int proc_escape(struct buf *b, const char *text)
{
	int r = 0;

	for (; *text && r == 0; text++)
		r = strchr(" \t\n\\#", *text) ? buf_printf(b, "\\%03o", (unsigned char) *text) : buf_add(b, text, 1);
	return r;
}

/* proc(5): the fifth word is the mount point. */
bool mountinfo_has(struct view mountinfo, const char *path)
{
	struct view line;

	while (view_line(&mountinfo, &line)) {
		struct view word = { "", 0 };
		char at[4096];

		for (int i = 0; i < 5; i++)
			word = proc_word(&line);
		if (proc_unescape(word, at, sizeof at) && strcmp(at, path) == 0)
			return true;
	}
	return false;
}
