/* See trace.h. */
#include "net/trace.h"

#include <stdlib.h>
#include <string.h>

/* Of one line, as much is looked at; the rest is told by its size. */
#define LOOK_BYTES 2048
#define TAIL_BYTES 32
#define NUMBER_DIGITS 10 /* a UID, a size: 32 bits */
#define NUMBER_BYTES 200 /* a set of them */

/* Sorted as in small letters. */
static const char *const words[] = {
    /* clang-format off */
    "+", "+OK", "-ERR", "8BITMIME", "\\ANSWERED", "\\DELETED", "\\DRAFT", "\\FLAGGED",
    "\\HASCHILDREN", "\\HASNOCHILDREN", "\\NOINFERIORS", "\\NONEXISTENT", "\\NOSELECT", "\\RECENT",
    "\\SEEN", "ALERT", "ANONYMOUS", "APPEND", "APPENDLIMIT", "AUTH", "AUTHENTICATE",
    "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "BAD", "BADCHARSET", "BDAT", "BINARY", "BODY",
    "BODY.PEEK", "BYE", "CAPA", "CAPABILITY", "CATENATE", "CHANGEDSINCE", "CHILDREN", "CHUNKING",
    "CLOSED", "COMPRESS", "CONDSTORE", "CONTACTADMIN", "CRAM-MD5", "DATA", "DEFLATE", "DELE", "DSN",
    "EARLIER", "EHLO", "ENABLE", "ENABLED", "ENHANCEDSTATUSCODES", "ESEARCH", "EXAMINE", "EXISTS",
    "EXPIRE", "EXPIRED", "EXPUNGE", "FETCH", "FLAGS", "FLAGS.SILENT", "FROM", "GSSAPI",
    "HASCHILDREN", "HASNOCHILDREN", "HIGHESTMODSEQ", "ID",
    "IDLE", "IMAP4REV1", "IMAP4REV2", "IMPLEMENTATION", "IN-USE", "INBOX", "INTERNALDATE", "INUSE",
    "LAST",
    "LIMIT", "LIST", "LIST-EXTENDED", "LIST-STATUS", "LITERAL+", "LITERAL-", "LOGIN", "LOGIN-DELAY",
    "LOGINDISABLED", "LOGOUT", "MAIL", "MODSEQ", "MOVE", "NAMESPACE", "NIL", "NO", "NOMODSEQ", "NONEXISTENT",
    "NOOP", "NOPERM", "NOSELECT", "OAUTHBEARER", "OK", "OVERQUOTA", "PARSE", "PASS",
    "PERMANENTFLAGS", "PIPELINING", "PLAIN", "PREAUTH", "PRIVACYREQUIRED", "QRESYNC", "QUIT",
    "QUOTA", "RCPT", "READ-ONLY", "READ-WRITE", "RECENT", "RESP-CODES", "RETR", "RSET", "SASL",
    "SASL-IR", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SEARCH",
    "SEARCHRES", "SELECT", "SERVERBUG", "SIZE", "SMTPUTF8", "SPECIAL-USE", "STARTTLS", "STAT",
    "STATUS", "STLS", "STORE", "SYS", "SYS/PERM", "SYS/TEMP", "THREAD", "TO", "TOP", "TRYCREATE",
    "UID", "UIDL", "UIDNEXT", "UIDPLUS", "UIDVALIDITY", "UNAVAILABLE", "UNKNOWN-CTE", "UNSEEN",
    "UNSELECT", "USER", "UTF8", "VANISHED", "VRFY", "WITHIN", "XOAUTH2",
    /* clang-format on */
};

struct Trace {
    TraceTaker taker;
    gpointer user;
    GString *line;    /* IMAP: what has come of a line, LOOK_BYTES of it at most */
    GString *tail;    /* and its last TAIL_BYTES, where a literal is announced */
    guint64 over;     /* bytes of it beyond those */
    guint64 literal;  /* bytes of one that are still to come */
    guint64 numbered; /* its size */
};

Trace *trace_new(TraceTaker taker, gpointer user)
{
    Trace *trace = g_new0(Trace, 1);
    *trace = (Trace){
        .taker = taker, .user = user, .line = g_string_new(NULL), .tail = g_string_new(NULL)};
    return trace;
}

void trace_free(Trace *trace)
{
    if (trace == NULL)
        return;
    g_string_free(trace->line, TRUE);
    g_string_free(trace->tail, TRUE);
    g_free(trace);
}

/* --- what may be told ---------------------------------------------------------------------- */

typedef struct {
    const char *text;
    gsize size;
} Token;

static int compare_word(const void *key, const void *word)
{
    const Token *token = key;
    const char *known = *(const char *const *)word;
    int order = g_ascii_strncasecmp(token->text, known, token->size);
    return order != 0 ? order : -(known[token->size] != '\0');
}

static gboolean is_word(Token token)
{
    return token.size > 0 && !memchr(token.text, '\0', token.size) &&
           bsearch(&token, words, G_N_ELEMENTS(words), sizeof *words, compare_word) != NULL;
}

/* A number, a set of them ("1:5,7:*"), or an enhanced status code ("2.1.5"). */
static gboolean is_number(Token token)
{
    guint digits = 0;
    for (gsize i = 0; i < token.size; i++) {
        digits = g_ascii_isdigit(token.text[i]) ? digits + 1 : 0;
        if (digits > NUMBER_DIGITS || !strchr("0123456789:,.*-", token.text[i]))
            return FALSE;
    }
    return token.size > 0 && token.size <= NUMBER_BYTES;
}

static gboolean is_plain(Token token)
{
    return is_word(token) || is_number(token);
}

static gboolean is_bracket(char c)
{
    return c != '\0' && strchr("()[]{}", c) != NULL;
}

static gsize quoted_size(const char *text, gsize size)
{
    gsize at = 1;
    while (at < size && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return MIN(at + 1, size);
}

static Token next_token(const char *text, gsize size)
{
    Token token = {text, 0};
    if (text[0] == '"')
        token.size = quoted_size(text, size);
    while (token.size < size && text[token.size] != ' ' && !is_bracket(text[token.size]))
        token.size++;
    return token;
}

typedef struct {
    GString *out;
    gsize hidden;   /* bytes that wait to be told by their number */
    gboolean blank; /* one came since */
} Telling;

static void flush(Telling *telling)
{
    if (telling->hidden > 0)
        g_string_append_printf(telling->out, "<%" G_GSIZE_FORMAT " bytes>", telling->hidden);
    if (telling->blank)
        g_string_append_c(telling->out, ' ');
    telling->hidden = 0;
    telling->blank = FALSE;
}

static void hide(Telling *telling, gsize size)
{
    if (telling->hidden == 0)
        flush(telling); /* the blank before it */
    telling->hidden += size + telling->blank;
    telling->blank = FALSE;
}

static void show(Telling *telling, Token token)
{
    flush(telling);
    g_string_append_len(telling->out, token.text, (gssize)token.size);
}

/* WORD=VALUE and WORD:VALUE are looked at apart. */
static void tell_token(Telling *telling, Token token)
{
    const char *mark = memchr(token.text, '=', token.size);
    if (mark == NULL)
        mark = memchr(token.text, ':', token.size);
    gsize head = mark ? (gsize)(mark - token.text) : 0;
    Token name = {token.text, head}, rest = {token.text + head + 1, token.size - head - 1};
    if (is_plain(token)) {
        show(telling, token);
    } else if (mark && is_word(name)) {
        show(telling, (Token){token.text, head + 1});
        if (is_plain(rest))
            show(telling, rest);
        else if (rest.size > 0)
            hide(telling, rest.size);
    } else {
        hide(telling, token.size);
    }
}

static void tell_line(GString *out, const char *text, gsize size)
{
    Telling telling = {.out = out};
    for (gsize at = 0; at < size && out->len < TRACE_LINE / 2;) {
        if (text[at] == ' ') {
            telling.blank = TRUE;
            at++;
        } else if (is_bracket(text[at])) {
            show(&telling, (Token){text + at++, 1});
        } else {
            Token token = next_token(text + at, size - at);
            tell_token(&telling, token);
            at += token.size;
        }
    }
    telling.blank = FALSE;
    flush(&telling);
}

static void tell(Trace *trace, const char *who, const char *text, gsize size, guint64 more)
{
    g_autoptr(GString) out = g_string_new(who);
    gsize look = MIN(size, LOOK_BYTES);
    tell_line(out, text, look);
    more += size - look;
    if (more > 0)
        g_string_append_printf(out, " <%" G_GUINT64_FORMAT " bytes>", more);
    trace->taker(trace->user, out->str);
}

/* --- lines --------------------------------------------------------------------------------- */

void trace_client(Trace *trace, const void *data, gsize size)
{
    const char *text = data, *end = text + size;
    while (trace && text < end) {
        const char *lf = memchr(text, '\n', (gsize)(end - text));
        const char *stop = lf ? lf : end;
        gsize length = (gsize)(stop - text);
        tell(trace, "C: ", text, length - (length > 0 && text[length - 1] == '\r'), 0);
        text = stop + 1;
    }
}

void trace_secret(Trace *trace, const char *before)
{
    if (trace == NULL)
        return;
    g_autoptr(GString) out = g_string_new("C: ");
    tell_line(out, before, strlen(before));
    g_string_append(out, *before ? " <secret>" : "<secret>");
    trace->taker(trace->user, out->str);
}

void trace_server(Trace *trace, const void *line, gsize size)
{
    if (trace)
        tell(trace, "S: ", line, size, 0);
}

void trace_body(Trace *trace, gboolean server, guint64 size)
{
    if (trace == NULL)
        return;
    g_autofree char *text =
        g_strdup_printf("%s <%" G_GUINT64_FORMAT " bytes>", server ? "S:" : "C:", size);
    trace->taker(trace->user, text);
}

void trace_note(Trace *trace, const char *format, ...)
{
    if (trace == NULL)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    trace->taker(trace->user, text);
}

/* --- IMAP ---------------------------------------------------------------------------------- */

/* The size in "…{123}" at the end of LINE (also {123+} and ~{123}); FALSE when there is none. */
static gboolean announces_literal(const GString *line, guint64 *size)
{
    if (line->len < 3 || line->str[line->len - 1] != '}')
        return FALSE;
    const char *open = strrchr(line->str, '{');
    char *end = NULL;
    if (open == NULL || !g_ascii_isdigit(open[1]))
        return FALSE;
    *size = g_ascii_strtoull(open + 1, &end, 10);
    return *end == '}' || (*end == '+' && end[1] == '}');
}

static void drop_cr(GString *text)
{
    if (text->len > 0 && text->str[text->len - 1] == '\r')
        g_string_truncate(text, text->len - 1);
}

static void end_line(Trace *trace)
{
    drop_cr(trace->line);
    drop_cr(trace->tail);
    tell(trace, "S: ", trace->line->str, trace->line->len, trace->over);
    if (!announces_literal(trace->tail, &trace->literal))
        trace->literal = 0;
    trace->numbered = trace->literal;
    g_string_truncate(trace->line, 0);
    g_string_truncate(trace->tail, 0);
    trace->over = 0;
}

static gsize skip_literal(Trace *trace, gsize size)
{
    gsize skip = (gsize)MIN(trace->literal, size);
    trace->literal -= skip;
    if (trace->literal == 0)
        trace_body(trace, TRUE, trace->numbered);
    return skip;
}

static void take(Trace *trace, const guint8 *bytes, gsize size)
{
    gsize keep = MIN(size, LOOK_BYTES - trace->line->len);
    g_string_append_len(trace->line, (const char *)bytes, (gssize)keep);
    trace->over += size - keep;
    gsize last = MIN(size, TAIL_BYTES);
    g_string_append_len(trace->tail, (const char *)bytes + size - last, (gssize)last);
    if (trace->tail->len > TAIL_BYTES)
        g_string_erase(trace->tail, 0, (gssize)(trace->tail->len - TAIL_BYTES));
}

void trace_imap(Trace *trace, const guint8 *bytes, gsize size)
{
    for (gsize at = 0; trace && at < size;) {
        if (trace->literal > 0) {
            at += skip_literal(trace, size - at);
            continue;
        }
        const guint8 *lf = memchr(bytes + at, '\n', size - at);
        gsize stop = lf ? (gsize)(lf - bytes) : size;
        take(trace, bytes + at, stop - at);
        if (lf)
            end_line(trace);
        at = stop + (lf != NULL);
    }
}
