/* See imap-talk.h. */
#include "tests/unit/net/imap-talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

/* "\0john\0pass word" */
#define CREDENTIALS "AGpvaG4AcGFzcyB3b3Jk"

static const PeerStep login[] = {
    PEER_TLS(),
    PEER_SEND("* OK [CAPABILITY IMAP4rev1] ready\r\n"),
    PEER_EXPECT("1 CAPABILITY\r\n"),
    PEER_SEND("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n1 OK done\r\n"),
    PEER_EXPECT("2 AUTHENTICATE PLAIN " CREDENTIALS "\r\n"),
    PEER_SEND("2 OK in\r\n"),
    PEER_EXPECT("3 CAPABILITY\r\n"),
};

static void start_talk(Talk *talk, const PeerStep *steps, gsize n, GError **error)
{
    talk->session = peer_session(SCHEME_IMAPS);
    talk->session->compress = talk->offer && strstr(talk->offer, "COMPRESS=DEFLATE");
    talk->taken = g_string_new(NULL);
    talk->steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    g_array_append_vals(talk->steps, steps, (guint)n);
    talk->peer = peer_start(NULL, (const PeerStep *)talk->steps->data, talk->steps->len);
    talk->fetcher = imap_open(peer_fd(talk->peer), talk->session, error);
}

static void begin(Talk *talk, const PeerStep *steps, gsize n)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    g_autoptr(GError) error = NULL;
    g_array_append_vals(all, login, G_N_ELEMENTS(login));
    const PeerStep offer = PEER_SEND_BYTES(talk->offer, strlen(talk->offer));
    g_array_append_val(all, offer);
    g_array_append_vals(all, steps, (guint)n);
    start_talk(talk, (const PeerStep *)all->data, all->len, &error);
    if (error)
        fail_msg("%s", error->message);
}

void talk_raw(Talk *talk, const PeerStep *steps, gsize n, GError **error)
{
    *talk = (Talk){0};
    start_talk(talk, steps, n, error);
}

void talk_begin_able(Talk *talk, const char *abilities, const PeerStep *steps, gsize n)
{
    *talk = (Talk){0};
    talk->offer = g_strdup_printf("* CAPABILITY IMAP4rev1 %s\r\n3 OK done\r\n", abilities);
    begin(talk, steps, n);
}

void talk_begin(Talk *talk, const PeerStep *steps, gsize n)
{
    talk_begin_able(talk, "UIDPLUS", steps, n);
}

char *talk_end(Talk *talk, gboolean *whole)
{
    g_autofree char *trouble = NULL;
    fetcher_free(talk->fetcher);
    g_autoptr(GByteArray) heard = peer_finish(talk->peer, &trouble);
    if (whole)
        *whole = trouble == NULL;
    session_done(talk->session);
    g_array_unref(talk->steps);
    g_free(talk->offer);
    g_string_free(talk->taken, TRUE);
    return heard->len > 0 ? g_strndup((const char *)heard->data, heard->len) : g_strdup("");
}

static gboolean called(Talk *talk, GError **error)
{
    return ++talk->calls != talk->refuse_at ||
           refuse(error, POSTERN_ERROR_STORE, "store.write", NULL, "the disk is full");
}

static gboolean take_start(gpointer user, GError **error)
{
    Talk *talk = user;
    g_string_append(talk->taken, "start ");
    return called(talk, error);
}

static gboolean take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Talk *talk = user;
    talk->bytes += size;
    if (!talk->count_only)
        g_string_append_len(talk->taken, (const char *)bytes, (gssize)size);
    return called(talk, error);
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    Talk *talk = user;
    g_autofree char *flags = fetched->flags ? g_strjoinv(" ", fetched->flags) : g_strdup("-");
    g_string_append_printf(talk->taken, " end %u %" G_GINT64_FORMAT " %s\n", fetched->number,
                           fetched->internaldate, flags);
    return called(talk, error);
}

MessageTaker talk_taker(Talk *talk)
{
    return (MessageTaker){.start = take_start, .data = take_data, .end = take_end, .user = talk};
}

gboolean talk_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    Talk *talk = user;
    if (name == NULL) {
        g_string_append(talk->taken, "partial\n");
        return called(talk, error);
    }
    if (!talk->count_only)
        g_string_append_printf(talk->taken, "%s|%s|%s", name->name, name->display,
                               name->selectable ? "yes" : "no");
    if (!talk->count_only && name->uses)
        g_string_append_printf(talk->taken, "|%u", name->uses);
    if (!talk->count_only)
        g_string_append_c(talk->taken, '\n');
    return called(talk, error);
}

gboolean talk_listed(gpointer user, const Listed *listed, GError **error)
{
    Talk *talk = user;
    assert_null(listed->uidl);
    if (!talk->count_only)
        g_string_append_printf(talk->taken, "%u ", listed->number);
    return called(talk, error);
}

static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    Talk *talk = user;
    g_autofree char *all = g_strjoinv(" ", flags);
    if (!talk->count_only)
        g_string_append_printf(talk->taken, "%u:%s;", uid, all);
    return called(talk, error);
}

static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    Talk *talk = user;
    if (!talk->count_only)
        g_string_append_printf(talk->taken, "-%u:%u;", first, last);
    return called(talk, error);
}

ChangeTaker talk_changes(Talk *talk)
{
    return (ChangeTaker){.flags = take_flags, .gone = take_gone, .user = talk};
}

void assert_fault(const GError *error, int code, const char *rule)
{
    if (error == NULL)
        fail_msg("no error, but %d %s was wanted", code, rule);
    if (postern_exit_code(error) != code || g_strcmp0(postern_error_rule(error), rule) != 0)
        fail_msg("%d %s instead of %d %s: %s", postern_exit_code(error), postern_error_rule(error),
                 code, rule, error->message);
}
