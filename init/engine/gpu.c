#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/json.h"
#include "common/keyval.h"
#include "init/engine/gpu.h"

#define PROC_VERSION "/proc/driver/nvidia/version"
#define PROC_GPUS    "/proc/driver/nvidia/gpus"

enum { PROC_FILE_MAX = 16 << 10 };

bool gpu_devices(int root)
{
	int fd = file_open(root, "/dev", O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool found = false;

	if (!d) {
		fd_closep(&fd);
		return false;
	}
	while (!found && (entry = readdir(d)))
		found = strncmp(entry->d_name, "nvidia", 6) == 0;
	closedir(d);
	return found;
}

/* Letters, digits, '-', '.', '_'. A GPU that was never used has an id of question marks in /proc: that is none. */
static bool is_word(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.p[i];

		if (!isalnum((unsigned char) c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return v.len > 0;
}

void gpu_add(struct gpu_facts *f, struct view id)
{
	if (is_word(id) && id.len <= GPU_ID_MAX && f->n < GPU_MAX)
		snprintf(f->ids[f->n++], sizeof f->ids[0], "%.*s", VIEW_ARG(id, (size_t) GPU_ID_MAX));
}

static void set_driver(struct gpu_facts *f, struct view v)
{
	if (is_word(v) && v.len <= GPU_DRIVER_MAX)
		snprintf(f->driver, sizeof f->driver, "%.*s", VIEW_ARG(v, (size_t) GPU_DRIVER_MAX));
}

/* "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun …": the first word of digits and dots. */
struct view gpu_version_of(struct view version)
{
	struct view line = { "", 0 };

	(void) view_line(&version, &line);
	while (line.len > 0) {
		struct view word = view_cut(&line, ' ');
		size_t n = 0;

		while (n < word.len && (isdigit((unsigned char) word.p[n]) || word.p[n] == '.'))
			n++;
		if (n == word.len && n > 2 && memchr(word.p, '.', n))
			return word;
	}
	return (struct view) { "", 0 };
}

/* "GPU UUID: \t GPU-…" */
struct view gpu_uuid_of(struct view information)
{
	struct view line;

	while (view_line(&information, &line))
		if (view_is(view_trim(view_cut(&line, ':')), "GPU UUID"))
			return view_trim(line);
	return (struct view) { "", 0 };
}

static void add_from_proc(int root, const char *address, struct gpu_facts *ret)
{
	AUTO_BUF text = { 0 };
	char path[512];
	struct err unused;

	snprintf(path, sizeof path, PROC_GPUS "/%s/information", address);
	if (address[0] != '.' && file_read(root, path, PROC_FILE_MAX, &text, &unused) == 0)
		gpu_add(ret, gpu_uuid_of(buf_view(&text)));
}

/* In the order of their addresses on the bus, as NVML has them. */
void gpu_ask_proc(int root, struct gpu_facts *ret)
{
	AUTO_BUF version = { 0 };
	struct dirent **list = NULL;
	struct err unused;
	int n;

	if (file_read(root, PROC_VERSION, PROC_FILE_MAX, &version, &unused) == 0)
		set_driver(ret, gpu_version_of(buf_view(&version)));
	n = scandirat(root, &PROC_GPUS[1], &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		add_from_proc(root, list[i]->d_name, ret);
		free(list[i]);
	}
	free(list);
}

int gpu_report(const struct gpu_facts *f, struct buf *to)
{
	int r = buf_printf(to, "DRIVER=%s\nPROBLEM=%s\n", f->driver, f->problem);

	for (unsigned i = 0; r == 0 && i < f->n; i++)
		r = buf_printf(to, "GPU=%s\n", f->ids[i]);
	return r;
}

void gpu_read_report(struct view report, struct gpu_facts *ret)
{
	struct gpu_facts f = { .n = 0 };
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;

	while ((kind = keyval_next(&report, &kv)) != KEYVAL_END) {
		if (kind != KEYVAL_PAIR)
			continue;
		if (view_is(kv.key, "DRIVER"))
			set_driver(&f, kv.value);
		else if (view_is(kv.key, "GPU"))
			gpu_add(&f, kv.value);
		else if (view_is(kv.key, "PROBLEM"))
			snprintf(f.problem, sizeof f.problem, "%.*s", VIEW_ARG(kv.value, sizeof f.problem - 1));
	}
	*ret = f;
}

int gpu_json(const struct gpu_facts *f, struct buf *to)
{
	AUTO_JSON *o = json_object_new_object();
	struct json_object *ids = json_object_new_array();

	json_object_object_add(o, "DriverVersion", json_object_new_string(f->driver));
	for (unsigned i = 0; i < f->n; i++)
		json_object_array_add(ids, json_object_new_string(f->ids[i]));
	json_object_object_add(o, "GPUIDs", ids);
	return buf_printf(to, "%s", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}
