/* See region.h. */
#include "archive/region.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define PIECE (32 * 1024)
#define TEXT_BYTES 200  /* are looked at of what lies among mail */
#define HEAD_BYTES 8192 /* and of a file by itself, to know it for a message */

static const char from[] = "From ";
#define FROM_SIZE (sizeof from - 1)

/* --- the bytes without their quoting --------------------------------------------------------- */

/* At the beginning of a line quoting is held back until it is known for what it is: so many ">",
 * then so many letters of "From ". */
typedef struct {
    Quoting quoting;
    gboolean line; /* the beginning of a line is behind us, or in what is held */
    guint64 marks;
    guint letters;
} Unquote;

static void put_marks(GByteArray *out, guint64 marks)
{
    while (marks-- > 0)
        g_byte_array_append(out, (const guint8 *)">", 1);
}

/* What is held is as it must be. */
static void release(Unquote *self, gboolean quoted, GByteArray *out)
{
    put_marks(out, self->marks - (quoted ? 1 : 0));
    g_byte_array_append(out, (const guint8 *)from, self->letters);
    self->marks = 0;
    self->letters = 0;
    self->line = FALSE;
}

static gboolean is_quoted(const Unquote *self)
{
    return self->letters == FROM_SIZE &&
           (self->quoting == QUOTED_ANY ? self->marks > 0
                                        : self->quoting == QUOTED_ONCE && self->marks == 1);
}

static void unquote_byte(Unquote *self, guint8 byte, GByteArray *out)
{
    if (self->line && byte == '>' && self->letters == 0) {
        self->marks++;
        return;
    }
    if (self->line && byte == (guint8)from[self->letters]) {
        if (++self->letters == FROM_SIZE)
            release(self, is_quoted(self), out);
        return;
    }
    if (self->line)
        release(self, FALSE, out);
    g_byte_array_append(out, &byte, 1);
    self->line = byte == '\n';
}

static void unquote(Unquote *self, const guint8 *data, gsize size, GByteArray *out)
{
    if (self->quoting == QUOTED_NOT) {
        g_byte_array_append(out, data, (guint)size);
        return;
    }
    for (gsize at = 0; at < size; at++) {
        if (!self->line) { /* up to the next line all is as it is */
            const guint8 *end = memchr(data + at, '\n', size - at);
            gsize part = end ? (gsize)(end - data) + 1 - at : size - at;
            g_byte_array_append(out, data + at, (guint)part);
            self->line = end != NULL;
            at += part - 1;
        } else {
            unquote_byte(self, data[at], out);
        }
    }
}

/* --- one piece after another ----------------------------------------------------------------- */

typedef struct {
    const Region *region;
    guint64 at;
    Unquote unquote;
    gboolean ended;
    GByteArray *plain; /* the last piece */
} Walk;

static void walk_begin(Walk *walk, const Region *region)
{
    *walk = (Walk){.region = region,
                   .at = region->from,
                   .unquote = {.quoting = region->quoting, .line = TRUE},
                   .plain = g_byte_array_new()};
}

/* FALSE with *error; an empty piece is the end. */
static gboolean walk_on(Walk *walk, GError **error)
{
    guint8 buffer[PIECE];
    g_byte_array_set_size(walk->plain, 0);
    while (walk->plain->len == 0 && !walk->ended) {
        gsize want = (gsize)MIN(sizeof buffer, walk->region->to - walk->at);
        gssize got =
            want > 0 ? window_read(walk->region->window, walk->at, buffer, want, error) : 0;
        if (got < 0)
            return FALSE;
        unquote(&walk->unquote, buffer, (gsize)got, walk->plain);
        walk->at += (guint64)got;
        walk->ended = got == 0;
        if (walk->ended && walk->unquote.line)
            release(&walk->unquote, FALSE, walk->plain);
    }
    return TRUE;
}

/* --- measuring ------------------------------------------------------------------------------- */

typedef struct {
    guint64 bytes, lines; /* LF */
    gboolean cr, crlf;
} Count;

static void count(Count *self, const guint8 *data, gsize size)
{
    for (gsize at = 0; at < size;) {
        const guint8 *end = memchr(data + at, '\n', size - at);
        if (end == NULL)
            break;
        gsize n = (gsize)(end - data);
        self->lines++;
        self->crlf |= n > 0 ? data[n - 1] == '\r' : self->cr;
        at = n + 1;
    }
    self->bytes += size;
    if (size > 0)
        self->cr = data[size - 1] == '\r';
}

gboolean region_measure(Region *region, GError **error)
{
    Walk walk;
    Count all = {0};
    walk_begin(&walk, region);
    gboolean fine;
    do {
        fine = walk_on(&walk, error);
        count(&all, walk.plain->data, walk.plain->len);
    } while (fine && walk.plain->len > 0);
    g_byte_array_unref(walk.plain);
    region->as_is = all.crlf;
    region->size = all.crlf ? all.bytes : all.bytes + all.lines;
    return fine;
}

/* --- giving ---------------------------------------------------------------------------------- */

typedef struct {
    Source source;
    Region region;
    Walk walk;
    GByteArray *out;
    gsize taken; /* of it */
    guint64 given;
    gboolean cr;
} RegionSource;

static gboolean changed(const RegionSource *self, GError **error)
{
    return refuse(error, POSTERN_ERROR_INPUT, "import.changed", "import it again",
                  "%s changed while it was read", window_place(self->region.window));
}

static gboolean with_crlf(RegionSource *self, GError **error)
{
    const guint8 *data = self->walk.plain->data;
    gsize size = self->walk.plain->len;
    for (gsize at = 0; at < size;) {
        const guint8 *end = memchr(data + at, '\n', size - at);
        gsize n = end ? (gsize)(end - data) : size;
        if (end && (n > 0 ? data[n - 1] == '\r' : self->cr))
            return changed(self, error);
        g_byte_array_append(self->out, data + at, (guint)(n - at));
        if (end)
            g_byte_array_append(self->out, (const guint8 *)"\r\n", 2);
        at = n + 1;
    }
    self->cr = data[size - 1] == '\r';
    return TRUE;
}

static gboolean fill(RegionSource *self, GError **error)
{
    g_byte_array_set_size(self->out, 0);
    self->taken = 0;
    if (!walk_on(&self->walk, error))
        return FALSE;
    const GByteArray *plain = self->walk.plain;
    if (plain->len > 0 && !self->region.as_is && !with_crlf(self, error))
        return FALSE;
    if (self->region.as_is)
        g_byte_array_append(self->out, plain->data, plain->len);
    self->given += self->out->len;
    gboolean ended = plain->len == 0;
    return (ended ? self->given == self->region.size : self->given <= self->region.size) ||
           changed(self, error);
}

static gssize region_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    RegionSource *self = (RegionSource *)source;
    if (self->taken == self->out->len && !fill(self, error))
        return -1;
    gsize part = MIN(size, self->out->len - self->taken);
    if (part > 0)
        memcpy(buffer, self->out->data + self->taken, part);
    self->taken += part;
    return (gssize)part;
}

static void region_free(Source *source)
{
    RegionSource *self = (RegionSource *)source;
    g_byte_array_unref(self->walk.plain);
    g_byte_array_unref(self->out);
    g_free(self);
}

Source *region_source(const Region *region)
{
    RegionSource *self = g_new0(RegionSource, 1);
    self->source = (Source){.read = region_read, .free = region_free};
    self->region = *region;
    walk_begin(&self->walk, &self->region);
    self->out = g_byte_array_new();
    return &self->source;
}

/* --- what is a message ----------------------------------------------------------------------- */

gboolean begins_with_field(const guint8 *line, gsize size)
{
    gsize at = 0;
    while (at < size && line[at] > ' ' && line[at] < 0x7f && line[at] != ':')
        at++;
    gboolean named = at > 0;
    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return named && at < size && line[at] == ':';
}

/* No control characters but those of text. */
static gboolean is_text(const guint8 *data, gsize size)
{
    for (gsize at = 0; at < size; at++)
        if ((data[at] < ' ' && strchr("\t\n\f\r\033\016\017", data[at]) == NULL) ||
            data[at] == '\0')
            return FALSE;
    return size > 0;
}

/* One that mail is hardly ever without? "root:x:0:0:" begins as a field does, too. */
static gboolean is_mail_field(const guint8 *line, gsize size)
{
    static const char *const names[] = {
        "from",        "date",         "to",           "subject",      "message-id", "received",
        "return-path", "delivered-to", "mime-version", "content-type", "cc",         "sender"};
    if (!begins_with_field(line, size))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        gsize length = strlen(names[i]);
        if (length < size && strchr(": \t", line[length]) != NULL &&
            g_ascii_strncasecmp((const char *)line, names[i], length) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Among the lines up to the first empty one. */
static gboolean has_mail_field(const guint8 *head, gsize size)
{
    for (gsize at = 0; at < size && head[at] != '\n' && head[at] != '\r';) {
        const guint8 *line = head + at, *end = memchr(line, '\n', size - at);
        gsize length = end ? (gsize)(end - line) : size - at;
        if (is_mail_field(line, length))
            return TRUE;
        at += length + 1;
    }
    return FALSE;
}

gboolean region_is_message(const Region *region, gboolean *is, GError **error)
{
    guint8 head[HEAD_BYTES];
    gsize most = region->among_mail ? TEXT_BYTES : HEAD_BYTES;
    gsize want = (gsize)MIN(most, region->to - region->from);
    gssize got = window_read(region->window, region->from, head, want, error);
    if (got < 0)
        return FALSE;
    gsize size = (gsize)got, skip = size > 0 && *head == '>' ? 1 : 0;
    gboolean field = begins_with_field(head, size);
    *is =
        (region->among_mail ? field || is_text(head, size) : field && has_mail_field(head, size)) ||
        (size >= skip + FROM_SIZE && memcmp(head + skip, from, FROM_SIZE) == 0);
    return TRUE;
}

static gboolean look(Region *region, GError **error)
{
    gboolean is;
    if (!region_is_message(region, &is, error))
        return FALSE;
    if (!is)
        return refuse(error, POSTERN_ERROR_INPUT, "import.message",
                      "leave it out; all else is imported", "%s is no mail",
                      window_place(region->window));
    if (!region_measure(region, error))
        return FALSE;
    return region->size <= LIMIT_MESSAGE_BYTES ||
           refuse(error, POSTERN_ERROR_INPUT, "import.message",
                  "leave it out; all else is imported",
                  "%s is larger than %" G_GUINT64_FORMAT " bytes", window_place(region->window),
                  LIMIT_MESSAGE_BYTES);
}

gboolean region_give(Region *region, ArchiveMessage *message, const ArchiveTaker *taker,
                     GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!look(region, &why))
        return taker->unusable(taker->user, why, error);
    message->as_is = region->as_is;
    message->size = region->size;
    g_autoptr(Source) content = region_source(region);
    return taker->message(taker->user, message, content, error);
}
