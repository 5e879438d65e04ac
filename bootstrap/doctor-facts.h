/* What `doctor` knows of the host. */
#ifndef BOOTSTRAP_DOCTOR_FACTS_H
#define BOOTSTRAP_DOCTOR_FACTS_H

#include <stdint.h>

#include "bootstrap/after.h"
#include "bootstrap/findings.h"
#include "bootstrap/status.h"

enum { DOCTOR_TEXT_SIZE = 640, DOCTOR_UNITS_MAX = 8, DOCTOR_DISKS = 2, DOCTOR_UNASKED = 1 };

/* r: 0 it was answered; negative: it was not, and why; DOCTOR_UNASKED: it was not asked, and why. */
struct doctor_asked {
	int  r;
	char why[320];
};

struct doctor_unit {
	char name[64], load[24], file_state[24], fragment[160];
	bool after_cloud_init, job; /* it is ordered behind cloud-init's last stage; somebody waits for it to start */
};

struct doctor_disk {
	const char *path;
	bool        known;
	uint64_t    size, free, files, files_free; /* bytes, bytes, inodes; files 0: the file system does not count them */
};

struct doctor_facts {
	struct status       status;
	bool                root, external; /* we are root; the host is ECS Anywhere's: ECS_EXTERNAL */
	/* host */
	struct doctor_unit  units[DOCTOR_UNITS_MAX];
	size_t              n_units;
	char                foreign_package[64];
	struct after_facts  boot;
	struct doctor_asked cloud_result;   /* cloud-init's result.json */
	struct after_errors cloud;
	unsigned            user_data_errors, user_data_warnings;
	char                user_data_first[320];
	struct doctor_disk  disks[DOCTOR_DISKS];
	/* settings */
	struct doctor_asked config, user_data; /* config: ecs.config */
	struct findings     names;          /* what is odd in it */
	/* AWS */
	struct doctor_asked imds, role, region, ecs, clock;
	bool                imds_off, no_role;
	char                ecs_host[AWS_HOST_SIZE];
	bool                proxy;          /* ECS is reached through one */
	long                skew_s, role_left_s; /* how far this host's clock is ahead; until the role's credentials expire */
	/* Docker */
	char                docker_socket[112];
	struct doctor_asked docker, image, agent;
	bool                socket_there, image_loaded, image_tar, agent_there, agent_oom;
	unsigned            docker_api;     /* 1.44: 144 */
	char                agent_state[24], other_agent[80];
	long                agent_exit;
};

#endif
