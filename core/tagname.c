/* See tagname.h. */
#include "core/tagname.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

#define SHOWN_COLUMNS 40

/* Made of the server's flags, and set by the index. */
static const char *const of_server[] = {"unread", "flagged", "replied",
                                        "draft",  "deleted", "forwarded"};
static const char *const of_postern[] = {"gone", "truncated"};

static gboolean among(const char *name, const char *const *names, gsize count)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);
    for (gsize i = 0; i < count; i++)
        if (strcmp(folded, names[i]) == 0)
            return TRUE;
    return FALSE;
}

gboolean tagname_reserved(const char *name)
{
    return among(name, of_server, G_N_ELEMENTS(of_server)) ||
           among(name, of_postern, G_N_ELEMENTS(of_postern));
}

/* What is wrong with NAME, the rest of a sentence; NULL: nothing. */
static const char *fault_of(const char *name)
{
    if (*name == '\0')
        return "is empty";
    if (strlen(name) > LIMIT_TAG)
        return "is longer than " G_STRINGIFY(LIMIT_TAG) " bytes";
    if (strchr("-+\\", *name))
        return "begins with \"-\", \"+\" or \"\\\"";
    if (*name == ' ' || g_str_has_suffix(name, " ") || strstr(name, "  "))
        return "has blanks at an end, or two in a row";
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '"')
            return "has a quotation mark, which tag:\"…\" could not hold";
        if (c != ' ' && (!g_unichar_isgraph(c) || g_unichar_isspace(c)))
            return "has a character that cannot be seen";
    }
    return NULL;
}

static gboolean refuse_reserved(const char *name, GError **error)
{
    if (among(name, of_postern, G_N_ELEMENTS(of_postern)))
        return refuse(error, POSTERN_ERROR_USAGE, "tag.reserved", "choose another name",
                      "\"%s\" tells what Postern found out about a message", name);
    return refuse(error, POSTERN_ERROR_USAGE, "tag.reserved",
                  "change it in the mail program that writes to the server, or choose another name",
                  "\"%s\" is what the server's flags say, and they are the server's", name);
}

char *tagname_check(const char *name, GError **error)
{
    g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
    const char *fault = composed ? fault_of(composed) : "is not UTF-8";
    if (fault) {
        g_autofree char *safe = text_field(name);
        g_autofree char *shown = text_fit(safe, SHOWN_COLUMNS);
        refuse(error, POSTERN_ERROR_USAGE, "tag.name",
               "take letters, digits, signs and single blanks", "the tag \"%s\" %s", shown, fault);
        return NULL;
    }
    if (tagname_reserved(composed)) {
        refuse_reserved(composed, error);
        return NULL;
    }
    return g_steal_pointer(&composed);
}
