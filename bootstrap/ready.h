/* Telling systemd that a unit of Type=notify is ready: now, or when a time is over, whatever the program is busy with then. */
#ifndef BOOTSTRAP_READY_H
#define BOOTSTRAP_READY_H

/* Says it once; nothing without a NOTIFY_SOCKET. Safe in a signal handler. */
void ready_now(void);

/* Says it after so long at the latest: by SIGALRM, of which the program must make no other use. */
void ready_within(unsigned ms);

#endif
