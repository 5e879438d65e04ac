#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/keyval.h"
#include "common/os-release.h"
#include "common/parse.h"
#include "common/paths.h"
#include "init/engine/apparmor.h"
#include "init/engine/docker.h"
#include "init/engine/gmsa.h"
#include "init/engine/gpu.h"
#include "init/engine/host.h"

#define CREDENTIALS_FETCHER "/var/credentials-fetcher/socket/credentials_fetcher.sock"

void host_done(struct host *h)
{
	buf_done(&h->instance_config);
	buf_done(&h->user_config);
}

bool host_switch(const struct host *h, const char *name, struct view *ret)
{
	const char *own = getenv(name);

	*ret = own ? view_of(own) : (struct view) { "", 0 };
	return own || keyval_find(buf_view(&h->user_config), name, ret) || keyval_find(buf_view(&h->instance_config), name, ret);
}

bool host_switch_is_true(const struct host *h, const char *name)
{
	struct view v;

	return host_switch(h, name, &v) && view_is(v, "true");
}

bool host_switch_bool(const struct host *h, const char *name)
{
	struct view v;
	bool yes = false;

	return host_switch(h, name, &v) && parse_bool(v, &yes) == 0 && yes;
}

bool host_file_is(const struct host *h, const char *name, const char *value)
{
	struct view v;

	return (keyval_find(buf_view(&h->user_config), name, &v) || keyval_find(buf_view(&h->instance_config), name, &v)) && view_is(v, value);
}

void os_family(struct view os_release, char ret[80])
{
	struct view id = os_release_value(os_release, "ID"), version = os_release_value(os_release, "VERSION_ID");

	if (id.len == 0 || version.len == 0)
		snprintf(ret, 80, "linux");
	else
		snprintf(ret, 80, "%.*s_%.*s", VIEW_ARG(id, (size_t) 38), VIEW_ARG(version, (size_t) 38));
}

static void look_at_os(int root, struct host *h)
{
	AUTO_BUF text = { 0 };
	struct err unused;

	(void) !os_release_read(root, &text, &unused);
	os_family(buf_view(&text), h->os_family);
}

/* Red Hat's and Amazon's layout first: those hosts may have /etc/ssl too, the others have no /etc/pki/tls. */
static void look_at_certificates(int root, struct host *h)
{
	if (dir_exists(root, "/etc/pki/tls/certs")) {
		h->certs_dir = "/etc/pki/tls/certs";
		h->pki_dir = "/etc/pki";
	} else if (dir_exists(root, "/etc/ssl/certs")) {
		h->certs_dir = "/etc/ssl/certs";
		h->pki_dir = "/etc/ssl";
	}
}

static void look_at_credentials_fetcher(int root, struct host *h)
{
	struct view v;

	snprintf(h->credentials_fetcher, sizeof h->credentials_fetcher, CREDENTIALS_FETCHER);
	if (host_switch(h, "CREDENTIALS_FETCHER_HOST", &v) && view_starts(v, "unix:///") && v.len - 7 < sizeof h->credentials_fetcher)
		snprintf(h->credentials_fetcher, sizeof h->credentials_fetcher, "%.*s", (int) (v.len - 7), v.p + 7);
	h->credentials_fetcher_there = file_exists(root, h->credentials_fetcher);
}

/*
 * The profile that the user names is taken as it is: Docker refuses one that the kernel has not. Ours is left out then,
 * which costs the agent its confinement by us (Docker's own remains), but not its start.
 */
static void look_at_apparmor(int root, struct host *h)
{
	struct view v;

	if (!apparmor_supported(root))
		return;
	if (host_switch(h, "ECS_AGENT_APPARMOR_PROFILE", &v) && view_trim(v).len > 0)
		snprintf(h->apparmor, sizeof h->apparmor, "%.*s", VIEW_ARG(view_trim(v), sizeof h->apparmor - 1));
	else if (apparmor_loaded(root, APPARMOR_PROFILE))
		snprintf(h->apparmor, sizeof h->apparmor, APPARMOR_PROFILE);
}

static void look_at_domain(struct host *h)
{
	struct err unused; /* pre-start says it: settings.c */

	if (host_switch_is_true(h, "ECS_GMSA_SUPPORTED"))
		(void) !gmsa_domain_joined(&h->domain_joined, &unused);
}

/* Windows editors put a byte order mark before the first name. */
static int read_config(int root, const char *path, struct buf *b, struct err *e)
{
	int r = file_read(root, path, CONFIG_FILE_MAX, b, e);

	if (r == 0 && b->len >= 3 && memcmp(b->p, "\xef\xbb\xbf", 3) == 0)
		buf_drop(b, 3);
	return r < 0 ? r : 0;
}

static void look_at_folders(int root, struct host *h)
{
	h->lib64 = dir_exists(root, "/lib64");
	h->usr_lib64 = dir_exists(root, "/usr/lib64");
	h->alternatives = dir_exists(root, "/etc/alternatives");
	h->plugins_etc = dir_exists(root, "/etc/docker/plugins");
	h->plugins_lib = dir_exists(root, "/usr/lib/docker/plugins");
	h->suse_certs = dir_exists(root, "/var/lib/ca-certificates");
	h->ebs_dir = dir_exists(root, "/mnt/ecs/ebs");
	h->gpu_dir = dir_exists(root, GPU_STATE_DIR);
	h->deps_dir = dir_exists(root, "/var/lib/ecs/deps");
	h->exec_dir = dir_exists(root, "/var/lib/ecs/deps/execute-command");
}

int host_look(int root, struct host *ret, struct err *e)
{
	struct host h = { .docker_socket = docker_socket_from_environment() };
	int r = read_config(root, PATH_INSTANCE_CONFIG, &h.instance_config, e);

	if (r == 0)
		r = read_config(root, PATH_ECS_CONFIG, &h.user_config, e);
	if (r < 0) {
		host_done(&h);
		return r;
	}
	look_at_os(root, &h);
	look_at_certificates(root, &h);
	look_at_credentials_fetcher(root, &h);
	look_at_apparmor(root, &h);
	look_at_domain(&h);
	look_at_folders(root, &h);
	h.external = host_switch_is_true(&h, "ECS_EXTERNAL");
	h.cgroup_v2 = file_exists(root, "/sys/fs/cgroup/cgroup.controllers");
	h.gpu_devices = gpu_devices(root);
	h.nsenter = file_exists(root, "/usr/bin/nsenter");
	h.lsblk = file_exists(root, "/usr/bin/lsblk");
	h.modinfo = file_exists(root, "/sbin/modinfo") ? "/sbin/modinfo" : file_exists(root, "/usr/sbin/modinfo") ? "/usr/sbin/modinfo" : NULL;
	h.cloud_result = file_exists(root, "/var/lib/cloud/data/result.json");
	*ret = h;
	return 0;
}
