/* What pre-start does on the host without Docker. Nothing here stops the agent from starting: what fails is a warning. All may log. */
#ifndef INIT_ENGINE_PREPARE_H
#define INIT_ENGINE_PREPARE_H

#include "init/engine/engine.h"
#include "init/engine/host.h"

/* What host_complaints() finds, each as a warning, once on a boot, or again. */
void prepare_complain(int root, const struct host *h, bool again);

/* Writes and loads the agent's AppArmor profile where the host has AppArmor. */
void prepare_apparmor(struct engine *g);

/*
 * Writes what the driver says of NVIDIA GPUs to the agent's file, or takes an old one away. Where the AMI asks for GPU
 * support, waits for the devices: at most 30 s, once a boot.
 */
void prepare_gpu(struct engine *g, const struct host *h);

/* verb: prints gpu_report() of this host's NVML. */
int verb_gpu(struct engine *g, struct err *e) MUST_CHECK;

#endif
