/* What decides how the agent's container looks: facts of the host and switches of the environment, gathered once. */
#ifndef INIT_ENGINE_HOST_H
#define INIT_ENGINE_HOST_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct host {
	struct buf  instance_config, user_config; /* the bytes of the two env files; user's wins */
	int         api;                          /* Docker's, 100 * major + minor */
	const char *docker_socket;
	char        os_family[80];                /* ID_VERSION_ID of os-release, or "linux" */
	const char *certs_dir, *pki_dir;          /* NULL where the host has none */
	const char *modinfo;                      /* NULL: none */
	char        credentials_fetcher[256];     /* socket path */
	bool        external;                     /* ECS Anywhere */
	bool        cgroup_v2;
	bool        ebs_dir, gpu_devices, gpu_dir, nsenter, lsblk, deps_dir, exec_dir, cloud_result, credentials_fetcher_there;
	bool        lib64, usr_lib64, alternatives, plugins_etc, plugins_lib, suse_certs;
	bool        domain_joined;                /* asked only where gMSA is switched on */
	char        apparmor[128];                /* the profile to run under; empty: AppArmor is not asked for */
};

/* Reads files below root and our own environment; asks realmd where gMSA is on. Missing files are facts, unreadable ones fail. */
int host_look(int root, struct host *ret, struct err *e) MUST_CHECK;
void host_done(struct host *h);
#define AUTO_HOST CLEANUP(host_done) struct host

/*
 * A switch of the supervisor itself: our environment (the unit's EnvironmentFile) if it is set there, else the env files.
 * false and *ret empty when it is nowhere. The view lives as long as h and the environment.
 */
bool host_switch(const struct host *h, const char *name, struct view *ret);
bool host_switch_is_true(const struct host *h, const char *name); /* exactly "true", as the peer tests most of them */
bool host_switch_bool(const struct host *h, const char *name);    /* Go's bools; anything else is false */

/* What the two files say to NAME, as the agent gets it: user's wins. */
bool host_file_is(const struct host *h, const char *name, const char *value);

/* os-release -> "ID_VERSION_ID", "linux" if either is missing. Pure. */
void os_family(struct view os_release, char ret[80]);

#endif
