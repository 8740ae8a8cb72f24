/* See deliver.h: what both kinds share. */
#include "fetchd/deliver.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "mime/compose.h"

void deliverer_free(Deliverer *deliverer)
{
    if (deliverer)
        deliverer->free(deliverer);
}

static Deliverer *open_lmtp(const Account *account, const char *path, GError **error)
{
    g_autoptr(Mailbox) box = address_parse(account->address, NULL);
    const char *address = box ? box->address : "";
    gboolean plain = *address != '\0' && strpbrk(address, "<>\"\\ ") == NULL;
    for (const char *at = address; *at; at++)
        plain = plain && g_ascii_isgraph(*at);
    if (plain)
        return lmtp_open(path, address, error);
    g_autofree char *name = text_field(account->name);
    refuse(error, POSTERN_ERROR_POLICY, "deliver.address",
           "use deliver = maildir:, or write the address in ASCII",
           "the address of account \"%s\" cannot be told to an LMTP server", name);
    return NULL;
}

Deliverer *deliver_open(const Account *account, GError **error)
{
    const char *path = strchr(account->deliver, ':') + 1;
    return g_str_has_prefix(account->deliver, "lmtp:") ? open_lmtp(account, path, error)
                                                       : maildir_open(path, error);
}
