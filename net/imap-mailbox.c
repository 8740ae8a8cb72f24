/* See imap.h: opening a mailbox, and removing messages from it. */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/imap.h"
#include "net/mailboxname.h"

static gboolean done(Imap *imap, int r, const char *command, GError **error)
{
    if (r == MAILIMAP_NO_ERROR && guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK)
        return TRUE;
    return imap_fail(imap, r, command, error);
}

/* ---- EXAMINE and SELECT ---- */

gboolean imap_opened(Imap *imap, int r, const char *command, const char *name, Selected *selected,
                     GError **error)
{
    g_clear_pointer(&imap->mailbox, g_free);
    if (!done(imap, r, command, error))
        return FALSE;
    const ScanOpened *opened = guard_scan_opened(guard_scanner(imap->guard));
    if (opened->uidvalidity == 0)
        return imap_violation(imap, error, "the server gives a mailbox without UIDVALIDITY");
    if (opened->exists > LIMIT_SERVER_MESSAGES)
        return imap_too_much(imap, "messages in a mailbox", LIMIT_SERVER_MESSAGES, error);
    *selected = (Selected){
        .uidvalidity = opened->uidvalidity,
        .uidnext = opened->uidnext,
        .exists = opened->exists,
        .modseq = opened->modseq,
    };
    imap->mailbox = g_strdup(name);
    imap->uidvalidity = selected->uidvalidity;
    imap->uidnext = selected->uidnext;
    imap->exists = selected->exists;
    imap->writable = FALSE;
    return TRUE;
}

gboolean imap_opened_whole(Imap *imap, Selected *selected, GError **error)
{
    if (selected->uidnext == 0 && selected->exists > 0 &&
        !imap_find_uidnext(imap, &selected->uidnext, error))
        return FALSE;
    imap->uidnext = selected->uidnext;
    return TRUE;
}

gboolean imap_select(Fetcher *self, const char *name, const Known *known,
                     const ChangeTaker *changes, Selected *selected, GError **error)
{
    Imap *imap = (Imap *)self;
    gboolean told = FALSE;
    if (!imap_alive(imap, error))
        return FALSE;
    if (!mailbox_name_sendable(name)) {
        g_autofree char *text = text_utf8(name, -1);
        g_autofree char *safe = text_name(text);
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "leave that folder out",
                      "the mailbox name \"%s\" cannot be sent to a server", safe);
    }
    if (!imap_enable(imap, error))
        return FALSE;
    int r = imap_examine(imap, name, known, changes, &told);
    if (!imap_opened(imap, r, "EXAMINE", name, selected, error))
        return FALSE;
    selected->told = told;
    return imap_opened_whole(imap, selected, error);
}

/* ---- removing ---- */

static gboolean mark_deleted(Imap *imap, struct mailimap_set *set, GError **error)
{
    struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
    struct mailimap_flag *flag = mailimap_flag_new_deleted();
    struct mailimap_store_att_flags *store = NULL;
    int r = MAILIMAP_ERROR_MEMORY;
    if (flags && flag && mailimap_flag_list_add(flags, flag) == MAILIMAP_NO_ERROR &&
        (store = mailimap_store_att_flags_new_add_flags_silent(flags)) != NULL) {
        guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
        r = mailimap_uid_store(imap->etpan, set, store);
        mailimap_store_att_flags_free(store);
    }
    return done(imap, r, "UID STORE", error);
}

/* EXPUNGE alone would take what somebody else has marked (RFC 4315): by UID or not at all. */
static gboolean remove_set(Imap *imap, struct mailimap_set *set, GError **error)
{
    if (set == NULL)
        return imap_fail(imap, MAILIMAP_ERROR_MEMORY, "UID STORE", error);
    if (!mark_deleted(imap, set, error))
        return FALSE;
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    return done(imap, mailimap_uid_expunge(imap->etpan, set), "UID EXPUNGE", error);
}

/* EXAMINE does not let anything be removed. */
static gboolean select_writable(Imap *imap, const char *name, Selected *selected, GError **error)
{
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    int r = mailimap_select(imap->etpan, name);
    if (!imap_opened(imap, r, "SELECT", name, selected, error))
        return FALSE;
    const struct mailimap_selection_info *info = imap->etpan->imap_selection_info;
    imap->writable = info == NULL || info->sel_perm != MAILIMAP_MAILBOX_READONLY;
    return imap->writable ||
           refuse(error, POSTERN_ERROR_POLICY, "server.readonly", "set keep = yes",
                  "the server does not let messages be removed from this mailbox");
}

static gboolean open_for_removal(Imap *imap, GError **error)
{
    g_autofree char *name = g_strdup(imap->mailbox);
    guint32 uidvalidity = imap->uidvalidity;
    Selected selected;
    if (name == NULL)
        return refuse(error, POSTERN_ERROR_BUG, "imap.state", NULL, "no mailbox is open");
    if (!imap_can(imap, "UIDPLUS"))
        return refuse(error, POSTERN_ERROR_POLICY, "server.uidplus",
                      "set keep = yes, or ask the company for a server with UIDPLUS",
                      "the server cannot remove single messages (no UIDPLUS)");
    if (imap->writable)
        return TRUE;
    if (!select_writable(imap, name, &selected, error))
        return FALSE;
    return selected.uidvalidity == uidvalidity ||
           imap_violation(imap, error, "the mailbox has been renumbered in the meantime");
}

gboolean imap_remove(Fetcher *self, const guint32 *numbers, gsize n, GError **error)
{
    Imap *imap = (Imap *)self;
    if (!imap_alive(imap, error) || !open_for_removal(imap, error))
        return FALSE;
    g_autoptr(GArray) single = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (gsize i = 0; i < n; i++) {
        NumberRange one = {numbers[i], numbers[i]};
        if (numbers[i] != 0)
            g_array_append_val(single, one);
    }
    g_autoptr(GArray) ranges = uid_ranges_sorted((const NumberRange *)single->data, single->len);
    while (ranges->len > 0) {
        g_autoptr(GArray) cut = uid_ranges_cut(ranges, LIMIT_SERVER_MESSAGES);
        struct mailimap_set *set = uid_set_new(cut);
        gboolean good = remove_set(imap, set, error);
        if (set)
            mailimap_set_free(set);
        if (!good)
            return FALSE;
    }
    return TRUE;
}
