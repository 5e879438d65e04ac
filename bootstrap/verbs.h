/* The verbs of ecs-bootstrap: each prints or logs what came of it and returns the exit status. Parts of main.c. */
#ifndef BOOTSTRAP_VERBS_H
#define BOOTSTRAP_VERBS_H

#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { IMDS_TIMEOUT_S = 120 }; /* at boot the network may be late */
enum { RETRY_S = 60 };         /* what failed on a host that is not well */

struct options {
	const char *root;
	const char *user_data;
	unsigned    imds_timeout_s;
	unsigned    timeout_s;
	unsigned    ready_after_s;
	unsigned    retry_s;
	bool        json;
	bool        dry, with_user_data;
	const char *agent_tar, *output;
	char      **rest; /* what follows the verb's options */
	int         root_fd;
};

/* verbs-config.c: what writes, or would write */
int run_config(const struct options *o);
int run_show(const struct options *o);
int run_apply(const struct options *o);

/* verbs-look.c: what works on a file, on any machine */
int run_parts(const struct options *o);
int run_check(const struct options *o);

/* verbs-boot.c: what the units run once user data is done */
int run_late(const struct options *o);
int run_after(const struct options *o);
int run_start_tasks(const struct options *o);
int run_wait(const struct options *o);

/* verbs-status.c, verbs-plot.c: what became of it all */
int run_status(const struct options *o);
int run_plot(const struct options *o);

/* verbs-doctor.c, verbs-collect.c: why it did not, and who shall find out */
int run_doctor(const struct options *o);
int run_collect_logs(const struct options *o);

/* verbs-host.c: what goes on beside the boot */
int run_packages(const struct options *o);
int run_efs_mounts(const struct options *o);

/* verbs-image.c: what works on a root that becomes an image */
int run_bake(const struct options *o);
int run_seal(const struct options *o);

/* Says it if there is an argument left, which the verb does not take. */
bool has_arguments(const struct options *o, const char *verb);

#endif
