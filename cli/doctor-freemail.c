/* See doctor.h: did mail go to freemail providers? The index stands for an address book. */
#include <string.h>
#include <sys/stat.h>

#include "cli/doctor.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "mime/address.h"
#include "mime/compose.h"

/* Of each address the newest letters: what went out years ago is mended no more. */
#define NEWEST 5000

typedef struct {
    guint letters;
    gint64 last;
    char *example; /* an address that the newest went to */
} Use;

static const char *host_of(const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? at + 1 : "";
}

/* The first of LIST's addresses at a freemail provider, or NULL. */
static char *freemail_among(const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        g_autoptr(GPtrArray) boxes = g_ptr_array_new_with_free_func(address_destroy);
        address_read(list->pdata[i], 1, boxes);
        const Mailbox *box = boxes->len ? boxes->pdata[0] : NULL;
        if (box && freemail_domain(host_of(box->address)))
            return g_strdup(box->address);
    }
    return NULL;
}

/* The query finds words; "from" must be just this address. */
static gboolean is_from(const Hit *hit, const char *address)
{
    g_autoptr(GPtrArray) boxes = g_ptr_array_new_with_free_func(address_destroy);
    address_read(hit->from, 1, boxes);
    return boxes->len &&
           g_ascii_strcasecmp(((const Mailbox *)boxes->pdata[0])->address, address) == 0;
}

static gboolean count(Index *index, const char *address, Use *use, GError **error)
{
    g_autofree char *words = g_strdelimit(g_strdup(address), "\"", ' ');
    g_autofree char *text = g_strdup_printf("from:\"%s\"", words);
    g_autoptr(Query) query = query_parse(text, 0, error);
    g_autoptr(GPtrArray) hits =
        query ? index_search(index, query, NEWEST, SORT_NEWEST, error) : NULL;
    for (guint i = 0; hits && i < hits->len; i++) {
        const Hit *hit = hits->pdata[i];
        char *to = is_from(hit, address) ? freemail_among(hit->to) : NULL;
        if (to == NULL)
            continue;
        use->letters++;
        if (use->example && hit->date <= use->last) {
            g_free(to);
            continue;
        }
        g_free(use->example);
        use->example = to;
        use->last = hit->date;
    }
    return hits != NULL;
}

static gboolean count_account(Index *index, const Account *account, Use *use, GError **error)
{
    char *const none[] = {NULL};
    g_autoptr(Mailbox) own = address_parse(account->address, NULL);
    if (own && !count(index, own->address, use, error))
        return FALSE;
    for (char *const *alias = account->aliases ? account->aliases : (char **)none; *alias;
         alias++) {
        g_autoptr(Mailbox) other = address_parse(*alias, NULL);
        if (other && !count(index, other->address, use, error))
            return FALSE;
    }
    return TRUE;
}

static void judge(Doctor *doctor, const Account *account)
{
    Use use = {0};
    g_autoptr(GError) failure = NULL;
    g_autofree char *subject = text_field(account->name);
    if (!count_account(doctor->context->index, account, &use, &failure)) {
        doctor_skip(doctor, RULE_FREEMAIL_USE, subject, failure->message,
                    postern_error_mend(failure));
    } else if (use.letters == 0) {
        doctor_row(doctor, RULE_FREEMAIL_USE, FINDING_PASS, subject, NULL, NULL);
    } else {
        g_autofree char *letters = text_count(use.letters, "letter", "letters");
        g_autofree char *example = text_field(use.example);
        g_autofree char *date = output_short_date(use.last);
        g_autofree char *detail = g_strdup_printf(
            "%s went to freemail providers, the last to %s (%s)", letters, example, date);
        doctor_row(doctor, RULE_FREEMAIL_USE, FINDING_WARN, subject, detail, NULL);
    }
    g_free(use.example);
}

/* Opened when it is there and its key rests in the keyring: nothing is made or asked for. */
static gboolean open_index(Doctor *doctor, const char **reason, const char **mend)
{
    Context *context = doctor->context;
    struct stat facts;
    g_autofree char *path = g_build_filename(context->store, "index.db", NULL);
    *reason = "the store cannot be opened";
    *mend = "mend the store first";
    if (context->vault == NULL)
        return FALSE;
    *reason = "the index is locked";
    *mend = "run 'postern unlock' and look again";
    if (context->vault_key == NULL)
        context->vault_key = unlock_cached(vault_id(context->vault));
    if (context->vault_key == NULL)
        return FALSE;
    *reason = "there is no index yet, or it cannot be read";
    *mend = "run 'postern index'";
    if (lstat(path, &facts) != 0)
        return FALSE;
    context->index = index_open(context->store, vault_id(context->vault), context->vault_key, NULL);
    return context->index != NULL;
}

void doctor_freemail(Doctor *doctor)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    const char *reason, *mend;
    gboolean open = open_index(doctor, &reason, &mend);
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        g_autofree char *subject = text_field(account->name);
        if (open)
            judge(doctor, account);
        else
            doctor_skip(doctor, RULE_FREEMAIL_USE, subject, reason, mend);
    }
}
