/* NVIDIA's management library, loaded when it is there. Its names and numbers are those of nvml.h, which is not needed to build. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "init/engine/gpu.h"

#define NVML "libnvidia-ml.so.1"

struct nvml {
	int (*init)(void);
	int (*shutdown)(void);
	int (*driver)(char *to, unsigned size);
	int (*count)(unsigned *ret);
	int (*handle)(unsigned index, void **ret);
	int (*uuid)(void *device, char *to, unsigned size);
	const char *(*error)(int code);
};

/* Old libraries have only the first version of a call. */
static void *find(void *lib, const char *name, const char *old_name)
{
	void *f = dlsym(lib, name);

	return f || !old_name ? f : dlsym(lib, old_name);
}

static bool bind_calls(void *lib, struct nvml *n)
{
	*(void **) &n->init = find(lib, "nvmlInit_v2", "nvmlInit");
	*(void **) &n->shutdown = find(lib, "nvmlShutdown", NULL);
	*(void **) &n->driver = find(lib, "nvmlSystemGetDriverVersion", NULL);
	*(void **) &n->count = find(lib, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount");
	*(void **) &n->handle = find(lib, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex");
	*(void **) &n->uuid = find(lib, "nvmlDeviceGetUUID", NULL);
	*(void **) &n->error = find(lib, "nvmlErrorString", NULL);
	return n->init && n->shutdown && n->driver && n->count && n->handle && n->uuid;
}

static void problem(const struct nvml *n, struct gpu_facts *f, const char *what, int code)
{
	const char *why = n->error ? n->error(code) : NULL;

	if (why)
		snprintf(f->problem, sizeof f->problem, "%s: %.100s (NVML error %d)", what, why, code);
	else
		snprintf(f->problem, sizeof f->problem, "%s: NVML error %d", what, code);
}

/* One device that does not answer leaves the others. */
static void ask_device(const struct nvml *n, unsigned index, struct gpu_facts *f)
{
	char id[GPU_ID_MAX + 1] = "", what[40];
	void *device = NULL;
	int r = n->handle(index, &device);

	if (r == 0)
		r = n->uuid(device, id, GPU_ID_MAX);
	if (r == 0) {
		id[GPU_ID_MAX] = '\0';
		gpu_add(f, view_of(id));
		return;
	}
	snprintf(what, sizeof what, "ask GPU %u for its id", index);
	problem(n, f, what, r);
}

static void ask(const struct nvml *n, struct gpu_facts *f)
{
	char driver[GPU_DRIVER_MAX + 1] = "";
	unsigned count = 0;
	int r = n->driver(driver, GPU_DRIVER_MAX);

	if (r != 0) {
		problem(n, f, "ask for the driver's version", r);
		return;
	}
	snprintf(f->driver, sizeof f->driver, "%.*s", GPU_DRIVER_MAX, driver);
	r = n->count(&count);
	if (r != 0)
		problem(n, f, "count the GPUs", r);
	for (unsigned i = 0; r == 0 && i < count && i < GPU_MAX; i++)
		ask_device(n, i, f);
}

void gpu_ask_nvml(struct gpu_facts *ret)
{
	void *lib = dlopen(NVML, RTLD_LAZY | RTLD_LOCAL);
	struct nvml n = { .init = NULL };
	int r;

	if (!lib || !bind_calls(lib, &n)) {
		const char *why = lib ? "it lacks calls that are needed" : dlerror();

		snprintf(ret->problem, sizeof ret->problem, "load %s: %.150s", NVML, why ? why : "no reason was given");
		return;
	}
	r = n.init();
	if (r != 0) {
		problem(&n, ret, "initialize " NVML, r);
		return;
	}
	ask(&n, ret);
	(void) n.shutdown(); /* not unloaded: the process ends now */
}
