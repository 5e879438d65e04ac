#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/paths.h"
#include "init/reload.h"

#define RESULT PATH_RUN_DIR "/reloaded"
#define DONE   "done\n"
#define FAILED "failed\n"

enum { WAIT_MS = 90000, LOOK_MS = 50 };

int reload_answer(int root, bool done, struct err *e)
{
	const char *text = done ? DONE : FAILED;
	int r = dir_make(root, PATH_RUN_DIR, 0755, e);

	r = r ? r : file_replace(root, RESULT, text, strlen(text), 0644, e);
	return r < 0 ? r : 0;
}

int reload_ask(int root, pid_t supervisor, struct err *e)
{
	long deadline = clock_ms() + WAIT_MS;
	AUTO_BUF text = { 0 };
	int r = file_remove(root, RESULT, e);

	if (r < 0)
		return r;
	if (kill(supervisor, SIGHUP) < 0)
		return err_set(e, -errno, "send SIGHUP to the supervisor, process %d", (int) supervisor);
	/* A supervisor that was killed meanwhile answers no more, and systemd does not start another one before we have ended. */
	while ((r = file_read(root, RESULT, 64, &text, e)) == FILE_ABSENT && clock_ms() < deadline && kill(supervisor, 0) == 0)
		clock_sleep_ms(LOOK_MS);
	if (r == FILE_ABSENT && kill(supervisor, 0) < 0)
		return err_say(e, -ESRCH, "reload: the supervisor, process %d, has ended", (int) supervisor);
	if (r < 0)
		return r;
	if (r == FILE_ABSENT)
		return err_say(e, -ETIMEDOUT, "reload: still at work after %d s; 'systemctl status ecs' says what is waited for", WAIT_MS / 1000);
	return view_is(buf_view(&text), DONE) ? 0 : err_say(e, -ECANCELED, "reload: refused or failed; the messages before say why");
}
