/* See rules.h. */
#include "policy/rules.h"

static const Rule rules[RULES] = {
    [RULE_POLICY_FILE] = {"policy.file", "the company's policy is root's and nobody else's",
                          "let root own it, and chmod 644 it", FALSE},
    [RULE_CONFIG_READABLE] = {"config.readable", "the configuration is sound, and all of it works",
                              "see postern.conf(5)", FALSE},
    [RULE_TRANSPORT_PORT] = {"transport.port", "TLS only, on its own port",
                             "write imaps://, pops://, smtps:// or submission://", FALSE},
    [RULE_SERVER_FREEMAIL] = {"server.freemail", "no server of a freemail provider",
                              "use the company's own mail server", FALSE},
    [RULE_SERVER_COMPANY] = {"server.company", "the server lies under a company domain",
                             "use the company's own mail server", FALSE},
    [RULE_SERVER_NETWORK] = {"server.network",
                             "the server's addresses lie in the company's "
                             "networks",
                             "ask who runs the company's DNS", TRUE},
    [RULE_NETWORK_OFFICE] = {"network.office", "this machine is in one of the company's offices",
                             "connect to the company's network first", TRUE},
    [RULE_PORTS_CLOSED] = {"ports.closed", "the server has no port for mail in clear",
                           "close it on the server", TRUE},
    [RULE_TLS_OLD_VERSIONS] = {"tls.old-versions", "the server refuses TLS 1.0 and 1.1",
                               "let the server demand TLS 1.2", TRUE},
    [RULE_TLS_CLEAR] = {"tls.clear", "the TLS port answers no words in clear",
                        "let the port speak nothing but TLS", TRUE},
    [RULE_TLS_CHAIN] = {"tls.chain", "the server proves that it is the company's",
                        "ask who runs the server for its certificate", TRUE},
    [RULE_CERTIFICATE_DAYS] = {"certificate.days",
                               "the server's certificate is good for three more weeks",
                               "ask who runs the server to renew it", TRUE},
    [RULE_LOGIN_WORKS] = {"login.works", "the server takes the login",
                          "see that the login and the password are right", TRUE},
    [RULE_SERVER_ABILITIES] = {"server.abilities",
                               "the server can what makes mail quick and logins safe",
                               "it works all the same; ask who runs the server to switch it on",
                               TRUE},
    [RULE_LOGIN_NAMES] = {"login.names", "a login is no address, and every account has its own",
                          "ask for a login that nobody can guess from the address", FALSE},
    [RULE_PASSWORD_THERE] = {"password.there", "the account's password can be had",
                             "see secret = in postern.conf(5)", FALSE},
    [RULE_PASSWORD_STRONG] = {"password.strong", "the password is hard to guess",
                              "take one that a machine made", FALSE},
    [RULE_PASSWORD_DIFFERENT] = {"password.different", "no two accounts share a password",
                                 "give one of them a password of its own", FALSE},
    [RULE_KEY_ENCRYPT] = {"key.encrypt", "mail can be sealed to the owner's key for a good while",
                          "extend the key", FALSE},
    [RULE_KEY_SECRET] = {"key.secret", "the owner's private key is here",
                         "import the private key, or insert the card that holds it", FALSE},
    [RULE_KEY_PUBLISHED] = {"key.published",
                            "others find the owner's key where his domain publishes keys",
                            "ask who runs the company's web key directory to put it there", FALSE},
    [RULE_RECOVERY_KEYS] = {"recovery.keys",
                            "a recovery key opens the mail when the owner's is "
                            "lost",
                            "name one in [company]: recovery_keys = FINGERPRINT", FALSE},
    [RULE_AGENT_PINENTRY] = {"agent.pinentry", "gpg-agent runs and can ask for a passphrase",
                             "install gpg-agent and a pinentry", FALSE},
    [RULE_STORE_PERMISSIONS] = {"store.permissions", "nobody else can read the store",
                                "chmod -R go= the store", FALSE},
    [RULE_MATCHKEY_PERMISSIONS] = {"matchkey.permissions", "nobody else can read the match key",
                                   "chmod -R go= the state directory", FALSE},
    [RULE_OUTBOX_WAITING] = {"outbox.waiting", "no letter lies in the outbox for long",
                             "look at it with 'postern outbox', then send it by 'postern outbox "
                             "flush', with --again what may have been sent, or drop it; what "
                             "arrived is settled by 'postern outbox sent'",
                             FALSE},
    [RULE_FREEMAIL_USE] = {"freemail.use", "no mail goes to freemail providers",
                           "ask who has one of those for an address at work, and see "
                           "[company] freemail",
                           FALSE},
};

/* Other names under which errors tell that one of the rules is broken. */
static const struct {
    const char *failure;
    RuleId rule;
} failures[] = {
    {"transport.scheme", RULE_TRANSPORT_PORT},
    {"server.literal", RULE_SERVER_COMPANY},
    {"server.office", RULE_NETWORK_OFFICE},
    {"tls.handshake", RULE_TLS_CHAIN},
    {"tls.version", RULE_TLS_CHAIN},
    {"tls.name", RULE_TLS_CHAIN},
    {"tls.expired", RULE_TLS_CHAIN},
    {"tls.pin", RULE_TLS_CHAIN},
    {"tls.staple", RULE_TLS_CHAIN},
    {"tls.revoked", RULE_TLS_CHAIN},
    {"config.ca_file", RULE_TLS_CHAIN},
};

const Rule *rule_get(RuleId id)
{
    return &rules[id];
}

RuleId rule_of_failure(const char *named, RuleId fallback)
{
    for (guint i = 0; named && i < RULES; i++)
        if (g_str_equal(named, rules[i].name))
            return (RuleId)i;
    for (guint i = 0; named && i < G_N_ELEMENTS(failures); i++)
        if (g_str_equal(named, failures[i].failure))
            return failures[i].rule;
    return fallback;
}
