/* See charset-name.h. */
#include "mime/charset-name.h"

#include <glib.h>
#include <string.h>

#define LABEL_MAX 40

typedef struct {
    const char *name;   /* iconv's */
    const char *labels; /* each between blanks */
} Known;

/* ISO-8859-1 is decoded as its superset windows-1252, GB2312 as GB18030, EUC-KR as CP949 and Big5
 * as its superset, as everybody does since mailers label them so. */
static const Known known[] = {
    {"WINDOWS-1252", " iso-8859-1 latin1 latin-1 l1 iso-8859-1:1987 iso-ir-100 cp819 ibm819 "
                     "windows-1252 cp1252 ansi "},
    {"WINDOWS-1254", " iso-8859-9 latin5 latin-5 l5 windows-1254 cp1254 "},
    {"ISO-8859-2", " iso-8859-2 latin2 latin-2 l2 "},
    {"ISO-8859-3", " iso-8859-3 latin3 "},
    {"ISO-8859-4", " iso-8859-4 latin4 "},
    {"ISO-8859-5", " iso-8859-5 cyrillic "},
    {"ISO-8859-6", " iso-8859-6 iso-8859-6-i iso-8859-6-e arabic "},
    {"ISO-8859-7", " iso-8859-7 greek greek8 "},
    {"ISO-8859-8", " iso-8859-8 iso-8859-8-i iso-8859-8-e logical visual hebrew "},
    {"ISO-8859-10", " iso-8859-10 latin6 "},
    {"ISO-8859-11", " iso-8859-11 tis-620 tis620 "},
    {"ISO-8859-13", " iso-8859-13 "},
    {"ISO-8859-14", " iso-8859-14 "},
    {"ISO-8859-15", " iso-8859-15 latin9 latin-9 latin0 l9 "},
    {"ISO-8859-16", " iso-8859-16 "},
    {"CP1250", " windows-1250 cp1250 "},
    {"CP1251", " windows-1251 cp1251 "},
    {"CP1253", " windows-1253 cp1253 "},
    {"CP1255", " windows-1255 cp1255 "},
    {"CP1256", " windows-1256 cp1256 "},
    {"CP1257", " windows-1257 cp1257 "},
    {"CP1258", " windows-1258 cp1258 "},
    {"CP874", " windows-874 cp874 "},
    {"CP437", " cp437 "},
    {"CP850", " cp850 "},
    {"CP852", " cp852 "},
    {"CP866", " cp866 "},
    {"KOI8-R", " koi8-r koi8r koi8 koi "},
    {"KOI8-U", " koi8-u koi8u koi8-ru "},
    {"MACINTOSH", " macintosh mac mac-roman macroman "},
    {"MAC-CYRILLIC", " mac-cyrillic "},
    {"GB18030", " gb2312 gb-2312 gb-2312-80 gb2312-80 euc-cn euccn csgb2312 chinese gbk gb18030 "
                "cp936 ms936 windows-936 "},
    {"BIG5-HKSCS", " big5 big-5 big5-hkscs big5-eten cn-big5 csbig5 cp950 ms950 windows-950 "},
    {"EUC-TW", " euc-tw "},
    {"CP932", " shift-jis shiftjis sjis ms-kanji cp932 ms932 windows-31j windows-932 csshiftjis "},
    {"EUC-JP", " euc-jp eucjp euc cseucpkdfmtjapanese "},
    {"ISO-2022-JP", " iso-2022-jp csiso2022jp iso2022jp iso-2022-jp-ms cp50220 cp50221 "},
    {"ISO-2022-JP-2", " iso-2022-jp-1 iso-2022-jp-2 "},
    {"CP949", " euc-kr euckr cseuckr ks-c-5601-1987 ks-c-5601-1989 ks-c-5601 ksc5601 ksc-5601 "
              "korean uhc cp949 ms949 windows-949 "},
    {"ISO-2022-KR", " iso-2022-kr csiso2022kr "},
    {"UTF-16", " utf-16 utf16 ucs-2 iso-10646-ucs-2 unicode "},
    {"UTF-16LE", " utf-16le "},
    {"UTF-16BE", " utf-16be "},
    {"UTF-32", " utf-32 ucs-4 "},
    {"UTF-7", " utf-7 utf7 unicode-1-1-utf-7 unicode-2-0-utf-7 "},
    {"UTF-8", " utf-8 utf8 unicode-1-1-utf-8 unicode-2-0-utf-8 utf8mb4 utf-8mb4 "},
};

/* The label in small letters, with "-" for "_", and without what is only decoration. */
static gboolean plain(const char *label, char out[static LABEL_MAX + 2])
{
    gsize size = 0;
    label += strspn(label, "\"' \t");
    if (g_ascii_strncasecmp(label, "x-", 2) == 0)
        label += 2;
    out[size++] = ' ';
    for (; *label && strchr("\"' \t;,($", *label) == NULL; label++) {
        if (size > LABEL_MAX - 1)
            return FALSE;
        out[size++] = *label == '_' ? '-' : g_ascii_tolower(*label);
    }
    out[size++] = ' ';
    out[size] = '\0';
    return size > 2;
}

/* Puts TO in the place of FROM at the beginning of the label. */
static void begin_with(char label[static LABEL_MAX + 2], const char *from, const char *to)
{
    if (strncmp(label + 1, from, strlen(from)) != 0 || !g_ascii_isdigit(label[1 + strlen(from)]) ||
        strlen(label) + strlen(to) - strlen(from) > LABEL_MAX + 1)
        return;
    g_autofree char *rest = g_strdup(label + 1 + strlen(from));
    g_snprintf(label, LABEL_MAX + 2, " %s%s", to, rest);
}

static const char *look_up(const char *label)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (strstr(known[i].labels, label))
            return known[i].name;
    return NULL;
}

const char *charset_name(const char *label)
{
    static const struct {
        const char *from, *to;
    } same[] = {
        {"iso8859-", "iso-8859-"},
        {"iso-ir-8859-", "iso-8859-"},
        {"8859-", "iso-8859-"},
        {"windows", "windows-"},
        {"win-", "windows-"},
        {"win", "windows-"},
        {"cp-", "cp"},
        {"ibm-", "cp"},
        {"ibm", "cp"},
        {"-iso-", "iso-"},
    };
    char normal[LABEL_MAX + 2];
    if (label == NULL || !plain(label, normal))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
        begin_with(normal, same[i].from, same[i].to);
    return look_up(normal);
}
