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
static int hear_list(Imap *imap, guint tag)
{
    struct mailimap_response *response = NULL;
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    imap->etpan->imap_tag = (int)tag;
    if (mailimap_read_line(imap->etpan) == NULL)
        return MAILIMAP_ERROR_STREAM;
    int r = mailimap_parse_response(imap->etpan, &response);
    if (r == MAILIMAP_NO_ERROR)
        mailimap_response_free(response);
    return r;
}

static gboolean done(Imap *imap, int r, const char *command, GError **error)
{
    if (r == MAILIMAP_NO_ERROR && guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK)
        return TRUE;
    return imap_fail(imap, r, command, error);
}

/* Gives what a LIST found, but no mailbox twice. */
typedef struct {
    Imap *imap;
    MailboxTaker taker;
    gpointer user;
    GHashTable *seen; /* names */
    GPtrArray *more;  /* prefixes that may be listed besides */
    Opening *first;   /* or NULL */
    gboolean resync;  /* news of it were asked for */
} Listing;

static gboolean give_found(Listing *self, clist *found, GError **error)
{
    guint total = g_hash_table_size(self->seen) + (found ? (guint)clist_count(found) : 0);
    if (total > LIMIT_MAILBOXES)
        return imap_too_much(self->imap, "mailboxes", LIMIT_MAILBOXES, error);
    for (clistiter *at = found ? clist_begin(found) : NULL; at; at = clist_next(at)) {
        const struct mailimap_mailbox_list *one = clist_content(at);
        if (g_hash_table_add(self->seen, g_strdup(one->mb_name)) &&
            !give_mailbox(self->imap, one, self->taker, self->user, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_found(Listing *self, GError **error)
{
    struct mailimap_response_info *info = self->imap->etpan->imap_response_info;
    clist *found = info ? info->rsp_mailbox_list : NULL;
    if (found)
        info->rsp_mailbox_list = NULL;
    gboolean good = give_found(self, found, error);
    if (found)
        mailimap_list_result_free(found);
    return good;
}

/* ---- NAMESPACE (RFC 2342) ---- */

/* Those of others and the shared ones; our own is what LIST is about. A server that says no has
 * none for us. */
static gboolean hear_namespace(Listing *self, guint tag, GError **error)
{
    int r = imap_hear(self->imap, tag, SCAN_STOP, NULL);
    if (r != MAILIMAP_NO_ERROR || !imap_alive(self->imap, NULL))
        return imap_fail(self->imap, r, "NAMESPACE", error);
    if (guard_scan_status(guard_scanner(self->imap->guard))->said != SAID_OK)
        return self->taker(self->user, NULL, error);
    const GPtrArray *prefixes = guard_scan_prefixes(guard_scanner(self->imap->guard));
    for (guint i = 0; i < MIN(prefixes->len, LIMIT_NAMESPACES); i++)
        if (strpbrk(prefixes->pdata[i], "%*") == NULL && mailbox_name_sendable(prefixes->pdata[i]))
            g_ptr_array_add(self->more, g_strdup(prefixes->pdata[i]));
    return prefixes->len <= LIMIT_NAMESPACES || self->taker(self->user, NULL, error);
}

static gboolean has_prefix(gpointer name, gpointer value, gpointer prefix)
{
    (void)value;
    return g_str_has_prefix(name, prefix);
}

/* What begins with "#", say, LIST leaves out (RFC 2342, 4); what it has told is not asked again. */
static gboolean list_besides(Listing *self, const char *prefix, GError **error)
{
    clist *found = NULL;
    if (g_hash_table_find(self->seen, has_prefix, (gpointer)prefix))
        return TRUE;
    g_autofree char *pattern = g_strconcat(prefix, "*", NULL);
    guard_command(self->imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    int r = mailimap_list(self->imap->etpan, "", pattern, &found);
    Said said = guard_scan_status(guard_scanner(self->imap->guard))->said;
    gboolean no = imap_alive(self->imap, NULL) && said == SAID_NO;
    gboolean good = no ? self->taker(self->user, NULL, error)
                       : done(self->imap, r, "LIST", error) && give_found(self, found, error);
    if (found)
        mailimap_list_result_free(found);
    return good;
}

/* ---- the mailbox in front ---- */

/* A no is none to the list. */
static gboolean hear_opened(Listing *self, guint tag, GError **error)
{
    Imap *imap = self->imap;
    Opening *first = self->first;
    gboolean told = FALSE;
    g_autoptr(GError) no = NULL;
    int r =
        imap_examine_hear(imap, tag, SCAN_STOP, first->known, self->resync, first->changes, &told);
    if (self->resync && r == MAILIMAP_NO_ERROR &&
        guard_scan_status(guard_scanner(imap->guard))->said == SAID_BAD) {
        imap->qresync = FALSE; /* it minds the parameter */
        return TRUE;
    }
    first->opened = imap_opened(imap, r, "EXAMINE", first->name, &first->selected, &no);
    first->selected.told = told;
    return imap_alive(imap, error);
}

/* ---- all of it ---- */

static gboolean list(Listing *self, GError **error)
{
    Imap *imap = self->imap;
    const char *enable = enable_words(imap), *words[5] = {NULL};
    gboolean spaces = imap_can(imap, "NAMESPACE");
    g_autofree char *examine = NULL;
    guint n = 0;
    if (enable)
        words[n++] = enable;
    if (self->first) {
        gboolean news = imap->qresync || (enable && imap_can(imap, "QRESYNC"));
        self->resync = news && imap_is_known(self->first->known);
        words[n++] = examine =
            imap_examine_words(self->first->name, self->first->known, self->resync);
    }
    if (spaces)
        words[n++] = "NAMESPACE";
    words[n++] = list_words(imap);
    guint tag = imap_ask(imap, words);
    if (enable && !enabled(imap, imap_hear(imap, tag++, SCAN_STOP, NULL), error))
        return FALSE;
    if (self->first && !hear_opened(self, tag++, error))
        return FALSE;
    if (spaces && !hear_namespace(self, tag++, error))
        return FALSE;
    return done(imap, hear_list(imap, tag), "LIST", error) && take_found(self, error) &&
           (self->first == NULL || !self->first->opened ||
            imap_opened_whole(imap, &self->first->selected, error));
}

gboolean imap_mailboxes(Fetcher *self, Opening *first, MailboxTaker taker, gpointer user,
                        GError **error)
{
    Imap *imap = (Imap *)self;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func(g_free);
    Listing listing = {imap, taker, user, seen, more, first, FALSE};
    if (!imap_alive(imap, error) || !list(&listing, error))
        return FALSE;
    for (guint i = 0; i < more->len; i++)
        if (!list_besides(&listing, more->pdata[i], error))
            return FALSE;
    return TRUE;
}
