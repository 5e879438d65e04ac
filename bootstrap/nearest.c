#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "bootstrap/nearest.h"

enum { NAME_LEN_MAX = 64 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char) a) == tolower((unsigned char) b);
}

/*
 * Insertions, deletions, replacements and swaps of neighbours, case-blind; three rows of the table are enough for that.
 * Anything above most is as good as NAME_LEN_MAX: no row can fall below the least of the two above it.
 */
static unsigned distance(const char *a, const char *b, unsigned most)
{
	unsigned rows[3][NAME_LEN_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	unsigned least = 0, least_above;
	size_t la = strlen(a), lb = strlen(b);

	if (la > NAME_LEN_MAX || lb > NAME_LEN_MAX)
		return NAME_LEN_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned) j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned) i;
		least_above = least;
		least = row[0];
		for (size_t j = 1; j <= lb; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
			least = row[j] < least ? row[j] : least;
		}
		if (least > most && least_above > most)
			return NAME_LEN_MAX;
	}
	return row[lb];
}

const char *nearest_name(const char *name, const void *names, size_t n, size_t stride)
{
	unsigned best = NAME_LEN_MAX;
	size_t mine = strlen(name);
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *known = *(const char *const *) ((const char *) names + i * stride);
		size_t len = strlen(known), differ = len > mine ? len - mine : mine - len; /* no distance is less */
		unsigned d = differ * 3 <= len + 2 ? distance(name, known, (unsigned) (len + 2) / 3) : NAME_LEN_MAX;

		if (d < best && d * 3 <= len + 2) {
			best = d;
			found = known;
		}
	}
	return found;
}
