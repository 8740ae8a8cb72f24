/* P6: messages that are too large stay on the server, stop nothing, and are not forgotten. */
#include "fetchd/pass.h"

#include <string.h>

#include "core/limits.h"
#include "tests/unit/store/fixture.h"

typedef struct {
    guint letter;
    guint64 size, told; /* what it has, and what the server says; told 0: nothing */
    const char *uidl;
} Letter;

typedef struct {
    Fetcher fetcher;
    const Fixture *fixture;
    GString *told; /* the commands */
    gboolean imap, says_no;
    gboolean partial;     /* the server keeps some mailboxes to itself */
    const char *unwanted; /* "!Other" */
    guint mailboxes;
    Letter letters[4];
    guint count;
    guint64 max_size;
    gboolean large;
    int keep;
    guint skipped, stored;
} Server;

static gboolean server_select(Fetcher *fetcher, const char *name, const Known *known,
                              const ChangeTaker *changes, Selected *selected, GError **error)
{
    (void)known;
    (void)changes;
    (void)error;
    Server *self = (Server *)fetcher;
    g_string_append_printf(self->told, " %s", name);
    *selected = (Selected){.exists = self->count,
                           .uidvalidity = self->imap ? 1 : 0,
                           .uidnext = self->imap ? self->count + 1 : 0};
    return TRUE;
}

static gboolean server_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker,
                                 gpointer user, GError **error)
{
    static const MailboxName names[] = {{(char *)"INBOX", (char *)"INBOX", TRUE, 0},
                                        {(char *)"Other", (char *)"Other", TRUE, 0}};
    const Server *self = (Server *)fetcher;
    g_autoptr(GError) no = NULL;
    if (first)
        first->opened = server_select(fetcher, first->name, first->known, first->changes,
                                      &first->selected, &no);
    for (guint i = 0; i < self->mailboxes; i++)
        if (!taker(user, &names[i], error))
            return FALSE;
    return !self->partial || taker(user, NULL, error);
}

static gboolean within(guint32 number, const NumberRange *ranges, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (number >= ranges[i].first && number <= ranges[i].last)
            return TRUE;
    return n == 0;
}

static gboolean server_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                            gpointer user, GError **error)
{
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " list");
    for (guint32 i = 0; i < self->count; i++) {
        const Listed listed = {i + 1, self->imap ? NULL : self->letters[i].uidl};
        if (within(i + 1, ranges, n) && !taker(user, &listed, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean server_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                               const ChangeTaker *taker, GError **error)
{
    (void)fetcher;
    (void)ranges;
    (void)n;
    (void)since;
    (void)taker;
    (void)error;
    return TRUE;
}

static gboolean server_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                             gpointer user, GError **error)
{
    (void)ranges;
    (void)n;
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " sizes");
    if (self->says_no)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.refused", "ask", "no");
    for (guint32 i = 0; i < self->count; i++) {
        const Sized sized = {i + 1, self->letters[i].told, 0};
        if (sized.size > 0 && !taker(user, &sized, error))
            return FALSE;
    }
    /* Of one that nobody knows, and of one for the second time. */
    return taker(user, &(Sized){99, 1, 0}, error) && taker(user, &(Sized){1, 1, 0}, error);
}

/* Of a letter over what is ever stored, one piece says so much; nobody may look at it. */
static gboolean send_letter(const Server *self, guint32 number, const MessageTaker *taker,
                            GError **error)
{
    const Letter *letter = &self->letters[number - 1];
    gboolean huge = letter->size > LIMIT_MESSAGE_BYTES;
    gsize size = huge ? 100 : (gsize)letter->size;
    g_autofree guint8 *bytes = g_malloc(size);
    memset(bytes, 'a' + (int)letter->letter, size);
    if (!taker->start(taker->user, error))
        return FALSE;
    for (gsize at = 0; at < size; at += 100)
        if (!taker->data(taker->user, bytes + at, MIN(size - at, 100), error))
            return FALSE;
    return (!huge || taker->data(taker->user, bytes, (gsize)letter->size, error)) &&
           taker->end(taker->user, &(Fetched){.number = number, .internaldate = 1700000000}, error);
}

static gboolean server_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                           const MessageTaker *taker, GError **error)
{
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " get");
    for (gsize i = 0; i < n; i++)
        for (guint32 number = ranges[i].first; number <= ranges[i].last; number++) {
            g_string_append_printf(self->told, " %u", number);
            if (!send_letter(self, number, taker, error))
                return FALSE;
        }
    return TRUE;
}

static gboolean server_remove(Fetcher *fetcher, const guint32 *numbers, gsize n, GError **error)
{
    (void)error;
    Server *self = (Server *)fetcher;
    g_string_append(self->told, " remove");
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(self->told, " %u", numbers[i]);
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
    *self = (Server){
        .fetcher = {.mailboxes = server_mailboxes,
                    .select = server_select,
                    .changes = server_changes,
                    .list = server_list,
                    .sizes = server_sizes,
                    .get = server_get,
                    .remove = server_remove,
                    .quit = server_quit},
        .told = g_string_new(NULL),
        .mailboxes = 1,
        .letters = {{1, 300, 300, "a"}, {2, 5000, 5000, "b"}, {3, 300, 300, "c"}},
        .count = 3,
        .max_size = 1000,
    };
    void *fixture;
    int code = fixture_set_up(&fixture);
    self->fixture = fixture;
    *state = self;
    return code;
}

static int set_up_imap(void **state)
{
    int code = set_up(state);
    ((Server *)*state)->imap = TRUE;
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

static void sync_as(Server *self, guint stored, guint skipped, const char *told)
{
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(self->fixture, vault);
    char *folders[] = {(char *)"*", (char *)self->unwanted, NULL};
    const Account account = {.name = (char *)"work",
                             .folders = folders,
                             .keep = self->keep,
                             .keep_days = 7,
                             .max_size = self->max_size};
    const EngineRun run = {.stop_fd = -1, .large = self->large};
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
    if (!(self->imap ? pass_imap : pass_pop3)(&it, &error))
        fail_msg("%s", error->message);
    assert_string_equal(self->told->str, told);
    assert_int_equal(outcome.stored, stored);
    assert_int_equal(outcome.skipped, skipped);
    assert_int_equal(number(self->fixture, "SELECT count(*) FROM message WHERE stored <> 1"), 0);
}

/* The messages that stay, by size. */
static void assert_left(const Server *self, const char *sizes)
{
    for (; *sizes; sizes += strcspn(sizes, " "), sizes += *sizes == ' ') {
        g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM skipped WHERE size = %.*s",
                                               (int)strcspn(sizes, " "), sizes);
        assert_int_equal(number(self->fixture, sql), 1);
    }
}

static void assert_count_left(const Server *self, guint count)
{
    assert_int_equal(number(self->fixture, "SELECT count(*) FROM skipped"), count);
}

/* Letters [from, count) are what is there now. */
static void drop_before(Server *self, guint from)
{
    memmove(self->letters, self->letters + from, (self->count - from) * sizeof(Letter));
    self->count -= from;
}

static void p6_pop3_what_is_too_large_is_neither_fetched_nor_removed(void **state)
{
    Server *self = *state;
    self->keep = KEEP_NO;
    sync_as(self, 2, 1, " INBOX list sizes get 1 3 remove 1 3");
    assert_left(self, "5000");
    self->letters[0] = self->letters[1];
    self->count = 1;
    sync_as(self, 0, 0, " INBOX list");
    self->keep = KEEP_DAYS;
    tamper(self->fixture, "UPDATE skipped SET since = 0");
    sync_as(self, 0, 0, " INBOX list");
    assert_count_left(self, 1);
    self->keep = KEEP_NO;
    self->large = TRUE;
    sync_as(self, 1, 0, " INBOX list get 1 remove 1");
    assert_count_left(self, 0);
}

static void p6_pop3_a_higher_limit_fetches_what_fits(void **state)
{
    Server *self = *state;
    self->letters[2] = (Letter){3, 9000, 9000, "c"};
    sync_as(self, 1, 2, " INBOX list sizes get 1");
    self->max_size = 6000;
    sync_as(self, 1, 0, " INBOX list sizes get 2");
    assert_count_left(self, 1);
    self->max_size = 0;
    sync_as(self, 1, 0, " INBOX list get 3");
    assert_count_left(self, 0);
}

static void p6_pop3_a_server_that_lies_is_measured(void **state)
{
    Server *self = *state;
    self->keep = KEEP_NO;
    self->letters[0] = (Letter){1, 1001, 1, "a"};
    self->letters[1] = (Letter){2, 1000, 0, "b"};
    self->letters[2] = (Letter){3, 10, G_MAXINT64, "c"};
    sync_as(self, 1, 2, " INBOX list sizes get 1 2 remove 2");
    assert_int_equal(number(self->fixture, "SELECT min(size) FROM skipped"), 1001);
    assert_int_equal(number(self->fixture, "SELECT max(size) FROM skipped"), G_MAXINT64);
    self->letters[1] = self->letters[2];
    self->count = 2;
    sync_as(self, 0, 0, " INBOX list");
    /* Not even then: what it says to have is more than is ever stored. */
    self->large = TRUE;
    sync_as(self, 1, 0, " INBOX list get 1 remove 1");
    assert_count_left(self, 1);
}

static void p6_pop3_a_server_that_does_not_know_sizes_is_measured(void **state)
{
    Server *self = *state;
    self->says_no = TRUE;
    sync_as(self, 2, 1, " INBOX list sizes get 1 2 3");
    assert_left(self, "5000");
    sync_as(self, 0, 0, " INBOX list");
}

static void pop3_what_is_gone_is_forgotten(void **state)
{
    Server *self = *state;
    sync_as(self, 2, 1, " INBOX list sizes get 1 3");
    drop_before(self, 2);
    sync_as(self, 0, 0, " INBOX list");
    assert_count_left(self, 0);
}

/* The twin that was fetched does not vouch for the one that was left. */
static void p6_pop3_a_doubled_uidl_removes_nothing_that_was_left(void **state)
{
    Server *self = *state;
    self->keep = KEEP_NO;
    self->letters[2].uidl = "b";
    sync_as(self, 2, 1, " INBOX list sizes get 1 3 remove 1 3");
    self->letters[0] = self->letters[1];
    self->count = 1;
    sync_as(self, 0, 0, " INBOX list");
    self->max_size = 6000;
    sync_as(self, 1, 0, " INBOX list sizes get 1 remove 1");
}

static void p6_pop3_a_twin_that_comes_leaves_the_other_known(void **state)
{
    Server *self = *state;
    self->keep = KEEP_NO;
    self->letters[0] = (Letter){1, 5000, 5000, "b"};
    self->count = 1;
    sync_as(self, 0, 1, " INBOX list sizes");
    self->letters[0] = (Letter){1, 9000, 10, "b"};
    self->letters[1] = (Letter){2, 300, 300, "b"};
    self->count = 2;
    self->max_size = 6000;
    sync_as(self, 1, 1, " INBOX list sizes get 1 2 remove 2");
    self->count = 1;
    sync_as(self, 0, 0, " INBOX list");
}

static void p6_what_no_store_takes_stops_nothing(void **state)
{
    Server *self = *state;
    self->max_size = 0;
    self->letters[1] = (Letter){2, LIMIT_MESSAGE_BYTES + 1, 1, "b"};
    sync_as(self, 2, 1, self->imap ? " INBOX get 1 2 3" : " INBOX list get 1 2 3");
    assert_left(self, "2147483749"); /* and the 100 bytes before */
    sync_as(self, 0, 0, self->imap ? " INBOX" : " INBOX list");
    self->large = TRUE;
    sync_as(self, 0, 0, self->imap ? " INBOX" : " INBOX list");
}

static void p6_imap_a_message_that_stays_is_asked_for_once(void **state)
{
    Server *self = *state;
    sync_as(self, 2, 1, " INBOX sizes get 1 3");
    sync_as(self, 0, 0, " INBOX");
    self->large = TRUE;
    sync_as(self, 1, 0, " INBOX get 2");
    self->large = FALSE;
    sync_as(self, 0, 0, " INBOX");
    assert_count_left(self, 0);
}

static void p6_imap_a_server_that_does_not_know_sizes_is_measured(void **state)
{
    Server *self = *state;
    self->says_no = TRUE;
    sync_as(self, 2, 1, " INBOX sizes get 1 2 3");
    sync_as(self, 0, 0, " INBOX");
    assert_left(self, "5000");
}

static void p6_imap_sizes_are_not_asked_without_a_limit(void **state)
{
    Server *self = *state;
    self->max_size = 0;
    sync_as(self, 3, 0, " INBOX get 1 2 3");
}

static void imap_what_stays_in_another_mailbox_is_forgotten_with_it(void **state)
{
    Server *self = *state;
    self->mailboxes = 2;
    sync_as(self, 2, 2, " INBOX sizes get 1 3 Other sizes get 1 3");
    assert_count_left(self, 2);
    self->unwanted = "!Other";
    self->partial = TRUE;
    sync_as(self, 0, 0, " INBOX");
    assert_count_left(self, 2);
    self->partial = FALSE;
    sync_as(self, 0, 0, " INBOX");
    assert_count_left(self, 1);
    /* It is wanted again: the count tells what is missing. */
    self->unwanted = NULL;
    sync_as(self, 0, 1, " INBOX Other list sizes");
    assert_count_left(self, 2);
    sync_as(self, 0, 0, " INBOX Other");
    /* And where it is not there at all. */
    self->mailboxes = 1;
    sync_as(self, 0, 0, " INBOX");
    assert_count_left(self, 1);
}

/* An empty mailbox that held nothing here is no reason to hold anything back. */
static void imap_the_only_message_that_stayed_is_gone(void **state)
{
    Server *self = *state;
    drop_before(self, 1);
    self->count = 1;
    sync_as(self, 0, 1, " INBOX sizes");
    self->count = 0;
    sync_as(self, 0, 0, " INBOX list");
    assert_count_left(self, 0);
    sync_as(self, 0, 0, " INBOX");
}

#define POP3(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define IMAP(name) cmocka_unit_test_setup_teardown(name, set_up_imap, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POP3(p6_pop3_what_is_too_large_is_neither_fetched_nor_removed),
        POP3(p6_pop3_a_higher_limit_fetches_what_fits),
        POP3(p6_pop3_a_server_that_lies_is_measured),
        POP3(p6_pop3_a_server_that_does_not_know_sizes_is_measured),
        POP3(pop3_what_is_gone_is_forgotten),
        POP3(p6_pop3_a_doubled_uidl_removes_nothing_that_was_left),
        POP3(p6_pop3_a_twin_that_comes_leaves_the_other_known),
        POP3(p6_what_no_store_takes_stops_nothing),
        IMAP(p6_what_no_store_takes_stops_nothing),
        IMAP(p6_imap_a_message_that_stays_is_asked_for_once),
        IMAP(p6_imap_a_server_that_does_not_know_sizes_is_measured),
        IMAP(p6_imap_sizes_are_not_asked_without_a_limit),
        IMAP(imap_what_stays_in_another_mailbox_is_forgotten_with_it),
        IMAP(imap_the_only_message_that_stayed_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
