/* Every file that this product shares between its programs or with others. Absolute, below the root descriptor. */
#ifndef COMMON_PATHS_H
#define COMMON_PATHS_H

#define PATH_ECS_DIR         "/etc/ecs"
#define PATH_ECS_CONFIG      "/etc/ecs/ecs.config"          /* the user's, wins */
#define PATH_INSTANCE_CONFIG "/var/lib/ecs/ecs.config"      /* the AMI's or the Anywhere installer's */
#define PATH_CACHE_DIR       "/var/cache/ecs"
#define PATH_IMAGE_TAR       "/var/cache/ecs/ecs-agent.tar"
#define PATH_IMAGE_STATE     "/var/cache/ecs/state"
#define PATH_DESIRED_IMAGE   "/var/cache/ecs/desired-image" /* written by the agent before it exits 42 */
#define AGENT_IMAGE          "amazon/amazon-ecs-agent:latest" /* what a tar in the cache must bring */
#define PATH_RUN_DIR         "/run/ecs"
#define PATH_NETCONF_STATE   "/run/ecs/netconf.state"      /* there from the first apply of rules until their remove */
#define PATH_USER_DATA_KIND  "/run/ecs/user-data"           /* one of the words below */
#define PATH_LOG_DIR         "/var/log/ecs"
#define PATH_INIT_LOG        "/var/log/ecs/ecs-init.log"
#define PATH_BOOTSTRAP_LOG   "/var/log/ecs/ecs-bootstrap.log"
#define PATH_CLOUD_COPY      "/var/lib/cloud/instance/user-data.txt"
#define PATH_CLOUD_RUN_DIR   "/run/cloud-init"
#define PATH_CLOUD_RESULT    "/run/cloud-init/result.json"
#define PATH_CLOUD_OUTPUT    "/var/log/cloud-init-output.log" /* what scripts printed */
#define PATH_CLOUD_ENABLED   "/run/cloud-init/enabled"

/* What the user data of this boot holds; decides whether anything waits for cloud-init. */
#define USER_DATA_NONE    "none"
#define USER_DATA_OURS    "ours"    /* nothing in it is cloud-init's */
#define USER_DATA_SCRIPTS "scripts" /* cloud-init has parts to work on */
#define USER_DATA_UNKNOWN "unknown" /* the metadata service is off: whatever there is, only cloud-init knows it */
#define USER_DATA_FAILED  "failed"  /* it could not be read, or nothing could be written: that may pass */
#define USER_DATA_REFUSED "refused" /* a part of ours is wrong: that stays so */

enum { CONFIG_FILE_MAX = 1 << 20 }; /* bytes of an ecs.config */

#endif
