/* Own tags: random commands, other flags, rebuilds and kills against a model of a few lines. */
#include "store/tagging.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/absorb.h"
#include "store/tagrules.h"
#include "store/vault-tags.h"
#include "tests/unit/store/fixture.h"

#define MESSAGES 10
#define ROUNDS 250

static const char *const names[] = {"alpha", "Beta", "beta", "SRV", "to do", "ünïted"};
static const char *const give_work[] = {"+work", NULL}, *const take_work[] = {"-work", NULL};
static const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};

#define PICK(random, list) list[g_rand_int_range(random, 0, G_N_ELEMENTS(list))]

/* What the model knows of one message. */
typedef struct {
    char id[17];
    GHashTable *own; /* folded name -> TRUE given, FALSE taken away */
    gboolean seen, srv;
} Model;

typedef struct {
    const Fixture *fixture;
    GRand *random;
    Vault *vault;
    Index *index;
    Model messages[MESSAGES];
    guint there;
    GPtrArray *rules; /* or NULL */
} World;

static char *folded(const char *name)
{
    return g_utf8_casefold(name, -1);
}

static void apply(Model *model, const char *const *changes)
{
    for (; *changes; changes++)
        g_hash_table_insert(model->own, folded(*changes + 1), GINT_TO_POINTER(**changes == '+'));
}

static gboolean given(const Model *model, const char *name)
{
    g_autofree char *key = folded(name);
    return GPOINTER_TO_INT(g_hash_table_lookup(model->own, key));
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of all its tags, folded, sorted, each once. */
static char *expected_tags(const Model *model)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name, on;
    g_hash_table_iter_init(&iter, model->own);
    while (g_hash_table_iter_next(&iter, &name, &on))
        if (on && !(model->srv && strcmp(name, "srv") == 0))
            g_ptr_array_add(list, name);
    if (model->srv)
        g_ptr_array_add(list, (gpointer) "srv");
    if (!model->seen)
        g_ptr_array_add(list, (gpointer) "unread");
    g_ptr_array_sort(list, by_name);
    g_ptr_array_add(list, NULL);
    return g_strjoinv("|", (GStrv)list->pdata);
}

static char *found_tags(World *world, const Model *model)
{
    g_autofree char *text = g_strconcat("id:", model->id, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    g_autoptr(GPtrArray) hits = index_search(world->index, query, 0, SORT_NEWEST, &error);
    if (hits == NULL || hits->len != 1)
        fail_msg("%s: %s", text, error ? error->message : "is not there once");
    const GPtrArray *tags = ((Hit *)hits->pdata[0])->tags;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < tags->len; i++) {
        g_autofree char *name = folded(tags->pdata[i]);
        if (!g_ptr_array_find_with_equal_func(list, name, g_str_equal, NULL))
            g_ptr_array_add(list, g_steal_pointer(&name));
    }
    g_ptr_array_sort(list, by_name);
    g_ptr_array_add(list, NULL);
    return g_strjoinv("|", (GStrv)list->pdata);
}

static void take_in(World *world)
{
    g_autoptr(GError) error = NULL;
    AbsorbOptions options = plain;
    options.rules = world->rules;
    if (!absorb(world->vault, world->fixture->private_key, world->index, &options, NULL, &error))
        fail_msg("%s", error->message);
}

static Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

/* --- what may happen ----------------------------------------------------------------------- */

static void arrives(World *world)
{
    if (world->there == MESSAGES)
        return;
    guint n = world->there++;
    Model *model = &world->messages[n];
    gint64 row;
    g_autoptr(VaultWriter) writer = fixture_writer(world->fixture, world->vault);
    g_autofree char *mail =
        g_strdup_printf("Message-ID: <m%u@x>\r\nSubject: number%u\r\n\r\ntext\r\n", n, n);
    const Arrival arrival = {
        .account = "work", .mailbox = "INBOX", .uid = n + 1, .internaldate = 1000 + n};
    store_mail(writer, mail, strlen(mail), &arrival);
    assert_true(vault_commit(writer, NULL, NULL, NULL));
    take_in(world);
    assert_true(index_newest(world->index, &row, model->id, NULL));
    model->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void server_speaks(World *world)
{
    guint n = (guint)g_rand_int_range(world->random, 0, (gint)world->there);
    Model *model = &world->messages[n];
    g_autoptr(VaultWriter) writer = fixture_writer(world->fixture, world->vault);
    g_autoptr(GPtrArray) flags = g_ptr_array_new();
    if ((model->seen = g_rand_boolean(world->random)))
        g_ptr_array_add(flags, (gpointer) "\\Seen");
    if ((model->srv = g_rand_boolean(world->random)))
        g_ptr_array_add(flags, (gpointer) "srv");
    g_ptr_array_add(flags, NULL);
    assert_true(vault_set_flags(writer, "work", "INBOX", n + 1, (GStrv)flags->pdata, NULL));
    assert_true(vault_commit(writer, NULL, NULL, NULL));
}

static GStrv some_changes(GRand *random)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (gint i = g_rand_int_range(random, 1, 4); i > 0; i--) {
        g_autofree char *change =
            g_strdup_printf("%c%s", g_rand_boolean(random) ? '+' : '-', PICK(random, names));
        g_strv_builder_add(builder, change);
    }
    return g_strv_builder_end(builder);
}

/* The vault locked: by ids, with the public key alone. */
static GPtrArray *some_by_id(World *world)
{
    GPtrArray *list = tag_changes_new();
    for (guint i = 0; i < world->there; i++) {
        g_auto(GStrv) changes = some_changes(world->random);
        if (g_rand_boolean(world->random))
            tag_changes_add(list, world->messages[i].id, (const char *const *)changes);
    }
    return list;
}

static void apply_all(World *world, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        for (guint j = 0; j < world->there; j++)
            if (strcmp(((TagChange *)list->pdata[i])->id, world->messages[j].id) == 0)
                apply(&world->messages[j],
                      (const char *const *)((TagChange *)list->pdata[i])->changes);
}

static void tags_blindly(World *world)
{
    guint64 written;
    g_autoptr(GPtrArray) list = some_by_id(world);
    assert_true(vault_tag(world->vault, list, &written, NULL));
    assert_int_equal(written, list->len);
    apply_all(world, list);
}

/* A hand changes only what is not so already: what it does not find it does not forbid. */
static gboolean apply_by_hand(Model *model, const char *const *changes)
{
    gboolean changed = FALSE;
    g_autoptr(GPtrArray) needed = g_ptr_array_new();
    for (; *changes; changes++)
        if (given(model, *changes + 1) != (**changes == '+'))
            g_ptr_array_add(needed, (gpointer)*changes);
    changed = needed->len > 0;
    g_ptr_array_add(needed, NULL);
    apply(model, (const char *const *)needed->pdata);
    return changed;
}

static void tags_by_query(World *world)
{
    const char *name = PICK(world->random, names);
    g_autofree char *text = g_strdup_printf("tag:\"%s\"", name);
    g_autofree char *key = folded(name);
    g_autoptr(Query) query = query_parse(text, 0, NULL);
    g_auto(GStrv) changes = some_changes(world->random);
    g_autoptr(GError) error = NULL;
    take_in(world);
    Tagging tagging = {.vault = world->vault, .index = world->index};
    if (!tagging_end(&tagging, tagging_query(&tagging, query, (const char *const *)changes, &error),
                     &error))
        fail_msg("%s", error->message);
    guint found = 0, changed = 0;
    for (guint i = 0; i < world->there; i++) {
        Model *model = &world->messages[i];
        if (!given(model, name) && !(model->srv && strcmp(key, "srv") == 0))
            continue;
        found++;
        changed += apply_by_hand(model, (const char *const *)changes);
    }
    assert_int_equal(tagging.count.found, found);
    assert_int_equal(tagging.count.changed, changed);
}

static void is_made_anew(World *world)
{
    index_close(world->index);
    assert_true(index_drop(world->fixture->dir, NULL));
    world->index = open_index(world->fixture);
}

static void compare(World *world)
{
    take_in(world);
    for (guint i = 0; i < world->there; i++) {
        g_autofree char *expected = expected_tags(&world->messages[i]);
        g_autofree char *found = found_tags(world, &world->messages[i]);
        assert_string_equal(found, expected);
    }
}

/* Killed somewhere while it writes, or while it takes in: what is written is written whole. */
static void is_killed(World *world)
{
    g_autoptr(GPtrArray) list = some_by_id(world);
    gint64 before, after;
    gboolean writes = g_rand_boolean(world->random);
    gulong wait = (gulong)g_rand_int_range(world->random, 0, 8000);
    assert_true(vault_journal_end(world->vault, &before, NULL));
    pid_t child = fork();
    if (child == 0) {
        guint64 written;
        Vault *vault = vault_open(world->fixture->dir, NULL);
        if (vault && writes)
            (void)!vault_tag(vault, list, &written, NULL);
        Index *index = vault ? index_open(world->fixture->dir, world->fixture->id,
                                          world->fixture->private_key, NULL)
                             : NULL;
        if (index)
            (void)!absorb(vault, world->fixture->private_key, index, &plain, NULL, NULL);
        _exit(0);
    }
    g_usleep(wait);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(vault_journal_end(world->vault, &after, NULL));
    assert_true(after == before || after == before + list->len);
    if (after > before)
        apply_all(world, list);
}

static void set_up(World *world, const Fixture *fixture)
{
    *world = (World){.fixture = fixture, .random = g_rand_new_with_seed(20240305)};
    world->vault = fixture_open(fixture);
    world->index = open_index(fixture);
    arrives(world);
}

static void tear_down(World *world)
{
    for (guint i = 0; i < world->there; i++)
        g_hash_table_unref(world->messages[i].own);
    index_close(world->index);
    vault_close(world->vault);
    g_clear_pointer(&world->rules, g_ptr_array_unref);
    g_rand_free(world->random);
}

static void p6_own_tags_outlive_rebuilds_and_kills(void **state)
{
    World world;
    set_up(&world, *state);
    for (guint round = 0; round < ROUNDS; round++) {
        switch (g_rand_int_range(world.random, 0, 8)) {
        case 0: arrives(&world); break;
        case 1: server_speaks(&world); break;
        case 2:
        case 3: tags_blindly(&world); break;
        case 4:
        case 5: tags_by_query(&world); break;
        case 6: is_made_anew(&world); break;
        default: is_killed(&world);
        }
        compare(&world);
    }
    tear_down(&world);
}

/* --- rules --------------------------------------------------------------------------------- */

static Config *configured(const char *text)
{
    g_autoptr(GError) error = NULL;
    Config *config = config_parse(text, strlen(text), "config", &error);
    if (config == NULL)
        fail_msg("%s", error->message);
    return config;
}

static void use_rules(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = configured(text);
    g_clear_pointer(&world->rules, g_ptr_array_unref);
    world->rules = tagrules_parse(config, 0, &error);
    if (world->rules == NULL)
        fail_msg("%s", error->message);
}

static void assert_tags(World *world, guint n, const char *expected)
{
    g_autofree char *found = found_tags(world, &world->messages[n]);
    assert_string_equal(found, expected);
}

static void new_mail_is_held_against_rules_once(void **state)
{
    World world;
    gint64 before, after;
    set_up(&world, *state); /* number0 comes before there is a rule */
    use_rules(&world, "[tag \"odd\"]\nquery = subject:number1 OR subject:number3\n"
                      "[tag \"all\"]\nquery = -subject:number2 folder:inbox\n");
    for (guint i = 1; i < 4; i++)
        arrives(&world);
    static const char *const expected[] = {"unread", "all|odd|unread", "unread", "all|odd|unread"};
    for (guint i = 0; i < 4; i++)
        assert_tags(&world, i, expected[i]);
    g_autoptr(GPtrArray) list = tag_changes_new();
    guint64 written;
    static const char *const take_odd[] = {"-odd", NULL};
    tag_changes_add(list, world.messages[3].id, take_odd);
    assert_true(vault_tag(world.vault, list, &written, NULL));
    use_rules(&world, "[tag \"late\"]\nquery = text\n[tag \"odd\"]\nquery = number3\n");
    assert_true(vault_journal_end(world.vault, &before, NULL));
    is_made_anew(&world);
    take_in(&world);
    assert_true(vault_journal_end(world.vault, &after, NULL));
    assert_int_equal(after, before);
    assert_tags(&world, 0, "unread");
    assert_tags(&world, 1, "all|odd|unread");
    assert_tags(&world, 3, "all|unread");
    arrives(&world);
    assert_tags(&world, 4, "late|unread");
    tear_down(&world);
}

static void store_many(const World *world)
{
    g_autoptr(VaultWriter) writer = fixture_writer(world->fixture, world->vault);
    for (guint n = 1; n <= 300; n++) {
        g_autofree char *mail = g_strdup_printf("Subject: number%u\r\n\r\ntext\r\n", n);
        const Arrival arrival = {
            .account = "work", .mailbox = "INBOX", .uid = n + 1, .internaldate = 1000 + n};
        store_mail(writer, mail, strlen(mail), &arrival);
        if (n % 20 == 0)
            assert_true(vault_commit(writer, NULL, NULL, NULL));
    }
}

/* Two processes, of which one is killed at times, take in the same mail: each message is asked
 * about once, and what the hand took away stays away. */
static void p6_rules_are_asked_once_whoever_is_killed(void **state)
{
    World world;
    set_up(&world, *state);
    use_rules(&world, "[tag \"rule\"]\nquery = subject:number*\n");
    store_many(&world);
    gint64 before, after;
    assert_true(vault_journal_end(world.vault, &before, NULL));
    for (guint round = 0; round < 12; round++) {
        pid_t children[2];
        for (guint i = 0; i < 2; i++)
            if ((children[i] = fork()) == 0) {
                World own = world;
                own.vault = fixture_open(world.fixture);
                own.index = open_index(world.fixture);
                take_in(&own);
                kill(getpid(), SIGKILL);
            }
        g_usleep((gulong)(3000 * round));
        for (guint i = 0; i < 2; i++) {
            kill(children[i], SIGKILL);
            assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
        }
        if (round % 4 == 3)
            is_made_anew(&world);
    }
    take_in(&world);
    assert_true(vault_journal_end(world.vault, &after, NULL));
    assert_int_equal(after - before, 300);
    g_autoptr(Query) query = query_parse("tag:rule", 0, NULL);
    g_autoptr(GPtrArray) hits = index_search(world.index, query, 0, SORT_NEWEST, NULL);
    assert_int_equal(hits->len, 300);
    tear_down(&world);
}

static void of_two_who_ask_one_writes(void **state)
{
    World world;
    gint64 before, after, ruled;
    gboolean taken;
    set_up(&world, *state);
    g_autoptr(GPtrArray) list = tag_changes_new();
    tag_changes_add(list, world.messages[0].id, give_work);
    assert_true(vault_ruled(world.vault, &ruled, NULL));
    assert_true(vault_rule(world.vault, ruled, ruled + 5, list, &taken, NULL) && taken);
    assert_true(vault_journal_end(world.vault, &before, NULL));
    assert_true(vault_rule(world.vault, ruled, ruled + 7, list, &taken, NULL) && !taken);
    assert_true(vault_journal_end(world.vault, &after, NULL));
    assert_int_equal(before, after);
    assert_true(vault_ruled(world.vault, &after, NULL));
    assert_int_equal(after, ruled + 5);
    tear_down(&world);
}

static void p10_109_a_rule_that_is_no_query_is_told_with_its_line(void **state)
{
    static const char *const cases[][2] = {
        {"[tag \"a\"]\n\nquery = fron:x\n",
         "config:3: query: there is no field \"fron\" (character 1"},
        {"[tag \"a\"]\nquery = a OR\n",
         "config:2: query: OR has nothing on its right (character 3"},
        {"[tag \"a\"]\nquery = a ---\n", "config:2: query: "},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) config = configured(cases[i][0]);
        assert_null(tagrules_parse(config, 0, &error));
        if (strstr(error->message, cases[i][1]) == NULL)
            fail_msg("%s", error->message);
        assert_non_null(postern_error_mend(error));
        assert_rule(error, POSTERN_ERROR_POLICY, "config.value");
    }
}

/* --- single promises ----------------------------------------------------------------------- */

static TagCount do_tag(World *world, const char *text, const char *const *changes, TagHow how)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    Tagging tagging = {.vault = world->vault, .index = world->index, .how = how};
    if (!tagging_end(&tagging, tagging_query(&tagging, query, changes, &error), &error))
        fail_msg("%s", error->message);
    take_in(world);
    return tagging.count;
}

static void counting_changes_nothing(void **state)
{
    World world;
    gint64 before, after;
    set_up(&world, *state);
    g_autoptr(Query) query = query_parse("", 0, NULL);
    Tagging tagging = {.index = world.index};
    assert_true(vault_journal_end(world.vault, &before, NULL));
    assert_true(tagging_end(&tagging, tagging_query(&tagging, query, give_work, NULL), NULL));
    assert_true(vault_journal_end(world.vault, &after, NULL));
    assert_int_equal(tagging.count.changed, 1);
    assert_int_equal(before, after);
    tear_down(&world);
}

static void the_hand_wins_over_a_rule(void **state)
{
    World world;
    set_up(&world, *state);
    assert_int_equal(do_tag(&world, "", give_work, TAG_BY_RULE).changed, 1);
    assert_int_equal(do_tag(&world, "tag:WORK", take_work, TAG_BY_HAND).changed, 1);
    assert_int_equal(do_tag(&world, "", give_work, TAG_BY_RULE).changed, 0);
    is_made_anew(&world);
    take_in(&world);
    assert_int_equal(do_tag(&world, "", give_work, TAG_BY_RULE).changed, 0);
    assert_int_equal(do_tag(&world, "tag:work", take_work, TAG_BY_HAND).found, 0);
    assert_int_equal(do_tag(&world, "", give_work, TAG_BY_HAND).changed, 1);
    tear_down(&world);
}

static void a_keyword_of_the_server_is_kept_and_told(void **state)
{
    static const char *const take_srv[] = {"-srv", NULL};
    World world;
    set_up(&world, *state);
    while (!world.messages[0].srv)
        server_speaks(&world);
    take_in(&world);
    TagCount count = do_tag(&world, "", take_srv, TAG_BY_HAND);
    assert_int_equal(count.changed, 0);
    assert_int_equal(count.kept, 1);
    compare(&world);
    tear_down(&world);
}

static void messages_are_named_by_either_id(void **state)
{
    World world;
    gboolean known;
    set_up(&world, *state);
    const char *const cases[] = {"m0@x", world.messages[0].id, "M0@x", "aaaabbbbccccdddd", ""};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tagging tagging = {.index = world.index};
        assert_true(tagging_named(&tagging, cases[i], give_work, &known, NULL));
        assert_true(tagging_end(&tagging, TRUE, NULL));
        assert_int_equal(known, i < 2);
        assert_int_equal(tagging.count.changed, i < 2);
    }
    tear_down(&world);
}

static gboolean note(gpointer user, const char *id, const char *message_id, const GPtrArray *tags,
                     GError **error)
{
    (void)error;
    assert_int_equal(strlen(id), 16);
    for (guint i = 0; i < tags->len; i++)
        g_string_append_printf(user, "%s %s\n", message_id, (const char *)tags->pdata[i]);
    return TRUE;
}

static void all_own_tags_are_listed(void **state)
{
    static const char *const both[] = {"+work", "+To do", NULL};
    World world;
    set_up(&world, *state);
    arrives(&world);
    arrives(&world);
    (void)do_tag(&world, "subject:number0 OR subject:number2", both, TAG_BY_HAND);
    (void)do_tag(&world, "subject:number2", take_work, TAG_BY_HAND);
    g_autoptr(GString) all = g_string_new(NULL);
    assert_true(index_each_owned(world.index, note, all, NULL));
    assert_string_equal(all->str, "m0@x To do\nm0@x work\nm2@x To do\n");
    tear_down(&world);
}

static void what_is_not_there_is_passed_over(void **state)
{
    World world;
    guint64 count;
    set_up(&world, *state);
    g_autoptr(GPtrArray) list = tag_changes_new();
    tag_changes_add(list, "aaaabbbbccccdddd", give_work);
    tag_changes_add(list, world.messages[0].id, give_work);
    tag_changes_add(list, "no id", give_work);
    assert_true(vault_count_tags(world.vault, list, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(vault_tag(world.vault, list, &count, NULL));
    assert_int_equal(count, 1);
    tear_down(&world);
}

/* fetchd holds the writer's lock for hours. */
static void tags_are_written_beside_the_writer(void **state)
{
    World world;
    set_up(&world, *state);
    g_autoptr(Vault) other = fixture_open(world.fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(world.fixture, other);
    const Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 77, .internaldate = 1};
    store_mail(writer, "Subject: later\r\n\r\nx\r\n", 21, &arrival);
    tags_blindly(&world);
    assert_true(vault_commit(writer, NULL, NULL, NULL));
    compare(&world);
    tear_down(&world);
}

static void p4_36_a_tag_lies_nowhere_in_clear(void **state)
{
    static const char *const needle[] = {"+needletag", NULL};
    World world;
    set_up(&world, *state);
    (void)do_tag(&world, "", needle, TAG_BY_HAND);
    g_autofree char *where = find_needle(world.fixture->dir, "needletag");
    assert_null(where);
    tear_down(&world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p6_own_tags_outlive_rebuilds_and_kills),
        TEST(new_mail_is_held_against_rules_once),
        TEST(p6_rules_are_asked_once_whoever_is_killed),
        TEST(of_two_who_ask_one_writes),
        TEST(p10_109_a_rule_that_is_no_query_is_told_with_its_line),
        TEST(counting_changes_nothing),
        TEST(the_hand_wins_over_a_rule),
        TEST(a_keyword_of_the_server_is_kept_and_told),
        TEST(messages_are_named_by_either_id),
        TEST(all_own_tags_are_listed),
        TEST(what_is_not_there_is_passed_over),
        TEST(tags_are_written_beside_the_writer),
        TEST(p4_36_a_tag_lies_nowhere_in_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
