/* See value.h. */
#include "core/value.h"

#include <string.h>

#include "core/cidr.h"
#include "core/config.h"

gboolean value_because(char **why, const char *reason)
{
    *why = g_strdup(reason);
    return FALSE;
}

static gboolean store_text(gpointer where, const char *text)
{
    if (where) {
        char **field = where;
        g_free(*field);
        *field = g_strdup(text);
    }
    return TRUE;
}

static gboolean store_list(gpointer where, char **list)
{
    if (where) {
        char ***field = where;
        g_strfreev(*field);
        *field = g_strdupv(list);
    }
    return TRUE;
}

int word_index(const char *words, const char *word)
{
    g_auto(GStrv) all = g_strsplit(words, "|", -1);
    for (int i = 0; all[i]; i++)
        if (g_str_equal(all[i], word))
            return i;
    return -1;
}

/* Items parted by ';', blanks around them dropped; a last ';' ends the list. NULL: empty item. */
static char **split(const char *value)
{
    g_auto(GStrv) items = g_strsplit(value, ";", -1);
    guint n = g_strv_length(items);
    for (guint i = 0; i < n; i++)
        g_strstrip(items[i]);
    if (n > 1 && *items[n - 1] == '\0')
        g_clear_pointer(&items[--n], g_free);
    for (guint i = 0; i < n; i++)
        if (*items[i] == '\0')
            return NULL;
    return g_steal_pointer(&items);
}

/* A list of which each item, perhaps rewritten by ADMIT, is good. ADMIT returns NULL for "no". */
static gboolean list_of(const char *value, gpointer where, char **why,
                        char *(*admit)(const char *item), const char *reason)
{
    g_auto(GStrv) items = split(value);
    if (items == NULL)
        return value_because(why, "has an empty item");
    for (guint i = 0; items[i]; i++) {
        char *admitted = admit(items[i]);
        if (admitted == NULL)
            return value_because(why, reason);
        g_free(items[i]);
        items[i] = admitted;
    }
    return store_list(where, items);
}

static gboolean one_of(const char *value, gpointer where, char **why,
                       char *(*admit)(const char *item), const char *reason)
{
    g_autofree char *admitted = admit(value);
    return admitted ? store_text(where, admitted) : value_because(why, reason);
}

gboolean value_text(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key, (void)why;
    return store_text(where, value);
}

gboolean value_list(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, g_strdup, NULL);
}

int value_mailbox_use(const char *name)
{
    static const char *const names[] = {"\\All",       "\\Archive", "\\Drafts", "\\Flagged",
                                        "\\Important", "\\Junk",    "\\Sent",   "\\Trash"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* A misspelt use would match nothing, and silently fetch what was to be left out. */
static char *admit_folder(const char *item)
{
    const char *pattern = item + (*item == '!');
    return *pattern == '\\' && value_mailbox_use(pattern) < 0 ? NULL : g_strdup(item);
}

gboolean value_folders(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_folder,
                   "may have behind a backslash only All, Archive, Drafts, Flagged, Important, "
                   "Junk, Sent or Trash");
}

/* "allow, encrypt or refuse" */
static char *words_in_a_sentence(const char *words)
{
    g_auto(GStrv) all = g_strsplit(words, "|", -1);
    GString *sentence = g_string_new("must be ");
    for (guint i = 0; all[i]; i++) {
        g_string_append(sentence, i == 0 ? "" : all[i + 1] ? ", " : " or ");
        g_string_append(sentence, all[i]);
    }
    return g_string_free(sentence, FALSE);
}

gboolean value_word(const Key *key, const char *value, gpointer where, char **why)
{
    int index = word_index(key->words, value);
    if (index < 0) {
        *why = words_in_a_sentence(key->words);
        return FALSE;
    }
    if (where)
        *(int *)where = index;
    return TRUE;
}

gboolean value_word_text(const Key *key, const char *value, gpointer where, char **why)
{
    return value_word(key, value, NULL, why) && store_text(where, value);
}

static char *admit_network(const char *item)
{
    Cidr network;
    return cidr_parse(item, &network) ? cidr_text(&network) : NULL;
}

gboolean value_networks(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_network,
                   "must be networks like 10.0.0.0/8 or 2001:db8::/32, with no bit set behind the "
                   "prefix");
}

/* "Sensitivity: company-confidential" */
static char *admit_header(const char *item)
{
    const char *colon = strchr(item, ':');
    gboolean named = colon != NULL && colon > item;
    for (const char *at = item; named && at < colon; at++)
        named = g_ascii_isgraph(*at);
    return named && colon[1 + strspn(colon + 1, " \t")] ? g_strdup(item) : NULL;
}

gboolean value_headers(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_header,
                   "must be header fields and what they hold, like "
                   "Sensitivity: company-confidential");
}

/* A path that means the same file wherever the program was started. */
static char *admit_path(const char *item)
{
    return g_path_is_absolute(item) ? g_strdup(item) : NULL;
}

gboolean value_path(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return one_of(value, where, why, admit_path, "must be a path that begins with /");
}

gboolean value_paths(const Key *key, const char *value, gpointer where, char **why)
{
    g_autofree char *path = NULL;
    if (!value_path(key, value, &path, why))
        return FALSE;
    g_ptr_array_add(*(GPtrArray **)where, g_steal_pointer(&path));
    return TRUE;
}

/* Upper case, without the blanks that gpg prints. */
static char *admit_fingerprint(const char *item)
{
    g_autofree char *digits = g_ascii_strup(item, -1);
    gsize length = 0;
    for (const char *at = digits; *at; at++)
        if (g_ascii_isxdigit(*at))
            digits[length++] = *at;
        else if (*at != ' ')
            return NULL;
    digits[length] = '\0';
    return length == 40 || length == 64 ? g_steal_pointer(&digits) : NULL;
}

static const char not_a_fingerprint[] =
    "must be the key's full fingerprint: 40 (or 64) hexadecimal digits";

gboolean value_fingerprint(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return one_of(value, where, why, admit_fingerprint, not_a_fingerprint);
}

gboolean value_fingerprints(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_fingerprint, not_a_fingerprint);
}

static char *admit_pin(const char *item)
{
    if (!g_str_has_prefix(item, "sha256/"))
        return NULL;
    gsize size;
    g_autofree guchar *hash = g_base64_decode(item + strlen("sha256/"), &size);
    g_autofree char *again = g_base64_encode(hash, size);
    gboolean exact = size == 32 && g_str_equal(again, item + strlen("sha256/"));
    return exact ? g_strdup(item) : NULL;
}

gboolean value_pins(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_pin,
                   "must be pins like sha256/BASE64, each of 32 bytes in 44 characters");
}

/* That there is a mailbox in it; mime/ parses it for good where it is used. */
static char *admit_address(const char *item)
{
    const char *at = strrchr(item, '@');
    return at && at > item && at[1] != '\0' && at[1] != '>' ? g_strdup(item) : NULL;
}

gboolean value_address(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return one_of(value, where, why, admit_address,
                  "must be an address like John Smith <jsmith@corp.example>");
}

gboolean value_addresses(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    return list_of(value, where, why, admit_address,
                   "must be addresses like jsmith@corp.example; info@corp.example");
}
