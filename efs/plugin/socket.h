/* The plugin's socket, from systemd or made here, and what systemd wants to hear. By hand: libsystemd would cost 1 MiB. */
#ifndef EFS_PLUGIN_SOCKET_H
#define EFS_PLUGIN_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define SOCKET_DIR  "/run/docker/plugins"
#define SOCKET_NAME "amazon-ecs-volume-plugin.sock"

/*
 * The one socket that systemd has passed (sd_listen_fds(3)): it listens, is CLOEXEC, and the variables that told of it
 * are gone from the environment. SOCKET_NONE: none was passed. -EINVAL: more than one, or no listening unix socket.
 */
enum { SOCKET_NONE = 1 };
int socket_passed(int *ret_fd, struct err *e) MUST_CHECK;

/*
 * Makes SOCKET_DIR (0755) and the socket (0660) below root_dir (NULL: /). One that nobody answers on is replaced;
 * -EADDRINUSE when somebody does, or when what stands there is no socket.
 */
int socket_make(const char *root_dir, int root, int *ret_fd, struct err *e) MUST_CHECK;
void socket_remove(int root);

/* Half of WATCHDOG_USEC in milliseconds: how often notify("WATCHDOG=1") is due. 0: never. */
unsigned notify_watchdog_ms(void);

#endif
