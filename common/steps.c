#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/parse.h"
#include "common/paths.h"
#include "common/steps.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static const char *const words[STEP_RESULTS] = {
	[STEP_RUNNING] = "running", [STEP_WAITING] = "waiting", [STEP_DONE] = "done",
	[STEP_SKIPPED] = "skipped", [STEP_WARNED] = "warned",   [STEP_FAILED] = "failed",
};

const char *step_word(enum step_result result)
{
	return words[result];
}

bool step_name_ok(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n < STEP_NAME_SIZE && !name[n] && name[0] != '.';
}

static bool is_open(enum step_result result)
{
	return result == STEP_RUNNING || result == STEP_WAITING;
}

/* ---- the text */

int step_render(const struct step *s, struct buf *b)
{
	char cause[STEP_CAUSE_SIZE];
	size_t n = 0;

	for (; s->cause[n]; n++) /* one line, whatever it holds */
		cause[n] = (unsigned char) s->cause[n] < 0x20 || s->cause[n] == 0x7f ? ' ' : s->cause[n];
	cause[n] = '\0';
	return buf_printf(b, "RESULT=%s\nBEGIN_MS=%ld\nEND_MS=%ld\nPID=%d\nBOOT_ID=%s\nCAUSE=%s\n", words[s->result], s->begin_ms, s->end_ms,
			  s->pid, s->boot, cause);
}

static int take_result(struct view v, enum step_result *ret)
{
	for (int i = 0; i < STEP_RESULTS; i++) {
		if (view_is(v, words[i])) {
			*ret = (enum step_result) i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_number(struct view text, const char *key, uint64_t max, uint64_t *ret)
{
	struct view v;

	return keyval_find(text, key, &v) && parse_u64(v, max, ret) == 0 ? 0 : -EBADMSG;
}

/* A copy that fits, without a NUL in it. */
static int take_text(struct view v, char *to, size_t size)
{
	if (v.len >= size || (v.len > 0 && memchr(v.p, '\0', v.len)))
		return -EBADMSG;
	snprintf(to, size, "%.*s", VIEW_ARG(v, size));
	return 0;
}

int step_read(struct view text, struct step *ret)
{
	struct view result, boot, cause;
	uint64_t begin, end, pid;
	struct step s = { .name = "" };

	if (text.len == 0 || text.p[text.len - 1] != '\n' || !keyval_find(text, "RESULT", &result) || !keyval_find(text, "BOOT_ID", &boot) ||
	    !keyval_find(text, "CAUSE", &cause) || take_result(result, &s.result) < 0 || take_number(text, "BEGIN_MS", LONG_MAX, &begin) < 0 ||
	    take_number(text, "END_MS", LONG_MAX, &end) < 0 || take_number(text, "PID", INT_MAX, &pid) < 0 ||
	    take_text(boot, s.boot, sizeof s.boot) < 0 || take_text(cause, s.cause, sizeof s.cause) < 0)
		return -EBADMSG;
	if (is_open(s.result) ? end != 0 : end < begin)
		return -EBADMSG;
	s.begin_ms = (long) begin;
	s.end_ms = (long) end;
	s.pid = (int) pid;
	*ret = s;
	return 0;
}

/* ---- the files */

void step_boot_id(int root, char ret[40])
{
	AUTO_BUF text = { 0 };
	struct err unused;
	struct view id = { "", 0 };

	if (file_read(root, BOOT_ID, 64, &text, &unused) == 0)
		id = view_trim(buf_view(&text));
	if (take_text(id, ret, 40) < 0)
		ret[0] = '\0';
}

static void path_of(const char *name, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, PATH_STEPS "/%s", name);
}

/* Readable for all, whatever the umask of the first who comes. */
static int make_folder(int root)
{
	struct err unused;
	int r = dir_make(root, PATH_RUN_DIR, 0755, &unused);
	AUTO_FD fd = -1;

	if (r == 0)
		r = dir_make(root, PATH_STEPS, 0755, &unused);
	fd = r == 0 ? file_open(root, PATH_STEPS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) : r;
	return fd < 0 ? fd : fchmod(fd, 0755);
}

static void put(int root, const struct step *s)
{
	AUTO_BUF text = { .limit = STEP_FILE_MAX };
	char path[PATH_MAX];
	struct err unused;
	int r = step_render(s, &text);

	if (r < 0)
		return;
	path_of(s->name, path);
	r = file_replace(root, path, text.p, text.len, 0644, &unused);
	if (r == -ENOENT && make_folder(root) == 0)
		(void) !file_replace(root, path, text.p, text.len, 0644, &unused);
}

void step_note_ended(int root, const char *name, enum step_result result, long begin_ms, long end_ms, const char *cause)
{
	struct step s = { .result = result, .begin_ms = begin_ms, .end_ms = is_open(result) ? 0 : end_ms, .pid = (int) getpid() };

	if (!step_name_ok(name))
		return;
	snprintf(s.name, sizeof s.name, "%s", name);
	snprintf(s.cause, sizeof s.cause, "%s", cause);
	step_boot_id(root, s.boot);
	put(root, &s);
}

void step_note(int root, const char *name, enum step_result result, long begin_ms, const char *fmt, ...)
{
	char cause[STEP_CAUSE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof cause, fmt, ap);
	va_end(ap);
	step_note_ended(root, name, result, begin_ms, clock_ms(), cause);
}

bool step_is(int root, const char *name, enum step_result result, const char *cause)
{
	AUTO_BUF text = { 0 };
	char path[PATH_MAX], boot[40];
	struct err unused;
	struct step s;

	path_of(name, path);
	if (file_read(root, path, STEP_FILE_MAX, &text, &unused) != 0 || step_read(buf_view(&text), &s) < 0 || s.result != result)
		return false;
	step_boot_id(root, boot);
	return strcmp(boot, s.boot) == 0 && (!cause || strcmp(cause, s.cause) == 0);
}

void step_forget(int root, const char *name)
{
	char path[PATH_MAX];
	struct err unused;

	path_of(name, path);
	(void) !file_remove(root, path, &unused);
}
