/* See sensitive.h: what is kept of a message that passes by. */
#include <string.h>

#include "core/limits.h"
#include "fetchd/sensitive.h"

#define FIRST_LINES (8 * 1024) /* kept behind the header, for `encrypted` */
#define KEPT_BETWEEN (64 * 1024)

struct SensitiveWatch {
    const GPtrArray *rules;
    gboolean whole; /* a rule wants the text */
    GByteArray *head;
    gsize limit; /* of it; falls when the header's end was seen */
    guint64 size;
};

/* A text that may be searched must be there to be told. */
static gboolean wants_text(const GPtrArray *rules)
{
    for (guint i = 0; i < rules->len; i++) {
        const SensitiveRule *rule = rules->pdata[i];
        if (rule->body || rule->index == INDEX_FULL)
            return TRUE;
    }
    return FALSE;
}

SensitiveWatch *sensitive_watch_new(const GPtrArray *rules)
{
    if (rules->len == 0)
        return NULL;
    SensitiveWatch *watch = g_new0(SensitiveWatch, 1);
    watch->rules = rules;
    watch->whole = wants_text(rules);
    watch->head = g_byte_array_new();
    return watch;
}

void sensitive_watch_free(SensitiveWatch *watch)
{
    if (watch == NULL)
        return;
    g_byte_array_unref(watch->head);
    g_free(watch);
}

void sensitive_watch_begin(SensitiveWatch *watch)
{
    if (watch == NULL)
        return;
    if (watch->head->len > KEPT_BETWEEN) {
        g_byte_array_unref(watch->head);
        watch->head = g_byte_array_new();
    }
    g_byte_array_set_size(watch->head, 0);
    watch->limit = watch->whole ? LIMIT_JUDGED_BYTES : LIMIT_JUDGED_HEAD;
    watch->size = 0;
}

/* Where the body begins, when that is seen behind FROM; else 0. */
static gsize body_begins(const GByteArray *head, gsize from)
{
    const guint8 *data = head->data;
    for (gsize at = from; at < head->len; at++) {
        if (data[at] != '\n')
            continue;
        gsize before = at > 0 && data[at - 1] == '\r' ? at - 1 : at;
        if (before == 0 || data[before - 1] == '\n')
            return at + 1;
    }
    return 0;
}

void sensitive_watch_write(SensitiveWatch *watch, const guint8 *data, gsize size)
{
    if (watch == NULL)
        return;
    watch->size += size;
    gsize had = watch->head->len;
    if (had >= watch->limit)
        return;
    g_byte_array_append(watch->head, data, (guint)MIN(size, watch->limit - had));
    gsize body =
        watch->whole || watch->limit < LIMIT_JUDGED_HEAD ? 0 : body_begins(watch->head, had);
    if (body > 0)
        watch->limit = MIN(watch->limit, body + FIRST_LINES);
    if (watch->head->len > watch->limit)
        g_byte_array_set_size(watch->head, (guint)watch->limit);
}

GBytes *sensitive_watch_head(const SensitiveWatch *watch)
{
    return g_bytes_new_static(watch->head->data, watch->head->len);
}

guint64 sensitive_watch_size(const SensitiveWatch *watch)
{
    return watch->size;
}

void sensitive_watch_end(SensitiveWatch *watch, const char *account, const char *mailbox,
                         Verdict *verdict)
{
    *verdict = (Verdict){.index = INDEX_FULL};
    if (watch == NULL)
        return;
    const JudgedPlace place = {account, mailbox, watch->size};
    g_autoptr(GBytes) head = sensitive_watch_head(watch);
    sensitive_judge(watch->rules, &place, head, verdict);
}
