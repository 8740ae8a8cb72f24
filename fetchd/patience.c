/* See patience.h. */
#include "fetchd/patience.h"

#include "core/limits.h"

int patience_left(const Patience *patience)
{
    guint64 earned = patience->bytes / LIMIT_BODY_RATE;
    gint64 left =
        patience->base_ms + (gint64)MIN(earned, G_MAXINT32) * 1000 - patience->waited_us / 1000;
    return (int)CLAMP(left, 0, patience->base_ms);
}

void patience_spend(Patience *patience, gint64 waited_us, gsize size)
{
    patience->waited_us += waited_us;
    patience->bytes += size;
}

void patience_renew(Patience *patience)
{
    patience->waited_us = 0;
    patience->bytes = 0;
}
