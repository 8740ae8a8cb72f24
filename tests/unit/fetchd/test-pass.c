#include "fetchd/pass-handoff.h"

#include <glib/gstdio.h>

#include "core/limits.h"
#include "fetchd/record.h"
#include "tests/unit/store/fixture.h"

/* A server in memory. What it does wrong, a test sets. */
typedef struct {
    Fetcher fetcher;
    const Fixture *fixture;
    GString *told;       /* the commands, one word each, and what was asked for */
    guint32 uidvalidity; /* and messages numbered 1 to count */
    guint count;
    guint cut_after; /* so many whole messages and half of one, then the line is gone */
    guint32 foreign; /* sent in place of number 2 */
    GArray *refuses; /* guint32: numbers it will not give */
    gboolean shut;   /* no mailbox but the last may be opened */
    gboolean hides;  /* INBOX is not in the list */
    guint shy;       /* so many times it says no to opening INBOX */
    gboolean no_uidl, lists_twice, rude;
    gboolean all;      /* the client wants Trash too, */
    gboolean unwanted; /* and no INBOX */
    const char *uidl;  /* of all messages, or NULL: each has its own */
    guint gap;         /* UIDs behind the last that are given to nobody */
    guint generation;  /* of their bytes: another gives other mail under the same UIDLs */
    char *deliver;     /* of the account, or NULL; and how many waited after the pass */
    guint waiting;
    guint durable; /* journal records there were when it was told to remove */
} Server;

static gboolean gone(GError **error)
{
    return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "try later", "gone");
}

static gboolean says_no(GError **error)
{
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.refused", "ask", "no");
}

static gboolean server_select(Fetcher *fetcher, const char *name, const Known *known,
                              const ChangeTaker *changes, Selected *selected, GError **error)
{
    (void)known;
    (void)changes;
    (void)error;
    Server *self = (Server *)fetcher;
    g_string_append_printf(self->told, " select %s", name);
    if (g_str_equal(name, "INBOX") ? self->shy > 0 && self->shy-- : self->shut)
        return says_no(error);
    *selected = (Selected){.uidvalidity = self->uidvalidity,
                           .uidnext = self->uidvalidity ? self->count + 1 + self->gap : 0,
                           .exists = self->count};
    return TRUE;
}

static gboolean server_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker,
                                 gpointer user, GError **error)
{
    static const MailboxName names[] = {
        {(char *)"Trash", (char *)"Trash", TRUE, 0},
        {(char *)"Shelf", (char *)"Shelf", FALSE, 0},
        {(char *)"INBOX", (char *)"INBOX", TRUE, 0},
    };
    g_autoptr(GError) no = NULL;
    const Server *self = (const Server *)fetcher;
    if (first)
        first->opened = server_select(fetcher, first->name, first->known, first->changes,
                                      &first->selected, &no);
    for (guint i = 0; i < G_N_ELEMENTS(names) - (self->hides ? 1 : 0); i++)
        if (!taker(user, &names[i], error))
            return FALSE;
    return TRUE;
}

static gboolean within(guint32 number, const NumberRange *ranges, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (number >= ranges[i].first && number <= ranges[i].last)
            return TRUE;
    return n == 0;
}

static void note(Server *self, const char *what, const NumberRange *ranges, gsize n)
{
    g_string_append_printf(self->told, " %s", what);
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(self->told, " %u-%u", ranges[i].first, ranges[i].last);
}

static gboolean server_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                            gpointer user, GError **error)
{
    Server *self = (Server *)fetcher;
    note(self, "list", ranges, n);
    for (guint32 number = 1; number <= self->count; number++) {
        g_autofree char *uidl = self->no_uidl ? NULL
                                : self->uidl  ? g_strdup(self->uidl)
                                              : g_strdup_printf("uidl%u", number);
        const Listed listed = {number, self->uidvalidity ? NULL : uidl};
        for (int times = self->lists_twice ? 2 : 1; times > 0 && within(number, ranges, n); times--)
            if (!taker(user, &listed, error))
                return FALSE;
    }
    return TRUE;
}

static gboolean send_message(const Server *self, guint32 number, const MessageTaker *taker,
                             gboolean whole, GError **error)
{
    g_autoptr(GBytes) mail = mail_number(number + 1000 * self->generation, 300);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(mail, &size);
    const Fetched fetched = {number == 2 && self->foreign ? self->foreign : number, 1700000000,
                             NULL};
    return taker->start(taker->user, error) && taker->data(taker->user, bytes, size / 2, error) &&
           (whole || gone(error)) &&
           taker->data(taker->user, bytes + size / 2, size - size / 2, error) &&
           taker->end(taker->user, &fetched, error);
}

static gboolean refused(const Server *self, guint32 number)
{
    for (guint i = 0; i < self->refuses->len; i++)
        if (g_array_index(self->refuses, guint32, i) == number)
            return TRUE;
    return FALSE;
}

static gboolean server_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                               const ChangeTaker *taker, GError **error)
{
    const Server *self = (Server *)fetcher;
    assert_int_equal(since, 0);
    for (guint32 number = 1; number <= self->count; number++)
        if (within(number, ranges, n) && !taker->flags(taker->user, number, NULL, error))
            return FALSE;
    return TRUE;
}

static gboolean server_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                           const MessageTaker *taker, GError **error)
{
    Server *self = (Server *)fetcher;
    note(self, "get", ranges, n);
    guint sent = 0;
    gboolean no = FALSE;
    for (guint32 number = 1; number <= self->count; number++) {
        if (!within(number, ranges, n))
            continue;
        if (refused(self, number))
            no = TRUE;
        else if (!send_message(self, number, taker, sent++ < self->cut_after, error))
            return FALSE;
        if (no && self->uidvalidity) /* IMAP: nothing after it */
            break;
    }
    return !no || says_no(error);
}

static gboolean server_remove(Fetcher *fetcher, const guint32 *numbers, gsize n, GError **error)
{
    (void)error;
    Server *self = (Server *)fetcher;
    self->durable = (guint)number(self->fixture, "SELECT count(*) FROM journal");
    g_string_append(self->told, " remove");
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(self->told, " %u", numbers[i]);
    return TRUE;
}

static gboolean server_quit(Fetcher *fetcher, GError **error)
{
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " quit");
    return !self->rude || gone(error);
}

static int set_up(void **state)
{
    Server *self = g_new0(Server, 1);
    *self = (Server){
        .fetcher = {.mailboxes = server_mailboxes,
                    .select = server_select,
                    .changes = server_changes,
                    .list = server_list,
                    .get = server_get,
                    .remove = server_remove,
                    .quit = server_quit},
        .told = g_string_new(NULL),
        .count = 5,
        .cut_after = G_MAXUINT,
        .refuses = g_array_new(FALSE, FALSE, sizeof(guint32)),
    };
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
    g_array_unref(self->refuses);
    g_free(self);
    return fixture_tear_down(&fixture);
}

static int set_up_imap(void **state)
{
    int code = set_up(state);
    ((Server *)*state)->uidvalidity = 1;
    return code;
}

/* One pass; returns its failure's rule, or NULL. The counts are what the outcome says. */
static char *pass(Server *self, int keep, guint stored, guint known)
{
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(self->fixture, vault);
    char *folders[] = {(char *)(self->unwanted ? "!INBOX" : "*"),
                       (char *)(self->all ? "Trash" : "!Trash"), NULL};
    const Account account = {.name = (char *)"work",
                             .folders = folders,
                             .keep = keep,
                             .keep_days = 7,
                             .deliver = self->deliver};
    const EngineRun run = {.stop_fd = -1};
    Outcome outcome = {0};
    g_autoptr(GError) error = NULL;
    TourGround ground = {.run = &run, .bell = -1};
    g_autoptr(Tour) tour = tour_new(&ground, &outcome);
    Pass it = {.run = &run,
               .account = &account,
               .writer = writer,
               .fetcher = &self->fetcher,
               .tour = tour};
    g_string_set_size(self->told, 0);
    gboolean ok = handoff_begin(&it, &error) &&
                  (self->uidvalidity ? pass_imap(&it, &error) : pass_pop3(&it, &error));
    ok = handoff_end(&it, ok ? &error : NULL) && ok;
    self->waiting = (guint)outcome.waiting;
    assert_int_equal(ok, error == NULL);
    assert_int_equal(outcome.stored, stored);
    assert_int_equal(outcome.known, known);
    return error ? g_strdup(postern_error_rule(error)) : NULL;
}

static void refuses(Server *self, guint32 first, guint32 last)
{
    for (guint32 number = first; number <= last; number++)
        g_array_append_val(self->refuses, number);
}

static void fails(Server *self, int keep, guint stored, const char *rule)
{
    g_autofree char *failure = pass(self, keep, stored, 0);
    assert_non_null(failure);
    assert_string_equal(failure, rule);
}

static void works(Server *self, int keep, guint stored, guint known, const char *told)
{
    g_autofree char *failure = pass(self, keep, stored, known);
    assert_null(failure);
    assert_string_equal(self->told->str, told);
}

/* --- handing on ---------------------------------------------------------------------------- */

static guint handed(const char *dir)
{
    guint n = 0;
    g_autofree char *path = g_build_filename(dir, "new", NULL);
    g_autoptr(GDir) list = g_dir_open(path, 0, NULL);
    while (list && g_dir_read_name(list))
        n++;
    return n;
}

static void drop_all(const char *dir)
{
    const char *name;
    g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
    while (list && (name = g_dir_read_name(list))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            drop_all(path);
        else
            g_unlink(path);
    }
    g_rmdir(dir);
}

/* A Maildir that is refused at first, with all messages sealed and waiting. */
static char *closed_maildir(Server *self, int keep)
{
    char *dir = g_dir_make_tmp("pass-XXXXXX", NULL);
    self->deliver = g_strconcat("maildir:", dir, NULL);
    assert_int_equal(g_chmod(dir, 0755), 0);
    fails(self, keep, 5, "deliver.directory");
    assert_int_equal(self->waiting, 5);
    assert_int_equal(handed(dir), 0);
    assert_int_equal(g_chmod(dir, 0700), 0);
    return dir;
}

static void p6_only_what_was_sealed_is_handed_on_when_it_is_fetched_again(void **state)
{
    Server *self = *state;
    g_autofree char *dir = closed_maildir(self, KEEP_YES);
    self->generation++; /* other bytes under the same UIDs */
    works(self, KEEP_YES, 0, 0, " select INBOX select INBOX get 1-1 2-2 3-3 4-4 5-5 quit");
    assert_int_equal(self->waiting, 5);
    assert_int_equal(handed(dir), 0);
    self->generation--;
    works(self, KEEP_YES, 0, 0, " select INBOX select INBOX get 1-1 2-2 3-3 4-4 5-5 quit");
    assert_int_equal(self->waiting, 0);
    assert_int_equal(handed(dir), 5);
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
    drop_all(dir);
    g_clear_pointer(&self->deliver, g_free);
}

static void p6_pop3_removes_nothing_that_waits_to_be_handed_on(void **state)
{
    Server *self = *state;
    g_autofree char *dir = closed_maildir(self, KEEP_NO);
    assert_null(strstr(self->told->str, "remove"));
    works(self, KEEP_NO, 0, 0, " select INBOX list get 1-1 2-2 3-3 4-4 5-5 remove 1 2 3 4 5 quit");
    assert_int_equal(self->waiting, 0);
    assert_int_equal(handed(dir), 5);
    drop_all(dir);
    g_clear_pointer(&self->deliver, g_free);
}

static void what_waits_is_forgotten_when_the_account_hands_nothing_on(void **state)
{
    Server *self = *state;
    g_autofree char *dir = closed_maildir(self, KEEP_YES);
    g_autofree char *deliver = g_steal_pointer(&self->deliver);
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
    self->deliver = g_steal_pointer(&deliver);
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
    assert_int_equal(self->waiting, 0);
    assert_int_equal(handed(dir), 0);
    drop_all(dir);
    g_clear_pointer(&self->deliver, g_free);
}

/* --- POP3 ---------------------------------------------------------------------------------- */

static void pop3_fetches_what_is_not_here_and_leaves_it_there(void **state)
{
    Server *self = *state;
    works(self, KEEP_YES, 5, 0, " select INBOX list get 1-5 quit");
    self->count = 7;
    works(self, KEEP_YES, 2, 0, " select INBOX list get 6-7 quit");
}

static void p6_pop3_removes_what_is_durable(void **state)
{
    Server *self = *state;
    works(self, KEEP_NO, 5, 0, " select INBOX list get 1-5 remove 1 2 3 4 5 quit");
    assert_int_equal(self->durable, 5);
}

static void p6_55_pop3_removes_nothing_after_a_cut_and_keeps_what_was_whole(void **state)
{
    Server *self = *state;
    self->cut_after = 3;
    fails(self, KEEP_NO, 3, "server.closed");
    assert_null(strstr(self->told->str, "remove"));
    self->cut_after = G_MAXUINT;
    works(self, KEEP_NO, 2, 0, " select INBOX list get 4-5 remove 1 2 3 4 5 quit");
}

static void p6_60_pop3_removes_nothing_that_reads_back_wrong(void **state)
{
    Server *self = *state;
    tamper(self->fixture, "CREATE TRIGGER rot AFTER INSERT ON chunk BEGIN UPDATE chunk SET "
                          "data = zeroblob(length(data)) WHERE key = NEW.key; END");
    fails(self, KEEP_NO, 5, "vault.damage");
    assert_null(strstr(self->told->str, "remove"));
    /* The next pass does not take its own word for what it holds: it fetches all again. */
    fails(self, KEEP_NO, 5, "vault.damage");
    assert_string_equal(self->told->str, " select INBOX list get 1-5");
    tamper(self->fixture, "DROP TRIGGER rot");
    works(self, KEEP_NO, 5, 0, " select INBOX list get 1-5 remove 1 2 3 4 5 quit");
}

/* As when a pass was killed after its commit, or ran with keep = yes. */
static void p6_56_pop3_removes_of_an_earlier_pass_what_still_is_as_sealed(void **state)
{
    Server *self = *state;
    works(self, KEEP_YES, 5, 0, " select INBOX list get 1-5 quit");
    tamper(self->fixture, "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 3 << 20");
    fails(self, KEEP_NO, 0, "vault.damage");
    assert_string_equal(self->told->str, " select INBOX list remove 1 2 4 5 quit");
    works(self, KEEP_NO, 1, 4, " select INBOX list get 1-5 remove 1 2 3 4 5 quit");
}

static void p6_pop3_removes_what_has_been_here_for_days(void **state)
{
    Server *self = *state;
    works(self, KEEP_DAYS, 5, 0, " select INBOX list get 1-5 quit");
    works(self, KEEP_DAYS, 0, 0, " select INBOX list quit");
    tamper(self->fixture, "UPDATE pop_uidl SET since = since - 7 * 86400 WHERE message < 4");
    tamper(self->fixture, "UPDATE pop_uidl SET since = since - 7 * 86400 + 60 WHERE message = 4");
    tamper(self->fixture, "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 2 << 20");
    fails(self, KEEP_DAYS, 0, "vault.damage");
    assert_string_equal(self->told->str, " select INBOX list remove 1 3 quit");
}

static void p6_56_pop3_leaves_a_doubled_uidl_for_days_and_longer(void **state)
{
    Server *self = *state;
    self->uidl = "same";
    works(self, KEEP_DAYS, 5, 0, " select INBOX list get 1-5 quit");
    tamper(self->fixture, "UPDATE pop_uidl SET since = 0");
    works(self, KEEP_DAYS, 0, 0, " select INBOX list quit");
}

static void p6_56_pop3_fetches_what_bears_the_uidl_of_a_removed_message(void **state)
{
    Server *self = *state;
    works(self, KEEP_NO, 5, 0, " select INBOX list get 1-5 remove 1 2 3 4 5 quit");
    self->generation++;
    works(self, KEEP_NO, 5, 0, " select INBOX list get 1-5 remove 1 2 3 4 5 quit");
}

static void p6_56_pop3_removes_nothing_on_the_word_of_a_doubled_uidl(void **state)
{
    Server *self = *state;
    self->uidl = "same";
    self->count = 2;
    works(self, KEEP_YES, 2, 0, " select INBOX list get 1-2 quit");
    self->count = 3;
    works(self, KEEP_NO, 1, 2, " select INBOX list get 1-3 remove 1 2 3 quit");
}

static void p6_56_pop3_deletions_want_a_confirmed_good_bye(void **state)
{
    Server *self = *state;
    self->rude = TRUE;
    fails(self, KEEP_NO, 5, "server.closed");
}

static void p6_60_pop3_a_refused_message_keeps_none_of_the_others(void **state)
{
    Server *self = *state;
    self->count = LIMIT_BATCH_MESSAGES + 1;
    refuses(self, LIMIT_BATCH_MESSAGES, LIMIT_BATCH_MESSAGES);
    fails(self, KEEP_NO, LIMIT_BATCH_MESSAGES, "server.refused");
    assert_non_null(strstr(self->told->str, " 499 501 quit"));
    assert_null(strstr(self->told->str, " 500 "));
}

static void p6_60_imap_a_refused_message_keeps_none_of_the_others(void **state)
{
    Server *self = *state;
    refuses(self, 2, 2);
    fails(self, KEEP_YES, 4, "server.refused");
    assert_string_equal(self->told->str, " select INBOX get 1-5 get 3-5 get 2-2 quit");
    g_array_set_size(self->refuses, 0);
    works(self, KEEP_YES, 1, 0, " select INBOX get 2-2 quit");
}

static void imap_asks_no_more_of_a_server_that_refuses_everything(void **state)
{
    Server *self = *state;
    self->count = LIMIT_BATCH_MESSAGES + 9;
    refuses(self, 1, self->count);
    fails(self, KEEP_YES, 0, "server.refused");
    assert_string_equal(
        self->told->str,
        " select INBOX get 1-509 get 255-509 get 382-509 get 446-509 get 478-509"
        " get 494-509 get 502-509 get 506-509 get 508-509 get 509-509 get 508-508 get 506-507"
        " get 507-507 quit");
}

static void a_mailbox_that_the_server_refuses_keeps_none_of_the_others(void **state)
{
    Server *self = *state;
    self->shut = TRUE;
    self->all = TRUE;
    fails(self, KEEP_YES, 5, "server.refused");
    assert_string_equal(self->told->str, " select INBOX get 1-5 select Trash quit");
}

static void p6_56_pop3_takes_no_number_listed_twice(void **state)
{
    Server *self = *state;
    self->lists_twice = TRUE;
    fails(self, KEEP_NO, 0, "server.number");
}

static void p6_56_pop3_without_uidl_is_refused(void **state)
{
    Server *self = *state;
    self->no_uidl = TRUE;
    fails(self, KEEP_NO, 0, "server.uidl");
}

static void p6_56_pop3_takes_no_number_that_was_not_asked_for(void **state)
{
    Server *self = *state;
    static const guint32 foreign[] = {9, 1};
    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
        self->foreign = foreign[i];
        fails(self, KEEP_NO, i == 0 ? 1 : 0, "server.number");
        assert_null(strstr(self->told->str, "remove"));
    }
}

static void imap_asks_for_what_is_missing_in_the_wanted_folders(void **state)
{
    Server *self = *state;
    works(self, KEEP_YES, 5, 0, " select INBOX get 1-5 quit");
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
    self->count = 7;
    works(self, KEEP_YES, 2, 0, " select INBOX get 6-7 quit");
}

static void an_inbox_that_does_not_open_in_front_is_opened_behind_the_list(void **state)
{
    Server *self = *state;
    self->shy = 1;
    works(self, KEEP_YES, 5, 0, " select INBOX select INBOX get 1-5 quit");
    self->shy = 2;
    fails(self, KEEP_YES, 0, "server.refused");
}

static void an_inbox_that_is_not_listed_is_not_visited(void **state)
{
    Server *self = *state;
    self->hides = TRUE;
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
}

static void an_inbox_that_is_not_wanted_is_not_opened(void **state)
{
    Server *self = *state;
    self->unwanted = TRUE;
    works(self, KEEP_YES, 0, 0, " quit");
}

static void imap_asks_which_are_there_where_the_count_leaves_a_doubt(void **state)
{
    Server *self = *state;
    self->gap = 1;
    works(self, KEEP_YES, 5, 0, " select INBOX list 1-6 get 1-5 quit");
    works(self, KEEP_YES, 0, 0, " select INBOX quit");
    self->gap = 0;
    self->count = 7; /* the sixth is none of ours, though its number was free */
    works(self, KEEP_YES, 2, 0, " select INBOX list 7-7 list 1-4294967295 get 6-7 quit");
}

static void p6_55_imap_goes_on_where_the_line_was_cut(void **state)
{
    Server *self = *state;
    self->cut_after = 3;
    fails(self, KEEP_YES, 3, "server.closed");
    self->cut_after = G_MAXUINT;
    works(self, KEEP_YES, 2, 0, " select INBOX get 4-5 quit");
}

static void p6_57_imap_knows_renumbered_messages_again(void **state)
{
    Server *self = *state;
    works(self, KEEP_YES, 5, 0, " select INBOX get 1-5 quit");
    self->uidvalidity = 2;
    works(self, KEEP_YES, 0, 5, " select INBOX get 1-5 quit");
}

static void p6_57_imap_takes_no_uid_twice_or_unasked(void **state)
{
    Server *self = *state;
    self->lists_twice = TRUE;
    self->gap = 1;
    fails(self, KEEP_YES, 0, "server.uid");
    self->lists_twice = FALSE;
    static const guint32 foreign[] = {9, 1};
    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
        self->uidvalidity++;
        self->foreign = foreign[i];
        g_autofree char *failure = pass(self, KEEP_YES, i == 0 ? 1 : 0, i);
        assert_string_equal(failure, "server.uid");
    }
}

static void imap_forgives_a_rude_good_bye(void **state)
{
    Server *self = *state;
    self->rude = TRUE;
    works(self, KEEP_YES, 5, 0, " select INBOX get 1-5 quit");
}

static void more_than_one_command_takes_is_fetched_newest_first(void **state)
{
    Server *self = *state;
    self->count = RECORD_RANGES + 2;
    g_autofree char *told = g_strdup_printf(" select INBOX get 3-%u get 1-2 quit", self->count);
    works(self, KEEP_YES, self->count, 0, told);
}

#define POP3(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define IMAP(name) cmocka_unit_test_setup_teardown(name, set_up_imap, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        POP3(pop3_fetches_what_is_not_here_and_leaves_it_there),
        POP3(p6_pop3_removes_what_is_durable),
        POP3(p6_55_pop3_removes_nothing_after_a_cut_and_keeps_what_was_whole),
        POP3(p6_60_pop3_removes_nothing_that_reads_back_wrong),
        POP3(p6_56_pop3_removes_of_an_earlier_pass_what_still_is_as_sealed),
        POP3(p6_pop3_removes_what_has_been_here_for_days),
        POP3(p6_56_pop3_leaves_a_doubled_uidl_for_days_and_longer),
        POP3(p6_56_pop3_fetches_what_bears_the_uidl_of_a_removed_message),
        POP3(p6_56_pop3_removes_nothing_on_the_word_of_a_doubled_uidl),
        POP3(p6_56_pop3_deletions_want_a_confirmed_good_bye),
        POP3(p6_60_pop3_a_refused_message_keeps_none_of_the_others),
        IMAP(p6_60_imap_a_refused_message_keeps_none_of_the_others),
        IMAP(imap_asks_no_more_of_a_server_that_refuses_everything),
        IMAP(a_mailbox_that_the_server_refuses_keeps_none_of_the_others),
        POP3(p6_56_pop3_takes_no_number_listed_twice),
        POP3(p6_56_pop3_without_uidl_is_refused),
        POP3(p6_56_pop3_takes_no_number_that_was_not_asked_for),
        IMAP(imap_asks_for_what_is_missing_in_the_wanted_folders),
        IMAP(an_inbox_that_does_not_open_in_front_is_opened_behind_the_list),
        IMAP(an_inbox_that_is_not_listed_is_not_visited),
        IMAP(an_inbox_that_is_not_wanted_is_not_opened),
        IMAP(imap_asks_which_are_there_where_the_count_leaves_a_doubt),
        IMAP(p6_55_imap_goes_on_where_the_line_was_cut),
        IMAP(p6_57_imap_knows_renumbered_messages_again),
        IMAP(p6_57_imap_takes_no_uid_twice_or_unasked),
        IMAP(imap_forgives_a_rude_good_bye),
        IMAP(p6_only_what_was_sealed_is_handed_on_when_it_is_fetched_again),
        IMAP(what_waits_is_forgotten_when_the_account_hands_nothing_on),
        POP3(p6_pop3_removes_nothing_that_waits_to_be_handed_on),
        IMAP(more_than_one_command_takes_is_fetched_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
