/*
 * What amazon-ecs-init tells the supervisor: KEY=VALUE lines on its standard output. The contract between the long-lived
 * process, which links libsystemd only, and the short-lived ones, which speak to Docker.
 */
#ifndef INIT_REPORT_H
#define INIT_REPORT_H

#define REPORT_ID      "id"      /* up: the container */
#define REPORT_PID     "pid"     /* up: its main process, as the host sees it */
#define REPORT_ADOPTED "adopted" /* up: "true" when it ran already, just as we would have started it */
#define REPORT_DAEMON  "daemon"  /* up: which dockerd it is, to be given to outcome; empty if unknown */
#define REPORT_EXIT    "exit"    /* outcome: the agent's exit status; absent when nobody knows it any more */
#define REPORT_DOCKER  "docker"  /* outcome: "gone" when the daemon was not there just after the agent had ended, or is another by now */

/* Verbs of amazon-ecs-init. Those of the user: */
#define ENGINE_PRE_START    "pre-start"
#define ENGINE_STOP         "stop"
#define ENGINE_RELOAD_CACHE "reload-cache"
/* and those of the supervisor: */
#define ENGINE_UP      "up"      /* ID DAEMON [ENGINE_ANEW]: waits for Docker; a running agent is adopted or replaced */
#define ENGINE_OUTCOME "outcome" /* ID DAEMON */
#define ENGINE_LOGS    "logs"    /* ID */
#define ENGINE_UPGRADE "upgrade" /* loads the image that the agent asked for */

#define ENGINE_ANEW "anew" /* up: with a configuration that was read again, so what is odd in it is said again */

#endif
