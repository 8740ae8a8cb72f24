/*
 * See imap.h: which mailboxes there are. What is asked before goes out together with LIST: a round
 * trip costs more than all of it.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/imap.h"
#include "net/mailboxname.h"

/* ---- ENABLE ---- */

/* QRESYNC, for the news; UTF8=ACCEPT only where a server has no other names (RFC 6855, 6): modified
 * UTF-7 says all that it could. NULL: nothing to enable. */
static const char *enable_words(const Imap *imap)
{
    gboolean resync = imap_can(imap, "QRESYNC"), utf8 = imap_can(imap, "UTF8=ONLY");
    if (imap->enabled || !imap_can(imap, "ENABLE"))
        return NULL;
    if (resync && utf8)
        return "ENABLE QRESYNC UTF8=ACCEPT";
    return resync ? "ENABLE QRESYNC" : utf8 ? "ENABLE UTF8=ACCEPT" : NULL;
}

static gboolean enabled(Imap *imap, int r, GError **error)
{
    gboolean yes = guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK;
    imap->enabled = TRUE;
    if (r != MAILIMAP_NO_ERROR || !imap_alive(imap, NULL))
        return imap_fail(imap, r, "ENABLE", error);
    imap->qresync = yes && imap_can(imap, "QRESYNC");
    imap->utf8 = yes && imap_can(imap, "UTF8=ONLY");
    return TRUE;
}

gboolean imap_enable(Imap *imap, GError **error)
{
    const char *words = enable_words(imap);
    return words == NULL || enabled(imap, imap_say(imap, SCAN_NOTHING, NULL, words), error);
}

/* ---- what LIST says of one ---- */

static gboolean selectable(const struct mailimap_mailbox_list *one)
{
    const struct mailimap_mbx_list_flags *flags = one->mb_flag;
    return !(flags && flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
             flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT) &&
           mailbox_name_sendable(one->mb_name);
}

static void read_attributes(const struct mailimap_mailbox_list *one, MailboxName *name)
{
    const struct mailimap_mbx_list_flags *flags = one->mb_flag;
    for (clistiter *at = flags ? clist_begin(flags->mbf_oflags) : NULL; at; at = clist_next(at)) {
        const struct mailimap_mbx_list_oflag *other = clist_content(at);
        if (other->of_flag_ext == NULL)
            continue;
        g_autofree char *flag = g_strconcat("\\", other->of_flag_ext, NULL);
        name->uses |= mailbox_use_named(flag);
        if (g_ascii_strcasecmp(flag, "\\Noselect") == 0 ||
            g_ascii_strcasecmp(flag, "\\NonExistent") == 0)
            name->selectable = FALSE;
    }
}

static gboolean give_mailbox(Imap *imap, const struct mailimap_mailbox_list *one,
                             MailboxTaker taker, gpointer user, GError **error)
{
    if (strlen(one->mb_name) > LIMIT_MAILBOX_NAME)
        return imap_too_much(imap, "a mailbox name", LIMIT_MAILBOX_NAME, error);
    g_autofree char *display =
        imap->utf8 ? text_utf8(one->mb_name, -1) : mailbox_name_decode(one->mb_name);
    MailboxName name = {.name = one->mb_name, .display = display, .selectable = selectable(one)};
    read_attributes(one, &name);
    return taker(user, &name, error);
}

/* ---- LIST ---- */

/* Servers may keep what a mailbox is for to themselves until they are asked (RFC 6154, 2). */
static const char *list_words(const Imap *imap)
{
    return imap_can(imap, "SPECIAL-USE") && imap_can(imap, "LIST-EXTENDED")
               ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
               : "LIST \"\" \"*\"";
}

/* The answer to the command of TAG, in libetpan's hands. */
static int hear_list(Imap *imap, guint tag, clist **found)
{
    mailimap *etpan = imap->etpan;
    struct mailimap_response *response = NULL;
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    etpan->imap_tag = (int)tag;
    if (mailimap_read_line(etpan) == NULL)
        return MAILIMAP_ERROR_STREAM;
    int r = mailimap_parse_response(etpan, &response);
    if (r != MAILIMAP_NO_ERROR)
        return r;
    mailimap_response_free(response);
    if (etpan->imap_response_info) {
        *found = etpan->imap_response_info->rsp_mailbox_list;
        etpan->imap_response_info->rsp_mailbox_list = NULL;
    }
    return r;
}

static gboolean list(Imap *imap, clist **found, GError **error)
{
    const char *enable = enable_words(imap);
    const char *const words[] = {enable ? enable : list_words(imap),
                                 enable ? list_words(imap) : NULL, NULL};
    guint tag = imap_ask(imap, words);
    if (enable && !enabled(imap, imap_hear(imap, tag++, SCAN_STOP, NULL), error))
        return FALSE;
    int r = hear_list(imap, tag, found);
    if (r == MAILIMAP_NO_ERROR && guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK)
        return TRUE;
    return imap_fail(imap, r, "LIST", error);
}

gboolean imap_mailboxes(Fetcher *self, MailboxTaker taker, gpointer user, GError **error)
{
    Imap *imap = (Imap *)self;
    clist *found = NULL;
    if (!imap_alive(imap, error))
        return FALSE;
    gboolean good = list(imap, &found, error);
    if (good && found && clist_count(found) > LIMIT_MAILBOXES)
        good = imap_too_much(imap, "mailboxes", LIMIT_MAILBOXES, error);
    for (clistiter *at = good && found ? clist_begin(found) : NULL; good && at; at = clist_next(at))
        good = give_mailbox(imap, clist_content(at), taker, user, error);
    if (found)
        mailimap_list_result_free(found);
    return good;
}
