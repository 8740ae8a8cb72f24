/* See vault-schema.h. What each column holds is written down in doc/vault-format.md. */
#include "store/vault-schema.h"

#include "core/text.h"
#include "store/vault-sql.h"

#define APPLICATION 0x50535456 /* "PSTV" */
#define VERSION 19
#define BUSY_MS 10000
#define QUOTED(number) #number
#define AS_TEXT(number) QUOTED(number)

static const char settings[] =
    "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-1000; PRAGMA secure_delete=OFF; PRAGMA trusted_schema=OFF;"
    "PRAGMA mmap_size=0";

#define STAMP(name, number) "PRAGMA " name "=" AS_TEXT(number) ";"
static const char stamps[] = STAMP("application_id", APPLICATION) STAMP("user_version", VERSION);

/* A change here raises VERSION. */
static const char tables[] =
    "CREATE TABLE meta("
    "  one INTEGER PRIMARY KEY CHECK(one = 1),"
    "  vault_id BLOB NOT NULL,"
    "  public_key BLOB NOT NULL,"
    "  wrapped_private BLOB NOT NULL,"
    "  match_copy BLOB NOT NULL,"
    "  match_check BLOB NOT NULL);"
    "CREATE TABLE total("
    "  messages INTEGER NOT NULL,"
    "  bytes INTEGER NOT NULL);"
    "INSERT INTO total VALUES(0, 0);"
    "CREATE TABLE tagging(ruled INTEGER NOT NULL);"
    "INSERT INTO tagging VALUES(0);"
    "CREATE TABLE account("
    "  id INTEGER PRIMARY KEY,"
    "  name_mac BLOB NOT NULL UNIQUE,"
    "  last_sync INTEGER NOT NULL DEFAULT 0,"
    "  outcome INTEGER NOT NULL DEFAULT 0,"
    "  arrivals INTEGER NOT NULL DEFAULT 0,"
    "  indexed INTEGER NOT NULL DEFAULT 0,"
    "  messages INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE mailbox("
    "  id INTEGER PRIMARY KEY,"
    "  account INTEGER NOT NULL REFERENCES account,"
    "  name_mac BLOB NOT NULL,"
    "  former INTEGER NOT NULL DEFAULT 0,"
    "  uidvalidity INTEGER NOT NULL,"
    "  covered BLOB NOT NULL,"
    "  modseq INTEGER NOT NULL DEFAULT 0,"
    "  messages INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE(name_mac, former));"
    "CREATE TABLE pop_uidl("
    "  account INTEGER NOT NULL REFERENCES account,"
    "  uidl_mac BLOB NOT NULL,"
    "  message INTEGER NOT NULL REFERENCES message,"
    "  since INTEGER NOT NULL,"
    "  PRIMARY KEY(account, uidl_mac)) WITHOUT ROWID;"
    "CREATE TABLE batch("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  ephemeral BLOB NOT NULL);"
    "CREATE TABLE message("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id BLOB NOT NULL UNIQUE,"
    "  batch INTEGER NOT NULL REFERENCES batch,"
    "  stored INTEGER NOT NULL,"
    "  chunks INTEGER,"
    "  wrapped BLOB,"
    "  identity BLOB,"
    "  bytes INTEGER,"
    "  digest BLOB);"
    "CREATE UNIQUE INDEX message_identity ON message(identity) WHERE stored = 1;"
    "CREATE INDEX message_arriving ON message(row) WHERE stored = 0;"
    "CREATE TABLE chunk("
    "  key INTEGER PRIMARY KEY,"
    "  data BLOB NOT NULL);"
    "CREATE TABLE share("
    "  message INTEGER PRIMARY KEY REFERENCES message,"
    "  record BLOB NOT NULL);"
    "CREATE TABLE session("
    "  message INTEGER PRIMARY KEY REFERENCES message,"
    "  record BLOB NOT NULL);"
    "CREATE TABLE journal("
    "  sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  batch INTEGER NOT NULL REFERENCES batch,"
    "  message INTEGER NOT NULL REFERENCES message,"
    "  record BLOB NOT NULL);"
    "CREATE TABLE placement("
    "  mailbox INTEGER NOT NULL REFERENCES mailbox,"
    "  uid INTEGER NOT NULL,"
    "  message INTEGER NOT NULL REFERENCES message,"
    "  flags BLOB NOT NULL,"
    "  PRIMARY KEY(mailbox, uid)) WITHOUT ROWID;"
    "CREATE INDEX placement_message ON placement(message);"
    "CREATE TABLE kept("
    "  message INTEGER NOT NULL REFERENCES message,"
    "  account INTEGER NOT NULL REFERENCES account,"
    "  PRIMARY KEY(message, account)) WITHOUT ROWID;"
    "CREATE TABLE imported("
    "  message INTEGER NOT NULL REFERENCES message,"
    "  account INTEGER NOT NULL REFERENCES account,"
    "  mailbox_mac BLOB NOT NULL,"
    "  flags BLOB NOT NULL,"
    "  as_is INTEGER NOT NULL,"
    "  PRIMARY KEY(message, account, mailbox_mac)) WITHOUT ROWID;"
    "CREATE TABLE look("
    "  account INTEGER NOT NULL REFERENCES account,"
    "  look_mac BLOB NOT NULL,"
    "  message INTEGER NOT NULL REFERENCES message,"
    "  size_mac BLOB NOT NULL," /* behind the key's: else 3.40's integrity_check sees NULL there */
    "  PRIMARY KEY(account, look_mac, message)) WITHOUT ROWID;"
    "CREATE INDEX look_size ON look(account, size_mac);"
    "CREATE INDEX look_message ON look(message);"
    "CREATE TABLE skipped("
    "  account INTEGER NOT NULL REFERENCES account,"
    "  mailbox INTEGER NOT NULL,"
    "  uid INTEGER NOT NULL,"
    "  uidl_mac BLOB NOT NULL,"
    "  size INTEGER NOT NULL,"
    "  since INTEGER NOT NULL,"
    "  record BLOB NOT NULL,"
    "  PRIMARY KEY(account, mailbox, uid, uidl_mac)) WITHOUT ROWID;"
    "CREATE TABLE pending("
    "  message INTEGER NOT NULL REFERENCES message,"
    "  account INTEGER NOT NULL REFERENCES account,"
    "  since INTEGER NOT NULL,"
    "  tried INTEGER NOT NULL,"
    "  PRIMARY KEY(message, account)) WITHOUT ROWID;"
    "CREATE TABLE letter("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id BLOB NOT NULL UNIQUE,"
    "  sealed BLOB NOT NULL);"
    "CREATE TABLE outbox("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id BLOB NOT NULL UNIQUE,"
    "  letter INTEGER NOT NULL REFERENCES letter,"
    "  copy INTEGER NOT NULL," /* a row of letter, or 0 */
    "  state INTEGER NOT NULL,"
    "  since INTEGER NOT NULL,"
    "  tried INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL,"
    "  record BLOB NOT NULL);"
    "CREATE TABLE draft("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id BLOB NOT NULL UNIQUE,"
    "  since INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL,"
    "  touched INTEGER NOT NULL,"
    "  head BLOB NOT NULL,"
    "  text BLOB NOT NULL,"
    "  parts BLOB NOT NULL);"
    "CREATE TABLE run("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account_mac BLOB NOT NULL,"
    "  began INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL,"
    "  times INTEGER NOT NULL,"
    "  code INTEGER NOT NULL,"
    "  rule TEXT NOT NULL,"
    "  stored INTEGER NOT NULL,"
    "  known INTEGER NOT NULL,"
    "  sensitive INTEGER NOT NULL,"
    "  skipped INTEGER NOT NULL,"
    "  removed INTEGER NOT NULL);"
    "CREATE TABLE outbox_key("
    "  one INTEGER PRIMARY KEY CHECK(one = 1),"
    "  public BLOB NOT NULL,"
    "  sealed BLOB NOT NULL);"
    "CREATE TABLE secret("
    "  name_mac BLOB PRIMARY KEY,"
    "  sealed BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE login_refused("
    "  account_mac BLOB NOT NULL,"
    "  host_mac BLOB NOT NULL,"
    "  salt BLOB NOT NULL,"
    "  credential BLOB NOT NULL,"
    "  since INTEGER NOT NULL,"
    "  PRIMARY KEY(account_mac, host_mac)) WITHOUT ROWID;"
    "CREATE TABLE login_time("
    "  host_mac BLOB NOT NULL,"
    "  refused INTEGER NOT NULL,"
    "  time INTEGER NOT NULL);"
    "CREATE INDEX login_time_host ON login_time(host_mac, refused, time);";

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Number of a PRAGMA's answer; FALSE when it cannot be read. */
static gboolean number(sqlite3 *db, const char *sql, gint64 *value)
{
    sqlite3_stmt *statement = NULL;
    gboolean got = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW;
    if (got)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return got;
}

int vault_schema_make(sqlite3 *db)
{
    static const char *const steps[] = {
        "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN",
        stamps, tables, "COMMIT", settings};
    int rc = SQLITE_OK;
    for (gsize i = 0; rc == SQLITE_OK && i < G_N_ELEMENTS(steps); i++)
        rc = run(db, steps[i]);
    return rc;
}

gboolean vault_schema_check(sqlite3 *db, const char *dir, GError **error)
{
    gint64 application, version;
    sqlite3_busy_timeout(db, BUSY_MS);
    if (run(db, settings) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        !number(db, "PRAGMA application_id", &application) ||
        !number(db, "PRAGMA user_version", &version))
        return vault_failed(db, dir, error);
    g_autofree char *shown = text_name(dir);
    if (application != APPLICATION)
        return refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                      "name the right folder, or restore the store from a backup",
                      "vault.db in %s is not a vault", shown);
    if (version > VERSION)
        return refuse(error, POSTERN_ERROR_STORE, "vault.version", "install the newer release",
                      "the vault in %s was written by a newer release (format %" G_GINT64_FORMAT
                      ", this one reads %d)",
                      shown, version, VERSION);
    if (version < VERSION)
        return refuse(error, POSTERN_ERROR_STORE, "vault.version",
                      "open it with the release that made it, or fetch into a new store: name "
                      "another folder with --store",
                      "the vault in %s was written by an older release (format %" G_GINT64_FORMAT
                      ", this one reads %d)",
                      shown, version, VERSION);
    return TRUE;
}
