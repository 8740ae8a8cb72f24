/* Senders that look like the user himself or like his company; see reading.h. */
#include "cli/reading.h"
#include "mime/address.h"

/* The configuration writes a mailbox, with a name or without. */
static void add(GPtrArray *known, const char *written)
{
    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(address_destroy);
    address_read(written, 1, mailboxes);
    if (mailboxes->len > 0)
        g_ptr_array_add(known, g_strdup(((Mailbox *)g_ptr_array_index(mailboxes, 0))->address));
}

GStrv own_addresses(const Config *config)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = g_ptr_array_index(config->accounts, i);
        if (account->address != NULL)
            add(known, account->address);
        for (char **alias = account->aliases; alias && *alias; alias++)
            add(known, *alias);
    }
    g_ptr_array_add(known, NULL);
    return (GStrv)g_ptr_array_steal(known, NULL);
}

void reading_know(Reading *reading, const Config *config)
{
    g_auto(GStrv) known = own_addresses(config);
    reading_compare(reading, known, config->company.domains);
}
