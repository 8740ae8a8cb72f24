/*
 * imap-news — what a real server tells of a mailbox since some state, through the IMAP fetcher
 * alone.
 *
 *     imap-news CA LOGIN SECRET MAILBOX [UIDVALIDITY MODSEQ LAST [SINCE]]
 *
 * Prints "uidvalidity modseq exists told", the news (UIDs 1 to LAST are known), and with SINCE what
 * changes() says of them.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/error.h"
#include "net/fetcher.h"

static gboolean flags(gpointer user, guint32 uid, GStrv list, GError **error)
{
    (void)user;
    (void)error;
    g_autofree char *all = g_strjoinv(" ", list);
    printf("%u: %s\n", uid, all);
    return TRUE;
}

static gboolean gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)user;
    (void)error;
    printf("gone %u %u\n", first, last);
    return TRUE;
}

static gboolean mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)user;
    (void)error;
    if (name)
        fprintf(stderr, "%s %u %d\n", name->display, name->uses, name->selectable);
    return TRUE;
}

static int dial(void)
{
    const struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(993), .sin_addr = {inet_addr("10.23.0.1")}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&there, sizeof there) == 0 ? fd : -1;
}

static int fail(const GError *error)
{
    fprintf(stderr, "imap-news: %s\n", error->message);
    return postern_exit_code(error);
}

static guint64 number(char **arguments, int n, int i)
{
    return i < n ? g_ascii_strtoull(arguments[i], NULL, 10) : 0;
}

int main(int n, char **arguments)
{
    static const ChangeTaker taker = {flags, gone, NULL};
    g_autofree char *ca = NULL;
    gsize size;
    g_autoptr(GError) error = NULL;
    if (n < 5 || !g_file_get_contents(arguments[1], &ca, &size, &error))
        return 64;
    Session session = {
        .scheme = SCHEME_IMAPS,
        .host = g_strdup("mail.corp.example"),
        .login = g_strdup(arguments[2]),
        .secret = secret_new(arguments[3], strlen(arguments[3])),
        .ca_sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
    };
    g_ptr_array_add(session.ca_sets, g_bytes_new(ca, size));
    g_autoptr(Fetcher) imap = imap_open(dial(), &session, &error);
    session_clear(&session);
    if (imap == NULL || !imap->mailboxes(imap, NULL, mailbox, NULL, &error))
        return fail(error);
    const NumberRange here = {1, (guint32)number(arguments, n, 7)};
    const Known known = {(guint32)number(arguments, n, 5), number(arguments, n, 6), &here, 1};
    Selected selected;
    if (!imap->select(imap, arguments[4], n > 7 ? &known : NULL, &taker, &selected, &error))
        return fail(error);
    printf("%u %" G_GUINT64_FORMAT " %u %d\n", selected.uidvalidity, selected.modseq,
           selected.exists, selected.told);
    if (n > 8 && !imap->changes(imap, &here, 1, number(arguments, n, 8), &taker, &error))
        return fail(error);
    return imap->quit(imap, &error) ? 0 : fail(error);
}
