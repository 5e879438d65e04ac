/* The host's side of ENI trunking: the module for VLANs, and network managers that keep off what ECS attaches. */
#ifndef BOOTSTRAP_TRUNK_HOST_H
#define BOOTSTRAP_TRUNK_HOST_H

#include "bootstrap/trunk-files.h"
#include "common/err.h"

#define PATH_TRUNK_MODULES "/etc/modules-load.d/ecs-trunk.conf" /* kept: it names no interface */
#define TRUNK_UNIT "ecs-trunk.service"                          /* makes managers that run take the files in */

enum {
	TRUNK_SAME = 1,      /* it was so already */
	TRUNK_NO_MODULE = 2, /* all done but for 8021q, which cannot be loaded; *e says why */
};

/* Which interface below root has this MAC: of several (a bridge or VLAN on top has the same) the one with a device. */
int trunk_find_primary(int root, const char *mac, struct trunk_primary *ret, struct err *e) MUST_CHECK;

/* mac: of the primary interface, as the metadata service has it. 0, one of the above, or negative: nothing is half done then. */
int trunk_host_prepare(int root, const char *mac, const char *drivers, struct err *e) MUST_CHECK;

/* Takes the files away. Managers that run are told. 0, TRUNK_SAME, or negative. */
int trunk_host_release(int root, struct err *e) MUST_CHECK;

#endif
