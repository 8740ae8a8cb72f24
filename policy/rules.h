/*
 * rules — the company's mail policy as a list: what `postern doctor` checks, one row a rule, in
 * this order. Pure data.
 */
#pragma once

#include <glib.h>

typedef enum {
    RULE_POLICY_FILE,
    RULE_CONFIG_READABLE,
    RULE_TRANSPORT_PORT,
    RULE_SERVER_FREEMAIL,
    RULE_SERVER_COMPANY,
    RULE_SERVER_NETWORK,
    RULE_NETWORK_OFFICE,
    RULE_PORTS_CLOSED,
    RULE_TLS_OLD_VERSIONS,
    RULE_TLS_CLEAR,
    RULE_TLS_CHAIN,
    RULE_CERTIFICATE_DAYS,
    RULE_LOGIN_WORKS,
    RULE_SERVER_ABILITIES,
    RULE_LOGIN_NAMES,
    RULE_PASSWORD_THERE,
    RULE_PASSWORD_STRONG,
    RULE_PASSWORD_DIFFERENT,
    RULE_KEY_ENCRYPT,
    RULE_KEY_SECRET,
    RULE_KEY_PUBLISHED,
    RULE_RECOVERY_KEYS,
    RULE_AGENT_PINENTRY,
    RULE_STORE_PERMISSIONS,
    RULE_MATCHKEY_PERMISSIONS,
    RULE_OUTBOX_WAITING,
    RULE_FREEMAIL_USE,
    RULES,
} RuleId;

typedef struct {
    const char *name;  /* dotted, as in errors: "ports.closed" */
    const char *words; /* what it demands, a sentence without full stop */
    const char *mend;  /* what helps when nothing more exact is known */
    gboolean network;  /* can only be judged by asking the network */
} Rule;

const Rule *rule_get(RuleId id);

/* The rule that the failure NAMED ("transport.scheme", as refuse() was given) broke; FALLBACK when
 * it is none of the list. */
RuleId rule_of_failure(const char *named, RuleId fallback);
