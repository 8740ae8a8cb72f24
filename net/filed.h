/*
 * filed — the copy of a letter that was sent, on its way to a mailbox of its sender: the one thing
 * that is ever put onto a server (Fetcher.file in fetcher.h).
 *
 * It is put there, read, unless one with its Message-ID lies there; so it may be said again after
 * any failure. The mailbox that was open is not any more. 78 "server.folder", 75 "server.full", 65
 * "send.value": it has no Message-ID that could be asked for.
 */
#pragma once

#include "core/stream.h"

typedef struct {
    const char *mailbox;    /* exactly as the server sent it */
    const char *message_id; /* the field's value, with its <> */
    gint64 date;            /* INTERNALDATE, seconds since 1970 */
    guint64 size;           /* of LETTER, CRLF */
    Source *letter;
} Filed;
