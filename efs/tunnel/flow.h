/* The bytes of a connection, both ways at once: each side is read only while the other takes what it gave. */
#ifndef EFS_TUNNEL_FLOW_H
#define EFS_TUNNEL_FLOW_H

#include "efs/tunnel/connection.h"

enum flow { FLOW_ON, FLOW_OVER /* in good order */, FLOW_BROKEN /* by the mount target; e says how */ };

/* What poll(2) saw of the client's and of the mount target's socket. */
void flow_wake(struct connection *c, short client, short upstream);

/* Whether something waits to be sent to the mount target. */
bool flow_wants_upstream(const struct connection *c);

/* Moves what can be moved now. */
enum flow flow_move(struct connection *c, long now, struct err *e);

/* Whether flow_move would find something to do without another wake-up. */
bool flow_can_go_on(const struct connection *c);

#endif
