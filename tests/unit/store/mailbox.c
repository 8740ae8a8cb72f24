/* See mailbox.h. The oracle knows words of ASCII letters and digits only, and knows them slowly. */
#include "tests/unit/store/mailbox.h"

#include <string.h>

#include "core/base32.h"

static const char *const words[] = {"alpha", "beta", "gamma", "delta", "alphabet", "x1", "al"};
static const char *const names[] = {"Ann Alpha", "Bob Beta", "Gamma", "Dee X1"};
static const char *const domains[] = {"corp.example", "alpha.example", "beta.test"};
static const char *const folders[] = {"INBOX", "Projects/Alpha", "projects/beta", "Sent Items"};
static const char *const accounts[] = {"work", "Home"};
static const char *const keywords[] = {"\\Seen", "\\Flagged", "\\Answered", "Invoices", "todo"};
static const char *const columns[] = {"subject", "from", "to", "cc", "body", "list", "filename"};

#define PICK(random, list) list[g_rand_int_range(random, 0, G_N_ELEMENTS(list))]
#define DAY 86400

void letter_free(Letter *letter)
{
    if (letter == NULL)
        return;
    index_doc_free(letter->doc);
    g_free(letter->account);
    g_free(letter->folder);
    g_strfreev(letter->flags);
    g_free(letter);
}

Letter *letter_new(gint64 row)
{
    Letter *letter = g_new0(Letter, 1);
    guint8 bytes[10] = {(guint8)(row >> 16), (guint8)(row >> 8), (guint8)row};
    g_autofree char *id = base32_encode(bytes, sizeof bytes);
    g_strlcpy(letter->id, id, sizeof letter->id);
    letter->row = row;
    letter->doc = index_doc_new();
    letter->account = g_strdup("work");
    letter->folder = g_strdup("INBOX");
    return letter;
}

static char *some_words(GRand *random, gint most)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gint i = g_rand_int_range(random, 0, most + 1); i > 0; i--)
        g_string_append_printf(text, "%s%s", PICK(random, words), i % 3 ? " " : ", ");
    return g_strdup(text->str);
}

static char *some_mailboxes(GRand *random, gint most)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gint i = g_rand_int_range(random, 0, most + 1); i > 0; i--)
        g_string_append_printf(text, "%s <%s@%s>%s", PICK(random, names), PICK(random, words),
                               PICK(random, domains), i > 1 ? "\n" : "");
    return g_strdup(text->str);
}

Letter *letter_random(GRand *random, gint64 row)
{
    Letter *letter = letter_new(row);
    IndexDoc *doc = letter->doc;
    doc->subject = some_words(random, 3);
    doc->from = some_mailboxes(random, 1);
    doc->to = some_mailboxes(random, 3);
    doc->cc = some_mailboxes(random, 1);
    doc->body = some_words(random, 8);
    doc->list = g_rand_int_range(random, 0, 4) ? NULL : g_strdup("dev.beta.test");
    doc->attachments = (guint)g_rand_int_range(random, 0, 3);
    doc->filenames = doc->attachments ? g_strdup("alpha-x1.pdf\nbeta.txt") : NULL;
    doc->encrypted = g_rand_boolean(random);
    doc->signature = (guint)g_rand_int_range(random, 0, 3);
    doc->is_signed = doc->signature != SIGNATURE_NONE;
    doc->sensitive = g_rand_int_range(random, 0, 5) == 0;
    letter->date = g_rand_int_range(random, 0, 10) * DAY;
    letter->size = (guint64)g_rand_int_range(random, 0, 4) * 1024;
    g_free(letter->account);
    letter->account = g_strdup(PICK(random, accounts));
    g_free(letter->folder);
    letter->folder = g_strdup(PICK(random, folders));
    const char *flags[] = {PICK(random, keywords), PICK(random, keywords), NULL};
    letter->flags = g_rand_boolean(random) ? g_strdupv((GStrv)flags) : NULL;
    return letter;
}

static char *term_random(GRand *random)
{
    const char *word = PICK(random, words);
    switch (g_rand_int_range(random, 0, 15)) {
    case 0: return g_strdup_printf("%.3s*", word);
    case 1: return g_strdup_printf("\"%s %s\"", word, PICK(random, words));
    case 2: return g_strdup_printf("%s:%s", PICK(random, columns), word);
    case 3: return g_strdup_printf("%s:al*", PICK(random, columns));
    case 4: return g_strdup_printf("from:%s@%s", word, PICK(random, domains));
    case 5: return g_strdup_printf("to:%s", PICK(random, domains));
    case 6: return g_strdup_printf("date:1970-01-0%d..1970-01-07", g_rand_int_range(random, 1, 8));
    case 7: return g_strdup_printf("size:>=%dk", g_rand_int_range(random, 0, 4));
    case 8: return g_strdup("has:attachment");
    case 9: {
        static const char *const states[] = {"encrypted", "signed", "sensitive", "unread"};
        return g_strdup_printf("is:%s", PICK(random, states));
    }
    case 10: {
        static const char *const tags[] = {"unread", "flagged", "REPLIED", "invoices", "t*"};
        return g_strdup_printf("tag:%s", PICK(random, tags));
    }
    case 11: return g_strdup_printf("folder:\"%s\"", PICK(random, folders));
    case 12: return g_strdup(g_rand_boolean(random) ? "folder:PROJ*" : "folder:alpha");
    case 13: return g_strdup_printf("account:%s", PICK(random, accounts));
    default: return g_strdup(word);
    }
}

char *query_random(GRand *random, guint depth)
{
    static const char *const joints[] = {" ", " AND ", " OR "};
    gint shape = depth == 0 ? 0 : g_rand_int_range(random, 0, 5);
    if (shape < 2)
        return term_random(random);
    g_autofree char *left = query_random(random, depth - 1);
    if (shape == 2)
        return g_strdup_printf("NOT (%s)", left);
    g_autofree char *right = query_random(random, depth - 1);
    return g_strdup_printf("(%s%s%s)", left, PICK(random, joints), right);
}

static GStrv words_of(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text ? text : "", -1);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (char *at = lower; *at;) {
        gsize size = 0;
        while (g_ascii_isalnum(at[size]))
            size++;
        if (size > 0)
            g_ptr_array_add(list, g_strndup(at, size));
        at += size > 0 ? size : 1;
    }
    g_ptr_array_add(list, NULL);
    return (GStrv)g_ptr_array_steal(list, NULL);
}

static gboolean stands_at(GStrv text, GStrv phrase, gboolean prefix)
{
    for (; *phrase; text++, phrase++) {
        gboolean last = phrase[1] == NULL;
        if (*text == NULL ||
            !(last && prefix ? g_str_has_prefix(*text, *phrase) : strcmp(*text, *phrase) == 0))
            return FALSE;
    }
    return TRUE;
}

static gboolean text_matches(const Letter *letter, const Query *query)
{
    const IndexDoc *doc = letter->doc;
    const char *texts[] = {doc->subject, doc->from, doc->to,       doc->cc,
                           doc->body,    doc->list, doc->filenames};
    g_auto(GStrv) phrase = words_of(query->value);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (query->field && strcmp(query->field, columns[i]) != 0)
            continue;
        g_auto(GStrv) text = words_of(texts[i]);
        for (GStrv at = text; *at; at++)
            if (stands_at(at, phrase, query->prefix))
                return TRUE;
    }
    return FALSE;
}

static gboolean name_matches(const char *name, const Query *query)
{
    return query->prefix ? g_ascii_strncasecmp(name, query->value, strlen(query->value)) == 0
                         : g_ascii_strcasecmp(name, query->value) == 0;
}

static gboolean folder_matches(const char *folder, const Query *query)
{
    const char *slash = strrchr(folder, '/');
    return name_matches(folder, query) ||
           (slash && !query->prefix && name_matches(slash + 1, query));
}

static gboolean has_flag(const Letter *letter, const char *flag)
{
    return letter->flags && g_strv_contains((const char *const *)letter->flags, flag);
}

static gboolean tag_matches(const Letter *letter, const Query *query)
{
    static const char *const tags[][2] = {{"\\Flagged", "flagged"},
                                          {"\\Answered", "replied"},
                                          {"Invoices", "Invoices"},
                                          {"todo", "todo"}};
    for (gsize i = 0; i < G_N_ELEMENTS(tags); i++)
        if (has_flag(letter, tags[i][0]) && name_matches(tags[i][1], query))
            return TRUE;
    return !has_flag(letter, "\\Seen") && name_matches("unread", query);
}

static gboolean flag_matches(const Letter *letter, const char *value)
{
    if (strcmp(value, "attachment") == 0)
        return letter->doc->attachments > 0;
    if (strcmp(value, "encrypted") == 0)
        return letter->doc->encrypted;
    if (strcmp(value, "signed") == 0)
        return letter->doc->is_signed;
    if (strcmp(value, "sensitive") == 0)
        return letter->doc->sensitive;
    return !has_flag(letter, "\\Seen");
}

static gboolean exact_matches(const Letter *letter, const Query *query)
{
    if (strcmp(query->field, "folder") == 0)
        return folder_matches(letter->folder, query);
    if (strcmp(query->field, "account") == 0)
        return name_matches(letter->account, query);
    if (strcmp(query->field, "id") == 0)
        return strcmp(letter->id, query->value) == 0;
    return tag_matches(letter, query);
}

gboolean letter_matches(const Letter *letter, const Query *query)
{
    switch (query->kind) {
    case QUERY_ALL: return TRUE;
    case QUERY_AND:
        return letter_matches(letter, query->left) && letter_matches(letter, query->right);
    case QUERY_OR:
        return letter_matches(letter, query->left) || letter_matches(letter, query->right);
    case QUERY_NOT: return !letter_matches(letter, query->left);
    case QUERY_TEXT: return text_matches(letter, query);
    case QUERY_DATE: return query->from <= letter->date && letter->date <= query->to;
    case QUERY_SIZE:
        return query->from <= (gint64)letter->size && (gint64)letter->size <= query->to;
    case QUERY_FLAG: return flag_matches(letter, query->value);
    case QUERY_EXACT: return exact_matches(letter, query);
    }
    return FALSE;
}

gboolean letter_add(Index *index, const Letter *letter, GError **error)
{
    JournalRecord record = {
        .kind = JOURNAL_ARRIVAL,
        .sequence = letter->row,
        .row = letter->row,
        .arrival = {.account = letter->account,
                    .mailbox = letter->folder,
                    .uid = (guint32)letter->row,
                    .internaldate = letter->date,
                    .flags = letter->flags},
    };
    memcpy(record.id, letter->id, sizeof record.id);
    return index_add(index, &record, letter->doc, letter->size, error);
}
