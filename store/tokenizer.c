/*
 * See tokenizer.h.
 *
 * A document's run of n unspaced characters takes n positions; each holds the character and,
 * beside it, the pair that begins with it. A query's run of n > 1 asks for its n - 1 pairs in
 * sequence. When a further word follows, the last character is asked for as well: it fills the
 * position that the document has there. Offsets into the text are those of unicode61's word;
 * only highlight() and snippet() would read them, and a contentless table has neither.
 */
#include "store/tokenizer.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

typedef int (*TokenReader)(void *context, int flags, const char *token, int size, int start,
                           int end);

/* A foreign word and what it is folded to; words come again and again. */
#define WORDS_KEPT 4096
#define WORD_KEPT 40

typedef struct {
    guint8 size;          /* 0: none */
    gboolean spaced;      /* nothing of it stands in a script without blanks */
    char word[WORD_KEPT]; /* no NUL behind it */
    char folded[WORD_KEPT];
} Folded;

typedef struct {
    fts5_tokenizer inner;
    Fts5Tokenizer *handle;
    Folded *kept; /* WORDS_KEPT, each where its hash says; NULL until there is one */
} Tokenizer;

/* One call of xTokenize(). */
typedef struct {
    Tokenizer *tokenizer;
    void *context;
    TokenReader reader;
    gboolean query;
    char pending[8]; /* a query's last unspaced character, until a further word comes */
    int start, end;
} Emitter;

static gboolean is_ascii(const char *text, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if ((guchar)text[i] >= 0x80)
            return FALSE;
    return TRUE;
}

/* Scripts without blanks between words, and Korean, which glues particles to them. */
static gboolean unspaced(gunichar c)
{
    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR: return TRUE;
    default: return c == 0x30FC; /* the long vowel of Katakana belongs to no script */
    }
}

/* Marks that readers and writers leave out at will. */
static gboolean optional_mark(gunichar c)
{
    if (g_unichar_type(c) != G_UNICODE_NON_SPACING_MARK)
        return FALSE;
    GUnicodeScript script = g_unichar_get_script(c);
    return script == G_UNICODE_SCRIPT_INHERITED || script == G_UNICODE_SCRIPT_ARABIC ||
           script == G_UNICODE_SCRIPT_HEBREW;
}

static gunichar without_accent(gunichar c)
{
    GUnicodeScript script = g_unichar_get_script(c);
    gunichar base, mark;
    if (script == G_UNICODE_SCRIPT_LATIN || script == G_UNICODE_SCRIPT_GREEK)
        while (g_unichar_decompose(c, &base, &mark))
            c = base;
    return c;
}

/* TOKEN in the form in which it is compared; NULL when it is not UTF-8. */
static char *fold(const char *token, gsize size)
{
    g_autofree char *composed = g_utf8_normalize(token, (gssize)size, G_NORMALIZE_NFKC);
    if (composed == NULL)
        return NULL;
    g_autofree char *lower = g_utf8_casefold(composed, -1);
    GString *folded = g_string_sized_new(size);
    for (const char *at = lower; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!optional_mark(c))
            g_string_append_unichar(folded, without_accent(c));
    }
    return g_string_free(folded, FALSE);
}

static int hand_over(Emitter *emitter, int flags, const char *token, gsize size)
{
    if (size > LIMIT_TOKEN) {
        size = LIMIT_TOKEN;
        while (size > 0 && ((guchar)token[size] & 0xC0) == 0x80)
            size--;
    }
    return emitter->reader(emitter->context, flags, token, (int)size, emitter->start, emitter->end);
}

/* A token at the next position. */
static int emit(Emitter *emitter, const char *token, gsize size)
{
    if (emitter->pending[0]) {
        int rc = hand_over(emitter, 0, emitter->pending, strlen(emitter->pending));
        emitter->pending[0] = '\0';
        if (rc != SQLITE_OK)
            return rc;
    }
    return hand_over(emitter, 0, token, size);
}

static int emit_run_of_document(Emitter *emitter, const char *run, const char *end)
{
    int rc = SQLITE_OK;
    for (const char *at = run; rc == SQLITE_OK && at < end; at = g_utf8_next_char(at)) {
        const char *next = g_utf8_next_char(at);
        rc = emit(emitter, at, (gsize)(next - at));
        if (rc == SQLITE_OK && next < end)
            rc = hand_over(emitter, FTS5_TOKEN_COLOCATED, at, (gsize)(g_utf8_next_char(next) - at));
    }
    return rc;
}

static int emit_run_of_query(Emitter *emitter, const char *run, const char *end)
{
    int rc = SQLITE_OK;
    const char *at = run, *next = g_utf8_next_char(run);
    if (next == end)
        return emit(emitter, run, (gsize)(end - run));
    for (; rc == SQLITE_OK && next < end; at = next, next = g_utf8_next_char(next))
        rc = emit(emitter, at, (gsize)(g_utf8_next_char(next) - at));
    memcpy(emitter->pending, at, (gsize)(end - at));
    emitter->pending[end - at] = '\0';
    return rc;
}

/* A word of unicode61's with foreign letters: each stretch of one kind for itself. */
static int emit_mixed(Emitter *emitter, const char *word)
{
    int rc = SQLITE_OK;
    const char *end;
    for (const char *at = word; rc == SQLITE_OK && *at; at = end) {
        gboolean run = unspaced(g_utf8_get_char(at));
        for (end = at; *end && unspaced(g_utf8_get_char(end)) == run;)
            end = g_utf8_next_char(end);
        if (!run)
            rc = emit(emitter, at, (gsize)(end - at));
        else if (emitter->query)
            rc = emit_run_of_query(emitter, at, end);
        else
            rc = emit_run_of_document(emitter, at, end);
    }
    return rc;
}

static gboolean is_spaced(const char *word)
{
    for (; *word; word = g_utf8_next_char(word))
        if (unspaced(g_utf8_get_char(word)))
            return FALSE;
    return TRUE;
}

/* The place for WORD. */
static Folded *place_of(Tokenizer *tokenizer, const char *word, gsize size)
{
    guint32 hash = 2166136261u;
    if (tokenizer->kept == NULL)
        tokenizer->kept = g_new0(Folded, WORDS_KEPT);
    for (gsize i = 0; i < size; i++)
        hash = (hash ^ (guchar)word[i]) * 16777619u;
    return &tokenizer->kept[(hash ^ hash >> 15) % WORDS_KEPT];
}

static int emit_folded(Emitter *emitter, const char *folded, gboolean spaced)
{
    if (spaced && *folded)
        return emit(emitter, folded, strlen(folded));
    return emit_mixed(emitter, folded);
}

static int take_foreign(Emitter *emitter, const char *word, gsize size)
{
    Folded *place = size <= WORD_KEPT ? place_of(emitter->tokenizer, word, size) : NULL;
    if (place && place->size == size && memcmp(place->word, word, size) == 0)
        return emit_folded(emitter, place->folded, place->spaced);
    g_autofree char *folded = fold(word, size);
    if (folded == NULL)
        return SQLITE_OK;
    gboolean spaced = is_spaced(folded);
    if (place && strlen(folded) < WORD_KEPT) {
        place->size = (guint8)size;
        place->spaced = spaced;
        memcpy(place->word, word, size);
        g_strlcpy(place->folded, folded, WORD_KEPT);
    }
    return emit_folded(emitter, folded, spaced);
}

static int take_word(void *user, int flags, const char *word, int size, int start, int end)
{
    (void)flags;
    Emitter *emitter = user;
    emitter->start = start;
    emitter->end = end;
    if (is_ascii(word, (gsize)size))
        return emit(emitter, word, (gsize)size);
    return take_foreign(emitter, word, (gsize)size);
}

static int tokenize(Fts5Tokenizer *user, void *context, int flags, const char *text, int size,
                    TokenReader reader)
{
    Tokenizer *tokenizer = (Tokenizer *)user;
    Emitter emitter = {.tokenizer = tokenizer,
                       .context = context,
                       .reader = reader,
                       .query = (flags & FTS5_TOKENIZE_QUERY) != 0};
    return tokenizer->inner.xTokenize(tokenizer->handle, &emitter, flags, text, size, take_word);
}

static void destroy(Fts5Tokenizer *user)
{
    Tokenizer *tokenizer = (Tokenizer *)user;
    if (tokenizer->handle)
        tokenizer->inner.xDelete(tokenizer->handle);
    g_free(tokenizer->kept);
    g_free(tokenizer);
}

static int create(void *user, const char **arguments, int count, Fts5Tokenizer **made)
{
    (void)arguments;
    (void)count;
    /* Marks are letters here: without them Indic and Thai words fall apart. fold() does accents. */
    const char *settings[] = {"remove_diacritics", "0", "categories", "L* N* Co Mn Mc"};
    fts5_api *api = user;
    void *context;
    Tokenizer *tokenizer = g_new0(Tokenizer, 1);
    int rc = api->xFindTokenizer(api, "unicode61", &context, &tokenizer->inner);
    if (rc == SQLITE_OK)
        rc =
            tokenizer->inner.xCreate(context, settings, G_N_ELEMENTS(settings), &tokenizer->handle);
    if (rc != SQLITE_OK) {
        destroy((Fts5Tokenizer *)tokenizer);
        return rc;
    }
    *made = (Fts5Tokenizer *)tokenizer;
    return SQLITE_OK;
}

static fts5_api *api_of(sqlite3 *db)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

gboolean tokenizer_register(sqlite3 *db, GError **error)
{
    fts5_api *api = api_of(db);
    fts5_tokenizer methods = {create, destroy, tokenize};
    if (api == NULL || api->xCreateTokenizer(api, "postern", api, &methods, NULL) != SQLITE_OK)
        return refuse(error, POSTERN_ERROR_STORE, "index.read", "install SQLite with FTS5",
                      "SQLite offers no full-text search");
    return TRUE;
}

static int count_one(void *user, int flags, const char *token, int size, int start, int end)
{
    (void)flags;
    (void)token;
    (void)size;
    (void)start;
    (void)end;
    guint *count = user;
    ++*count;
    return SQLITE_OK;
}

guint tokenizer_count(sqlite3 *db, const char *text)
{
    Fts5Tokenizer *tokenizer = NULL;
    guint count = 0;
    fts5_api *api = api_of(db);
    if (api == NULL || create(api, NULL, 0, &tokenizer) != SQLITE_OK)
        return 0;
    (void)tokenize(tokenizer, &count, FTS5_TOKENIZE_QUERY, text, (int)strlen(text), count_one);
    destroy(tokenizer);
    return count;
}

/* FTS5_MAX_TOKEN_SIZE: what is longer is cut there. */
#define LONGEST_TERM 32768

struct TermReader {
    Fts5Tokenizer *tokenizer;
    TermTaker taker;
    gpointer user;
    gint64 terms; /* so far, of those that have a place of their own */
};

TermReader *term_reader_new(sqlite3 *db)
{
    fts5_api *api = api_of(db);
    TermReader *reader = g_new0(TermReader, 1);
    if (api && create(api, NULL, 0, &reader->tokenizer) == SQLITE_OK)
        return reader;
    g_free(reader);
    return NULL;
}

void term_reader_free(TermReader *reader)
{
    if (reader == NULL)
        return;
    destroy(reader->tokenizer);
    g_free(reader);
}

static int take_term(void *user, int flags, const char *token, int size, int start, int end)
{
    (void)start;
    (void)end;
    TermReader *reader = user;
    if ((flags & FTS5_TOKEN_COLOCATED) == 0 || reader->terms == 0)
        reader->terms++;
    reader->taker(reader->user, token, (gsize)MIN(size, LONGEST_TERM), reader->terms - 1);
    return SQLITE_OK;
}

gboolean term_reader_read(TermReader *reader, const char *text, TermTaker taker, gpointer user)
{
    reader->taker = taker;
    reader->user = user;
    reader->terms = 0;
    return tokenize(reader->tokenizer, reader, FTS5_TOKENIZE_DOCUMENT, text, (int)strlen(text),
                    take_term) == SQLITE_OK;
}
