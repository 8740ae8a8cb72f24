/*
 * All SQL of the index that does not depend on a query. Rows are the vault's: dense and small.
 * What a search filters by lies in `doc`, whose records are short; what it shows lies in `card`.
 */
#include "store/index-private.h"

#include "core/error.h"

#define VERSION 10

#define TEXT(macro) #macro
#define VERSION_SQL(version) "PRAGMA user_version=" TEXT(version)

/* A change here raises VERSION. A segment of the word index holds what one batch brought; a leaf of
 * it fills one page. */
static const char tables[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('position', 0), ('salt', NULL);"
    "CREATE TABLE doc(row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread INTEGER NOT NULL,"
    " place INTEGER NOT NULL, date INTEGER NOT NULL, size INTEGER NOT NULL,"
    " attachments INTEGER NOT NULL, encrypted INTEGER NOT NULL, signed INTEGER NOT NULL,"
    " sensitive INTEGER NOT NULL, signature INTEGER NOT NULL, truncated INTEGER NOT NULL);"
    "CREATE INDEX doc_date ON doc(date);"
    "CREATE INDEX doc_size ON doc(size);"
    "CREATE INDEX doc_attached ON doc(row) WHERE attachments > 0;"
    "CREATE INDEX doc_encrypted ON doc(row) WHERE encrypted;"
    "CREATE INDEX doc_signed ON doc(row) WHERE signed;"
    "CREATE INDEX doc_sensitive ON doc(row) WHERE sensitive;"
    "CREATE INDEX doc_thread ON doc(thread);"
    "CREATE TABLE card(row INTEGER PRIMARY KEY, sender TEXT, recipients TEXT, subject TEXT,"
    " snippet TEXT, message_id TEXT);"
    "CREATE INDEX card_message ON card(message_id) WHERE message_id IS NOT NULL;"
    "CREATE TABLE place(no INTEGER PRIMARY KEY, account TEXT NOT NULL, folder TEXT NOT NULL,"
    " account_key TEXT NOT NULL, folder_key TEXT NOT NULL, UNIQUE(account, folder));"
    "CREATE TABLE arrival(row INTEGER, place INTEGER, uid INTEGER, gone INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, tags TEXT, PRIMARY KEY(row, place, uid)) WITHOUT ROWID;"
    "CREATE INDEX arrival_place ON arrival(place, row);"
    "CREATE TABLE tag(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL);"
    "CREATE INDEX tag_key ON tag(key);"
    "CREATE TABLE own(row INTEGER, tag INTEGER, given INTEGER NOT NULL, PRIMARY KEY(row, tag))"
    " WITHOUT ROWID;"
    "CREATE TABLE tagged(row INTEGER, tag INTEGER, PRIMARY KEY(row, tag)) WITHOUT ROWID;"
    "CREATE INDEX tagged_tag ON tagged(tag, row);"
    "CREATE TABLE thread(no INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER NOT NULL,"
    " members INTEGER NOT NULL);"
    "CREATE TABLE deferred(row INTEGER PRIMARY KEY, id TEXT NOT NULL, subject TEXT, sender TEXT,"
    " recipients TEXT, cc TEXT, body TEXT, list TEXT, filename TEXT, tried INTEGER);"
    "CREATE TABLE mention(id TEXT PRIMARY KEY, thread INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX mention_thread ON mention(thread);"
    "CREATE TABLE heard(peer TEXT, digest TEXT, gossip INTEGER, key TEXT NOT NULL,"
    " messages INTEGER NOT NULL, last INTEGER NOT NULL, sayer TEXT NOT NULL,"
    " PRIMARY KEY(peer, gossip, digest));"
    "CREATE VIRTUAL TABLE words USING fts5(subject, \"from\", \"to\", cc, body, list, filename,"
    " content='', tokenize='postern');"
    "INSERT INTO words(words, rank) VALUES ('pgsz', 8000), ('hashsize', 8388608);";

/* Of a query that is asked about some stretches of rows, one after the other. */
#define NEAR(row) row " BETWEEN :first AND :last"

#define TAGGED "SELECT g.row FROM tag t JOIN tagged g ON g.tag = t.no WHERE "
#define ARRIVED "SELECT a.row FROM place p JOIN arrival a ON a.place = p.no WHERE "

/* Places of the account of place ?2 that are called as it is, however their levels are parted. */
#define SAME_FOLDER                                                                                \
    "(SELECT t.no FROM place s JOIN place t ON t.account = s.account AND"                          \
    " replace(t.folder_key, '/', '.') = replace(s.folder_key, '/', '.') WHERE s.no = ?2)"

/* What a term weighs by its column: subject, from, to, cc, body, list, filename. */
#define WEIGHTS "4.0, 3.0, 1.0, 1.0, 1.0, 0.5, 2.0"

static const char *const statements[SQL_STATEMENTS] = {
    [SQL_POSITION] = "SELECT value FROM meta WHERE key = 'position'",
    [SQL_SET_POSITION] = "UPDATE meta SET value = max(value, ?1) WHERE key = 'position'",
    [SQL_SET_SALT] = "UPDATE meta SET value = randomblob(16) WHERE key = 'salt'",
    [SQL_AUTOMERGE] = "SELECT v FROM words_config WHERE k = 'automerge'",
    [SQL_HAS_DOC] = "SELECT 1 FROM doc WHERE row = ?1",
    [SQL_ADD_DOC] =
        "INSERT INTO doc(row, id, thread, place, date, size, attachments, encrypted,"
        " signed, sensitive, signature, truncated) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [SQL_ADD_CARD] = "INSERT INTO card(row, sender, recipients, subject, snippet, message_id)"
                     " VALUES (?1,?2,?3,?4,?5,?6)",
    [SQL_ADD_WORDS] = "INSERT INTO words(rowid, subject, \"from\", \"to\", cc, body, list,"
                      " filename) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
    [SQL_REMOVE_WORDS] =
        "INSERT INTO words(words, rowid, subject, \"from\", \"to\", cc, body, list,"
        " filename) SELECT 'delete', row, subject, sender, recipients, cc, body,"
        " list, filename FROM deferred WHERE row = ?1",
    [SQL_SET_DOC] = "UPDATE doc SET attachments = ?2, encrypted = ?3, signed = ?4, sensitive = ?5,"
                    " signature = ?6, truncated = ?7 WHERE row = ?1",
    [SQL_SET_CARD] = "UPDATE card SET sender = ?2, recipients = ?3, subject = ?4, snippet = ?5,"
                     " message_id = ?6 WHERE row = ?1",
    [SQL_ADD_DEFERRED] =
        "INSERT INTO deferred(row, id, subject, sender, recipients, cc, body, list,"
        " filename, tried) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [SQL_SET_DEFERRED] = "UPDATE deferred SET tried = ?2 WHERE row = ?1",
    [SQL_REMOVE_DEFERRED] = "DELETE FROM deferred WHERE row = ?1",
    [SQL_COUNT_DEFERRED] = "SELECT count(*) FROM deferred WHERE tried = 0",
    [SQL_DEFERRED] = "SELECT row, id, tried FROM deferred WHERE row > ?1 AND tried <> ?2"
                     " ORDER BY row LIMIT 1",
    [SQL_FIND_PLACE] = "SELECT no FROM place WHERE account = ?1 AND folder = ?2",
    [SQL_ADD_PLACE] = "INSERT INTO place(account, folder, account_key, folder_key)"
                      " VALUES (?1,?2,?3,?4)",
    [SQL_ADD_ARRIVAL] = "INSERT OR REPLACE INTO arrival(row, place, uid, seen, tags, gone)"
                        " VALUES (?1,?2,?3,?4,?5,0)",
    [SQL_SET_ARRIVAL] = "UPDATE arrival SET seen = ?4, tags = ?5"
                        " WHERE row = ?1 AND place = ?2 AND uid = ?3 AND NOT gone",
    [SQL_GONE_ARRIVAL] = "UPDATE arrival SET gone = 1 WHERE row = ?1 AND place = ?2 AND uid = ?3",
    [SQL_ONE_PLACE] = "SELECT a.place, p.folder FROM arrival a JOIN place p ON p.no = a.place"
                      " WHERE a.row = ?1 AND p.account = ?2 AND a.uid <> 0 AND a.place > ?3"
                      " ORDER BY a.place LIMIT 1",
    [SQL_GONE_PLACE] = "UPDATE arrival SET gone = 1 WHERE row = ?1 AND place = ?2 AND uid <> 0",
    [SQL_DROP_LOCAL] = "DELETE FROM arrival WHERE row = ?1 AND uid = 0 AND place IN " SAME_FOLDER,
    [SQL_MUTE_LOCAL] = "UPDATE arrival SET seen = 0, tags = NULL WHERE row = ?1 AND uid = 0 AND"
                       " place IN (SELECT p.no FROM place q JOIN place p ON p.account = q.account"
                       " WHERE q.no = ?2)",
    [SQL_SERVED] = "SELECT max(a.place IN " SAME_FOLDER ") FROM place q JOIN place p"
                   " ON p.account = q.account JOIN arrival a ON a.place = p.no AND a.row = ?1"
                   " AND a.uid <> 0 AND NOT a.gone WHERE q.no = ?2 HAVING count(*) > 0",
    [SQL_DROP_GONE] = "DELETE FROM arrival WHERE row = ?1 AND gone AND"
                      " EXISTS (SELECT 1 FROM arrival WHERE row = ?1 AND NOT gone)",
    [SQL_MOVE_DOC] = "UPDATE doc SET place = (SELECT place FROM arrival WHERE row = ?1 LIMIT 1)"
                     " WHERE row = ?1 AND NOT EXISTS"
                     " (SELECT 1 FROM arrival a WHERE a.row = ?1 AND a.place = doc.place)",
    [SQL_ARRIVALS] = "SELECT gone, seen, tags, (SELECT truncated FROM doc WHERE row = ?1)"
                     " FROM arrival WHERE row = ?1",
    [SQL_FIND_TAG] = "SELECT no FROM tag WHERE name = ?1",
    [SQL_ADD_TAG] = "INSERT INTO tag(name, key) VALUES (?1,?2)",
    [SQL_ADD_TAGGED] = "INSERT OR IGNORE INTO tagged(row, tag) VALUES (?1,?2)",
    [SQL_FIND_TAG_KEY] = "SELECT no FROM tag WHERE key = ?1 ORDER BY no LIMIT 1",
    [SQL_SET_OWN] = "INSERT OR REPLACE INTO own(row, tag, given) VALUES (?1,?2,?3)",
    [SQL_ADD_OWN] = "INSERT OR IGNORE INTO tagged(row, tag)"
                    " SELECT row, tag FROM own WHERE row = ?1 AND given",
    [SQL_OWN] = "SELECT o.given FROM tag t JOIN own o ON o.tag = t.no AND o.row = ?1"
                " WHERE t.key = ?2 ORDER BY o.given DESC LIMIT 1",
    [SQL_OWN_TAGS] = "SELECT t.name FROM own o JOIN tag t ON t.no = o.tag"
                     " WHERE o.row = ?1 AND o.given ORDER BY t.name",
    [SQL_NEXT_OWNED] = "SELECT o.row, d.id, c.message_id FROM own o JOIN doc d ON d.row = o.row"
                       " JOIN card c ON c.row = o.row WHERE o.row > ?1 AND o.given"
                       " ORDER BY o.row LIMIT 1",
    [SQL_HAS_TAG] = "SELECT 1 FROM tag t JOIN tagged g ON g.tag = t.no AND g.row = ?1"
                    " WHERE t.key = ?2",
    [SQL_ID_OF_ROW] = "SELECT id FROM doc WHERE row = ?1",
    [SQL_ROWS_MESSAGE] = "SELECT row FROM card WHERE message_id = ?1 ORDER BY row",
    [SQL_REMOVE_OWN] = "DELETE FROM own WHERE row = ?1",
    [SQL_REMOVE_TAGGED] = "DELETE FROM tagged WHERE row = ?1",
    [SQL_REMOVE_ARRIVALS] = "DELETE FROM arrival WHERE row = ?1",
    [SQL_REMOVE_CARD] = "DELETE FROM card WHERE row = ?1",
    [SQL_REMOVE_DOC] = "DELETE FROM doc WHERE row = ?1",
    [SQL_FIND_MENTION] = "SELECT thread FROM mention WHERE id = ?1",
    [SQL_ADD_MENTION] = "INSERT OR IGNORE INTO mention(id, thread) VALUES (?1,?2)",
    [SQL_ADD_THREAD] = "INSERT INTO thread(name, born, members)"
                       " VALUES (?1, (SELECT coalesce(max(no), 0) + 1 FROM thread), 0)",
    [SQL_GROW_THREAD] = "UPDATE thread SET members = members + 1 WHERE no = ?1",
    [SQL_FIND_THREAD] = "SELECT members FROM thread WHERE no = ?1",
    [SQL_MERGE_THREAD] = "UPDATE thread SET members = thread.members + lost.members,"
                         " name = iif(lost.born < thread.born, lost.name, thread.name),"
                         " born = min(lost.born, thread.born)"
                         " FROM (SELECT name, born, members FROM thread WHERE no = ?2) AS lost"
                         " WHERE thread.no = ?1",
    [SQL_MOVE_MENTIONS] = "UPDATE mention SET thread = ?1 WHERE thread = ?2",
    [SQL_MOVE_DOCS] = "UPDATE doc SET thread = ?1 WHERE thread = ?2",
    [SQL_REMOVE_THREAD] = "DELETE FROM thread WHERE no = ?1",
    [SQL_HEAR] = "INSERT INTO heard(peer, digest, key, messages, last, gossip, sayer)"
                 " VALUES (?1,?2,?3,1,?4,?5 <> '',?5)"
                 " ON CONFLICT DO UPDATE SET messages = messages + 1,"
                 " last = max(last, excluded.last),"
                 " sayer = iif((excluded.last, excluded.sayer) > (last, sayer), excluded.sayer,"
                 " sayer)",
    [SQL_FORGET_HEARD] = "DELETE FROM heard WHERE peer = ?1 AND gossip = (?3 <> '') AND digest NOT"
                         " IN (SELECT digest FROM heard WHERE peer = ?1 AND gossip = (?3 <> '')"
                         " ORDER BY last DESC, digest LIMIT ?2)",
    [SQL_LAST_SEEN] = "SELECT max(d.date) FROM card c JOIN doc d ON d.row = c.row WHERE"
                      " lower(c.sender) = ?1 OR"
                      " lower(substr(c.sender, -length(?1) - 2)) = '<' || ?1 || '>'",
    [SQL_HEARD] = "SELECT key, messages, last, sayer FROM heard WHERE peer = ?1"
                  " ORDER BY gossip, last DESC, digest",
    [SQL_NEWEST_DOC] = "SELECT row, id FROM doc ORDER BY row DESC LIMIT 1",
    [SQL_STAT] = "SELECT count(*), (SELECT page_count FROM pragma_page_count) *"
                 " (SELECT page_size FROM pragma_page_size), coalesce(sum(truncated), 0) FROM doc",
    [SQL_HIT] =
        "SELECT d.id, t.name, d.date, d.size, d.attachments, d.encrypted, d.sensitive,"
        " d.signature, p.account, c.sender, c.recipients, c.subject, c.snippet, c.message_id"
        " FROM doc d JOIN card c ON c.row = d.row JOIN thread t ON t.no = d.thread"
        " JOIN place p ON p.no = d.place WHERE d.row = ?1",
    [SQL_HIT_FOLDERS] = "SELECT DISTINCT p.folder FROM arrival a JOIN place p ON p.no = a.place"
                        " WHERE a.row = ?1 ORDER BY p.folder",
    [SQL_HIT_TAGS] = "SELECT t.name FROM tagged g JOIN tag t ON t.no = g.tag WHERE g.row = ?1"
                     " ORDER BY t.name",
    [SQL_PLACES_OF] = "SELECT DISTINCT p.account, p.folder FROM doc d JOIN arrival a"
                      " ON a.row = d.row JOIN place p ON p.no = a.place WHERE d.id = ?1"
                      " ORDER BY p.account, p.folder",
    [SQL_THREAD_OF_ROW] = "SELECT t.no, t.name FROM doc d JOIN thread t ON t.no = d.thread"
                          " WHERE d.row = ?1",
    [SQL_THREAD_DOCS] = "SELECT d.row, d.id, d.date, c.sender, c.subject FROM doc d"
                        " JOIN card c ON c.row = d.row WHERE d.thread = ?1 ORDER BY d.date, d.row",
    [SQL_THREAD_TAGS] = "SELECT DISTINCT t.name FROM doc d JOIN tagged g ON g.row = d.row"
                        " JOIN tag t ON t.no = g.tag WHERE d.thread = ?1 ORDER BY t.name",
    [SQL_PEOPLE] = "SELECT c.sender, c.recipients, d.date FROM doc d"
                   " JOIN card c ON c.row = d.row WHERE d.row = ?1",
    [SQL_LAST_ROW] = "SELECT coalesce(max(row), -1) FROM doc",
    [SQL_ROWS_MATCH] = "SELECT rowid FROM words WHERE words MATCH ?1",
    [SQL_NEAR_MATCH] = "SELECT rowid FROM words WHERE words MATCH ?1 AND " NEAR("rowid"),
    [SQL_ROWS_DATE] = "SELECT row FROM doc WHERE date BETWEEN ?1 AND ?2",
    [SQL_NEAR_DATE] = "SELECT row FROM doc WHERE +date BETWEEN ?1 AND ?2 AND " NEAR("row"),
    [SQL_ROWS_SIZE] = "SELECT row FROM doc WHERE size BETWEEN ?1 AND ?2",
    [SQL_NEAR_SIZE] = "SELECT row FROM doc WHERE +size BETWEEN ?1 AND ?2 AND " NEAR("row"),
    [SQL_ROWS_ATTACHMENT] = "SELECT row FROM doc WHERE attachments > 0 AND " NEAR("row"),
    [SQL_ROWS_ENCRYPTED] = "SELECT row FROM doc WHERE encrypted AND " NEAR("row"),
    [SQL_ROWS_SIGNED] = "SELECT row FROM doc WHERE signed AND " NEAR("row"),
    [SQL_ROWS_SENSITIVE] = "SELECT row FROM doc WHERE sensitive AND " NEAR("row"),
    [SQL_ROWS_ID] = "SELECT row FROM doc WHERE id = ?1",
    [SQL_ROWS_THREAD] = "SELECT d.row FROM mention m JOIN doc d ON d.thread = m.thread"
                        " WHERE m.id = ?1",
    [SQL_ROWS_TAG] = TAGGED "t.key = ?1 AND " NEAR("g.row"),
    [SQL_ROWS_TAG_PREFIX] = TAGGED "instr(t.key, ?1) = 1 AND " NEAR("g.row"),
    [SQL_ROWS_FOLDER] = ARRIVED "(p.folder_key = ?1 OR"
                                " substr(p.folder_key, -length(?1) - 1) IN ('/' || ?1, '.' || ?1))"
                                " AND " NEAR("a.row"),
    [SQL_ROWS_FOLDER_PREFIX] = ARRIVED "instr(p.folder_key, ?1) = 1 AND " NEAR("a.row"),
    [SQL_ROWS_ACCOUNT] = ARRIVED "p.account_key = ?1 AND " NEAR("a.row"),
    [SQL_ROWS_ACCOUNT_PREFIX] = ARRIVED "instr(p.account_key, ?1) = 1 AND " NEAR("a.row"),
    [SQL_DATE_OF_ROW] = "SELECT date FROM doc WHERE row = ?1",
    [SQL_NEWEST] = "SELECT row FROM doc WHERE date BETWEEN ?1 AND ?2 ORDER BY date DESC, row DESC",
    [SQL_OLDEST] = "SELECT row FROM doc WHERE date BETWEEN ?1 AND ?2 ORDER BY date, row",
    [SQL_BEST] = "SELECT d.row FROM words w JOIN doc d ON d.row = w.rowid WHERE w.words MATCH ?1"
                 " ORDER BY bm25(words, " WEIGHTS "), d.date DESC, d.row DESC",
};

gboolean index_failed(Index *index, GError **error)
{
    return index_failed_by(index, sqlite3_extended_errcode(index->db), error);
}

gboolean index_failed_by(Index *index, int code, GError **error)
{
    const char *why = sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return refuse(error, POSTERN_ERROR_TEMPORARY, "index.busy", "try again in a moment",
                      "another process holds the index");
    case SQLITE_FULL:
    case SQLITE_READONLY:
        return refuse(error, POSTERN_ERROR_STORE, "index.write", "check the disk",
                      "the index cannot be written: %s", why);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return refuse(error, POSTERN_ERROR_BUG, "index.sql", "report this",
                      "the index was asked wrongly: %s", sqlite3_errmsg(index->db));
    default: break;
    }
    if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC)
        return refuse(error, POSTERN_ERROR_STORE, "index.write", "check the disk",
                      "the index cannot be written: %s", why);
    gboolean damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
                       (code & 0xff) == SQLITE_CONSTRAINT || code == SQLITE_IOERR_DATA;
    if (!damaged)
        return refuse(error, POSTERN_ERROR_STORE, "index.read", "check the disk",
                      "the index cannot be read: %s", why);
    return refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
                  "the index is damaged: %s",
                  code == SQLITE_IOERR_DATA ? "a page does not open" : why);
}

gboolean index_exec(Index *index, const char *sql, GError **error)
{
    return sqlite3_exec(index->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           index_failed(index, error);
}

static void bind(sqlite3_stmt *statement, const char *kinds, va_list values)
{
    for (int i = 0; kinds[i]; i++) {
        int rc = kinds[i] == 'i' ? sqlite3_bind_int64(statement, i + 1, va_arg(values, gint64))
                                 : sqlite3_bind_text(statement, i + 1, va_arg(values, const char *),
                                                     -1, SQLITE_STATIC);
        if (rc != SQLITE_OK)
            g_error("cannot bind value %d: %s", i + 1, sqlite3_errstr(rc));
    }
}

IndexUse *index_use(Index *index, IndexSql which, GError **error, const char *kinds, ...)
{
    sqlite3_stmt **statement = &index->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(index->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK) {
        index_failed(index, error);
        return NULL;
    }
    va_list values;
    va_start(values, kinds);
    bind(*statement, kinds, values);
    va_end(values);
    return *statement;
}

gboolean index_step(Index *index, IndexUse *use, gboolean *row, GError **error)
{
    int rc = sqlite3_step(use);
    *row = rc == SQLITE_ROW;
    return *row || rc == SQLITE_DONE || index_failed(index, error);
}

gboolean index_run(Index *index, IndexUse *use, GError **error)
{
    g_autoptr(IndexUse) owned = use;
    gboolean row;
    return owned != NULL && index_step(index, owned, &row, error);
}

gboolean index_number(Index *index, IndexUse *use, gint64 *number, gboolean *found, GError **error)
{
    g_autoptr(IndexUse) owned = use;
    if (owned == NULL || !index_step(index, owned, found, error))
        return FALSE;
    if (*found)
        *number = sqlite3_column_int64(owned, 0);
    return TRUE;
}

/* Both as of one moment: *VERSION, and whether there is any table. */
static gboolean look(Index *index, int *version, gboolean *empty, GError **error)
{
    static const char sql[] = "SELECT user_version, (SELECT count(*) FROM sqlite_schema)"
                              " FROM pragma_user_version";
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        *version = sqlite3_column_int(statement, 0);
        *empty = *version == 0 && sqlite3_column_int(statement, 1) == 0;
    }
    rc = sqlite3_finalize(statement);
    return rc == SQLITE_OK || index_failed(index, error);
}

/* Two may open a fresh index at once: whoever comes second finds the version set. */
static gboolean make_tables(Index *index, int *version, GError **error)
{
    gboolean empty = FALSE;
    if (!index_exec(index, "BEGIN IMMEDIATE", error))
        return FALSE;
    gboolean made = look(index, version, &empty, error);
    if (made && empty) {
        made = index_exec(index, tables, error) && index_exec(index, VERSION_SQL(VERSION), error);
        *version = VERSION;
    }
    if (made && index_exec(index, "COMMIT", error))
        return TRUE;
    sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

gboolean index_schema(Index *index, gboolean *ours, GError **error)
{
    int version = -1;
    gboolean empty = FALSE;
    if (!look(index, &version, &empty, error) || (empty && !make_tables(index, &version, error)))
        return FALSE;
    *ours = version == VERSION;
    return TRUE;
}
