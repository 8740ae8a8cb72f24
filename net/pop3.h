/*
 * pop3 — what pop3.c and pop3login.c share: the connection, and how its answers are read. Nobody
 * else needs it; fetcher.h has the door.
 */
#pragma once

#include "net/fetcher.h"
#include "net/line.h"
#include "net/pop3reply.h"

typedef struct {
    Fetcher fetcher; /* first: a Fetcher * is a Pop3 * */
    Channel *channel;
    LineReader *reader;
    char *host;
    Pop3Capabilities *capabilities;
    guint32 exists;
    gboolean uidl_asked; /* UIDL went out together with STAT */
    gboolean removes;    /* DELE was said: QUIT must be confirmed */
    gboolean scram;      /* was offered for the login */
    gboolean broken;     /* out of step with the server: nothing more is sent */
} Pop3;

/* Greeting, capabilities and login, up to the capabilities after login. */
gboolean pop3_authorize(Pop3 *self, const Session *session,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads one status line; *text is valid until the next line is read. */
gboolean pop3_read(Pop3 *self, Pop3Status *status, const char **text,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next line of a multi-line answer; *line is NULL at its end. */
gboolean pop3_next_line(Pop3 *self, const char **line, gsize *size,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets the error for a line that is not POP3, or for -ERR and TEXT to WHAT; always FALSE. */
gboolean pop3_nonsense(Pop3 *self, const char *line, gsize size, GError **error);
gboolean pop3_refused(Pop3 *self, const char *what, const char *text, GError **error);
