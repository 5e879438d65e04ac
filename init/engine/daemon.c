#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/file.h"
#include "common/parse.h"
#include "init/engine/daemon.h"

/* Asks the kernel who listens; connecting costs the daemon nothing it would notice. */
static pid_t listener(const char *path)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct ucred who = { .pid = 0 };
	socklen_t len = sizeof who;

	if (fd < 0 || strlen(path) >= sizeof a.sun_path)
		return 0;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *) &a, sizeof a) < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return 0;
	return who.pid;
}

static pid_t from_pid_file(int root)
{
	AUTO_BUF text = { 0 };
	struct err unused;
	uint64_t pid;

	if (file_read(root, "/run/docker.pid", 32, &text, &unused) != 0 || parse_u64(view_trim(buf_view(&text)), 1 << 30, &pid) < 0)
		return 0;
	return (pid_t) pid;
}

struct view stat_start_time(struct view stat)
{
	const char *close = stat.len ? memrchr(stat.p, ')', stat.len) : NULL;
	struct view field = { "", 0 };

	if (!close)
		return field;
	stat = (struct view) { close + 1, (size_t) (stat.p + stat.len - close - 1) };
	stat = view_trim(stat);
	for (int n = 3; n <= 22; n++)
		field = view_cut(&stat, ' ');
	return field;
}

void daemon_identity(int root, const char *socket, char ret[DAEMON_IDENTITY_MAX])
{
	pid_t pid = listener(socket);
	AUTO_BUF stat = { 0 };
	struct err unused;
	char path[64];
	struct view start;

	ret[0] = '\0';
	if (pid <= 1)
		pid = from_pid_file(root);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (pid <= 1 || file_read(AT_FDCWD, path, 4096, &stat, &unused) != 0)
		return;
	start = stat_start_time(buf_view(&stat));
	if (start.len > 0 && start.len < 24)
		snprintf(ret, DAEMON_IDENTITY_MAX, "%d.%.*s", pid, VIEW_ARG(start, (size_t) 24));
}
