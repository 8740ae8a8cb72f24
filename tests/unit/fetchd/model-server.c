#include "tests/unit/fetchd/model-server.h"

const char *const model_names[MAILBOXES] = {"INBOX", "Archive"};
const char *const model_words[WORDS] = {"\\Seen", "\\Flagged", "k[\"1", "k2"};

static gboolean alive(World *self, GError **error)
{
    if (self->until_cut < 0 || self->until_cut-- > 0)
        return TRUE;
    self->until_cut = 0;
    return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "try later", "cut");
}

static GStrv flags_of(guint bits)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < WORDS; i++)
        if (bits & 1u << i)
            g_strv_builder_add(list, model_words[i]);
    return g_strv_builder_end(list);
}

/* --- the server ---------------------------------------------------------------------------- */

static gboolean among(guint32 uid, const NumberRange *ranges, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (uid >= ranges[i].first && uid <= ranges[i].last)
            return TRUE;
    return FALSE;
}

Spot *spot_at(const Box *mailbox, guint i)
{
    return &g_array_index(mailbox->spots, Spot, i);
}

static gboolean tell_flags(World *self, const NumberRange *ranges, gsize n, guint64 since,
                           const ChangeTaker *taker, GError **error)
{
    for (guint i = 0; i < self->selected->spots->len; i++) {
        const Spot *spot = spot_at(self->selected, i);
        g_auto(GStrv) flags = flags_of(spot->flags);
        if (!among(spot->uid, ranges, n) || (since > 0 && spot->modseq <= since))
            continue;
        if (!alive(self, error) || !taker->flags(taker->user, spot->uid, flags, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean tell_gone(World *self, const Known *known, const ChangeTaker *taker, GError **error)
{
    for (guint i = 0; i < self->selected->vanished->len; i++) {
        const Vanished *gone = &g_array_index(self->selected->vanished, Vanished, i);
        if (gone->modseq <= known->modseq || !among(gone->uid, known->ranges, known->n))
            continue;
        if (!alive(self, error) || !taker->gone(taker->user, gone->uid, gone->uid, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean server_select(Fetcher *fetcher, const char *name, const Known *known,
                              const ChangeTaker *changes, Selected *selected, GError **error)
{
    World *self = (World *)fetcher;
    self->asked++;
    self->selected = &self->mailboxes[g_str_equal(name, model_names[0]) ? 0 : 1];
    const Box *box = self->selected;
    *selected = (Selected){.uidvalidity = box->uidvalidity,
                           .uidnext = box->uidnext,
                           .exists = box->spots->len + self->overcount,
                           .modseq = self->way == PLAIN ? 0 : box->modseq};
    if (self->way != QRESYNC || known == NULL || known->uidvalidity != box->uidvalidity)
        return alive(self, error);
    selected->told = TRUE;
    return tell_flags(self, known->ranges, known->n, known->modseq, changes, error) &&
           tell_gone(self, known, changes, error) && alive(self, error);
}

static gboolean server_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker,
                                 gpointer user, GError **error)
{
    const World *self = (const World *)fetcher;
    if (first) {
        first->opened = server_select(fetcher, first->name, first->known, first->changes,
                                      &first->selected, error);
        if (!first->opened)
            return FALSE;
    }
    for (guint i = 0; i < (self->unlisted ? MAILBOXES - 1 : MAILBOXES); i++) {
        const MailboxName name = {(char *)model_names[i], (char *)model_names[i], TRUE, 0};
        if (!taker(user, &name, error))
            return FALSE;
    }
    return !self->partial || taker(user, NULL, error);
}

static gboolean server_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                               const ChangeTaker *taker, GError **error)
{
    World *self = (World *)fetcher;
    self->asked++;
    return tell_flags(self, ranges, n, self->way == PLAIN ? 0 : since, taker, error);
}

static gboolean server_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                            gpointer user, GError **error)
{
    World *self = (World *)fetcher;
    self->asked++;
    for (guint i = 0; i < self->selected->spots->len; i++) {
        const Listed listed = {spot_at(self->selected, i)->uid, NULL};
        if (among(listed.number, ranges, n) &&
            (!alive(self, error) || !taker(user, &listed, error)))
            return FALSE;
    }
    return TRUE;
}

guint64 letter_size(guint letter)
{
    g_autoptr(GBytes) mail = mail_number(letter, 200 + 200 * (letter % 4));
    return g_bytes_get_size(mail);
}

guint64 letter_told(guint letter)
{
    switch (letter % 9) {
    case 6: return 1;
    case 7: return G_MAXINT64;
    case 8: return 0;
    default: return letter_size(letter);
    }
}

static gboolean server_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                             gpointer user, GError **error)
{
    World *self = (World *)fetcher;
    self->asked++;
    for (guint i = self->selected->spots->len; i-- > 0;) {
        const Spot *spot = spot_at(self->selected, i);
        const Sized sized = {spot->uid, letter_told(spot->letter), 1700000000};
        if (among(spot->uid, ranges, n) && sized.size > 0 &&
            (!alive(self, error) || !taker(user, &sized, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean send_letter(World *self, const Spot *spot, const MessageTaker *taker,
                            GError **error)
{
    gsize size;
    g_autoptr(GBytes) mail = mail_number(spot->letter, 200 + 200 * (spot->letter % 4));
    const guint8 *bytes = g_bytes_get_data(mail, &size);
    g_auto(GStrv) flags = flags_of(spot->flags);
    const Fetched fetched = {spot->uid, 1700000000, flags};
    if (!taker->start(taker->user, error) || !taker->data(taker->user, bytes, size / 2, error) ||
        !alive(self, error) ||
        !taker->data(taker->user, bytes + size / 2, size - size / 2, error) ||
        !alive(self, error) || !taker->end(taker->user, &fetched, error))
        return FALSE;
    return TRUE;
}

static gboolean server_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                           const MessageTaker *taker, GError **error)
{
    World *self = (World *)fetcher;
    self->asked++;
    for (guint i = 0; i < self->selected->spots->len; i++) {
        const Spot *spot = spot_at(self->selected, i);
        if (among(spot->uid, ranges, n) && !send_letter(self, spot, taker, error))
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

/* --- what happens there --------------------------------------------------------------------- */

guint any(World *self, guint below)
{
    return (guint)g_rand_int_range(self->random, 0, (gint)below);
}

void deliver(World *self, Box *box)
{
    const Spot spot = {box->uidnext, any(self, LETTERS), any(self, 16), ++box->modseq};
    box->uidnext += 1 + any(self, 2);
    g_array_append_val(box->spots, spot);
}

static void expunge(World *self, Box *box)
{
    if (box->spots->len < 2) /* an empty one is another story */
        return;
    guint at = any(self, box->spots->len);
    const Vanished gone = {spot_at(box, at)->uid, ++box->modseq};
    g_array_append_val(box->vanished, gone);
    g_array_remove_index(box->spots, at);
}

static void change_flags(World *self, Box *box)
{
    if (box->spots->len == 0)
        return;
    Spot *spot = spot_at(box, any(self, box->spots->len));
    spot->flags = any(self, 16);
    spot->modseq = ++box->modseq;
}

/* Sometimes with the numbers that there were, as after a restored backup. */
static void renumber(World *self, Box *box)
{
    gboolean same = any(self, 2) == 0;
    box->uidvalidity++;
    g_array_set_size(box->vanished, 0);
    for (guint i = 0; i < box->spots->len; i++) {
        spot_at(box, i)->modseq = ++box->modseq;
        if (!same)
            spot_at(box, i)->uid = i + 1;
    }
    if (!same)
        box->uidnext = box->spots->len + 1;
}

void live(World *self)
{
    for (guint steps = any(self, 12); steps > 0; steps--) {
        Box *box = &self->mailboxes[any(self, MAILBOXES)];
        switch (any(self, 20)) {
        case 0: renumber(self, box); break;
        case 1:
        case 2:
        case 3:
        case 4: expunge(self, box); break;
        case 5:
        case 6:
        case 7:
        case 8: change_flags(self, box); break;
        default: deliver(self, box);
        }
    }
}

/* --- the other side ------------------------------------------------------------------------- */

gboolean run_pass_as(World *self, int gone, gboolean accept, const char *rule)
{
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(self->fixture, vault);
    char *folders[] = {(char *)"*", NULL};
    const Account account = {
        .name = (char *)"work", .folders = folders, .gone = gone, .max_size = self->max_size};
    const EngineRun run = {.stop_fd = -1, .accept_removals = accept, .large = self->large};
    Outcome outcome = {0};
    g_autoptr(GError) error = NULL;
    TourGround ground = {.run = &run, .bell = -1};
    g_autoptr(Tour) tour = tour_new(&ground, &outcome);
    Pass it = {.run = &run,
               .account = &account,
               .writer = writer,
               .fetcher = &self->fetcher,
               .tour = tour};
    self->asked = 0;
    gboolean fine = pass_imap(&it, &error);
    if (!fine && g_strcmp0(postern_error_rule(error), rule) != 0)
        fail_msg("%s", error->message);
    self->removed += outcome.removed;
    self->skipped = outcome.skipped;
    return fine;
}

gboolean run_pass(World *self, int gone)
{
    return run_pass_as(self, gone, FALSE, "server.closed");
}

void world_start(World *self, const Fixture *fixture, guint32 seed, Way way)
{
    *self = (World){.fetcher = {.mailboxes = server_mailboxes,
                                .select = server_select,
                                .changes = server_changes,
                                .list = server_list,
                                .sizes = server_sizes,
                                .get = server_get,
                                .quit = server_quit},
                    .fixture = fixture,
                    .random = g_rand_new_with_seed(seed),
                    .way = way};
    for (guint i = 0; i < MAILBOXES; i++)
        self->mailboxes[i] = (Box){.uidvalidity = 1 + 1000 * i,
                                   .uidnext = 1,
                                   .modseq = 1,
                                   .spots = g_array_new(FALSE, FALSE, sizeof(Spot)),
                                   .vanished = g_array_new(FALSE, FALSE, sizeof(Vanished))};
}

void world_end(World *self)
{
    for (guint i = 0; i < MAILBOXES; i++) {
        g_array_unref(self->mailboxes[i].spots);
        g_array_unref(self->mailboxes[i].vanished);
    }
    g_rand_free(self->random);
}
