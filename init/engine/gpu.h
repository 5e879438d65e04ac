/* NVIDIA GPUs: what the driver says of them, and the file in which the agent looks for that. */
#ifndef INIT_ENGINE_GPU_H
#define INIT_ENGINE_GPU_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

#define GPU_STATE_DIR  "/var/lib/ecs/gpu"
#define GPU_STATE_FILE "/var/lib/ecs/gpu/nvidia-gpu-info.json"
#define ENGINE_GPU     "gpu" /* the verb of amazon-ecs-init that asks NVML, in a process of its own */

enum { GPU_MAX = 64, GPU_ID_MAX = 96, GPU_DRIVER_MAX = 80 }; /* the lengths are NVML's */

struct gpu_facts {
	char     driver[GPU_DRIVER_MAX + 1];     /* "535.183.01" */
	char     ids[GPU_MAX][GPU_ID_MAX + 1];   /* "GPU-8f6d…" */
	unsigned n;                              /* those that are complete */
	char     problem[200];                   /* empty, or what went wrong, be it with one device */
};

/* Whether the driver has made devices: anything named /dev/nvidia*. */
bool gpu_devices(int root);

/*
 * Asks libnvidia-ml.so.1 in this process, which a broken driver may take down or hold for ever: only ENGINE_GPU calls it.
 * Whatever goes wrong stands in ret->problem.
 */
void gpu_ask_nvml(struct gpu_facts *ret);

/* Without that library: /proc/driver/nvidia. Leaves what it does not find. */
void gpu_ask_proc(int root, struct gpu_facts *ret);

/* What ENGINE_GPU prints, and its reader. What is no plain word is left out. Pure. */
int gpu_report(const struct gpu_facts *f, struct buf *to) MUST_CHECK;
void gpu_read_report(struct view report, struct gpu_facts *ret);

/* Takes an id if it is a plain word and there is room. Pure. */
void gpu_add(struct gpu_facts *f, struct view id);

/* Of the text of /proc/driver/nvidia/version and of gpus/ADDRESS/information. Empty if it is not there. Pure. */
struct view gpu_version_of(struct view version);
struct view gpu_uuid_of(struct view information);

/* The bytes of GPU_STATE_FILE, as the peer writes and the agent reads them. Pure. */
int gpu_json(const struct gpu_facts *f, struct buf *to) MUST_CHECK;

#endif
