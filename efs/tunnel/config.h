/* What mount.efs wants of one tunnel: the KEY=VALUE lines of /run/ecs/efs/BASE.conf. Pure. */
#ifndef EFS_TUNNEL_CONFIG_H
#define EFS_TUNNEL_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/view.h"

#define PATH_EFS_RUN_DIR "/run/ecs/efs"

enum { TUNNEL_CONFIG_MAX = 32768, TUNNEL_BASE_MAX = 200 };

struct tunnel_config {
	char     file_system[64];       /* fs-… */
	char     host[256];             /* whose certificate is expected; also sent as SNI */
	char     connect[256];          /* name or address; HOST unless CONNECT says otherwise */
	uint16_t connect_port;          /* 2049 */
	char     region[64];
	uint16_t port;                  /* on 127.0.0.1; 0: any free one */
	char     netns[PATH_MAX];       /* where both sockets live; empty: where we are */
	char     access_point[64];      /* fsap-…; empty: none */
	bool     iam;
	char     credentials_uri[512];  /* empty: the instance's role */
	char     ca_file[PATH_MAX];     /* empty: the system's authorities */
	bool     verify;
	char     mount_point[PATH_MAX];
	char     source[101];
};

/* 0, or -EINVAL with a sentence that names the line. Keys that nobody knows are passed over: the writer may be newer. */
int tunnel_config_parse(struct view text, struct tunnel_config *ret, struct err *e) MUST_CHECK;

/* Whether it can be the name of a tunnel: no '/', no dot in front, visible ASCII, at most TUNNEL_BASE_MAX bytes. */
bool tunnel_base_ok(const char *base);

#endif
