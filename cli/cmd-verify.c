/* postern verify: opens every sealed message and every page of the index, and holds the index
 * against the vault, of which it makes another one for that. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/stream.h"
#include "core/text.h"
#include "store/absorb.h"
#include "store/agree.h"
#include "store/vault-check.h"
#include "store/vault-match.h"
#include "store/vault-single.h"

#define VAULT_MEND                                                                                 \
    "restore the store from a backup; without one, read on the server what is damaged, or move "   \
    "the store away and fetch anew"
#define FAULTS_AT_MOST 100       /* in the journal: then nothing of it is worth reading */
#define DIFFERENCES_AT_MOST 1000 /* told one by one; beyond that they are counted */

/* A message of which the index says something else than the vault. */
typedef struct {
    char id[17];
    char *what; /* in words; NULL when the vault has no such message */
} Difference;

static void difference_free(gpointer data)
{
    g_free(((Difference *)data)->what);
    g_free(data);
}

typedef struct {
    Context *context;
    gint64 indexed; /* the index is complete up to this journal record */
    gint64 last;    /* the journal's last record */
    gint64 seen;    /* journal records up to this one have been looked at */
    gint64 newest;  /* messages up to this row have been seen */
    guint64 messages, pages;
    guint64 unopened;        /* messages that are sealed singly: their digest was checked */
    Secret *match_key;       /* from its copy; NULL when that does not open */
    GPtrArray *damaged;      /* char *: ids */
    GPtrArray *unknown;      /* char *: ids that the index lacks */
    GPtrArray *vault_faults; /* char *: sentences */
    GPtrArray *index_faults;
    GHashTable *disowned;   /* ids: found damaged earlier, and since then in the index alone */
    GPtrArray *differences; /* Difference *, the first of them */
    guint64 different;      /* how many there are */
    guint64 waiting;        /* encrypted messages whose text is not compared */
    gboolean compared;
    gint64 told; /* monotonic: when progress was */
} Verification;

static void tell_progress(Verification *self, const char *doing, guint64 done, guint64 total)
{
    if (!self->context->quiet)
        output_now_and_then(&self->told, "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, doing,
                            done, total);
}

static void fault(GPtrArray *faults, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void fault(GPtrArray *faults, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(faults, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Only damage is an answer; a store that cannot be read at all is a failure. */
static gboolean is_damage(const GError *error)
{
    static const char *const rules[] = {"index.damage", NULL};
    return absorb_is_damage(error) || postern_error_among(error, rules);
}

/* --- the vault ----------------------------------------------------------------------------- */

static gboolean opens(Verification *self, const char *id, gboolean *sound, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(64 * 1024);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Source) source =
        vault_message(self->context->vault, self->context->vault_key, id, &failure);
    gssize got = source ? 1 : -1;
    while (got > 0)
        got = source_read(source, buffer, 64 * 1024, &failure);
    *sound = got == 0;
    if (*sound || is_damage(failure))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* Opening it would ask for the private key, once for each: what it is sealed with must be what it
 * was sealed with, and what the index may know of it must open. */
static gboolean holds(Verification *self, const JournalRecord *record, gboolean *sound,
                      GError **error)
{
    guint64 size;
    g_autoptr(GError) failure = NULL;
    Context *context = self->context;
    self->unopened++;
    *sound = FALSE;
    if (self->match_key == NULL)
        return TRUE;
    if (!vault_row_intact(context->vault, self->match_key, record->row, sound, error))
        return FALSE;
    g_autoptr(IndexDoc) doc =
        vault_share(context->vault, context->vault_key, record->id, &size, &failure);
    *sound = *sound && doc;
    if (doc || is_damage(failure))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean check(gpointer user, const JournalRecord *record, GError **error)
{
    Verification *self = user;
    gboolean sound;
    if (record->sequence != self->seen + 1)
        fault(self->vault_faults, "journal records are missing behind %" G_GINT64_FORMAT,
              self->seen);
    self->seen = record->sequence;
    tell_progress(self, "opening what the journal names", (guint64)record->sequence,
                  (guint64)self->last);
    if (record->removed)
        return TRUE;
    if (record->disowned)
        g_hash_table_add(self->disowned, g_strdup(record->id));
    if (record->sequence <= self->indexed && !record->disowned &&
        !index_has(self->context->index, record->row))
        g_ptr_array_add(self->unknown, g_strdup(record->id));
    /* A further arrival of a message that was opened already. */
    if (record->row <= self->newest)
        return TRUE;
    self->newest = record->row;
    self->messages++;
    if (!(record->singly ? holds(self, record, &sound, error)
                         : opens(self, record->id, &sound, error)))
        return FALSE;
    if (!sound && !record->replaced)
        g_ptr_array_add(self->damaged, g_strdup(record->id));
    return TRUE;
}

/* A damaged record hides its own message, and no other. */
static gboolean check_journal(Verification *self, GError **error)
{
    while (self->seen < self->last && self->vault_faults->len < FAULTS_AT_MOST) {
        g_autoptr(GError) failure = NULL;
        if (vault_replay(self->context->vault, self->context->vault_key, self->seen, check, self,
                         &failure))
            return TRUE;
        if (!is_damage(failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        self->seen++;
        fault(self->vault_faults, "journal record %" G_GINT64_FORMAT ": %s", self->seen,
              failure->message);
    }
    return TRUE;
}

/* --- the index ----------------------------------------------------------------------------- */

/* Not absorbed first: that tells damage as a failure, and here it is an answer. */
static gboolean check_index(Verification *self, GError **error)
{
    Context *context = self->context;
    g_autoptr(GError) failure = NULL;
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, &failure);
    if (context->index == NULL && is_damage(failure)) {
        fault(self->index_faults, "%s", failure->message);
        return TRUE;
    }
    if (context->index == NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!index_check(context->index, &self->pages, self->index_faults, error))
        return FALSE;
    /* What a damaged index says about messages means nothing. */
    if (self->index_faults->len == 0)
        self->indexed = index_position(context->index);
    if (self->index_faults->len == 0 && !absorb_fits(context->vault, context->index, &failure))
        fault(self->index_faults, "%s", failure->message);
    return TRUE;
}

/* --- both ---------------------------------------------------------------------------------- */

static void tell_comparing(gpointer user, guint64 done, guint64 total)
{
    tell_progress(user, "holding the index against the vault", done, total);
}

/* Of what is damaged in the vault the index may know what it was. */
static gboolean is_damaged(const Verification *self, const char *id)
{
    return g_ptr_array_find_with_equal_func(self->damaged, id, g_str_equal, NULL);
}

static gboolean take_difference(gpointer user, gint64 row, const char *id, const char *what,
                                GError **error)
{
    Verification *self = user;
    gboolean in_vault = TRUE;
    if (what == NULL && !vault_has_message(self->context->vault, row, id, &in_vault, error))
        return FALSE;
    if ((what == NULL && in_vault && g_hash_table_contains(self->disowned, id)) ||
        is_damaged(self, id))
        return TRUE;
    self->different++;
    if (self->differences->len >= DIFFERENCES_AT_MOST)
        return TRUE;
    Difference *difference = g_new0(Difference, 1);
    g_strlcpy(difference->id, id, sizeof difference->id);
    difference->what = g_strdup(what);
    g_ptr_array_add(self->differences, difference);
    return TRUE;
}

/* Where one of them is damaged, it is clear already that they disagree, and what to mend first. */
static gboolean check_agreement(Verification *self, GError **error)
{
    Context *context = self->context;
    g_autoptr(GError) failure = NULL;
    if (self->vault_faults->len + self->index_faults->len + self->unknown->len > 0)
        return TRUE;
    const AgreeOptions options = {.store = context->store,
                                  .share = context->config->crypto_index,
                                  .progress = tell_comparing,
                                  .user = self};
    self->compared = agree(context->vault, context->vault_key, context->index, &options,
                           take_difference, self, &self->waiting, &failure);
    if (self->compared)
        return TRUE;
    if (!is_damage(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    fault(self->index_faults, "%s", failure->message);
    return TRUE;
}

/* --- the whole ----------------------------------------------------------------------------- */

/* A lost match key was put back when the vault's key was there; would it be another time? */
static void check_match_copy(Verification *self)
{
    self->match_key = vault_match_key(self->context->vault, self->context->vault_key, NULL);
    if (self->match_key == NULL)
        fault(self->vault_faults, "its copy of the match key does not open; keep the file safe");
}

static gboolean look(Verification *self, GError **error)
{
    check_match_copy(self);
    self->told = g_get_monotonic_time();
    return vault_journal_end(self->context->vault, &self->last, error) &&
           check_index(self, error) && check_journal(self, error) && check_agreement(self, error);
}

/* Without the key the structure of one database is all that can be looked at. */
static gboolean locked(const Verification *self, const GError *why, GError **error)
{
    const GPtrArray *faults = self->vault_faults;
    g_autofree char *found = faults->len == 0
                                 ? g_strdup("sound")
                                 : g_strdup_printf("damaged (%s)", (const char *)faults->pdata[0]);
    return refuse(error, (PosternError)why->code, postern_error_rule(why), postern_error_mend(why),
                  "%s; only the structure of vault.db was checked, and is %s; no message and no "
                  "page of the index was opened",
                  why->message, found);
}

static void json_differences(JsonBuilder *builder, const GPtrArray *differences)
{
    json_builder_set_member_name(builder, "differences");
    json_builder_begin_array(builder);
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = differences->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "id", difference->id);
        json_string(builder, "what", difference->what ? difference->what : "message");
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void tell_json(const Verification *result)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_int(builder, "messages", (gint64)result->messages);
    json_int(builder, "unopened", (gint64)result->unopened);
    json_strings(builder, "damaged", result->damaged);
    json_strings(builder, "unindexed", result->unknown);
    json_strings(builder, "vault_faults", result->vault_faults);
    json_int(builder, "index_pages", (gint64)result->pages);
    json_strings(builder, "index_faults", result->index_faults);
    json_bool(builder, "compared", result->compared);
    json_int(builder, "differing", (gint64)result->different);
    json_differences(builder, result->differences);
    json_int(builder, "waiting", (gint64)result->waiting);
    json_builder_end_object(builder);
    output_json(builder);
}

static void print_all(const GPtrArray *lines, const char *before, const char *after)
{
    for (guint i = 0; i < lines->len; i++)
        printf("%s%s%s\n", before, (const char *)lines->pdata[i], after);
}

static const char *agreement(const Verification *result)
{
    return !result->compared       ? "; not compared with the vault"
           : result->different > 0 ? "; it does not agree with the vault"
                                   : "; it agrees with the vault";
}

static void print_differences(const Verification *result)
{
    for (guint i = 0; i < result->differences->len; i++) {
        const Difference *difference = result->differences->pdata[i];
        if (difference->what)
            printf("%s is in the index with other words than in the vault: %s\n", difference->id,
                   difference->what);
        else
            printf("%s is in the index, and not in the vault\n", difference->id);
    }
    if (result->different > result->differences->len)
        printf("and %" G_GUINT64_FORMAT " more\n", result->different - result->differences->len);
}

static void tell(const Verification *result)
{
    print_all(result->vault_faults, "the vault is damaged: ", "");
    print_all(result->damaged, "", " is damaged");
    print_all(result->index_faults, "the index is damaged: ", "");
    print_all(result->unknown, "", " is missing in the index");
    print_differences(result);
    if (result->vault_faults->len + result->damaged->len > 0)
        puts(VAULT_MEND);
    if (result->index_faults->len + result->unknown->len + result->different > 0)
        puts(INDEX_MEND);
    if (result->context->quiet)
        return;
    g_autofree char *messages = text_count(result->messages, "message", "messages");
    g_autofree char *pages = text_count(result->pages, "page", "pages");
    g_autofree char *waiting =
        text_count(result->waiting, "encrypted message was", "encrypted messages were");
    printf("%s %s", messages, result->unopened > 0 ? "checked" : "opened");
    if (result->unopened > 0)
        printf(" (%" G_GUINT64_FORMAT " sensitive, by %s: nobody was asked for a key)",
               result->unopened, result->unopened == 1 ? "its digest" : "their digests");
    printf(", %u damaged\nindex: %s opened, %s%s\n", result->damaged->len, pages,
           result->index_faults->len > 0 ? "damaged" : "sound", agreement(result));
    if (result->waiting > 0)
        printf("%s compared by the header alone: the key was not asked for\n", waiting);
}

static int answer(const Verification *result)
{
    if (result->context->json)
        tell_json(result);
    else
        tell(result);
    return result->damaged->len + result->unknown->len + result->vault_faults->len +
                       result->index_faults->len + result->different >
                   0
               ? POSTERN_ANSWER_NO
               : 0;
}

static int verify(Verification *self, GError **error)
{
    g_autoptr(GError) closed = NULL;
    if (!vault_check(self->context->vault, self->vault_faults, error))
        return POSTERN_ERROR_STORE;
    if (!context_meet(self->context, NEED_KEY, &closed)) {
        locked(self, closed, error);
        return POSTERN_ERROR_TEMPORARY;
    }
    return look(self, error) ? answer(self) : POSTERN_ERROR_STORE;
}

static int look_all_over(Context *context, GError **error)
{
    Verification result = {
        .context = context,
        .damaged = g_ptr_array_new_with_free_func(g_free),
        .unknown = g_ptr_array_new_with_free_func(g_free),
        .vault_faults = g_ptr_array_new_with_free_func(g_free),
        .index_faults = g_ptr_array_new_with_free_func(g_free),
        .disowned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .differences = g_ptr_array_new_with_free_func(difference_free),
    };
    int code = verify(&result, error);
    secret_free(result.match_key);
    g_ptr_array_unref(result.damaged);
    g_ptr_array_unref(result.unknown);
    g_ptr_array_unref(result.vault_faults);
    g_ptr_array_unref(result.index_faults);
    g_hash_table_unref(result.disowned);
    g_ptr_array_unref(result.differences);
    return code;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    g_autoptr(GError) failure = NULL;
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_verify, NULL, 0, 0, &argc, &argv, &failure))
        code = look_all_over(context, &failure);
    /* Elsewhere the mend is to run this. */
    if (is_damage(failure) && g_str_has_prefix(postern_error_rule(failure), "vault."))
        postern_error_set_mend(failure, VAULT_MEND);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return code;
}

const Command command_verify = {
    .name = "verify",
    .usage = "",
    .summary = "Opens every sealed message, and proves that the index agrees with them",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
