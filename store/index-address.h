/*
 * index-address — whom one writes to, out of the mail that is here: addresses that begin with what
 * was typed, those first that one wrote to or heard from often and of late. Robots that want no
 * answer come behind people, and one's own addresses last.
 */
#pragma once

#include "store/index.h"

typedef struct {
    char *address;
    char *name;    /* the newest that its owner used, else the newest at all; "" for none */
    guint written; /* messages of one's own to it, */
    guint heard;   /* from it, */
    guint seen;    /* and of others to it */
    gint64 last;   /* date of the newest of all these */
} AddressHit;

/*
 * Elements AddressHit *, at most LIMIT (0: all). Each word of TEXT begins a word of the name or the
 * address as a message has them, and messages are counted where they do; without a word all fit.
 * OWN are one's own addresses, with or without names. NOW is what dates are compared with. Looks at
 * no more than the newest LIMIT_ADDRESS_MESSAGES that fit.
 */
GPtrArray *index_addresses(Index *index, const char *text, const char *const *own, gint64 now,
                           guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
