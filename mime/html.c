/* See html.h. */
#include "mime/html.h"

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

typedef struct {
    const char *name;
    guint breaks;
} Block;

static const Block blocks[] = {
    {"address", 1}, {"article", 2}, {"blockquote", 2}, {"body", 1}, {"center", 1},
    {"dd", 1},      {"div", 1},     {"dl", 1},         {"dt", 1},   {"fieldset", 1},
    {"figure", 1},  {"footer", 1},  {"form", 1},       {"h1", 2},   {"h2", 2},
    {"h3", 2},      {"h4", 2},      {"h5", 2},         {"h6", 2},   {"header", 1},
    {"hr", 1},      {"li", 1},      {"main", 1},       {"ol", 1},   {"p", 2},
    {"pre", 1},     {"section", 1}, {"table", 1},      {"tr", 1},   {"ul", 1},
};

static void open_tag(Page *page, const Tag *tag)
{
    if (strcmp(tag->name, "a") == 0) {
        open_link(page, tag);
    } else if (strcmp(tag->name, "img") == 0) {
        g_autofree char *alt = attribute(tag, "alt");
        if (alt != NULL)
            emit(page, alt, strlen(alt));
    } else if (strcmp(tag->name, "li") == 0) {
        emit(page, "* ", 2);
    } else if (strcmp(tag->name, "hr") == 0) {
        emit(page, "---", 3);
        owe_breaks(page, 1);
    }
}

static void apply_tag(Page *page, const Tag *tag)
{
    if (strcmp(tag->name, "head") == 0)
        page->hidden = !tag->closing;
    if (strcmp(tag->name, "body") == 0)
        page->hidden = FALSE;
    if (strcmp(tag->name, "pre") == 0)
        page->pre = !tag->closing;
    if (strcmp(tag->name, "br") == 0)
        owe_breaks(page, MIN(page->breaks + 1, BREAKS_MAX));
    if (strcmp(tag->name, "td") == 0 || strcmp(tag->name, "th") == 0)
        page->space = TRUE;
    if (tag->closing && strcmp(tag->name, "a") == 0)
        close_link(page);
    for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++)
        if (strcmp(tag->name, blocks[i].name) == 0)
            owe_breaks(page, blocks[i].breaks);
    if (!tag->closing)
        open_tag(page, tag);
}

static gboolean is_raw(const char *name)
{
    static const char *const raw[] = {"script", "style", "title", "textarea", "svg"};
    for (gsize i = 0; i < G_N_ELEMENTS(raw); i++)
        if (strcmp(name, raw[i]) == 0)
            return TRUE;
    return FALSE;
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
    apply_tag(page, &tag);
    at = tag.end;
    if (!tag.closing && is_raw(tag.name))
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
