/* See fetcher.h. */
#include "net/fetcher.h"

#include "core/value.h"

guint mailbox_use_named(const char *name)
{
    int use = value_mailbox_use(name);
    return use < 0 ? 0 : 1u << use;
}

void mailbox_name_free(MailboxName *name)
{
    if (name == NULL)
        return;
    g_free(name->name);
    g_free(name->display);
    g_free(name);
}

void fetcher_free(Fetcher *fetcher)
{
    if (fetcher)
        fetcher->free(fetcher);
}
