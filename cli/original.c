/* See original.h. */
#include "cli/original.h"

#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "mime/answer.h"
#include "store/share.h"
#include "store/vault-single.h"

void original_clear(Original *original)
{
    g_clear_pointer(&original->reading, reading_free);
    g_clear_pointer(&original->raw, g_bytes_unref);
    g_clear_pointer(&original->account, g_free);
}

static gboolean came_sealed(const Reading *reading)
{
    gboolean sealed = reading->protection->encrypted || reading->locked;
    for (guint i = 0; i < reading->blocks->len; i++) {
        const Block *block = reading->blocks->pdata[i];
        sealed = sealed || block->encrypted || block->closed;
    }
    for (guint n = 1; n <= message_part_count(reading->message); n++)
        sealed = sealed || reading_part_closed(reading, n);
    return sealed;
}

/* What the index knows of it. */
static gboolean look_up(const Context *context, const char *id, Original *original, GError **error)
{
    g_autofree char *words = g_strconcat("id:", id, NULL);
    g_autoptr(Query) query = query_parse(words, 0, error);
    g_autoptr(GPtrArray) hits =
        query ? index_search(context->index, query, 1, SORT_NEWEST, error) : NULL;
    if (hits == NULL)
        return FALSE;
    if (hits->len > 0) {
        const Hit *hit = hits->pdata[0];
        original->sensitive = hit->sensitive;
        original->account = g_strdup(hit->account);
    }
    return TRUE;
}

/* Its copy is to say no more of it than it may. */
static gboolean look_at_share(const Context *context, const char *id, Original *original,
                              GError **error)
{
    guint64 size;
    if (!original->sensitive)
        return TRUE;
    g_autoptr(IndexDoc) doc = vault_share(context->vault, context->vault_key, id, &size, error);
    if (doc)
        original->share = share_of(doc, size);
    return doc != NULL;
}

gboolean original_fetch(Context *context, const char *id, Original *original, GError **error)
{
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return FALSE;
    original->reading = reading_fetch(context, id, &original->raw, error);
    if (original->reading == NULL || !look_up(context, id, original, error) ||
        !look_at_share(context, id, original, error))
        return FALSE;
    original->sealed = came_sealed(original->reading);
    return TRUE;
}

/* The one that it came by, when that can send. */
static const Account *came_by(const Config *config, const Original *original)
{
    const Account *account =
        original->account ? config_account(config, original->account, NULL) : NULL;
    return account && account->submit ? account : NULL;
}

const Account *original_account(const Context *context, const Original *original, Writing *writing,
                                char **from, GError **error)
{
    *from = NULL;
    if (writing->from)
        return posting_account(context->config, writing->from, error);
    g_auto(GStrv) own = own_addresses(context->config);
    g_autoptr(Letter) trial = letter_new();
    const char *address = answer_addressed(original->reading->message, own);
    const Account *account = address ? NULL : came_by(context->config, original);
    if (account == NULL)
        account = posting_account(context->config, address, error);
    if (account && address && posting_from(trial, account, address, NULL))
        writing->from = *from = g_strdup(address);
    return account;
}

char *original_text(const Original *original)
{
    const Reading *reading = original->reading;
    GString *text = g_string_new(NULL);
    gboolean left_out = FALSE;
    for (guint i = 0; i < reading->blocks->len; i++) {
        const Block *block = reading->blocks->pdata[i];
        if (block->closed || (block->encrypted && !reading->protection->encrypted)) {
            left_out = TRUE;
            continue;
        }
        g_autofree char *safe = text_body(block->text);
        g_string_append(text, safe);
        if (text->len > 0 && text->str[text->len - 1] != '\n')
            g_string_append_c(text, '\n');
    }
    if (reading->locked || left_out)
        output_note(reading->locked ? "the letter stays closed: nothing of it is passed on"
                                    : "what is encrypted within the letter is left out");
    return g_string_free(text, FALSE);
}

/* Words for "the letter must be encrypted: …". */
static const char *demand(const Original *original, const Writing *writing)
{
    if (original->sensitive)
        return "it passes on a letter that fits a rule for sensitive mail";
    return original->sealed && !writing->no_encrypt ? "it passes on a letter that came encrypted"
                                                    : NULL;
}

gboolean original_lead(const Original *original, const char *prefix, const Writing *writing,
                       Letter *letter, Posting *posting, GError **error)
{
    const Reading *reading = original->reading;
    gboolean hidden =
        original->sealed &&
        (reading->locked || (reading->protection->header_protection && writing->no_encrypt));
    *posting = writing_posting(writing);
    posting->wishes.because = demand(original, writing);
    posting->wishes.sensitive = original->sensitive;
    posting->wishes.share = original->share;
    if (hidden && writing->subject == NULL)
        return refuse(error, POSTERN_ERROR_INPUT, "reply.subject", "say one with --subject",
                      "the letter's subject stands in what is encrypted");
    letter->subject =
        writing->subject ? g_strdup(writing->subject) : answer_subject(prefix, reading->message);
    return TRUE;
}
