/* See fetcher.h. */
#include "net/fetcher.h"

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
