/* See html-entity.h. */
#include "mime/html-entity.h"

#include <string.h>

#define LONGEST 10

/* Latin-1 from 160 on, in order. */
static const char *const latin1[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

typedef struct {
    const char *name;
    gunichar c;
} Named;

static const Named others[] = {
    {"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},     {"AMP", '&'},       {"LT", '<'},        {"GT", '>'},
    {"QUOT", '"'},      {"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018},
    {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},
    {"bdquo", 0x201e},  {"dagger", 0x2020}, {"bull", 0x2022},   {"hellip", 0x2026},
    {"permil", 0x2030}, {"prime", 0x2032},  {"lsaquo", 0x2039}, {"rsaquo", 0x203a},
    {"euro", 0x20ac},   {"trade", 0x2122},  {"larr", 0x2190},   {"uarr", 0x2191},
    {"rarr", 0x2192},   {"darr", 0x2193},   {"rArr", 0x21d2},   {"minus", 0x2212},
    {"infin", 0x221e},  {"ne", 0x2260},     {"le", 0x2264},     {"ge", 0x2265},
    {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},  {"scaron", 0x161},
    {"ensp", ' '},      {"emsp", ' '},      {"thinsp", ' '},    {"zwnj", 0x200c},
    {"zwj", 0x200d},    {"check", 0x2713},  {"star", 0x2606},   {"hearts", 0x2665},
};

/* Numbers 128 to 159 mean windows-1252, as browsers take them. */
static const guint16 windows[] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

static void put(gunichar c, char utf8[static 8])
{
    if (c >= 0x80 && c < 0xa0)
        c = windows[c - 0x80];
    if (c == '\t' || c == '\n' || c == '\r' || c == 0xa0)
        c = ' ';
    gboolean nothing = c == 0xad || c == 0x200b || c == 0xfeff;
    if (!g_unichar_validate(c) || c < ' ')
        c = 0xfffd;
    utf8[nothing ? 0 : g_unichar_to_utf8(c, utf8)] = '\0';
}

static gsize read_number(const char *text, char utf8[static 8])
{
    gboolean hex = text[2] == 'x' || text[2] == 'X';
    const char *at = text + (hex ? 3 : 2);
    const char *start = at;
    gunichar c = 0;
    for (; hex ? g_ascii_isxdigit(*at) : g_ascii_isdigit(*at); at++)
        if (c < 0x110000)
            c = c * (hex ? 16 : 10) + (gunichar)g_ascii_xdigit_value(*at);
    if (at == start)
        return 0;
    put(c, utf8);
    return (gsize)(at - text) + (*at == ';');
}

static gunichar lookup(const char *name, gsize size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(latin1); i++)
        if (strlen(latin1[i]) == size && memcmp(latin1[i], name, size) == 0)
            return 160 + (gunichar)i;
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (strlen(others[i].name) == size && memcmp(others[i].name, name, size) == 0)
            return others[i].c;
    return 0;
}

gsize html_entity(const char *text, char utf8[static 8])
{
    if (text[1] == '#')
        return read_number(text, utf8);
    gsize size = 0;
    while (size <= LONGEST && g_ascii_isalnum(text[1 + size]))
        size++;
    gunichar c = size > 0 && size <= LONGEST ? lookup(text + 1, size) : 0;
    if (c == 0)
        return 0;
    put(c, utf8);
    return size + 1 + (text[1 + size] == ';');
}
