#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log-journal.h"

enum { FACILITY_DAEMON = 3 };

bool journal_reads_stderr(void)
{
	const char *want = getenv("JOURNAL_STREAM");
	char have[64];
	struct stat st;

	if (!want || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(have, sizeof have, "%llu:%llu", (unsigned long long) st.st_dev, (unsigned long long) st.st_ino);
	return strcmp(want, have) == 0;
}

static PRINTF_LIKE(4, 5) bool add(char *to, size_t size, size_t *len, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to + *len, size - *len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t) n >= size - *len)
		return false;
	*len += (size_t) n;
	return true;
}

int journal_record(char *to, size_t size, int level, const char *program, const char *text, const struct journal_field *fields, size_t n)
{
	size_t len = 0;

	if (!add(to, size, &len, "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\n", level, FACILITY_DAEMON, program) ||
	    !add(to, size, &len, "MESSAGE=%s\n", text))
		return -EMSGSIZE;
	for (size_t i = 0; i < n; i++)
		if (!add(to, size, &len, "%s=%s\n", fields[i].name, fields[i].value))
			return -EMSGSIZE;
	return (int) len;
}

/* Not connected: journald may be restarted, and its socket with it. A journal that is stuck must not get us stuck. */
int journal_send(int root, const char *record, size_t len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (root >= 0)
		snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d" JOURNAL_SOCKET, root);
	else
		snprintf(to.sun_path, sizeof to.sun_path, JOURNAL_SOCKET);
	if (sendto(fd, record, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &to, sizeof to) < 0)
		return -errno;
	return 0;
}
