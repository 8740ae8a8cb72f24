/*
 * notify — what systemd wants to know of a service (sd_notify(3)): a datagram to $NOTIFY_SOCKET.
 * Without one, nothing happens; nor does it matter when nobody listens.
 */
#pragma once

#include <glib.h>

/* Reads the environment, and takes what it read out of it: it is not for what we start. */
typedef struct Notify Notify;
Notify *notify_new(void);
void notify_free(Notify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notify, notify_free)

void notify_ready(const Notify *notify);
void notify_reloading(const Notify *notify);
void notify_stopping(const Notify *notify);
void notify_status(const Notify *notify, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* We are alive: to be called often, it is said often enough. Microseconds between two signs of
 * life, G_MAXINT64 where nobody waits for them. */
void notify_alive(Notify *notify);
gint64 notify_every(const Notify *notify);
