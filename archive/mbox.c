/*
 * See mbox.h. The kinds differ in what they do to a line "From " within a message, and most files
 * do not say which they are. What is told is believed; of MBOX_AUTO, a Content-Length counts where
 * the next message, or the end, is just there, and a From_ line parts two messages when a time
 * stands in it, a header follows it, and an empty line comes before it.
 */
#include "archive/mbox.h"

#include <string.h>
#include <time.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

#define LINE_BYTES 512 /* of a line that are looked at */
#define PIECE (32 * 1024)
#define LENGTH_FIELD "Content-Length:"

typedef struct {
    guint64 at, next; /* offsets of the line and of what follows it */
    guint8 head[LINE_BYTES];
    gsize size;     /* bytes in `head` */
    gboolean whole; /* it ends with LF */
} Line;

typedef struct {
    Window *window;
    MboxKind kind;
    const ArchiveTaker *taker;
    char *place;    /* of the file */
    guint64 number; /* of the message */
    /* Of the message that is being read: */
    Line opening; /* its From_ line */
    guint64 begin, end, next;
    gboolean measured; /* by its Content-Length */
    gboolean seen, answered, flagged, deleted, draft;
} Mbox;

/* --- lines ----------------------------------------------------------------------------------- */

/* The line at AT, however long; size 0 at the end. */
static gboolean read_line(Window *window, guint64 at, Line *line, GError **error)
{
    g_autofree guint8 *piece = NULL;
    line->at = line->next = at;
    gssize got = window_read(window, at, line->head, sizeof line->head, error);
    if (got < 0)
        return FALSE;
    const guint8 *end = memchr(line->head, '\n', (gsize)got);
    line->whole = end != NULL;
    line->size = end ? (gsize)(end - line->head) + 1 : (gsize)got;
    line->next += line->size;
    while (!line->whole && got > 0) {
        if (piece == NULL)
            piece = g_malloc(PIECE);
        got = window_read(window, line->next, piece, PIECE, error);
        if (got < 0)
            return FALSE;
        end = memchr(piece, '\n', (gsize)got);
        line->whole = end != NULL;
        line->next += end ? (guint64)(end - piece) + 1 : (guint64)got;
    }
    return TRUE;
}

static gboolean is_from(const Line *line)
{
    return line->size >= 5 && memcmp(line->head, "From ", 5) == 0;
}

static gboolean is_blank(const Line *line)
{
    return line->whole && (line->size == 1 || (line->size == 2 && *line->head == '\r'));
}

static gboolean ends_with_crlf(const Line *line)
{
    return line->whole && line->size >= 2 && line->head[line->size - 2] == '\r';
}

static char *text_of(const Line *line)
{
    char *text = g_strndup((const char *)line->head, line->size);
    g_strchomp(text);
    return text;
}

/* The time in a From_ line, as of asctime(3), some with a zone between; 0 when there is none. */
static gint64 date_of(const Line *line)
{
    static const char *const forms[] = {"%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y",
                                        "%a %b %d %H:%M %Y", "%a, %d %b %Y %H:%M:%S %z"};
    g_autofree char *text = text_of(line);
    const char *rest = text;
    for (guint words = 0; words < 4 && (rest = strchr(rest, ' ')) != NULL; words++) {
        rest += strspn(rest, " ");
        for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
            struct tm when = {0};
            if (strptime(rest, forms[i], &when) == NULL)
                continue;
            gint64 zone = when.tm_gmtoff;
            return (gint64)timegm(&when) - zone;
        }
    }
    return 0;
}

/* A time and a year, in whatever form, or a single word: what nobody begins a sentence with. */
static gboolean is_opening(const Line *line)
{
    gboolean time = FALSE, year = FALSE;
    g_autofree char *text = text_of(line);
    g_auto(GStrv) words = g_strsplit(text, " ", 100);
    for (char **word = words; *word; word++) {
        const char *w = *word;
        time |= strlen(w) >= 5 && g_ascii_isdigit(w[0]) && g_ascii_isdigit(w[1]) && w[2] == ':' &&
                g_ascii_isdigit(w[3]) && g_ascii_isdigit(w[4]);
        year |= strlen(w) == 4 && strspn(w, "0123456789") == 4;
    }
    return (time && year) || g_strv_length(words) == 2;
}

/* --- where a message ends -------------------------------------------------------------------- */

static gboolean takes_length(const Mbox *self)
{
    return self->kind == MBOX_AUTO || self->kind == MBOX_CL || self->kind == MBOX_CL2;
}

/* Does a message end at AT, with its empty line or without one? *next is where another begins. */
static gboolean ends_at(Mbox *self, guint64 at, gboolean *ends, guint64 *next, GError **error)
{
    Line line;
    if (!read_line(self->window, at, &line, error))
        return FALSE;
    if (is_blank(&line) && !read_line(self->window, line.next, &line, error))
        return FALSE;
    *ends = line.size == 0 || is_from(&line);
    *next = line.at;
    return TRUE;
}

/* By LENGTH bytes behind the header that ends at BODY, when that is right. */
static gboolean try_length(Mbox *self, guint64 body, guint64 length, GError **error)
{
    guint8 last;
    guint64 end = body + length;
    self->measured = FALSE;
    if (!window_reaches(self->window, end))
        return TRUE;
    gssize got = length > 0 ? window_read(self->window, end - 1, &last, 1, error) : 1;
    if (got < 1)
        return got == 0;
    self->end = end;
    return ends_at(self, end, &self->measured, &self->next, error);
}

/* A number that is none stands for one that is wrong. */
static gboolean read_length(const Line *line, guint64 *length)
{
    gsize name = strlen(LENGTH_FIELD);
    if (line->size <= name ||
        g_ascii_strncasecmp((const char *)line->head, LENGTH_FIELD, name) != 0)
        return FALSE;
    g_autofree char *text = text_of(line);
    return g_ascii_string_to_unsigned(g_strstrip(text + name), 10, 0, LIMIT_MESSAGE_BYTES, length,
                                      NULL);
}

/* Marks of the programs that keep mail in an mbox. */
static void read_status(Mbox *self, const Line *line)
{
    g_autofree char *text = text_of(line);
    gboolean more = g_ascii_strncasecmp(text, "X-Status:", 9) == 0;
    if (!more && g_ascii_strncasecmp(text, "Status:", 7) != 0)
        return;
    for (const char *at = strchr(text, ':') + 1; *at; at++) {
        self->seen |= !more && *at == 'R';
        self->answered |= more && *at == 'A';
        self->flagged |= more && *at == 'F';
        self->deleted |= more && *at == 'D';
        self->draft |= more && *at == 'T';
    }
}

/* Up to the empty line; *body is where that ends. */
static gboolean read_header(Mbox *self, guint64 *body, gboolean *has_length, guint64 *length,
                            GError **error)
{
    Line line;
    *has_length = FALSE;
    for (guint64 at = self->begin;; at = line.next) {
        if (!read_line(self->window, at, &line, error))
            return FALSE;
        *body = line.next;
        if (line.size == 0 || is_blank(&line))
            return TRUE;
        if (read_length(&line, length))
            *has_length = TRUE;
        read_status(self, &line);
        if (line.next - self->begin > LIMIT_LOOK_HEADER) /* no header is so long */
            return TRUE;
    }
}

static gboolean header_follows(Mbox *self, const Line *line, gboolean *follows, GError **error)
{
    Line next;
    if (!read_line(self->window, line->next, &next, error))
        return FALSE;
    *follows = begins_with_field(next.head, next.size) ||
               (next.size > 6 && memcmp(next.head, ">From ", 6) == 0);
    return TRUE;
}

static gboolean parts(Mbox *self, const Line *line, gboolean behind_blank, gboolean *does,
                      GError **error)
{
    *does = is_from(line);
    if (!*does || self->kind == MBOX_O || self->kind == MBOX_RD)
        return TRUE;
    return header_follows(self, line, does, error) &&
           ((*does = *does && is_opening(line) && (behind_blank || date_of(line) != 0)), TRUE);
}

/* Up to the next From_ line; the empty line before it is its own. */
static gboolean find_end(Mbox *self, GError **error)
{
    Line line;
    gboolean part = FALSE, blank = FALSE;
    guint64 before = self->begin;
    for (guint64 at = self->begin;; at = line.next) {
        if (!read_line(self->window, at, &line, error) || !parts(self, &line, blank, &part, error))
            return FALSE;
        if (part || line.size == 0)
            break;
        blank = is_blank(&line) && ends_with_crlf(&line) <= ends_with_crlf(&self->opening);
        before = line.at;
    }
    self->next = line.at;
    self->end = blank ? before : line.at;
    return TRUE;
}

/* --- one message after another --------------------------------------------------------------- */

static Quoting quoting_of(const Mbox *self)
{
    switch (self->kind) {
    case MBOX_O:
    case MBOX_CL: return QUOTED_ONCE;
    case MBOX_CL2: return QUOTED_NOT;
    case MBOX_RD: return QUOTED_ANY;
    case MBOX_AUTO: break;
    }
    return self->measured ? QUOTED_NOT : QUOTED_ANY;
}

static gboolean give(Mbox *self, GError **error)
{
    Region region = {.window = self->window,
                     .from = self->begin,
                     .to = self->end,
                     .quoting = quoting_of(self),
                     .among_mail = TRUE};
    char flags[8];
    g_snprintf(flags, sizeof flags, "%s%s%s%s%s", self->draft ? "D" : "", self->flagged ? "F" : "",
               self->answered ? "R" : "", self->seen ? "S" : "", self->deleted ? "T" : "");
    g_autofree char *place =
        g_strdup_printf("%s, message %" G_GUINT64_FORMAT, self->place, self->number);
    window_rename(self->window, place);
    ArchiveMessage message = {.place = place, .flags = flags, .date = date_of(&self->opening)};
    return region_give(&region, &message, self->taker, error);
}

static gboolean read_message(Mbox *self, GError **error)
{
    guint64 body, length = 0;
    gboolean has_length;
    self->begin = self->opening.next;
    self->measured = self->seen = self->answered = self->flagged = self->deleted = self->draft =
        FALSE;
    if (!read_header(self, &body, &has_length, &length, error) ||
        (has_length && takes_length(self) && !try_length(self, body, length, error)) ||
        (!self->measured && !find_end(self, error)))
        return FALSE;
    self->number++;
    return give(self, error);
}

gboolean mbox_read(Window *window, MboxKind kind, const ArchiveTaker *taker, GError **error)
{
    Mbox self = {.window = window, .kind = kind, .taker = taker};
    g_autofree char *place = self.place = g_strdup(window_place(window));
    for (;;) {
        if (!read_line(window, self.next, &self.opening, error))
            return FALSE;
        if (self.opening.size == 0)
            return TRUE;
        if (!read_message(&self, error))
            return FALSE;
        window_forget(window, self.next);
    }
}

gboolean mbox_kind_named(const char *name, MboxKind *kind)
{
    static const char *const names[] = {[MBOX_AUTO] = "auto",
                                        [MBOX_O] = "mboxo",
                                        [MBOX_RD] = "mboxrd",
                                        [MBOX_CL] = "mboxcl",
                                        [MBOX_CL2] = "mboxcl2"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(name, names[i])) {
            *kind = (MboxKind)i;
            return TRUE;
        }
    return FALSE;
}
