/* See filing.h. */
#include "fetchd/filing.h"

#include "core/error.h"
#include "core/text.h"
#include "fetchd/access.h"
#include "fetchd/owncopy.h"
#include "mime/message.h"

struct Filing {
    Access access;
    Fetcher *fetcher; /* NULL: not connected */
    char *mailbox;    /* as the server writes it; NULL: not found yet */
};

Filing *filing_new(const Config *config, const Account *account, const char *store, TraceLog *trace,
                   int stop_fd)
{
    Filing *self = g_new0(Filing, 1);
    self->access = (Access){
        .config = config, .account = account, .store = store, .trace = trace, .stop_fd = stop_fd};
    return self;
}

void filing_free(Filing *self)
{
    if (self == NULL)
        return;
    if (self->fetcher) {
        (void)self->fetcher->quit(self->fetcher, NULL);
        fetcher_free(self->fetcher);
    }
    access_clear(&self->access);
    g_free(self->mailbox);
    g_free(self);
}

static gboolean connect_fetcher(Filing *self, GError **error)
{
    LoginGuard guard;
    LinkTarget target;
    if (self->fetcher == NULL && access_have(&self->access, &guard, &target, error))
        self->fetcher = loginguard_fetcher(&guard, &target, error);
    return self->fetcher != NULL;
}

/* --- the folder ---------------------------------------------------------------------------- */

static gboolean take_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)error;
    Filing *self = user;
    const char *wanted = owncopy_folder(self->access.account);
    if (name && name->selectable && g_strcmp0(name->display, wanted) == 0 && !self->mailbox)
        self->mailbox = g_strdup(name->name);
    return TRUE;
}

static gboolean find_mailbox(Filing *self, GError **error)
{
    if (self->mailbox)
        return TRUE;
    if (!self->fetcher->mailboxes(self->fetcher, NULL, take_mailbox, self, error))
        return FALSE;
    g_autofree char *shown = text_name(owncopy_folder(self->access.account));
    return self->mailbox != NULL ||
           refuse(error, POSTERN_ERROR_POLICY, "server.folder",
                  "make the folder there, or name another in save_sent",
                  "the server has no folder \"%s\" for what account \"%s\" sent", shown,
                  self->access.account->name);
}

/* --- one letter ---------------------------------------------------------------------------- */

static gboolean put(Filing *self, GBytes *letter, gint64 date, GError **error)
{
    g_autoptr(Message) parsed = message_parse(letter);
    const char *id = message_header(parsed, "Message-ID");
    g_autoptr(Source) source = source_from_bytes(letter);
    const Filed filed = {.mailbox = self->mailbox,
                         .message_id = id ? id : "",
                         .date = date,
                         .size = g_bytes_get_size(letter),
                         .letter = source};
    return self->fetcher->file(self->fetcher, &filed, error);
}

/* A server's no to one letter leaves the connection as it was; after anything else there is nothing
 * to say on it. */
static gboolean goes_on(const GError *failure)
{
    static const char *const rules[] = {"server.refused", "server.full", "server.folder", NULL};
    return postern_error_among(failure, rules);
}

gboolean filing_letter(Filing *self, GBytes *letter, gint64 date, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (!connect_fetcher(self, error))
        return FALSE;
    if (find_mailbox(self, &failure) && put(self, letter, date, &failure))
        return TRUE;
    if (!goes_on(failure)) {
        g_clear_pointer(&self->mailbox, g_free);
        link_drop(g_steal_pointer(&self->fetcher), &failure);
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* --- out of the outbox --------------------------------------------------------------------- */

gboolean filing_put_off(Vault *vault, OutboxClaim *claim, const GError *why, GError **error)
{
    guint n = outbox_claim_letter(claim)->recipients->len;
    g_autofree OutboxState *states = g_new0(OutboxState, n);
    g_autoptr(GPtrArray) reasons = g_ptr_array_new();
    for (guint i = 0; i < n; i++) {
        states[i] = why ? OUTBOX_FILING : OUTBOX_GONE;
        g_ptr_array_add(reasons, (gpointer)why);
    }
    return vault_outbox_settle(vault, claim, states, reasons, NULL, error);
}

gboolean filing_claim(Filing *self, Vault *vault, OutboxClaim *claim, GError **why, GError **error)
{
    g_autoptr(GError) failure = NULL;
    (void)!filing_letter(self, outbox_claim_letter(claim)->letter, outbox_claim_since(claim),
                         &failure);
    gboolean fine = filing_put_off(vault, claim, failure, error);
    if (failure)
        g_propagate_error(why, g_steal_pointer(&failure));
    return fine;
}
