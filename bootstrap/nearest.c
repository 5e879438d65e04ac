#include <ctype.h>
#include <string.h>

#include "bootstrap/nearest.h"

enum { NAME_LEN_MAX = 64 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance by one row, case-blind. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_LEN_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > NAME_LEN_MAX || lb > NAME_LEN_MAX)
		return NAME_LEN_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned) j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned) i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned same = tolower((unsigned char) a[i - 1]) == tolower((unsigned char) b[j - 1]) ? 0 : 1;
			unsigned next = min3(row[j] + 1, row[j - 1] + 1, diagonal + same);

			diagonal = row[j];
			row[j] = next;
		}
	}
	return row[lb];
}

const char *nearest_name(const char *name, const void *names, size_t n, size_t stride)
{
	unsigned best = NAME_LEN_MAX;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *known = *(const char *const *) ((const char *) names + i * stride);
		unsigned d = distance(name, known);

		if (d < best && d * 3 <= strlen(known) + 2) {
			best = d;
			found = known;
		}
	}
	return found;
}
