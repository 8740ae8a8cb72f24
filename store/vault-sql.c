/* See vault-sql.h. The tables stand in vault-schema.c. */
#include "store/vault-sql.h"

#include "core/error.h"
#include "core/text.h"

/* The key of message M is wrapped singly (WRAP_OPENPGP). */
#define IS_SINGLE "substr(m.wrapped, 1, 1) = x'02'"

/* It is time to hand the message of W on: it was never tried, or not since ?2 and, at ?3, for as
 * long as it had waited when it was, or a day. */
#define DUE                                                                                        \
    "(w.tried = 0 OR (w.tried < ?2 AND ?3 - w.tried >= min(w.tried - w.since, 86400000000))) "

static const char *const texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_LAZY] = "PRAGMA synchronous=NORMAL",
    [SQL_STRICT] = "PRAGMA synchronous=FULL",
    [SQL_DEFER] = "PRAGMA defer_foreign_keys=ON",
    [SQL_CHECKPOINT] = "PRAGMA wal_checkpoint(PASSIVE)",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_META] = "SELECT vault_id, public_key, wrapped_private, match_copy, match_check FROM meta",
    [SQL_SET_META] = "INSERT INTO meta(one, vault_id, public_key, wrapped_private, match_copy, "
                     "match_check) VALUES(1, ?1, ?2, ?3, ?4, ?5)",
    [SQL_SET_WRAPPED] = "UPDATE meta SET wrapped_private = ?1 WHERE wrapped_private = ?2",
    [SQL_SECRET] = "SELECT sealed FROM secret WHERE name_mac = ?1",
    [SQL_SET_SECRET] = "INSERT OR REPLACE INTO secret(name_mac, sealed) VALUES(?1, ?2)",
    [SQL_ADD_BATCH] = "INSERT INTO batch(ephemeral) VALUES(?1)",
    [SQL_ADD_ARRIVING] = "INSERT INTO message(id, batch, stored) VALUES(?1, ?2, 0)",
    [SQL_ADD_STORED] = "INSERT INTO message(id, batch, stored, chunks, wrapped, identity, bytes, "
                       "digest) VALUES(?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)",
    [SQL_SET_STORED] = "UPDATE message SET stored = 1, chunks = ?2, wrapped = ?3, identity = ?4, "
                       "bytes = ?5, digest = ?6 WHERE row = ?1",
    [SQL_DROP_ARRIVING] = "DELETE FROM message WHERE row = ?1 AND stored = 0",
    [SQL_DROP_CHUNKS] = "DELETE FROM chunk WHERE key BETWEEN ?1 AND ?2",
    [SQL_ADD_CHUNK] = "INSERT INTO chunk(key, data) VALUES(?1, ?2)",
    [SQL_ADD_JOURNAL] = "INSERT INTO journal(batch, message, record) VALUES(?1, ?2, ?3)",
    [SQL_ADD_SHARE] = "INSERT INTO share(message, record) VALUES(?1, ?2)",
    [SQL_SHARE] = "SELECT m.batch, s.record FROM message m LEFT JOIN share s ON s.message = m.row "
                  "WHERE m.id = ?1 AND m.stored IN (1, 2)",
    [SQL_COUNT_SHARES] = "SELECT count(*) FROM share",
    [SQL_NEXT_SHARE] = "SELECT message FROM share WHERE message > ?1 ORDER BY message LIMIT 1",
    [SQL_SET_SINGLE] =
        "UPDATE message SET wrapped = ?2, digest = ?3 WHERE row = ?1 AND wrapped = ?4",
    [SQL_SESSION] =
        "SELECT m.row, m.batch, s.record FROM message m LEFT JOIN session s "
        "ON s.message = m.row WHERE m.id = ?1 AND m.stored IN (1, 2) AND NOT " IS_SINGLE,
    [SQL_SET_SESSION] = "INSERT OR REPLACE INTO session(message, record) SELECT row, ?2 "
                        "FROM message m WHERE row = ?1 AND stored IN (1, 2) AND NOT " IS_SINGLE,
    [SQL_ANY_SESSION] = "SELECT 1 FROM session LIMIT 1",
    [SQL_DROP_SESSION] = "DELETE FROM session WHERE message = ?1",
    [SQL_DROP_SESSIONS] = "DELETE FROM session",
    [SQL_DROP_SHARE] = "DELETE FROM share WHERE message = ?1",
    [SQL_ADD_TOTAL] = "UPDATE total SET messages = messages + ?1, bytes = bytes + ?2",
    [SQL_ADD_ACCOUNT] = "INSERT INTO account(name_mac) VALUES(?1) ON CONFLICT DO NOTHING",
    [SQL_ADD_ARRIVALS] =
        "UPDATE account SET arrivals = arrivals + ?2, messages = messages + ?3 WHERE id = ?1",
    [SQL_LESS_MESSAGES] = "UPDATE account SET messages = messages - ?2 WHERE id = ?1",
    [SQL_SET_SYNC] = "INSERT INTO account(name_mac, last_sync, outcome) VALUES(?1, ?2, ?3) "
                     "ON CONFLICT(name_mac) DO UPDATE SET last_sync = ?2, outcome = ?3",
    [SQL_SET_INDEXED] = "UPDATE account SET indexed = arrivals "
                        "WHERE ?1 = (SELECT coalesce(max(sequence), 0) FROM journal)",
    [SQL_ADD_MAILBOX] = "INSERT INTO mailbox(account, name_mac, uidvalidity, covered) "
                        "VALUES(?1, ?2, 0, x'')",
    [SQL_SET_MAILBOX] =
        "UPDATE mailbox SET uidvalidity = ?2, covered = ?3, modseq = ?4 WHERE id = ?1",
    [SQL_END_MAILBOX] = "UPDATE mailbox SET former = id WHERE id = ?1",
    [SQL_SET_MODSEQ] = "UPDATE mailbox SET modseq = ?2, messages = messages - ?3 WHERE id = ?1",
    [SQL_GROW_MAILBOX] = "UPDATE mailbox SET messages = messages + ?2 WHERE id = ?1",
    [SQL_ADD_PLACEMENT] = "INSERT INTO placement(mailbox, uid, message, flags) "
                          "VALUES(?1, ?2, ?3, ?4) ON CONFLICT(mailbox, uid) DO NOTHING",
    [SQL_SET_PLACEMENT] =
        "UPDATE placement SET message = ?3, flags = ?4 WHERE mailbox = ?1 AND uid = ?2",
    [SQL_SET_FLAGS] = "UPDATE placement SET flags = ?3 WHERE mailbox = ?1 AND uid = ?2",
    [SQL_DROP_PLACEMENT] = "DELETE FROM placement WHERE mailbox = ?1 AND uid = ?2",
    [SQL_PLACEMENT] = "SELECT p.message, p.flags, m.id FROM placement p "
                      "JOIN message m ON m.row = p.message WHERE p.mailbox = ?1 AND p.uid = ?2",
    [SQL_PLACEMENTS] =
        "SELECT p.uid, p.message, m.id FROM placement p JOIN message m ON m.row = p.message "
        "WHERE p.mailbox = ?1 AND p.uid BETWEEN ?2 AND ?3 ORDER BY p.uid LIMIT 500",
    [SQL_UIDS] = "SELECT uid FROM placement WHERE mailbox = ?1 AND uid > ?2 ORDER BY uid LIMIT ?3",
    [SQL_COUNT_UIDS] =
        "SELECT count(*) FROM placement WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3",
    [SQL_FORMER] = "SELECT id FROM mailbox WHERE name_mac = ?1 AND former > 0 LIMIT 1",
    [SQL_SAME_PLACE] = "SELECT 1 FROM placement WHERE mailbox = ?1 AND uid = ?2 AND message = ?3",
    [SQL_DROP_MAILBOX] = "DELETE FROM mailbox WHERE id = ?1",
    [SQL_MAILBOXES] = "SELECT name_mac, id FROM mailbox WHERE account = ?1",
    [SQL_PLACES] = "SELECT DISTINCT b.name_mac FROM placement p JOIN mailbox b ON b.id = p.mailbox "
                   "WHERE p.message = ?1 AND b.account = ?2",
    [SQL_ADD_KEPT] = "INSERT INTO kept(message, account) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_DROP_KEPT] = "DELETE FROM kept WHERE message = ?1 AND account = ?2",
    [SQL_WANTED] = "SELECT 1 FROM placement WHERE message = ?1 UNION ALL "
                   "SELECT 1 FROM kept WHERE message = ?1 LIMIT 1",
    [SQL_BYTES] = "SELECT bytes FROM message WHERE row = ?1",
    [SQL_REMOVE] = "UPDATE message SET stored = 3, chunks = 0, wrapped = NULL, identity = NULL, "
                   "bytes = 0, digest = NULL WHERE row = ?1",
    [SQL_ADD_UIDL] =
        "INSERT INTO pop_uidl(account, uidl_mac, message, since) VALUES(?1, ?2, ?3, ?4) "
        "ON CONFLICT(account, uidl_mac) DO NOTHING",
    /* CROSS: in this order, else SQLite walks through all chunks to find those of no message. */
    [SQL_SWEEP_CHUNKS] = "DELETE FROM chunk WHERE key IN (SELECT c.key FROM message m CROSS "
                         "JOIN chunk c ON c.key BETWEEN m.row << 20 AND (m.row << 20) + 1048575 "
                         "WHERE m.stored = 0 AND (?1 = 0 OR m.batch = ?1))",
    [SQL_SWEEP_BATCHES] = "DELETE FROM batch WHERE id IN (SELECT batch FROM message "
                          "WHERE stored = 0 AND (?1 = 0 OR batch = ?1))",
    [SQL_SWEEP_MESSAGES] = "DELETE FROM message WHERE stored = 0 AND (?1 = 0 OR batch = ?1)",
    [SQL_ACCOUNT] = "SELECT id, last_sync, outcome, arrivals, indexed, messages FROM account "
                    "WHERE name_mac = ?1",
    [SQL_MAILBOX] = "SELECT id, uidvalidity, covered, modseq, messages, EXISTS "
                    "(SELECT 1 FROM mailbox f WHERE f.name_mac = ?1 AND f.former > 0) "
                    "FROM mailbox WHERE name_mac = ?1 AND former = 0",
    [SQL_UIDL] = "SELECT u.message, u.since FROM pop_uidl u JOIN account a ON a.id = u.account "
                 "WHERE a.name_mac = ?1 AND u.uidl_mac = ?2",
    [SQL_UIDLS] = "SELECT u.uidl_mac FROM pop_uidl u JOIN account a ON a.id = u.account "
                  "WHERE a.name_mac = ?1",
    [SQL_DROP_UIDL] = "DELETE FROM pop_uidl WHERE uidl_mac = ?2 AND account = "
                      "(SELECT id FROM account WHERE name_mac = ?1)",
    [SQL_KNOWN] =
        "SELECT m.row, m.id, " IS_SINGLE " FROM message m WHERE m.identity = ?1 AND m.stored = 1",
    [SQL_IS_STORED] = "SELECT 1 FROM message WHERE row = ?1 AND stored = 1",
    [SQL_INTACT] = "SELECT m.chunks, m.id, b.ephemeral, m.wrapped, m.digest FROM message m "
                   "JOIN batch b ON b.id = m.batch WHERE m.row = ?1 AND m.stored = 1",
    [SQL_DISOWN] = "UPDATE message SET stored = 2 WHERE row = ?1",
    [SQL_DROP_UIDLS] = "DELETE FROM pop_uidl WHERE message = ?1",
    [SQL_SKIP] = "INSERT INTO skipped(account, mailbox, uid, uidl_mac, size, since, record) "
                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(account, mailbox, uid, uidl_mac) "
                 "DO UPDATE SET size = ?5, record = ?7",
    [SQL_UNSKIP] = "DELETE FROM skipped WHERE account = ?1 AND mailbox = ?2 AND uid = ?3 "
                   "AND uidl_mac = ?4",
    [SQL_UNSKIP_MAILBOX] = "DELETE FROM skipped WHERE mailbox = ?1 AND account = "
                           "(SELECT account FROM mailbox WHERE id = ?1)",
    [SQL_SKIPPED] = "SELECT s.uid, s.size, s.since, s.record FROM account a "
                    "JOIN skipped s ON s.account = a.id WHERE a.name_mac = ?1 "
                    "ORDER BY s.size DESC, s.since DESC",
    [SQL_SKIPPED_UIDS] = "SELECT s.uid, s.size FROM mailbox b "
                         "JOIN skipped s ON s.account = b.account AND s.mailbox = b.id "
                         "WHERE b.name_mac = ?1 AND b.former = 0 ORDER BY s.uid",
    [SQL_SKIPPED_UIDL] = "SELECT s.size FROM account a JOIN skipped s ON s.account = a.id "
                         "AND s.mailbox = 0 AND s.uid = 0 AND s.uidl_mac = ?2 "
                         "WHERE a.name_mac = ?1",
    [SQL_SKIPPED_PLACES] = "SELECT s.account, s.mailbox, s.uid, s.uidl_mac, b.name_mac "
                           "FROM account a JOIN skipped s ON s.account = a.id "
                           "LEFT JOIN mailbox b ON b.id = s.mailbox WHERE a.name_mac = ?1",
    [SQL_HAS] = "SELECT 1 FROM placement p JOIN mailbox b ON b.id = p.mailbox "
                "WHERE p.message = ?1 AND b.account = ?2 UNION ALL "
                "SELECT 1 FROM kept WHERE message = ?1 AND account = ?2 LIMIT 1",
    [SQL_IMPORTED] = "SELECT flags FROM imported WHERE message = ?1 AND account = ?2 "
                     "AND mailbox_mac = ?3",
    /* What came first says how its lines end. */
    [SQL_SET_IMPORTED] =
        "INSERT OR REPLACE INTO imported(message, account, mailbox_mac, flags, as_is) VALUES(?1, "
        "?2, ?3, ?4, coalesce((SELECT as_is FROM imported WHERE message = ?1 LIMIT 1), ?5))",
    [SQL_ADD_LOOK] = "INSERT OR IGNORE INTO look(account, look_mac, size_mac, message) "
                     "VALUES(?1, ?2, ?3, ?4)",
    [SQL_ANY_LOOK] =
        "SELECT 1 FROM look WHERE account = (SELECT id FROM account WHERE name_mac = ?1) LIMIT 1",
    [SQL_LOOK_SIZE] = "SELECT 1 FROM look WHERE account = (SELECT id FROM account "
                      "WHERE name_mac = ?1) AND size_mac = ?2 LIMIT 1",
    [SQL_LOOK] = "SELECT l.message, EXISTS (SELECT 1 FROM mailbox b JOIN placement p "
                 "ON p.mailbox = b.id AND p.message = l.message WHERE b.name_mac = ?3 "
                 "AND b.former = 0) FROM account a JOIN look l ON l.account = a.id "
                 "AND l.look_mac = ?2 JOIN message m ON m.row = l.message AND m.stored = 1 "
                 "WHERE a.name_mac = ?1 LIMIT 2",
    [SQL_STORED_ROW] =
        "SELECT m.id, " IS_SINGLE " FROM message m WHERE m.row = ?1 AND m.stored = 1",
    [SQL_AS_IS] = "SELECT i.as_is FROM message m JOIN imported i ON i.message = m.row "
                  "WHERE m.id = ?1 LIMIT 1",
    [SQL_DROP_IMPORTED] = "DELETE FROM imported WHERE message = ?1",
    [SQL_DROP_LOOKS] = "DELETE FROM look WHERE message = ?1",
    [SQL_ADD_PENDING] = "INSERT INTO pending(message, account, since, tried) "
                        "VALUES(?1, ?2, ?3, 0) ON CONFLICT DO NOTHING",
    [SQL_TRIED_PENDING] = "UPDATE pending SET tried = ?3 WHERE message = ?1 AND account = ?2",
    [SQL_DROP_PENDING] = "DELETE FROM pending WHERE message = ?1 AND (?2 = 0 OR account = ?2)",
    [SQL_FORGET_PENDING] =
        "DELETE FROM pending WHERE account = (SELECT id FROM account WHERE name_mac = ?1)",
    [SQL_PENDING] = "SELECT m.row, m.id FROM account a JOIN pending w ON w.account = a.id "
                    "JOIN message m ON m.row = w.message WHERE a.name_mac = ?1 AND NOT " IS_SINGLE
                    " AND " DUE "ORDER BY m.row DESC",
    /* CROSS: in this order, else SQLite may walk through all that lies in the mailbox. */
    [SQL_PENDING_UIDS] =
        "SELECT p.uid FROM mailbox b CROSS JOIN pending w ON w.account = b.account "
        "CROSS JOIN placement p ON p.message = w.message AND p.mailbox = b.id "
        "WHERE b.name_mac = ?1 AND b.former = 0 AND " DUE "ORDER BY p.uid",
    [SQL_PENDING_UIDL] = "SELECT " DUE "FROM account a JOIN pop_uidl u ON u.account = a.id "
                         "JOIN pending w ON w.message = u.message AND w.account = a.id "
                         "WHERE a.name_mac = ?1 AND u.uidl_mac = ?4",
    [SQL_PENDING_KNOWN] = "SELECT m.row, m.id FROM message m JOIN pending w ON w.message = m.row "
                          "JOIN account a ON a.id = w.account WHERE m.identity = ?1 "
                          "AND m.stored = 1 AND a.name_mac = ?2",
    [SQL_COUNT_PENDING] =
        "SELECT count(*), sum(NOT EXISTS (SELECT 1 FROM placement p JOIN mailbox b ON b.id = "
        "p.mailbox WHERE p.message = w.message AND b.account = w.account AND b.former = 0) "
        "AND NOT EXISTS (SELECT 1 FROM pop_uidl u WHERE u.account = w.account "
        "AND u.message = w.message)) "
        "FROM account a JOIN pending w ON w.account = a.id WHERE a.name_mac = ?1",
    [SQL_RULED] = "SELECT ruled FROM tagging",
    [SQL_SET_RULED] = "UPDATE tagging SET ruled = ?2 WHERE ruled = ?1",
    [SQL_TOTAL] = "SELECT messages, bytes FROM total",
    [SQL_JOURNAL_END] = "SELECT coalesce(max(sequence), 0) FROM journal",
    [SQL_JOURNAL] = "SELECT j.sequence, j.message, j.batch, m.id, j.record, m.stored = 2, "
                    "m.stored = 2 AND EXISTS (SELECT 1 FROM message n WHERE n.identity = "
                    "m.identity AND n.stored = 1), m.stored = 3, " IS_SINGLE " "
                    "FROM journal j "
                    "JOIN message m ON m.row = j.message WHERE j.sequence > ?1 "
                    "ORDER BY j.sequence LIMIT 500",
    [SQL_MESSAGE] = "SELECT m.row, m.batch, m.chunks, m.wrapped FROM message m "
                    "WHERE m.id = ?1 AND m.stored IN (1, 2)",
    [SQL_MESSAGE_ROW] = "SELECT 1 FROM message WHERE row = ?1 AND id = ?2 AND stored > 0",
    [SQL_CHUNK] = "SELECT data FROM chunk WHERE key = ?1",
    [SQL_BATCH] = "SELECT ephemeral FROM batch WHERE id = ?1",
    [SQL_LOGIN_REFUSED] = "SELECT salt, credential, since FROM login_refused "
                          "WHERE account_mac = ?1 AND host_mac = ?2",
    [SQL_SET_LOGIN_REFUSED] = "INSERT OR REPLACE INTO login_refused(account_mac, host_mac, salt, "
                              "credential, since) VALUES(?1, ?2, ?3, ?4, ?5)",
    [SQL_DROP_LOGIN_REFUSED] = "DELETE FROM login_refused WHERE (?1 IS NULL OR account_mac = ?1) "
                               "AND (?2 IS NULL OR host_mac = ?2)",
    [SQL_LOGIN_TIME] = "SELECT time FROM login_time WHERE host_mac = ?1 AND refused = ?2 "
                       "ORDER BY time DESC LIMIT 1 OFFSET ?3",
    [SQL_ADD_LOGIN_TIME] = "INSERT INTO login_time(host_mac, refused, time) VALUES(?1, ?2, ?3)",
    [SQL_ADD_LETTER] = "INSERT INTO letter(id, sealed) VALUES(?1, ?2)",
    [SQL_SWEEP_LETTERS] = "DELETE FROM letter WHERE row NOT IN (SELECT letter FROM outbox) "
                          "AND row NOT IN (SELECT copy FROM outbox)",
    [SQL_ADD_OUTBOX] = "INSERT INTO outbox(state, tried, tries, record, id, letter, since, "
                       "copy) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SET_OUTBOX] =
        "UPDATE outbox SET state = ?1, tried = ?2, tries = ?3, record = ?4 WHERE row = ?5",
    [SQL_DROP_OUTBOX] = "DELETE FROM outbox WHERE row = ?1",
    [SQL_DROP_OUTBOX_LETTER] = "DELETE FROM outbox WHERE letter = ?1",
    [SQL_OUTBOX] = "SELECT o.row, o.id, o.state, o.since, o.tried, o.tries, o.record, "
                   "length(l.sealed) FROM outbox o JOIN letter l ON l.row = o.letter ORDER BY "
                   "o.row",
    [SQL_OUTBOX_ID] = "SELECT id FROM outbox WHERE row = ?1",
    [SQL_OUTBOX_ROW] = "SELECT o.id, o.state, o.since, o.tries, o.letter, o.record, l.id, "
                       "l.sealed, c.id, c.sealed FROM outbox o JOIN letter l ON l.row = o.letter "
                       "LEFT JOIN letter c ON c.row = o.copy WHERE o.row = ?1",
    [SQL_OUTBOX_KEY] = "SELECT public, sealed FROM outbox_key",
    [SQL_SET_OUTBOX_KEY] = "INSERT OR REPLACE INTO outbox_key(one, public, sealed) "
                           "VALUES(1, ?1, ?2)",
    [SQL_OUTBOX_KEY_USED] = "SELECT 1 FROM letter WHERE substr(sealed, 1, 1) = x'02' LIMIT 1",
    [SQL_OUTBOX_COPY] = "SELECT copy FROM outbox WHERE row = ?1",
    [SQL_FORGET_COPY] = "UPDATE outbox SET copy = 0 WHERE copy = ?1",
    [SQL_ADD_DRAFT] = "INSERT INTO draft(id, since, changed, touched, head, text, parts, row) "
                      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SET_DRAFT] = "UPDATE draft SET changed = ?1, touched = 1, text = ?2, "
                      "parts = coalesce(?3, parts) WHERE row = ?4",
    [SQL_DROP_DRAFT] = "DELETE FROM draft WHERE row = ?1",
    [SQL_DRAFTS] = "SELECT row, id, since, changed, touched, head, text, "
                   "length(text) + length(parts) FROM draft ORDER BY row",
    [SQL_DRAFT_ROW] = "SELECT row, since FROM draft WHERE id = ?1",
    [SQL_DRAFT] = "SELECT head, text, parts FROM draft WHERE row = ?1",
    [SQL_PROLONG_RUN] =
        "UPDATE run SET ended = ?2, times = times + 1 WHERE id = (SELECT max(id) FROM run WHERE "
        "account_mac = ?1) AND code = ?3 AND rule = ?4 AND "
        "stored + known + sensitive + skipped + removed = 0",
    [SQL_ADD_RUN] = "INSERT INTO run(account_mac, began, ended, times, code, rule, stored, known, "
                    "sensitive, skipped, removed) VALUES(?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, "
                    "?10)",
    [SQL_TRIM_RUNS] = "DELETE FROM run WHERE id <= (SELECT max(id) FROM run) - ?1",
    [SQL_RUNS] = "SELECT account_mac, began, ended, times, code, rule, stored, known, sensitive, "
                 "skipped, removed FROM run WHERE ?1 IS NULL OR account_mac = ?1 "
                 "ORDER BY ended DESC, id DESC LIMIT ?2",
    [SQL_COUNT_DRAFTS] = "SELECT count(*) FROM draft WHERE touched = 1",
    [SQL_SWEEP_LOGIN_TIMES] = "DELETE FROM login_time WHERE time <= ?1 OR time > ?2",
};

gboolean vault_failed(sqlite3 *db, const char *dir, GError **error)
{
    int rc = sqlite3_extended_errcode(db), primary = rc & 0xff;
    g_autofree char *shown = text_name(dir);
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "vault.busy", "try again in a moment",
                      "another process is writing to the vault in %s", shown);
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
        return refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                      "run 'postern verify', or restore the store from a backup",
                      "the vault in %s is damaged: %s", shown, sqlite3_errstr(rc));
    gboolean writing = primary == SQLITE_FULL || primary == SQLITE_READONLY ||
                       rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC ||
                       rc == SQLITE_IOERR_DIR_FSYNC || rc == SQLITE_IOERR_TRUNCATE;
    return refuse(error, POSTERN_ERROR_STORE, writing ? "vault.write" : "vault.read",
                  "see that the disk is sound and has room",
                  writing ? "the vault in %s cannot be written: %s"
                          : "the vault in %s cannot be used: %s",
                  shown, sqlite3_errstr(rc));
}

gboolean vault_damaged(const Vault *vault, const char *what, GError **error)
{
    g_autofree char *shown = text_name(vault->dir);
    return refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                  "run 'postern verify', or restore the store from a backup",
                  "the vault in %s is damaged: %s", shown, what);
}

sqlite3_stmt *vault_sql(Vault *vault, VaultSql which, GError **error)
{
    sqlite3_stmt **statement = &vault->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(vault->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK)
        (void)vault_failed(vault->db, vault->dir, error);
    return *statement;
}

static void must(int rc)
{
    if (rc != SQLITE_OK)
        g_error("SQLite cannot take a parameter: %s", sqlite3_errstr(rc));
}

void sql_int(sqlite3_stmt *statement, int n, gint64 value)
{
    must(sqlite3_bind_int64(statement, n, value));
}

void sql_blob(sqlite3_stmt *statement, int n, const void *data, gsize size)
{
    must(sqlite3_bind_blob64(statement, n, data, size, SQLITE_STATIC));
}

gboolean sql_row(Vault *vault, sqlite3_stmt *statement, gboolean *row, GError **error)
{
    int rc = sqlite3_step(statement);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return TRUE;
    (void)vault_failed(vault->db, vault->dir, error);
    sqlite3_reset(statement);
    return FALSE;
}

gboolean sql_done(Vault *vault, sqlite3_stmt *statement, GError **error)
{
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) /* a PRAGMA's answer */
        ;
    if (rc != SQLITE_DONE)
        (void)vault_failed(vault->db, vault->dir, error);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE;
}

sqlite3_stmt *sql_look_up(Vault *vault, VaultSql which, const void *key, gsize size, gboolean *row,
                          GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL)
        return NULL;
    sql_blob(statement, 1, key, size);
    return sql_row(vault, statement, row, error) ? statement : NULL;
}

gboolean sql_run_with_two(Vault *vault, VaultSql which, gint64 first, gint64 second, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, first);
    sql_int(statement, 2, second);
    return sql_done(vault, statement, error);
}

gboolean sql_run(Vault *vault, VaultSql which, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    return statement && sql_done(vault, statement, error);
}

gboolean sql_run_with(Vault *vault, VaultSql which, gint64 value, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, value);
    return sql_done(vault, statement, error);
}

gboolean sql_begin(Vault *vault, VaultSql durability, GError **error)
{
    turn_begin(vault->turn);
    if (sql_run(vault, durability, error) && sql_run(vault, SQL_BEGIN, error))
        return TRUE;
    turn_end(vault->turn);
    return FALSE;
}

gboolean sql_end(Vault *vault, gboolean fine, GError **error)
{
    fine = fine && sql_run(vault, SQL_COMMIT, error);
    if (!fine && !sqlite3_get_autocommit(vault->db)) /* some errors have rolled back already */
        (void)!sql_run(vault, SQL_ROLLBACK, NULL);
    turn_end(vault->turn);
    return fine;
}

gboolean sql_cancel(Vault *vault, GError **error)
{
    gboolean fine = sql_run(vault, SQL_ROLLBACK, error);
    turn_end(vault->turn);
    return fine;
}

gboolean vault_data_version(Vault *vault, gint64 *version, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_DATA_VERSION, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    *version = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return TRUE;
}

const guint8 *sql_column(sqlite3_stmt *statement, int n, gsize size)
{
    const guint8 *data = sqlite3_column_blob(statement, n);
    return data && (gsize)sqlite3_column_bytes(statement, n) == size ? data : NULL;
}
