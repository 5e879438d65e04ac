#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/spawn.h"
#include "common/steps.h"
#include "init/engine/apparmor.h"
#include "init/engine/complaints.h"
#include "init/engine/gpu.h"
#include "init/engine/prepare.h"

#define WAITED_FILE "/run/ecs/gpu-waited" /* gone at the next boot, like the devices */

enum {
	DEVICES_MS = 30000, /* as the peer: a driver is loaded late on some AMIs */
	DEVICES_STEP_MS = 500,
	NVML_MS = 20000, /* the first call after a boot initializes each GPU */
};

static int join(struct view lines, struct buf *to)
{
	struct view line;
	int r = 0;

	while (r == 0 && view_line(&lines, &line))
		r = buf_printf(to, "%s%.*s", to->len > 0 ? "; " : "", VIEW_ARG(line, (size_t) 900));
	return r;
}

/* ecs-prepare.service and ecs.service both come here: what one has said the other need not. */
void prepare_complain(int root, const struct host *h, bool again)
{
	AUTO_BUF lines = { 0 }, joined = { 0 };
	long begin = clock_ms();
	struct view rest, line;

	host_complaints(h, &lines);
	if (lines.len == 0 || join(buf_view(&lines), &joined) < 0) {
		step_forget(root, STEP_SETTINGS);
		return;
	}
	if (!again && step_is(root, STEP_SETTINGS, STEP_WARNED, joined.p))
		return;
	rest = buf_view(&lines);
	while (view_line(&rest, &line))
		log_warn("%.*s", VIEW_ARG(line, (size_t) 900));
	step_note(root, STEP_SETTINGS, STEP_WARNED, begin, "%s", joined.p);
}

void prepare_apparmor(struct engine *g)
{
	long begin = clock_ms();
	struct err e;
	int r;

	if (!apparmor_supported(g->root))
		return;
	r = apparmor_load(g->root, &e);
	if (r < 0)
		log_warn("%s; the agent runs under Docker's own profile", e.text);
	else if (r == 0)
		log_info("loaded the AppArmor profile '%s'", APPARMOR_PROFILE);
	if (r <= 0)
		step_note(g->root, STEP_APPARMOR, r < 0 ? STEP_WARNED : STEP_DONE, begin, "%s", r < 0 ? e.text : "loaded the profile '" APPARMOR_PROFILE "'");
}

/* Only what the AMI says is waited for: it has the driver, and does not know whether the instance has a GPU. */
static bool await_devices(int root, bool patient)
{
	long end = clock_ms() + DEVICES_MS;
	struct err unused;

	if (gpu_devices(root))
		return true;
	if (!patient || file_exists(root, WAITED_FILE))
		return false;
	engine_status("Waiting for GPU devices (/dev/nvidia*)");
	log_info("GPU support is asked for; waiting up to %d s for /dev/nvidia*", DEVICES_MS / 1000);
	while (!gpu_devices(root) && clock_ms() < end)
		clock_sleep_ms(DEVICES_STEP_MS);
	(void) !file_replace(root, WAITED_FILE, "", 0, 0644, &unused);
	return gpu_devices(root);
}

/* In a process of its own: a driver that crashes or hangs in there takes nothing else along. */
static void ask_nvml(struct gpu_facts *ret)
{
	static const char *const argv[] = { "/proc/self/exe", ENGINE_GPU, NULL };
	AUTO_BUF report = { .limit = 64 << 10 }, errors = { .limit = 4096 };
	struct err e;
	int status = 0, r = spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = NVML_MS }, &status, &report, &errors, &e);

	if (r == 0 && status == 0)
		gpu_read_report(buf_view(&report), ret);
	else if (r == -ETIMEDOUT)
		snprintf(ret->problem, sizeof ret->problem, "ask NVML: no answer in %d s", NVML_MS / 1000);
	else if (r < 0)
		snprintf(ret->problem, sizeof ret->problem, "ask NVML: %.150s", e.text);
	else
		snprintf(ret->problem, sizeof ret->problem, "ask NVML: it ended the process with %s %d", status > 128 ? "signal" : "status",
			 status > 128 ? status - 128 : status);
}

static int write_state(int root, const struct gpu_facts *f, struct err *e)
{
	AUTO_BUF json = { 0 };
	int r = gpu_json(f, &json);

	if (r < 0)
		return err_set(e, r, "write '%s'", GPU_STATE_FILE);
	r = dir_make(root, "/var/lib/ecs", 0755, e);
	if (r == 0)
		r = dir_make(root, GPU_STATE_DIR, 0700, e);
	return r < 0 ? r : file_replace(root, GPU_STATE_FILE, json.p, json.len, 0700, e);
}

/* Without a file the agent goes on without GPUs; with an old one it would offer what is not there. */
static void forget_gpus(int root)
{
	struct err e;

	if (file_remove(root, GPU_STATE_FILE, &e) < 0)
		log_warn("%s; the agent may offer GPUs that are not there", e.text);
}

static void record_gpus(int root, long begin)
{
	struct gpu_facts f = { .n = 0 };
	struct err e = { .code = 0 };

	ask_nvml(&f);
	if (f.n == 0 || !f.driver[0])
		gpu_ask_proc(root, &f);
	if (f.n == 0 || !f.driver[0]) {
		log_warn("find GPUs: %s; the agent runs without GPU support", f.problem[0] ? f.problem : "the driver names none");
		step_note(root, STEP_GPU, STEP_WARNED, begin, "%s", f.problem[0] ? f.problem : "the driver names none");
		forget_gpus(root);
		return;
	}
	if (f.problem[0])
		log_warn("find GPUs: %s; %u found", f.problem, f.n);
	if (write_state(root, &f, &e) < 0)
		log_warn("%s; the agent does not know of its GPUs", e.text);
	else
		log_info("%u GPU%s, driver %s", f.n, f.n == 1 ? "" : "s", f.driver);
	step_note(root, STEP_GPU, e.code < 0 || f.problem[0] ? STEP_WARNED : STEP_DONE, begin, "%u found%s%s", f.n, e.code < 0 || f.problem[0] ? "; " : "",
		  e.code < 0 ? e.text : f.problem);
}

void prepare_gpu(struct engine *g, const struct host *h)
{
	struct view ami = { "", 0 };
	long begin = clock_ms();
	bool wanted = host_file_is(h, "ECS_ENABLE_GPU_SUPPORT", "true");
	bool patient = wanted && keyval_find(buf_view(&h->instance_config), "ECS_ENABLE_GPU_SUPPORT", &ami) && view_is(ami, "true");

	if (!await_devices(g->root, patient)) {
		if (wanted) {
			log_warn("GPU support is asked for, but there is no /dev/nvidia*; the agent runs without it");
			step_note(g->root, STEP_GPU, STEP_WARNED, begin, "GPU support is asked for, but there is no /dev/nvidia*");
		}
		forget_gpus(g->root);
	} else if (wanted) {
		record_gpus(g->root, begin);
	}
}

int verb_gpu(struct engine *g, struct err *e)
{
	struct gpu_facts f = { .n = 0 };
	AUTO_BUF report = { 0 };
	int r;

	(void) g;
	gpu_ask_nvml(&f);
	r = gpu_report(&f, &report);
	if (r < 0)
		return err_set(e, r, "report GPUs");
	printf("%s", report.p);
	return 0;
}
