/* See fetcher.h. */
#include "net/fetcher.h"

guint mailbox_use_named(const char *name)
{
    static const char *const names[] = {"\\All",       "\\Archive", "\\Drafts", "\\Flagged",
                                        "\\Important", "\\Junk",    "\\Sent",   "\\Trash"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return 1u << i;
    return 0;
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
