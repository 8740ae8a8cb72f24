/* See html.h. */
#include "mime/html.h"

#include <stdlib.h>
#include <string.h>

#include "mime/html-entity.h"

#define META_BYTES 2048
#define BREAKS_MAX 3 /* empty lines that <br> may make, and one */
#define NAME_MAX_BYTES 16

typedef struct {
    GString *out;
    guint breaks;   /* line ends owed before the next text */
    gboolean space; /* a blank owed */
    gboolean pre;
    gboolean hidden; /* inside <head> */
    char *href;      /* target of the open link */
    gsize link;      /* where its text began in out */
} Page;

typedef struct {
    char name[NAME_MAX_BYTES]; /* lower case; "" when it is longer */
    gboolean closing;
    const char *attributes, *end; /* up to the > */
} Tag;

static void owe_breaks(Page *page, guint count)
{
    page->breaks = MAX(page->breaks, count);
    page->space = FALSE;
}

static void emit(Page *page, const char *text, gsize size)
{
    if (page->hidden || size == 0)
        return;
    for (; page->breaks > 0; page->breaks--)
        if (page->out->len > 0)
            g_string_append_c(page->out, '\n');
    if (page->space && page->out->len > 0 && page->out->str[page->out->len - 1] != '\n')
        g_string_append_c(page->out, ' ');
    page->space = FALSE;
    g_string_append_len(page->out, text, (gssize)size);
}

static const char *read_text(Page *page, const char *at)
{
    char utf8[8];
    if (!page->pre && g_ascii_isspace(*at)) {
        page->space = TRUE;
        return at + 1;
    }
    if (page->pre && *at == '\n') {
        page->breaks++;
        return at + 1;
    }
    if (*at == '&') {
        gsize used = html_entity(at, utf8);
        if (used > 0 && strcmp(utf8, " ") == 0)
            page->space = TRUE;
        else if (used > 0)
            emit(page, utf8, strlen(utf8));
        if (used > 0)
            return at + used;
    }
    gsize size = 1 + strcspn(at + 1, "<& \t\r\n\f");
    emit(page, at, size);
    return at + size;
}

/* Where the tag ends: at the first > outside quotes, as browsers see it. */
static const char *tag_end(const char *at)
{
    char quote = 0;
    char before = 0; /* a quote counts only as the start of a value */
    for (; *at; at++) {
        if (quote) {
            quote = *at == quote ? 0 : quote;
        } else if ((*at == '"' || *at == '\'') && before == '=') {
            quote = *at;
        } else if (*at == '>') {
            break;
        }
        if (!g_ascii_isspace(*at))
            before = *at;
    }
    return at;
}

static gboolean read_tag(const char *at, Tag *tag)
{
    at++;
    tag->closing = *at == '/';
    at += tag->closing;
    if (!g_ascii_isalpha(*at))
        return FALSE;
    gsize n = 0;
    while (g_ascii_isalnum(at[n]) || at[n] == '-' || at[n] == ':')
        n++;
    tag->name[0] = '\0';
    if (n < NAME_MAX_BYTES) {
        for (gsize i = 0; i < n; i++)
            tag->name[i] = g_ascii_tolower(at[i]);
        tag->name[n] = '\0';
    }
    tag->attributes = at + n;
    tag->end = tag_end(tag->attributes);
    return TRUE;
}

static char *undo_entities(const char *text, gsize size)
{
    GString *out = g_string_new(NULL);
    const char *end = text + size;
    g_autofree char *copy = g_strndup(text, size);
    for (const char *at = copy; *at && at < copy + (end - text);) {
        char utf8[8];
        gsize used = *at == '&' ? html_entity(at, utf8) : 0;
        if (used > 0)
            g_string_append(out, utf8);
        else
            g_string_append_c(out, *at);
        at += MAX(used, 1);
    }
    return g_string_free(out, FALSE);
}

/* The value of attribute NAME of TAG, or NULL. */
static char *attribute(const Tag *tag, const char *name)
{
    const char *at = tag->attributes;
    while (at < tag->end) {
        at += strspn(at, " \t\r\n\f/");
        if (at >= tag->end)
            break;
        gsize length = strcspn(at, "= \t\r\n\f/>");
        gboolean wanted = length == strlen(name) && g_ascii_strncasecmp(at, name, length) == 0;
        at += MAX(length, 1);
        at += strspn(at, " \t\r\n\f");
        if (at >= tag->end || *at != '=')
            continue;
        at++;
        at += strspn(at, " \t\r\n\f");
        char quote = *at == '"' || *at == '\'' ? *at : 0;
        at += quote ? 1 : 0;
        const char *value = at;
        while (at < tag->end && (quote ? *at != quote : !g_ascii_isspace(*at)))
            at++;
        if (wanted)
            return undo_entities(value, (gsize)(at - value));
    }
    return NULL;
}

static void close_link(Page *page)
{
    g_autofree char *href = g_steal_pointer(&page->href);
    if (href == NULL || page->link > page->out->len)
        return;
    const char *bare = g_str_has_prefix(href, "mailto:") ? href + 7 : href;
    g_autofree char *text = g_strstrip(g_strdup(page->out->str + page->link));
    gsize length = strlen(text);
    gboolean same = strncmp(bare, text, length) == 0 && length > 0 &&
                    (bare[length] == '\0' || strcmp(bare + length, "/") == 0);
    if (same || page->hidden)
        return;
    g_autofree char *target = g_strdup_printf("<%s>", bare);
    page->space = TRUE;
    emit(page, target, strlen(target));
}

static void open_link(Page *page, const Tag *tag)
{
    static const char *const shown[] = {"http://", "https://", "mailto:", "ftp://"};
    close_link(page);
    char *href = attribute(tag, "href");
    for (gsize i = 0; href && i < G_N_ELEMENTS(shown); i++) {
        if (g_ascii_strncasecmp(href, shown[i], strlen(shown[i])) == 0) {
            page->href = g_strdelimit(href, " \t\r\n<>", '_');
            page->link = page->out->len;
            return;
        }
    }
    g_free(href);
}

typedef enum {
    PLAIN,
    ANCHOR,
    BODY,
    BREAK,
    CELL,
    HEAD,
    IMAGE,
    ITEM,
    PREFORMATTED,
    RAW,
    RULE,
} Kind;

typedef struct {
    const char *name;
    Kind kind;
    guint breaks; /* line ends before and after */
} Element;

/* Sorted by name. The text of RAW ones is skipped. */
static const Element elements[] = {
    {"a", ANCHOR, 0},     {"address", PLAIN, 1},    {"article", PLAIN, 2}, {"blockquote", PLAIN, 2},
    {"body", BODY, 1},    {"br", BREAK, 0},         {"center", PLAIN, 1},  {"dd", PLAIN, 1},
    {"div", PLAIN, 1},    {"dl", PLAIN, 1},         {"dt", PLAIN, 1},      {"fieldset", PLAIN, 1},
    {"figure", PLAIN, 1}, {"footer", PLAIN, 1},     {"form", PLAIN, 1},    {"h1", PLAIN, 2},
    {"h2", PLAIN, 2},     {"h3", PLAIN, 2},         {"h4", PLAIN, 2},      {"h5", PLAIN, 2},
    {"h6", PLAIN, 2},     {"head", HEAD, 0},        {"header", PLAIN, 1},  {"hr", RULE, 1},
    {"img", IMAGE, 0},    {"li", ITEM, 1},          {"main", PLAIN, 1},    {"ol", PLAIN, 1},
    {"p", PLAIN, 2},      {"pre", PREFORMATTED, 1}, {"script", RAW, 0},    {"section", PLAIN, 1},
    {"style", RAW, 0},    {"svg", RAW, 0},          {"table", PLAIN, 1},   {"td", CELL, 0},
    {"textarea", RAW, 0}, {"th", CELL, 0},          {"title", RAW, 0},     {"tr", PLAIN, 1},
    {"ul", PLAIN, 1},
};

static int compare_name(const void *name, const void *element)
{
    return strcmp(name, ((const Element *)element)->name);
}

static const Element *find_element(const char *name)
{
    return bsearch(name, elements, G_N_ELEMENTS(elements), sizeof *elements, compare_name);
}

static void show_image(Page *page, const Tag *tag)
{
    g_autofree char *alt = attribute(tag, "alt");
    if (alt != NULL)
        emit(page, alt, strlen(alt));
}

static void open_tag(Page *page, const Tag *tag, Kind kind)
{
    switch (kind) {
    case ANCHOR: open_link(page, tag); break;
    case IMAGE: show_image(page, tag); break;
    case ITEM: emit(page, "* ", 2); break;
    case RULE:
        emit(page, "---", 3);
        owe_breaks(page, 1);
        break;
    default: break;
    }
}

static void apply_tag(Page *page, const Tag *tag, const Element *element)
{
    switch (element->kind) {
    case HEAD: page->hidden = !tag->closing; break;
    case BODY: page->hidden = FALSE; break;
    case PREFORMATTED: page->pre = !tag->closing; break;
    case BREAK: owe_breaks(page, MIN(page->breaks + 1, BREAKS_MAX)); break;
    case CELL: page->space = TRUE; break;
    case ANCHOR:
        if (tag->closing)
            close_link(page);
        break;
    default: break;
    }
    if (element->breaks > 0)
        owe_breaks(page, element->breaks);
    if (!tag->closing)
        open_tag(page, tag, element->kind);
}

/* Past the closing tag of a raw element; the end of the page when it is never closed. */
static const char *skip_raw(const char *at, const char *name)
{
    gsize length = strlen(name);
    for (at = strchr(at, '<'); at; at = strchr(at + 1, '<'))
        if (at[1] == '/' && g_ascii_strncasecmp(at + 2, name, length) == 0 &&
            !g_ascii_isalnum(at[2 + length]))
            return tag_end(at);
    return NULL;
}

static const char *comment_end(const char *at)
{
    for (; *at; at++)
        if (at[0] == '-' && at[1] == '-' && at[2] == '>')
            return at + 3;
    return NULL;
}

/* What follows a '<'; the next place to read, or NULL at the end of the page. */
static const char *read_markup(Page *page, const char *at)
{
    Tag tag;
    if (g_str_has_prefix(at, "<!--"))
        return comment_end(at + 4);
    if (at[1] == '!' || at[1] == '?') {
        at += strcspn(at, ">");
        return *at ? at + 1 : NULL;
    }
    if (!read_tag(at, &tag)) {
        emit(page, "<", 1);
        return at + 1;
    }
    const Element *element = find_element(tag.name);
    if (element != NULL)
        apply_tag(page, &tag, element);
    at = tag.end;
    if (element != NULL && element->kind == RAW && !tag.closing)
        at = skip_raw(at, tag.name);
    return at && *at == '>' ? at + 1 : NULL;
}

char *html_to_text(const char *html)
{
    Page page = {.out = g_string_new(NULL)};
    for (const char *at = html; at && *at;)
        at = *at == '<' ? read_markup(&page, at) : read_text(&page, at);
    close_link(&page);
    g_string_append_c(page.out, '\n');
    return g_string_free(page.out, FALSE);
}

char *html_charset(const void *bytes, gsize size)
{
    g_autofree char *head = g_ascii_strdown(bytes, (gssize)MIN(size, META_BYTES));
    const char *at = strstr(head, "<meta");
    at = at ? strstr(at, "charset=") : NULL;
    if (at == NULL)
        return NULL;
    at += strlen("charset=");
    at += strspn(at, "\"' ");
    return g_strndup(at, strcspn(at, "\"' />;"));
}
