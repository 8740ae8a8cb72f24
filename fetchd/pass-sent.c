/* See pass-sent.h. */
#include "fetchd/pass-sent.h"

#include "core/limits.h"
#include "fetchd/owncopy.h"
#include "mime/message.h"
#include "store/vault-import.h"

/* Where every letter is shown once more (RFC 6154), too. */
static gboolean is_for_sent(const Account *account, const MailboxName *mailbox)
{
    static const char *const names[] = {"Sent", "Sent Items", "Sent Messages", NULL};
    if (!owncopy_wanted(account) || account->save_sent == NULL)
        return FALSE;
    if (owncopy_filed(account))
        return g_strcmp0(mailbox->display, account->save_sent) == 0;
    return (mailbox->uses & (USE_SENT | USE_ALL)) != 0 || g_strv_contains(names, mailbox->display);
}

gboolean pass_watch_sent(Pass *pass, const MailboxName *mailbox, GError **error)
{
    gboolean any = FALSE;
    if (is_for_sent(pass->account, mailbox) &&
        !vault_awaits_sent(pass->writer, pass->account->name, &any, error))
        return FALSE;
    if (any && pass->sent == NULL)
        pass->sent = g_byte_array_new();
    else if (!any)
        g_clear_pointer(&pass->sent, g_byte_array_unref);
    return TRUE;
}

void pass_sent_begin(Pass *pass)
{
    if (pass->sent)
        g_byte_array_set_size(pass->sent, 0);
}

void pass_sent_write(Pass *pass, const guint8 *bytes, gsize size)
{
    if (pass->sent)
        g_byte_array_append(pass->sent, bytes,
                            (guint)MIN(size, LIMIT_LOOK_HEADER - pass->sent->len));
}

gboolean pass_sent_row(Pass *pass, const Arrival *arrival, gint64 *row, GError **error)
{
    *row = 0;
    if (pass->sent == NULL)
        return TRUE;
    g_autoptr(GBytes) head = g_bytes_new_static(pass->sent->data, pass->sent->len);
    g_autoptr(Message) parsed = message_parse(head);
    const char *id = message_header(parsed, "Message-ID");
    return id == NULL ||
           vault_sent_row(pass->writer, arrival->account, arrival->mailbox, id, row, error);
}
