/*
 * pop3reply — what a POP3 server says, taken apart: pure functions over single lines (RFC 1939,
 * 2449, 3206, 5034). Lines come from line_read(), so they are NUL-terminated behind SIZE bytes.
 */
#pragma once

#include <glib.h>

typedef enum { POP3_OK, POP3_ERR, POP3_CHALLENGE, POP3_NONSENSE } Pop3Status;

/* *text is what follows, within the line. A line with NUL is nonsense. */
Pop3Status pop3_status(const char *line, gsize size, const char **text);

/* Why a server says no (RFC 2449, 8; 3206). */
typedef enum {
    POP3_REASON_NONE,      /* it does not say, or by no code that is known */
    POP3_REASON_AUTH,      /* login or password are wrong */
    POP3_REASON_TEMPORARY, /* something is broken */
    POP3_REASON_PERMANENT, /* and will be */
    POP3_REASON_IN_USE,    /* somebody has the mailbox open */
    POP3_REASON_DELAY,     /* the last login was not long enough ago */
} Pop3Reason;
Pop3Reason pop3_reason(const char *text);

/* Is it no no for good? */
gboolean pop3_transient(const char *text);

/* "nn mm" of STAT; TRUE when nn is at most LIMIT_SERVER_MESSAGES. */
gboolean pop3_stat(const char *text, guint32 *exists);

/* "nn unique-id" of UIDL: nn from 1 to EXISTS, 1 to LIMIT_UIDL bytes of 0x21..0x7e. */
gboolean pop3_uidl(const char *line, gsize size, guint32 exists, guint32 *number,
                   const char **uidl);

/* "nn size" of LIST, and perhaps words: nn from 1 to EXISTS; a size over 63 bits is G_MAXINT64. */
gboolean pop3_scan(const char *line, guint32 exists, guint32 *number, guint64 *size);

typedef struct {
    gboolean answered; /* CAPA is known at all */
    gboolean user, uidl, pipelining;
    gboolean auth_codes;   /* RFC 3206: a wrong login or password is told by [AUTH] */
    GPtrArray *mechanisms; /* as of sasl_offers_new() */
    gboolean utf8; /* messages with UTF-8 in their headers are given as they are, to who asks (RFC
                      6856) */
} Pop3Capabilities;

Pop3Capabilities *pop3_capabilities_new(void);
void pop3_capabilities_free(Pop3Capabilities *capabilities);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pop3Capabilities, pop3_capabilities_free)

/* One line of CAPA's answer; unknown ones and bad names are passed over. */
void pop3_capability(Pop3Capabilities *capabilities, const char *line);
