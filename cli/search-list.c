/* See search-list.h. */
#include "cli/search-list.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "core/text.h"

#define ID_COLUMNS 16
#define DATE_COLUMNS 10
#define FROM_COLUMNS 22

typedef struct {
    const SearchFormat *format; /* or NULL */
    gboolean color;
    guint columns; /* of the terminal; 0: lines have no end */
    guint hits;
} Listing;

/* --- values -------------------------------------------------------------------------------- */

static char *padded(const char *text, guint columns)
{
    guint width = text_width(text);
    return g_strdup_printf("%s%*s", text, width < columns ? (int)(columns - width) : 0, "");
}

/* The sender's name where there is one, else the address. */
static char *name_of(const char *from)
{
    const char *bracket = strrchr(from, '<');
    g_autofree char *name =
        bracket && bracket > from ? g_strndup(from, (gsize)(bracket - from)) : g_strdup(from);
    return g_strdup(g_strstrip(name));
}

static char *address_of(const char *from)
{
    const char *bracket = strrchr(from, '<');
    return bracket ? g_strndup(bracket + 1, strcspn(bracket + 1, ">")) : g_strdup(from);
}

static char *joined(const GPtrArray *list)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)list->pdata[i]);
    return g_strdup(text->str);
}

static char *names_of(const GPtrArray *authors)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < authors->len; i++) {
        g_autofree char *name = name_of(authors->pdata[i]);
        if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    return joined(names);
}

static char *full_date(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S%:z") : g_strdup("");
}

static char *number(guint64 value)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

static char *yes_or_no(gboolean value)
{
    return g_strdup(value ? "yes" : "no");
}

/* --- formats ------------------------------------------------------------------------------- */

enum {
    HIT_ID,
    HIT_THREAD,
    HIT_DATE,
    HIT_FROM,
    HIT_NAME,
    HIT_ADDRESS,
    HIT_TO,
    HIT_SUBJECT,
    HIT_ACCOUNT,
    HIT_FOLDERS,
    HIT_TAGS,
    HIT_SIZE,
    HIT_ENCRYPTED,
    HIT_SIGNATURE,
    HIT_SENSITIVE,
    HIT_ATTACHMENTS,
    HIT_SNIPPET,
    HIT_MESSAGE_ID,
    HIT_FIELDS
};
const char *const hit_fields[] = {
    "id",        "thread",      "date",    "from",       "name", "address",   "to",
    "subject",   "account",     "folders", "tags",       "size", "encrypted", "signature",
    "sensitive", "attachments", "snippet", "message-id", NULL,
};
G_STATIC_ASSERT(G_N_ELEMENTS(hit_fields) == HIT_FIELDS + 1);

static char *hit_value(const void *data, guint n)
{
    const Hit *hit = data;
    switch (n) {
    case HIT_ID: return g_strdup(hit->id);
    case HIT_THREAD: return g_strdup(hit->thread);
    case HIT_DATE: return full_date(hit->date);
    case HIT_FROM: return g_strdup(hit->from);
    case HIT_NAME: return name_of(hit->from);
    case HIT_ADDRESS: return address_of(hit->from);
    case HIT_TO: return joined(hit->to);
    case HIT_SUBJECT: return g_strdup(hit->subject);
    case HIT_ACCOUNT: return g_strdup(hit->account);
    case HIT_FOLDERS: return joined(hit->folders);
    case HIT_TAGS: return joined(hit->tags);
    case HIT_SIZE: return number(hit->size);
    case HIT_ENCRYPTED: return yes_or_no(hit->encrypted);
    case HIT_SIGNATURE: return g_strdup(hit->signature);
    case HIT_SENSITIVE: return yes_or_no(hit->sensitive);
    case HIT_ATTACHMENTS: return number(hit->attachments);
    case HIT_SNIPPET: return g_strdup(hit->snippet);
    default: return g_strdup(hit->message_id);
    }
}

enum {
    THREAD_THREAD,
    THREAD_DATE,
    THREAD_MESSAGES,
    THREAD_MATCHED,
    THREAD_AUTHORS,
    THREAD_SUBJECT,
    THREAD_TAGS,
    THREAD_IDS,
    THREAD_FIELDS
};
const char *const thread_fields[] = {
    "thread", "date", "messages", "matched", "authors", "subject", "tags", "ids", NULL,
};
G_STATIC_ASSERT(G_N_ELEMENTS(thread_fields) == THREAD_FIELDS + 1);

static char *thread_value(const void *data, guint n)
{
    const ThreadHit *hit = data;
    switch (n) {
    case THREAD_THREAD: return g_strdup(hit->thread);
    case THREAD_DATE: return full_date(hit->date);
    case THREAD_MESSAGES: return number(hit->messages);
    case THREAD_MATCHED: return number(hit->matched);
    case THREAD_AUTHORS: return names_of(hit->authors);
    case THREAD_SUBJECT: return g_strdup(hit->subject);
    case THREAD_TAGS: return joined(hit->tags);
    default: return joined(hit->ids);
    }
}

/* --- lines --------------------------------------------------------------------------------- */

/* ID, date, WHO and WHAT in one line. Only a terminal has an end to its lines; a pipe gets all. */
static void print_line(const Listing *self, const char *id, gint64 seconds, const char *who,
                       const char *marks, const char *what)
{
    g_autofree char *date = output_short_date(seconds);
    g_autofree char *safe_who = text_field(who);
    g_autofree char *cut = self->columns ? text_fit(safe_who, FROM_COLUMNS) : g_strdup(safe_who);
    g_autofree char *from = padded(cut, FROM_COLUMNS);
    g_autofree char *subject = text_field(*what ? what : "(no subject)");
    guint used = ID_COLUMNS + DATE_COLUMNS + FROM_COLUMNS + 6 + text_width(marks);
    g_autofree char *fitted =
        self->columns ? text_fit(subject, MAX(self->columns, used + 10) - used) : g_strdup(subject);
    printf("%s%s%s  %*s  %s  %s%s", self->color ? "\033[33m" : "", id, self->color ? "\033[0m" : "",
           DATE_COLUMNS, date, from, marks, fitted);
}

static void print_hit(const Listing *self, const Hit *hit)
{
    g_autofree char *name = name_of(hit->from);
    print_line(self, hit->id, hit->date, name, hit->encrypted ? "🔒 " : "", hit->subject);
    putchar('\n');
}

static void print_thread(const Listing *self, const ThreadHit *hit)
{
    g_autofree char *names = names_of(hit->authors);
    g_autofree char *count = hit->matched == hit->messages
                                 ? g_strdup_printf("[%u] ", hit->messages)
                                 : g_strdup_printf("[%u/%u] ", hit->matched, hit->messages);
    print_line(self, hit->thread, hit->date, names, count, hit->subject);
    g_autofree char *tags = joined(hit->tags);
    g_autofree char *safe = text_field(tags);
    if (*safe)
        printf("  (%s)", safe);
    putchar('\n');
}

/* --- results ------------------------------------------------------------------------------- */

static gboolean list_hit(gpointer user, const Hit *hit, GError **error)
{
    (void)error;
    Listing *self = user;
    self->hits++;
    if (self->format)
        search_format_print(self->format, hit, hit_value);
    else
        print_hit(self, hit);
    return TRUE;
}

static gboolean list_thread(gpointer user, const ThreadHit *hit, GError **error)
{
    (void)error;
    Listing *self = user;
    self->hits++;
    if (self->format)
        search_format_print(self->format, hit, thread_value);
    else
        print_thread(self, hit);
    return TRUE;
}

/* How a query is answered. */
static gboolean list_part(gpointer user, const QueryPart *part, GError **error)
{
    (void)error;
    Listing *self = user;
    if (part->depth == 0)
        self->hits = (guint)MIN(part->found, G_MAXUINT);
    int indent = 2 * (int)part->depth;
    g_autofree char *term = text_field(part->term);
    g_autofree char *found = text_count(part->found, "message", "messages");
    printf("%*s%s (character %" G_GSIZE_FORMAT "): %s\n", indent, "", term, part->at, found);
    if (part->value) {
        g_autofree char *value = text_field(part->value);
        printf("%*s  | %s\n", indent, "", value);
    }
    if (part->sql)
        printf("%*s  | %s\n", indent, "", part->sql);
    for (guint i = 0; i < part->plan->len; i++)
        printf("%*s  | %s\n", indent, "", (const char *)part->plan->pdata[i]);
    return TRUE;
}

gboolean search_list(const Context *context, const Searching *searching, guint *hits,
                     GError **error)
{
    static const SearchTakers takers = {list_hit, list_thread, list_part};
    Listing listing = {
        .format = searching->format, .color = context->color, .columns = output_columns()};
    gboolean fine = searching_run(searching, context->index, &takers, &listing, error);
    *hits = listing.hits;
    return fine;
}
