/* See index-address.h. */
#include "store/index-address.h"

#include <string.h>

#include "core/limits.h"
#include "store/index-private.h"
#include "store/index-search.h"

#define WORDS 10               /* of what was typed, that are looked at */
#define HALF_LIFE (90 * 86400) /* so much older counts half */

/* What one message says for an address. */
#define WEIGHT_WRITTEN 4
#define WEIGHT_HEARD 2
#define WEIGHT_SEEN 1

/* In the local part, without signs; of who reads no answer. */
static const char *const robots[] = {"noreply",    "donotreply",    "mailerdaemon",
                                     "postmaster", "bounce",        "notification",
                                     "automailer", "nepasrepondre", "nichtantworten"};

typedef struct {
    AddressHit hit; /* first: the caller sees this */
    double score;
    guint rank; /* 0 people, 1 robots, 2 oneself */
    gboolean named_by_owner;
    char *key; /* the folded address */
} Candidate;

typedef struct {
    Index *index;
    GPtrArray *words;  /* char *, without marks */
    GHashTable *own;   /* folded addresses */
    GHashTable *found; /* folded address -> Candidate *; its own */
    const Query *query;
    gint64 now;
} Looking;

static void free_candidate(gpointer data)
{
    Candidate *candidate = data;
    g_free(candidate->hit.address);
    g_free(candidate->hit.name);
    g_free(candidate->key);
    g_free(candidate);
}

/* --- text ---------------------------------------------------------------------------------- */

static gboolean in_word(gunichar c)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

/* The words of TEXT, folded (char *). */
static GPtrArray *words_of(const char *text, guint most)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folded = index_fold(text);
    for (const char *at = folded; *at && words->len < most;) {
        const char *end = at;
        while (*end && in_word(g_utf8_get_char(end)))
            end = g_utf8_next_char(end);
        if (end > at)
            g_ptr_array_add(words, g_strndup(at, (gsize)(end - at)));
        at = *end ? g_utf8_next_char(end) : end;
    }
    return words;
}

/* Folded, and without any marks: what finds the messages looks more closely. */
static char *without_marks(const char *text)
{
    g_autofree char *folded = index_fold(text);
    g_autofree char *apart = g_utf8_normalize(folded, -1, G_NORMALIZE_NFD);
    GString *bare = g_string_new(NULL);
    for (const char *at = apart ? apart : folded; *at; at = g_utf8_next_char(at))
        if (!g_unichar_ismark(g_utf8_get_char(at)))
            g_string_append_unichar(bare, g_utf8_get_char(at));
    return g_string_free(bare, FALSE);
}

/* Does each of WORDS begin a word of TEXT? */
static gboolean fits(const GPtrArray *words, const char *text)
{
    g_autofree char *folded = without_marks(text);
    for (guint i = 0; i < words->len; i++) {
        gboolean found = FALSE, begins = TRUE;
        for (const char *at = folded; *at && !found; at = g_utf8_next_char(at)) {
            found = begins && g_str_has_prefix(at, words->pdata[i]);
            begins = !in_word(g_utf8_get_char(at));
        }
        if (!found)
            return FALSE;
    }
    return TRUE;
}

static gboolean is_robot(const char *address)
{
    g_autoptr(GString) local = g_string_new(NULL);
    for (const char *at = address; *at && *at != '@'; at++)
        if (g_ascii_isalnum(*at))
            g_string_append_c(local, g_ascii_tolower(*at));
    for (gsize i = 0; i < G_N_ELEMENTS(robots); i++)
        if (strstr(local->str, robots[i]))
            return TRUE;
    return FALSE;
}

/* NAME, which it takes, without quotation marks around it. */
static char *unquoted(char *name)
{
    gsize size = strlen(name);
    if (size < 2 || name[0] != '"' || name[size - 1] != '"')
        return name;
    memmove(name, name + 1, size - 2);
    name[size - 2] = '\0';
    return name;
}

/* The next "Name <address>" of a list, whose items lines or ", " part; FALSE at its end. */
static gboolean next_mailbox(const char **at, char **name, char **address)
{
    *at += strspn(*at, ", \n");
    if (**at == '\0')
        return FALSE;
    gsize line = strcspn(*at, "\n");
    const char *open = memchr(*at, '<', line);
    const char *close = open ? memchr(open, '>', line - (gsize)(open - *at)) : NULL;
    if (close) {
        *name = unquoted(g_strstrip(g_strndup(*at, (gsize)(open - *at))));
        *address = g_strndup(open + 1, (gsize)(close - open - 1));
        *at = close + 1;
        return TRUE;
    }
    gsize size = strcspn(*at, ",\n");
    *name = g_strdup("");
    *address = g_strstrip(g_strndup(*at, size));
    *at += size;
    return TRUE;
}

/* --- one message --------------------------------------------------------------------------- */

typedef enum { ROLE_WRITTEN, ROLE_HEARD, ROLE_SEEN } Role;

static Candidate *candidate_of(Looking *self, const char *address)
{
    g_autofree char *key = index_fold(address);
    Candidate *candidate = g_hash_table_lookup(self->found, key);
    if (candidate)
        return candidate;
    candidate = g_new0(Candidate, 1);
    candidate->hit.address = g_strdup(address);
    candidate->hit.name = g_strdup("");
    candidate->rank = g_hash_table_contains(self->own, key) ? 2 : is_robot(address) ? 1 : 0;
    candidate->key = g_steal_pointer(&key);
    g_hash_table_insert(self->found, candidate->key, candidate);
    return candidate;
}

/* Half of WEIGHT for each half-life, and in a straight line in between. */
static double aged(double weight, gint64 age)
{
    for (; age >= HALF_LIFE && weight > 1e-9; age -= HALF_LIFE)
        weight /= 2;
    return age > 0 && age < HALF_LIFE ? weight * (1 - (double)age / (2.0 * HALF_LIFE)) : weight;
}

/* Messages come the newest first. */
static void count(Looking *self, const char *name, const char *address, Role role, gint64 date)
{
    static const int weights[] = {WEIGHT_WRITTEN, WEIGHT_HEARD, WEIGHT_SEEN};
    g_autofree char *whole = g_strconcat(name, " ", address, NULL);
    if (strchr(address, '@') == NULL || strpbrk(address, " \t") || !fits(self->words, whole))
        return;
    Candidate *candidate = candidate_of(self, address);
    AddressHit *hit = &candidate->hit;
    guint *counts[] = {&hit->written, &hit->heard, &hit->seen};
    (*counts[role])++;
    hit->last = MAX(hit->last, date);
    candidate->score += aged(weights[role], self->now - date);
    gboolean owner = role == ROLE_HEARD;
    if (*name == '\0' || (*hit->name && (candidate->named_by_owner || !owner)))
        return;
    g_free(hit->name);
    hit->name = g_strdup(name);
    candidate->named_by_owner = owner;
}

static void count_all(Looking *self, const char *list, Role role, gint64 date)
{
    g_autofree char *name = NULL, *address = NULL;
    while (next_mailbox(&list, &name, &address)) {
        count(self, name, address, role, date);
        g_clear_pointer(&name, g_free);
        g_clear_pointer(&address, g_free);
    }
}

/* Is the first mailbox of LIST one's own? */
static gboolean is_own(const Looking *self, const char *list)
{
    g_autofree char *name = NULL, *address = NULL;
    if (!next_mailbox(&list, &name, &address))
        return FALSE;
    g_autofree char *key = index_fold(address);
    return g_hash_table_contains(self->own, key);
}

static gboolean look_at(Looking *self, gint64 row, GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(self->index, SQL_PEOPLE, error, "i", row);
    if (use == NULL || !index_step(self->index, use, &found, error))
        return FALSE;
    const char *sender = found ? (const char *)sqlite3_column_text(use, 0) : NULL;
    const char *recipients = found ? (const char *)sqlite3_column_text(use, 1) : NULL;
    gint64 date = found ? sqlite3_column_int64(use, 2) : 0;
    gboolean mine = sender && is_own(self, sender);
    count_all(self, sender ? sender : "", ROLE_HEARD, date);
    count_all(self, recipients ? recipients : "", mine ? ROLE_WRITTEN : ROLE_SEEN, date);
    return TRUE;
}

static gboolean look(Index *index, gpointer user, GError **error)
{
    Looking *self = user;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!index_sorted_rows(index, self->query, LIMIT_ADDRESS_MESSAGES, SORT_NEWEST, rows, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        if (!look_at(self, g_array_index(rows, gint64, i), error))
            return FALSE;
    return TRUE;
}

/* --- all ----------------------------------------------------------------------------------- */

/* Messages in whose From or To each word begins one. */
static Query *query_for(const GPtrArray *words, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < words->len; i++)
        g_string_append_printf(text, " (from:%s* OR to:%s*)", (const char *)words->pdata[i],
                               (const char *)words->pdata[i]);
    return query_parse(text->str, 0, error);
}

static GHashTable *set_of(const char *const *own)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; *own; own++) {
        const char *list = *own;
        g_autofree char *name = NULL, *address = NULL;
        if (next_mailbox(&list, &name, &address))
            g_hash_table_add(set, index_fold(address));
    }
    return set;
}

static gint best_first(gconstpointer left, gconstpointer right)
{
    const Candidate *a = *(Candidate *const *)left, *b = *(Candidate *const *)right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return strcmp(a->key, b->key);
}

static GPtrArray *sorted(GHashTable *found, guint limit)
{
    GHashTableIter iter;
    gpointer key, candidate;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_candidate);
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &key, &candidate))
        g_ptr_array_add(list, candidate);
    g_ptr_array_sort(list, best_first);
    if (limit > 0 && list->len > limit)
        g_ptr_array_set_size(list, (gint)limit);
    return list;
}

GPtrArray *index_addresses(Index *index, const char *text, const char *const *own, gint64 now,
                           guint limit, GError **error)
{
    g_autoptr(GPtrArray) words = words_of(text, WORDS);
    g_autoptr(Query) query = query_for(words, error);
    if (query == NULL)
        return NULL;
    for (guint i = 0; i < words->len; i++) {
        char *word = words->pdata[i];
        words->pdata[i] = without_marks(word);
        g_free(word);
    }
    g_autoptr(GHashTable) mine = set_of(own);
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
    Looking self = {index, words, mine, found, query, now};
    gboolean fine = index_in_one_state(index, look, &self, error);
    GPtrArray *list = sorted(found, limit);
    if (!fine)
        g_clear_pointer(&list, g_ptr_array_unref);
    return list;
}
