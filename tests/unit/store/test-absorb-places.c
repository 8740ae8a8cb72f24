/* Flags and places in the index, as they follow from the journal: beside a model that knows no
 * journal, no transaction and no index. */
#include <glib/gstdio.h>
#include <string.h>

#include "store/agree.h"
#include "store/ranges.h"
#include "store/vault-place.h"
#include "tests/unit/store/fixture.h"

#define LETTERS 12
#define PLACES 4
#define UIDS 20
#define ROUNDS 8
#define STEPS 60

static const struct {
    const char *account, *mailbox;
} places[PLACES] = {{"work", "INBOX"}, {"work", "Archive"}, {"home", "INBOX"}, {"home", "Other"}};

/* What flags may be, and the tags that follow. \Seen is bit 0. */
static const char *const flag_names[] = {"\\Seen",           "\\Flagged", "\\Answered",
                                         "$Weird[key\"word", "Ünïcode",   "NonJunk"};
static const char *const tag_names[] = {NULL,      "flagged", "replied", "$Weird[key\"word",
                                        "Ünïcode", "NonJunk"};
#define FLAGS 6

typedef struct {
    guint letter; /* 0 for nothing, else its number */
    guint flags;  /* bits */
} Spot;

typedef struct {
    const Fixture *fixture;
    Vault *vault;
    VaultWriter *writer;
    GRand *random;
    Spot spots[PLACES][UIDS + 1];
    gboolean here[LETTERS + 1];    /* stored, and not removed */
    gboolean kept[LETTERS + 1][2]; /* by account: of "work", "home" */
    guint last_flags[LETTERS + 1];
    guint last_place[LETTERS + 1];
} World;

static guint account_of(guint place)
{
    return place / 2;
}

static gboolean lies_in(const World *self, guint letter, int account)
{
    for (guint place = 0; place < PLACES; place++)
        for (guint uid = 1; uid <= UIDS; uid++)
            if (self->spots[place][uid].letter == letter &&
                (account < 0 || account_of(place) == (guint)account))
                return TRUE;
    return FALSE;
}

/* --- what happens, in the vault and in the model -------------------------------------------- */

static GStrv flags_of(guint bits)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < FLAGS; i++)
        if (bits & 1u << i)
            g_strv_builder_add(list, flag_names[i]);
    return g_strv_builder_end(list);
}

static void commit_all(World *self)
{
    assert_true(vault_commit(self->writer, NULL, NULL, NULL));
}

static void deliver(World *self, guint place, guint uid, guint letter, guint bits)
{
    g_auto(GStrv) flags = flags_of(bits);
    g_autofree char *mail = g_strdup_printf("Subject: letter%u\r\n\r\nbody\r\n", letter);
    const Arrival arrival = {.account = places[place].account,
                             .mailbox = places[place].mailbox,
                             .uid = uid,
                             .internaldate = 1000,
                             .flags = flags};
    store_mail(self->writer, mail, strlen(mail), &arrival);
    self->spots[place][uid] = (Spot){letter, bits};
    self->here[letter] = TRUE;
    self->kept[letter][account_of(place)] = FALSE;
}

static void change_flags(World *self, guint place, guint uid, guint bits)
{
    g_auto(GStrv) flags = flags_of(bits);
    commit_all(self); /* flags are of what is durable */
    assert_true(vault_set_flags(self->writer, places[place].account, places[place].mailbox, uid,
                                flags, NULL));
    if (self->spots[place][uid].letter)
        self->spots[place][uid].flags = bits;
}

/* "work" keeps what is gone, "home" removes it. */
static void end_one(World *self, guint place, guint uid)
{
    Spot spot = self->spots[place][uid];
    guint account = account_of(place);
    if (spot.letter == 0)
        return;
    self->spots[place][uid].letter = 0;
    self->last_flags[spot.letter] = spot.flags;
    self->last_place[spot.letter] = place;
    if (account == 0 && !lies_in(self, spot.letter, 0))
        self->kept[spot.letter][0] = TRUE;
    if (account == 1 && !lies_in(self, spot.letter, -1) && !self->kept[spot.letter][0])
        self->here[spot.letter] = FALSE;
}

static void expunge(World *self, guint place, guint first, guint last)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    Departure *departure = g_new0(Departure, 1);
    departure->mailbox = g_strdup(places[place].mailbox);
    departure->uids = ranges_new();
    ranges_add(departure->uids, first, last);
    g_ptr_array_add(all, departure);
    Removal removal = {.remove = account_of(place) == 1, .most = LETTERS};
    commit_all(self);
    assert_true(vault_depart(self->writer, places[place].account, all, &removal, NULL));
    for (guint uid = first; uid <= last; uid++)
        end_one(self, place, uid);
}

static void step(World *self)
{
    guint place = (guint)g_rand_int_range(self->random, 0, PLACES);
    guint uid = (guint)g_rand_int_range(self->random, 1, UIDS + 1);
    guint bits = (guint)g_rand_int_range(self->random, 0, 1 << FLAGS);
    switch (g_rand_int_range(self->random, 0, 4)) {
    case 0:
    case 1:
        if (self->spots[place][uid].letter == 0)
            deliver(self, place, uid, (guint)g_rand_int_range(self->random, 1, LETTERS + 1), bits);
        break;
    case 2: change_flags(self, place, uid, bits); break;
    default: expunge(self, place, uid, MIN(uid + bits % 4, UIDS));
    }
}

/* --- what must be in the index -------------------------------------------------------------- */

static void add(GPtrArray *list, const char *text)
{
    if (text && !g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
        g_ptr_array_add(list, (gpointer)text);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *joined(GPtrArray *list)
{
    g_ptr_array_sort(list, by_text);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(text, "%s ", (char *)list->pdata[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void add_tags(GPtrArray *tags, guint bits)
{
    for (guint i = 0; i < FLAGS; i++)
        if (bits & 1u << i)
            add(tags, tag_names[i]);
}

static char *expected(const World *self, guint letter)
{
    g_autoptr(GPtrArray) tags = g_ptr_array_new(), folders = g_ptr_array_new();
    guint seen = 0;
    for (guint place = 0; place < PLACES; place++)
        for (guint uid = 1; uid <= UIDS; uid++) {
            const Spot *spot = &self->spots[place][uid];
            if (spot->letter != letter)
                continue;
            add(folders, places[place].mailbox);
            add_tags(tags, spot->flags);
            seen |= spot->flags & 1;
        }
    if (folders->len == 0) {
        add(tags, "gone");
        add(folders, places[self->last_place[letter]].mailbox);
        add_tags(tags, self->last_flags[letter]);
        seen = self->last_flags[letter] & 1;
    }
    if (!seen)
        add(tags, "unread");
    g_autofree char *folder_text = joined(folders), *tag_text = joined(tags);
    return g_strconcat(folder_text, "| ", tag_text, NULL);
}

static GPtrArray *find(Index *index, const char *text)
{
    g_autoptr(Query) query = query_parse(text, 0, NULL);
    GPtrArray *hits = query ? index_search(index, query, 0, SORT_OLDEST, NULL) : NULL;
    assert_non_null(hits);
    return hits;
}

static Index *open_index(const Fixture *fixture, Vault *vault)
{
    g_autoptr(GError) error = NULL;
    const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL || !absorb(vault, fixture->private_key, index, &plain, NULL, &error))
        fail_msg("%s", error->message);
    return index;
}

static void assert_index(World *self)
{
    g_autoptr(Index) index = open_index(self->fixture, self->vault);
    guint64 all = 0;
    for (guint letter = 1; letter <= LETTERS; letter++) {
        g_autofree char *subject = g_strdup_printf("subject:letter%u", letter);
        g_autoptr(GPtrArray) hits = find(index, subject);
        assert_int_equal(hits->len, self->here[letter]);
        if (!self->here[letter])
            continue;
        all++;
        const Hit *hit = hits->pdata[0];
        g_autofree char *folders = joined(hit->folders), *tags = joined(hit->tags);
        g_autofree char *found = g_strconcat(folders, "| ", tags, NULL);
        g_autofree char *want = expected(self, letter);
        assert_string_equal(found, want);
        g_autoptr(GPtrArray) by_account =
            find(index, hit->account[0] == 'w' ? "account:work" : "account:home");
        assert_true(by_account->len > 0);
    }
    IndexStat in_index;
    VaultStat in_vault;
    assert_true(index_stat(index, &in_index, NULL) && vault_stat(self->vault, &in_vault, NULL));
    assert_int_equal(in_index.messages, all);
    assert_int_equal(in_vault.messages, all);
    g_autoptr(GPtrArray) gone = find(index, "tag:gone");
    for (guint i = 0; i < gone->len; i++)
        assert_int_equal(((Hit *)gone->pdata[i])->folders->len, 1);
}

static gboolean differs(gpointer user, gint64 row, const char *id, const char *what, GError **error)
{
    (void)user;
    (void)error;
    fail_msg("row %d (%s) differs: %s", (int)row, id, what ? what : "it is not in the vault");
    return FALSE;
}

/* Whatever happened, and however often the index was brought up to date in between: it is what a
 * new one would be. */
static void assert_agreement(World *self)
{
    guint64 unopened;
    g_autoptr(GError) error = NULL;
    const AgreeOptions options = {.store = self->fixture->dir, .share = INDEX_FULL};
    g_autoptr(Index) index = open_index(self->fixture, self->vault);
    if (!agree(self->vault, self->fixture->private_key, index, &options, differs, NULL, &unopened,
               &error))
        fail_msg("%s", error->message);
    assert_int_equal(unopened, 0);
}

static void the_index_is_what_the_model_says(void **state)
{
    const Fixture *fixture = *state;
    for (guint32 round = 0; round < ROUNDS; round++) {
        void *again = NULL;
        if (round > 0 && fixture_set_up(&again) != 0)
            fail();
        World world = {.fixture = again ? again : fixture, .random = g_rand_new_with_seed(round)};
        world.vault = fixture_open(world.fixture);
        world.writer = fixture_writer(world.fixture, world.vault);
        for (guint i = 0; i < STEPS; i++) {
            step(&world);
            if (g_rand_int_range(world.random, 0, 6) > 0)
                continue;
            commit_all(&world);
            assert_index(&world);
        }
        commit_all(&world);
        assert_index(&world);
        assert_agreement(&world);
        assert_true(index_drop(world.fixture->dir, NULL));
        assert_index(&world);
        vault_writer_free(world.writer);
        vault_close(world.vault);
        g_rand_free(world.random);
        if (again)
            fixture_tear_down(&again);
    }
}

static void a_message_that_went_to_another_account_is_shown_there(void **state)
{
    World world = {.fixture = *state};
    world.vault = fixture_open(world.fixture);
    world.writer = fixture_writer(world.fixture, world.vault);
    deliver(&world, 0, 1, 1, 1);
    deliver(&world, 2, 1, 1, 0);
    expunge(&world, 0, 1, 1);
    g_autoptr(Index) index = open_index(world.fixture, world.vault);
    g_autoptr(GPtrArray) hits = find(index, "account:home is:unread");
    assert_int_equal(hits->len, 1);
    assert_string_equal(((Hit *)hits->pdata[0])->account, "home");
    g_autoptr(GPtrArray) none = find(index, "account:work OR tag:gone");
    assert_int_equal(none->len, 0);
    vault_writer_free(world.writer);
    vault_close(world.vault);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_index_is_what_the_model_says),
        CASE(a_message_that_went_to_another_account_is_shown_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
