/*
 * config — the user's configuration and the company's policy, read and checked.
 *
 * Both files are GKeyFile text (see postern.conf(5)). Everything that can be judged without
 * the network or the policy's rules is judged here: unknown sections and keys, malformed
 * values, duplicate accounts. Errors are code 78 with rule "config.file", "config.syntax",
 * "config.key", "config.value" or "policy.file" and name the file and line. Values are raw: no
 * escapes, blanks at both ends dropped.
 */
#pragma once

#include <glib.h>

#include "core/pattern.h"

typedef enum { RULE_ALLOW, RULE_ENCRYPT, RULE_REFUSE } MailRule; /* ordered: later is stricter */
typedef enum { TLS_1_2, TLS_1_3 } TlsMinimum;
typedef enum { LOGIN_NAMES_WARN, LOGIN_NAMES_FAIL } LoginNames; /* likewise */

/* Which keys of [company] a file names: bit 1 << COMPANY_DOMAINS and so on. */
typedef enum {
    COMPANY_DOMAINS,
    COMPANY_NETWORKS,
    COMPANY_OFFICES,
    COMPANY_CA_FILE,
    COMPANY_RECOVERY_KEYS,
    COMPANY_MIN_AUTH,
    COMPANY_MIN_TLS,
    COMPANY_TUNNEL,
    COMPANY_OUTSIDE,
    COMPANY_FREEMAIL,
    COMPANY_WKD,
    COMPANY_PIN,
    COMPANY_LOGIN_NAMES,
    COMPANY_DELIVER_SENSITIVE,
    COMPANY_KEYS,
} CompanyKey;

/* [company]. String lists are GStrv, never NULL. */
typedef struct {
    char **domains;
    char **networks; /* CIDR; empty: any global address */
    char **offices;  /* CIDR of our own address; empty: anywhere */
    GPtrArray
        *ca_files; /* char *; every file is a set the chain must lead to; empty: the system's */
    char **recovery_keys; /* full fingerprints */
    char *min_auth;       /* mechanism, or NULL */
    TlsMinimum min_tls;
    gboolean tunnel;
    MailRule outside;
    MailRule freemail;
    LoginNames login_names;     /* what a login that is no secret counts as */
    char *wkd;                  /* "never", "company" or "any" */
    gboolean deliver_sensitive; /* an account may hand on though there are [sensitive] rules */
    char **pins; /* demanded of every account; config_parse() and config_narrow() have
                    laid them over the accounts' own */
    guint given; /* bits of CompanyKey: written somewhere, not a default */
} Company;

typedef enum { SECRET_SEALED, SECRET_KEYRING, SECRET_CREDENTIAL, SECRET_COMMAND } SecretKind;
#define INTERVAL_USUAL (5 * 60)
#define INTERVAL_LEAST 60 /* more often is a burden to servers, and near the bound on logins */

/* [account "NAME"] */
typedef struct {
    char *name;
    char *address; /* as written: a mailbox with or without display name */
    char **aliases;
    char *fetch;    /* URI, or NULL */
    char *submit;   /* URI, or NULL */
    char **folders; /* patterns in order; never empty (default "*") */
    enum { KEEP_YES, KEEP_NO, KEEP_DAYS } keep;
    guint keep_days;
    guint64 max_size; /* larger messages stay on the server; 0: none is too large */
    enum { GONE_KEEP, GONE_REMOVE } gone; /* what the server has no more */
    SecretKind secret_kind;
    char *secret_argument; /* command line or credential name, else NULL */
    guint connections;     /* at most, to fetch; 0: not set, which is one */
    gboolean compress;     /* COMPRESS=DEFLATE over IMAP, where the server can */
    char *key;             /* owner's fingerprint, 40 or 64 upper-case hex digits, or NULL */
    char *sign_key;        /* fingerprint, or NULL for the owner's */
    char **pins;           /* "sha256/BASE64"; where [company] has pins too: those in both */
    guint interval;        /* seconds between two looks of the daemon */
    char *tunnel;          /* see policy/tunnel.h; NULL for none */
    char *save_sent;       /* "no", "server" or a mailbox; NULL: here alone */
    char *outbox_key;      /* "credential:NAME", or NULL */
    enum { DATE_UTC, DATE_LOCAL } date; /* of letters that are written here */
    gboolean user_agent;                /* they say what wrote them */
    char *deliver;                      /* "lmtp:/SOCKET" or "maildir:/DIRECTORY", or NULL */
} Account;
typedef enum { INDEX_NONE, INDEX_HEADERS, INDEX_FULL } IndexShare;
typedef enum { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG } LogLevel;

/* [sensitive "NAME"]: what a message must be to be sealed singly. Every key that is given must fit,
 * of a list one item; at least one is given. Globs as in core/pattern.h; NULL: not given. */
typedef struct {
    char *name;
    guint line;                    /* of the file, where it begins */
    char **accounts, **folders;    /* where it arrives: names, and globs */
    char **from, **list, **header; /* globs: From or Sender; List-Id; "FIELD: GLOB" */
    Pattern *subject, *body;
    guint64 larger;     /* than so many bytes, or 0 */
    gboolean encrypted; /* it arrived so; FALSE: not given */
    IndexShare index;   /* how much of it may be searched */
} SensitiveRule;

typedef struct {
    Company company;
    GPtrArray *accounts;     /* Account * in the order of the file */
    IndexShare crypto_index; /* [crypto] index: how much of mail that arrived encrypted */
    enum { AUTOCRYPT_NO, AUTOCRYPT_YES, AUTOCRYPT_MUTUAL } autocrypt; /* [crypto]: keys in mail */
    guint unlock_seconds;                                             /* [crypto] unlock_timeout */
    LogLevel log_level;                                               /* [log] level */
    char *new_mail, *failed_mail, *metrics; /* [hook] (command lines) and [log], or NULL */
    GPtrArray *sensitive;                   /* SensitiveRule *, in the order of the file */
    GPtrArray *tags;                        /* TagRule *, likewise: see tagname.h */
    char *path;                             /* the user's file */
} Config;

/*
 * Reads the user's file at PATH, then narrows [company] by the system policy
 * (SYSCONFDIR "/postern/policy") when that exists and by EXTRA_POLICY when not NULL.
 * A policy that exists must be a regular file, owned by root (or, for EXTRA_POLICY, by the
 * caller), writable by nobody else, reached without a symbolic link, and not empty. Root is
 * uid 0, and where a user namespace leaves the host's root unmapped also the overflow uid.
 */
Config *config_load(const char *path, const char *extra_policy,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Parses text as config_load() would; NAME stands in messages. For tests and the fuzzer. */
Config *config_parse(const char *text, gsize size, const char *name,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Lays a policy's [company] text over CONFIG. A key that CONFIG does not name takes the policy's
 * value; else lists intersect (domains and networks: the narrower of each nested pair) and
 * enumerations take the stricter. ca_file, pin and recovery_keys are demanded in addition. Two
 * lists that have nothing in common are refused, for an empty list would mean "anything".
 */
gboolean config_narrow(Config *config, const char *text, gsize size, const char *name,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The two policies of config_load(), laid over a configuration that was parsed from text. */
gboolean config_apply_policies(Config *config, const char *extra_policy,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The account called NAME; refuses with 78, "config.account". With NULL: the only or first one. */
const Account *config_account(const Config *config, const char *name, GError **error);
