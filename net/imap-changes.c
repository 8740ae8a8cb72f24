/*
 * See imap.h and fetcher.h: what changed in a mailbox (RFC 7162). libetpan keeps the flags of all
 * messages in memory and only the first VANISHED; so the guard takes both off the stream.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/imap.h"

#define COMMAND_BYTES 8192 /* what servers surely take as one line (RFC 7162, 4) */

typedef struct {
    Imap *imap;
    const GArray *asked; /* NumberRange */
    const ChangeTaker *taker;
    guint32 uidvalidity; /* EXAMINE: that of the known; else 0 */
    gboolean reopened;   /* another mailbox was open, and may still be spoken of */
    gboolean missed;     /* something came before it was known whether it is about this mailbox */
    guint64 given;
} Changes;

static const ScanOpened *opened(const Changes *self)
{
    return guard_scan_opened(guard_scanner(self->imap->guard));
}

static gboolean counts(Changes *self)
{
    if (self->uidvalidity == 0)
        return TRUE;
    if (self->reopened && !opened(self)->closed)
        return FALSE;
    self->missed = self->missed || opened(self)->uidvalidity == 0;
    return opened(self)->uidvalidity == self->uidvalidity;
}

/* Of a message that was not asked for: somebody has just changed it. */
static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    Changes *self = user;
    return !counts(self) || !uid_ranges_hold(self->asked, uid) ||
           self->taker->flags(self->taker->user, uid, flags, error);
}

/* RFC 7162, 3.2.10: a server may name UIDs that never were; those that are known are cut out. */
static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    Changes *self = user;
    if (!counts(self))
        return TRUE;
    for (guint i = uid_ranges_find(self->asked, first); i < self->asked->len; i++) {
        const NumberRange *range = &g_array_index(self->asked, NumberRange, i);
        if (range->first > last)
            break;
        if (++self->given > LIMIT_SERVER_MESSAGES)
            return imap_too_much(self->imap, "changes in a mailbox", LIMIT_SERVER_MESSAGES, error);
        if (!self->taker->gone(self->taker->user, MAX(first, range->first), MIN(last, range->last),
                               error))
            return FALSE;
    }
    return TRUE;
}

static int say(Changes *self, const char *words)
{
    const ChangeTaker taker = {take_flags, take_gone, self};
    return imap_say(self->imap, SCAN_CHANGES, &taker, words);
}

static Said said(const Imap *imap)
{
    return guard_scan_status(guard_scanner(imap->guard))->said;
}

/* ---- EXAMINE ---- */

void imap_put_quoted(GString *out, const char *name)
{
    const char *at = name;
    while (g_ascii_isalnum(*at) || (*at && strchr("&+,-./_", *at)))
        at++;
    if (*at == '\0') {
        g_string_append(out, name);
        return;
    }
    g_string_append_c(out, '"');
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *name);
    }
    g_string_append_c(out, '"');
}

gboolean imap_is_known(const Known *known)
{
    return known && known->n > 0 && known->modseq > 0;
}

static void print_known(GString *words, const Known *known, const GArray *here)
{
    g_autoptr(GString) set = g_string_new(" ");
    g_string_append_printf(words, " (QRESYNC (%u %" G_GUINT64_FORMAT, known->uidvalidity,
                           known->modseq);
    uid_set_print(set, here);
    /* Without it the server speaks of all UIDs, and we cut. */
    if (words->len + set->len < COMMAND_BYTES)
        g_string_append(words, set->str);
    g_string_append(words, "))");
}

char *imap_examine_words(const char *name, const Known *known, gboolean resync)
{
    GString *words = g_string_new("EXAMINE ");
    imap_put_quoted(words, name);
    if (resync) {
        g_autoptr(GArray) here = uid_ranges_sorted(known->ranges, known->n);
        print_known(words, known, here);
    }
    return g_string_free(words, FALSE);
}

/* A mod-sequence that went back belongs to a server that has forgotten what it counted. */
static gboolean told_all(const Changes *self, const Known *known)
{
    return !self->missed && (!self->reopened || opened(self)->closed) &&
           opened(self)->uidvalidity == known->uidvalidity && opened(self)->modseq >= known->modseq;
}

int imap_examine_hear(Imap *imap, guint tag, ScanExpects stop, const Known *known, gboolean resync,
                      const ChangeTaker *changes, gboolean *told)
{
    g_autoptr(GArray) here =
        uid_ranges_sorted(resync ? known->ranges : NULL, resync ? known->n : 0);
    Changes self = {
        .imap = imap,
        .asked = here,
        .taker = changes,
        .uidvalidity = resync ? known->uidvalidity : 0,
        .reopened = imap->mailbox != NULL,
    };
    const ChangeTaker taker = {take_flags, take_gone, &self};
    int r =
        imap_hear(imap, tag, stop | (resync ? SCAN_CHANGES : SCAN_NOTHING), resync ? &taker : NULL);
    gboolean open = r == MAILIMAP_NO_ERROR && said(imap) == SAID_OK;
    imap->etpan->imap_state = open ? MAILIMAP_STATE_SELECTED : MAILIMAP_STATE_AUTHENTICATED;
    *told = open && resync && imap->qresync && told_all(&self, known);
    return r;
}

static int examine(Imap *imap, const char *name, const Known *known, gboolean resync,
                   const ChangeTaker *changes, gboolean *told)
{
    g_autofree char *line = imap_examine_words(name, known, resync);
    const char *words[] = {line, NULL};
    return imap_examine_hear(imap, imap_ask(imap, words), SCAN_NOTHING, known, resync, changes,
                             told);
}

int imap_examine(Imap *imap, const char *name, const Known *known, const ChangeTaker *changes,
                 gboolean *told)
{
    gboolean resync = imap->qresync && imap_is_known(known);
    int r = examine(imap, name, known, resync, changes, told);
    if (!resync || r != MAILIMAP_NO_ERROR || said(imap) == SAID_OK)
        return r;
    imap->qresync = FALSE; /* it minds the parameter */
    return examine(imap, name, known, FALSE, changes, told);
}

/* ---- FETCH ---- */

static int fetch_flags(Changes *self, guint64 since)
{
    g_autoptr(GString) words = g_string_new("UID FETCH ");
    uid_set_print(words, self->asked);
    g_string_append(words, " (UID FLAGS)");
    if (since > 0)
        g_string_append_printf(words, " (CHANGEDSINCE %" G_GUINT64_FORMAT ")", since);
    return say(self, words->str);
}

static gboolean fetch_some(Changes *self, guint64 *since, GError **error)
{
    int r = fetch_flags(self, *since);
    /* A mailbox without mod-sequences (NOMODSEQ), say; then all of them. */
    if (r == MAILIMAP_NO_ERROR && said(self->imap) == SAID_BAD && *since > 0) {
        *since = 0;
        r = fetch_flags(self, 0);
    }
    if (r == MAILIMAP_NO_ERROR && said(self->imap) == SAID_OK)
        return TRUE;
    return imap_fail(self->imap, r, "UID FETCH", error);
}

gboolean imap_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                      const ChangeTaker *taker, GError **error)
{
    Imap *imap = (Imap *)fetcher;
    g_autoptr(GArray) left = uid_ranges_sorted(ranges, n);
    if (!imap_can(imap, "CONDSTORE") && !imap_can(imap, "QRESYNC"))
        since = 0;
    while (left->len > 0) {
        g_autoptr(GArray) cut = uid_ranges_cut(left, G_MAXUINT32);
        Changes self = {.imap = imap, .asked = cut, .taker = taker};
        if (!imap_alive(imap, error) || !fetch_some(&self, &since, error))
            return FALSE;
    }
    return TRUE;
}
