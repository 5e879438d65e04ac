/* Whatever comes from a netlink socket: read within bounds, and what goes into the log is printable and ends. */
#include <string.h>

#include "init/rules-news.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rules_news n = { .pid = 0 };
	char *copy = malloc(len ? len : 1); /* its end is the end of what may be read */

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	rules_news_read((struct view) { copy, len }, &n);
	free(copy);
	if (n.pid < 0 || !memchr(n.name, '\0', sizeof n.name) || (n.open && !n.concerns))
		abort();
	for (const char *p = n.name; *p; p++)
		if (*p < ' ' || *p > '~')
			abort();
	return 0;
}
