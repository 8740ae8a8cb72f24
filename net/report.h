/*
 * report — what a server showed of itself by the time the login was through: plain data, for
 * `postern doctor`.
 */
#pragma once

#include <glib.h>

typedef enum {
    SERVER_IDLE = 1 << 0,       /* RFC 2177 */
    SERVER_QRESYNC = 1 << 1,    /* RFC 7162 */
    SERVER_UIDL = 1 << 2,       /* RFC 1939, 7 */
    SERVER_PIPELINING = 1 << 3, /* RFC 2449, 6.6; RFC 2920 */
    SERVER_SCRAM = 1 << 4,      /* RFC 5802, 7677 */
} ServerAbilities;
#define SERVER_ALL (SERVER_IDLE | SERVER_QRESYNC | SERVER_UIDL | SERVER_PIPELINING | SERVER_SCRAM)

typedef struct {
    guint8 tls_minor;  /* 2 or 3, of TLS 1.x */
    gint64 not_after;  /* of the server's certificate, seconds since 1970 */
    guint32 abilities; /* ServerAbilities */
} ServerReport;
