/* P6: mail that was imported is known again by its server's list; what is not sure is fetched. */
#include "fetchd/pass.h"

#include <string.h>

#include "store/vault-import.h"
#include "tests/unit/store/fixture.h"

#define HEADER "Received: by mx; id 1; Mon, 1 Jan 2024 10:00:00 +0000\r\nMessage-ID: <a@b>\r\n"
#define OTHER "Received: by mx; id 2; Tue, 2 Jan 2024 10:00:00 +0000\r\nMessage-ID: <a@b>\r\n"

typedef struct {
    Fetcher fetcher;
    const Fixture *fixture;
    GString *told; /* the commands */
    const char *letters[5];
    guint32 count;
    const char *refuses; /* the command that is said no to */
    guint32 breaks_at;   /* the connection ends before this one's body; 0: it does not */
    guint64 size_of_1;   /* what is said of it; 0: the truth */
    guint stored, known;
} Server;

static gboolean answers(Server *self, const char *command, GError **error)
{
    g_string_append_printf(self->told, " %s", command);
    return g_strcmp0(self->refuses, command) != 0 ||
           refuse(error, POSTERN_ERROR_PROTOCOL, "server.refused", "ask", "no");
}

static gboolean server_select(Fetcher *fetcher, const char *name, const Known *known,
                              const ChangeTaker *changes, Selected *selected, GError **error)
{
    (void)name;
    (void)known;
    (void)changes;
    (void)error;
    const Server *self = (Server *)fetcher;
    *selected = (Selected){
        .exists = self->count, .uidvalidity = 1, .uidnext = self->count + 1, .modseq = 5};
    return TRUE;
}

static gboolean server_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker,
                                 gpointer user, GError **error)
{
    static const MailboxName inbox = {(char *)"INBOX", (char *)"INBOX", TRUE, 0};
    if (first)
        first->opened = server_select(fetcher, first->name, first->known, first->changes,
                                      &first->selected, NULL);
    return taker(user, &inbox, error);
}

static gboolean within(guint32 number, const NumberRange *ranges, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (number >= ranges[i].first && number <= ranges[i].last)
            return TRUE;
    return FALSE;
}

static gboolean server_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                            gpointer user, GError **error)
{
    const Server *self = (Server *)fetcher;
    for (guint32 i = 1; i <= self->count; i++)
        if (within(i, ranges, n) && !taker(user, &(Listed){i, NULL}, error))
            return FALSE;
    return TRUE;
}

static gboolean server_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                               const ChangeTaker *taker, GError **error)
{
    Server *self = (Server *)fetcher;
    char seen[] = "\\Seen", *flags[] = {seen, NULL};
    if (since > 0)
        return TRUE;
    if (!answers(self, "flags", error))
        return FALSE;
    for (guint32 i = 1; i <= self->count; i++)
        for (guint twice = 0; twice < 2; twice++)
            if (within(i, ranges, n) && !taker->flags(taker->user, i, flags, error))
                return FALSE;
    return taker->gone(taker->user, 99, 99, error) && taker->flags(taker->user, 98, flags, error);
}

static gboolean server_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                             gpointer user, GError **error)
{
    Server *self = (Server *)fetcher;
    if (!answers(self, "sizes", error))
        return FALSE;
    for (guint32 i = 1; i <= self->count; i++) {
        Sized sized = {i, strlen(self->letters[i - 1]), 1700000000};
        if (i == 1 && self->size_of_1 > 0)
            sized.size = self->size_of_1;
        if (within(i, ranges, n) && !taker(user, &sized, error))
            return FALSE;
    }
    return taker(user, &(Sized){97, strlen(self->letters[0]), 0}, error);
}

static gboolean give(Server *self, guint32 i, gsize size, const MessageTaker *taker, GError **error)
{
    const guint8 *bytes = (const guint8 *)self->letters[i - 1];
    g_string_append_printf(self->told, " %u", i);
    return taker->start(taker->user, error) && taker->data(taker->user, bytes, size, error) &&
           taker->end(taker->user, &(Fetched){.number = i, .internaldate = 1700000000}, error);
}

static gboolean server_headers(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                               const MessageTaker *taker, GError **error)
{
    Server *self = (Server *)fetcher;
    if (!answers(self, "headers", error))
        return FALSE;
    for (guint32 i = 1; i <= self->count; i++) {
        const char *end = strstr(self->letters[i - 1], "\r\n\r\n");
        if (within(i, ranges, n) &&
            !give(self, i, (gsize)(end - self->letters[i - 1]) + 4, taker, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean server_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                           const MessageTaker *taker, GError **error)
{
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " get");
    for (guint32 i = self->count; i >= 1; i--) {
        if (!within(i, ranges, n))
            continue;
        if (i == self->breaks_at)
            return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "again", "gone");
        if (!give(self, i, strlen(self->letters[i - 1]), taker, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean server_quit(Fetcher *fetcher, GError **error)
{
    (void)fetcher;
    (void)error;
    return TRUE;
}

static int set_up(void **state)
{
    Server *self = g_new0(Server, 1);
    self->fetcher = (Fetcher){.mailboxes = server_mailboxes,
                              .select = server_select,
                              .changes = server_changes,
                              .list = server_list,
                              .sizes = server_sizes,
                              .headers = server_headers,
                              .get = server_get,
                              .quit = server_quit};
    self->told = g_string_new(NULL);
    void *fixture;
    int code = fixture_set_up(&fixture);
    self->fixture = fixture;
    *state = self;
    return code;
}

static int tear_down(void **state)
{
    Server *self = *state;
    void *fixture = (void *)self->fixture;
    g_string_free(self->told, TRUE);
    g_free(self);
    return fixture_tear_down(&fixture);
}

static void import(const Server *self, const char *account, const char *mail)
{
    struct Imported imported = {.n = 1};
    gsize size = strlen(mail);
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(self->fixture, vault);
    assert_true(look_at((const guint8 *)mail, size, size, &imported.looks[0]));
    const Arrival arrival = {.account = account, .mailbox = "Old", .imported = &imported};
    store_mail(writer, mail, size, &arrival);
    commit(writer, 1, 0);
}

/* LETTERS, with NULL at the end, are what is there. */
static void there_are(Server *self, const char *const *letters)
{
    for (self->count = 0; letters[self->count]; self->count++)
        self->letters[self->count] = letters[self->count];
}

static void sync_as(Server *self, guint stored, guint known, const char *told)
{
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(self->fixture, vault);
    char *folders[] = {(char *)"*", NULL};
    const Account account = {.name = (char *)"work", .folders = folders};
    const EngineRun run = {.stop_fd = -1};
    Outcome outcome = {0};
    TourGround ground = {.run = &run, .bell = -1};
    g_autoptr(Tour) tour = tour_new(&ground, &outcome);
    g_autoptr(GError) error = NULL;
    Pass it = {.run = &run,
               .account = &account,
               .writer = writer,
               .fetcher = &self->fetcher,
               .tour = tour};
    g_string_set_size(self->told, 0);
    if (!pass_imap(&it, &error) && self->breaks_at == 0)
        fail_msg("%s", error->message);
    assert_string_equal(self->told->str, told);
    assert_int_equal(outcome.stored, stored);
    assert_int_equal(outcome.known, known);
}

static void p6_what_was_imported_is_not_fetched_again(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    there_are(self, (const char *const[]){HEADER "\r\nbody one\r\n", "A: b\r\n\r\nnew\r\n", NULL});
    sync_as(self, 1, 1, " sizes headers 1 flags get 2");
    assert_int_equal(number(self->fixture, "SELECT count(*) FROM placement"), 2);
    sync_as(self, 0, 0, "");
    /* And of new mail nobody is asked whether it was imported. */
    there_are(self, (const char *const[]){HEADER "\r\nbody one\r\n", "A: b\r\n\r\nnew\r\n",
                                          HEADER "\r\nbody one\r\n", NULL});
    sync_as(self, 0, 1, " get 3");
}

static void p6_without_an_import_nothing_more_is_asked(void **state)
{
    Server *self = *state;
    import(self, "home", HEADER "\r\nbody one\r\n");
    there_are(self, (const char *const[]){HEADER "\r\nbody one\r\n", NULL});
    sync_as(self, 0, 1, " get 1"); /* of another account, its bytes are known all the same */
}

static void p6_a_mail_that_looks_similar_is_fetched(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    there_are(self, (const char *const[]){
                        OTHER "\r\nbody two\r\n",   /* its Message-ID and size, by another way */
                        HEADER "\r\nbody  one\r\n", /* its header, and another size */
                        NULL});
    sync_as(self, 2, 0, " sizes headers 1 get 2 1");
}

static void p6_of_two_that_look_the_same_both_are_fetched(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    there_are(self,
              (const char *const[]){HEADER "\r\nbody one\r\n", HEADER "\r\nBODY ONE\r\n", NULL});
    sync_as(self, 1, 1, " sizes headers 1 2 get 2 1");
}

static void p6_two_that_look_the_same_here_are_fetched(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    import(self, "work", HEADER "\r\nBODY ONE\r\n");
    there_are(self, (const char *const[]){HEADER "\r\nbody 1.0\r\n", NULL});
    sync_as(self, 1, 0, " sizes headers 1 get 1");
}

static void p6_a_pass_that_broke_off_does_not_make_two_unique(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    there_are(self,
              (const char *const[]){HEADER "\r\nBODY ONE\r\n", HEADER "\r\nbody one\r\n", NULL});
    self->breaks_at = 1;
    sync_as(self, 0, 1, " sizes headers 1 2 get 2");
    self->breaks_at = 0;
    sync_as(self, 1, 0, " sizes headers 1 get 1");
}

static void p6_what_a_server_says_no_to_is_fetched(void **state)
{
    static const char *const told[][2] = {{"sizes", " sizes get 1"},
                                          {"headers", " sizes headers get 1"},
                                          {"flags", " sizes headers 1 flags get 1"}};
    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        void *fresh;
        assert_int_equal(set_up(&fresh), 0);
        Server *self = fresh;
        import(self, "work", HEADER "\r\nbody one\r\n");
        there_are(self, (const char *const[]){HEADER "\r\nbody one\r\n", NULL});
        self->refuses = told[i][0];
        sync_as(self, 0, 1, told[i][1]);
        tear_down(&fresh);
    }
    (void)state;
}

static void p6_a_size_that_is_told_wrong_hides_nothing(void **state)
{
    Server *self = *state;
    import(self, "work", HEADER "\r\nbody one\r\n");
    there_are(self, (const char *const[]){HEADER "\r\nbody one, and more\r\n", NULL});
    self->size_of_1 = strlen(HEADER "\r\nbody one\r\n");
    sync_as(self, 0, 1, " sizes headers 1 flags"); /* the server's own mail, and its own word */
    there_are(self, (const char *const[]){HEADER "\r\nbody one, and more\r\n", OTHER "\r\nmore\r\n",
                                          NULL});
    sync_as(self, 1, 0, " get 2");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(p6_what_was_imported_is_not_fetched_again),
        TEST(p6_without_an_import_nothing_more_is_asked),
        TEST(p6_a_mail_that_looks_similar_is_fetched),
        TEST(p6_of_two_that_look_the_same_both_are_fetched),
        TEST(p6_two_that_look_the_same_here_are_fetched),
        TEST(p6_a_pass_that_broke_off_does_not_make_two_unique),
        TEST(p6_what_a_server_says_no_to_is_fetched),
        TEST(p6_a_size_that_is_told_wrong_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
