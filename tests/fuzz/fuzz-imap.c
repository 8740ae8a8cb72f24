/*
 * A whole IMAP session against a server that has said all it has to say before it is asked:
 * guard, libetpan's parser and the fetcher on top. What is handed on must keep the promises of
 * net/fetcher.h.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SAID_MAX (96 * 1024) /* fits into a socket's buffer */

static gboolean mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)user;
    (void)error;
    if (name && (!g_utf8_validate(name->display, -1, NULL) ||
                 (name->selectable && strpbrk(name->name, "\r\n"))))
        g_error("a bad mailbox name was handed on");
    return TRUE;
}

static gboolean listed(gpointer user, const Listed *one, GError **error)
{
    guint32 *last = user;
    (void)error;
    if (one->number <= *last || one->number > 1000)
        g_error("a UID was handed on that is out of order or was not asked for");
    *last = one->number;
    return TRUE;
}

static gboolean start(gpointer user, GError **error)
{
    gboolean *open = user;
    (void)error;
    if (*open)
        g_error("a message began inside another");
    *open = TRUE;
    return TRUE;
}

static gboolean data_came(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    const gboolean *open = user;
    (void)error;
    if (!*open || size == 0 || bytes == NULL)
        g_error("bytes came outside a message");
    return TRUE;
}

static gboolean end(gpointer user, const Fetched *fetched, GError **error)
{
    gboolean *open = user;
    (void)error;
    if (!*open || fetched->number == 0 || fetched->number > 1000)
        g_error("a message ended that had not begun or was not asked for");
    for (char **flag = fetched->flags; flag && *flag; flag++)
        if (!g_utf8_validate(*flag, -1, NULL) || strlen(*flag) > 128)
            g_error("a bad flag was handed on");
    *open = FALSE;
    return TRUE;
}

static gboolean flags(gpointer user, guint32 uid, GStrv list, GError **error)
{
    (void)user;
    (void)error;
    if (uid == 0 || uid > 1000 || list == NULL)
        g_error("flags were handed on that were not asked for");
    return TRUE;
}

static gboolean gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)user;
    (void)error;
    if (first == 0 || first > last || last > 1000)
        g_error("something is gone that was not here");
    return TRUE;
}

static gboolean sized(gpointer user, const Sized *one, GError **error)
{
    (void)user;
    (void)error;
    if (one->number == 0 || one->number > 1000 || one->size > G_MAXINT64)
        g_error("a size was handed on that was not asked for, or is none");
    return TRUE;
}

static void use(Fetcher *imap)
{
    static const NumberRange ranges[] = {{1, 1000}};
    static const guint32 numbers[] = {1, 2};
    Selected selected;
    guint32 last = 0;
    gboolean open = FALSE;
    const MessageTaker taker = {start, data_came, end, &open};
    const ChangeTaker news = {flags, gone, NULL};
    const Known known = {1, 1, ranges, 1};
    (void)!imap->mailboxes(imap, NULL, mailbox, NULL, NULL);
    if (imap->select(imap, "INBOX", &known, &news, &selected, NULL) && selected.uidvalidity == 0)
        g_error("a mailbox without UIDVALIDITY was opened");
    (void)!imap->changes(imap, ranges, 1, 1, &news, NULL);
    (void)!imap->list(imap, ranges, 1, listed, &last, NULL);
    (void)!imap->sizes(imap, ranges, 1, sized, NULL, NULL);
    if (imap->get(imap, ranges, 1, &taker, NULL) && open)
        g_error("a message never ended");
    open = FALSE;
    if (imap->headers(imap, ranges, 1, &taker, NULL) && open)
        g_error("a header never ended");
    (void)!imap->remove(imap, numbers, 2, NULL);
    (void)!imap->quit(imap, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    if (size > SAID_MAX)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
        write(pair[1], data, size) != (ssize_t)size || shutdown(pair[1], SHUT_WR) < 0)
        g_error("no socket for the server");
    g_autoptr(Secret) secret = secret_new("secret", 6);
    Session session = {
        .host = (char *)"mail.corp.example", .login = (char *)"john", .secret = secret};
    g_autoptr(GError) error = NULL;
    g_autoptr(Fetcher) imap = imap_over(channel_new(pair[0]), &session, &error);
    if ((imap == NULL) != (error != NULL))
        g_error("a failure without its error");
    if (imap)
        use(imap);
    g_clear_pointer(&imap, fetcher_free);
    close(pair[1]);
    return 0;
}
