/* See wizard.h. */
#include "cli/wizard.h"

#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/server.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"
#include "mime/compose.h"
#include "net/discover.h"
#include "policy/company.h"

typedef gboolean (*Judge)(const Answers *answers, const char *answer, GError **error);

static gboolean judge_address(const Answers *answers G_GNUC_UNUSED, const char *answer,
                              GError **error)
{
    g_autoptr(Mailbox) mailbox = address_parse(answer, error);
    return mailbox != NULL;
}

/* As the configuration will have it. */
static Config *company_of(const char *domain, GError **error)
{
    g_autofree char *text = g_strdup_printf("[company]\ndomains = %s\n", domain);
    g_autoptr(Config) config = config_parse(text, strlen(text), "the answer", error);
    return config && company_check(&config->company, error) ? g_steal_pointer(&config) : NULL;
}

static gboolean judge_domain(const Answers *answers G_GNUC_UNUSED, const char *answer,
                             GError **error)
{
    g_autoptr(Config) config = company_of(answer, error);
    return config != NULL;
}

static gboolean judge_server(const Answers *answers, const char *uri, gboolean submits,
                             GError **error)
{
    g_autoptr(Config) config = company_of(answers->domain, error);
    return config && server_vet(uri, submits, &config->company, error);
}

static gboolean judge_fetch(const Answers *answers, const char *answer, GError **error)
{
    return judge_server(answers, answer, FALSE, error);
}

static gboolean judge_submit(const Answers *answers, const char *answer, GError **error)
{
    return judge_server(answers, answer, TRUE, error);
}

static gboolean missing(const char *option, GError **error)
{
    return refuse(error, POSTERN_ERROR_USAGE, "usage", "see 'postern init --help'", "%s is missing",
                  option);
}

static gboolean need(const Answers *answers, char **value, const char *option, const char *question,
                     const char *fallback, Judge judge, GError **error)
{
    while (*value == NULL) {
        g_autofree char *answer = NULL;
        g_autoptr(GError) failure = NULL;
        if (!isatty(STDIN_FILENO) || !terminal_ask(question, fallback, &answer))
            return missing(option, error);
        if (answer == NULL)
            output_note("without it nothing can be set up; Ctrl-C ends this");
        else if (judge == NULL || judge(answers, answer, &failure))
            *value = g_steal_pointer(&answer);
        else {
            g_autofree char *words = postern_error_words(failure);
            output_note("%s", words);
        }
    }
    return TRUE;
}

/* ---- servers ---- */

typedef struct {
    const char *option, *purpose, *question;
    gboolean submits;
    Judge judge;
} Use;

static const Use fetching = {"--fetch", "to fetch from",
                             "Fetch from, as in imaps://login@mail.corp.example/", FALSE,
                             judge_fetch};
static const Use sending = {"--submit", "to send by",
                            "Send by, as in smtps://login@mail.corp.example", TRUE, judge_submit};

static char *uri_of(const VettedEndpoint *endpoint, const char *login)
{
    g_autofree char *user = g_uri_escape_string(login, NULL, FALSE);
    return g_strdup_printf("%s://%s@%s", scheme_name(endpoint_scheme(endpoint)), user,
                           endpoint_host(endpoint));
}

/* What the domain of ADDRESS names; NULL without *error for nothing. */
static VettedEndpoint *seek(const Answers *answers, const char *address, const Use *use,
                            GError **error)
{
    g_autoptr(Config) config = company_of(answers->domain, error);
    g_autoptr(GError) failure = NULL;
    if (config == NULL)
        return NULL;
    /* Nothing is written yet, so that Ctrl-C may end us as it is. */
    VettedEndpoint *found =
        discover(strrchr(address, '@') + 1, use->submits, answers->login ? answers->login : address,
                 &config->company, -1, &failure);
    if (failure) {
        g_autofree char *mend =
            g_strdup_printf("name it with %s, and see that the DNS is in order", use->option);
        postern_error_set_mend(failure, mend);
        g_propagate_error(error, g_steal_pointer(&failure));
    }
    return found;
}

/* Nobody is there to be asked. */
static gboolean take_found(const Answers *answers, const char *address, const Use *use,
                           char **value, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(VettedEndpoint) found = seek(answers, address, use, &failure);
    g_autofree char *domain = text_domain(strrchr(address, '@') + 1);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (found == NULL)
        return refuse(error, POSTERN_ERROR_USAGE, "usage",
                      "give it, or have SRV records made (RFC 6186)",
                      "%s is missing, and %s names no server of the company's %s", use->option,
                      domain, use->purpose);
    *value = uri_of(found, answers->login ? answers->login : address);
    output_note("the DNS of %s names the server %s: %s %s", domain, use->purpose, use->option,
                *value);
    return TRUE;
}

/* As seek(), for somebody who is told what goes wrong and goes on. */
static VettedEndpoint *seek_aloud(Answers *answers, const char *address, const Use *use)
{
    g_autofree char *domain = text_domain(strrchr(address, '@') + 1);
    g_autoptr(GError) failure = NULL;
    if (answers->deaf)
        return NULL;
    output_note("asking the DNS of %s for a server %s", domain, use->purpose);
    VettedEndpoint *found = seek(answers, address, use, &failure);
    if (found)
        output_note("it names %s", endpoint_host(found));
    if (failure == NULL)
        return found;
    g_autofree char *words = postern_error_words(failure);
    output_note("%s", words);
    answers->deaf = !g_error_matches(failure, POSTERN_ERROR, POSTERN_ERROR_POLICY);
    return NULL;
}

/* What was found becomes the answer to no answer. */
static gboolean propose(Answers *answers, const char *address, const Use *use, char **value,
                        GError **error)
{
    g_autoptr(VettedEndpoint) found = seek_aloud(answers, address, use);
    g_autofree char *proposal = NULL;
    if (found &&
        !need(answers, &answers->login, "--login", "Your login there", address, NULL, error))
        return FALSE;
    if (found)
        proposal = uri_of(found, answers->login);
    return need(answers, value, use->option, use->question, proposal, use->judge, error);
}

static gboolean need_server(Answers *answers, const char *address, const Use *use, char **value,
                            GError **error)
{
    if (*value)
        return TRUE;
    return isatty(STDIN_FILENO) ? propose(answers, address, use, value, error)
                                : take_found(answers, address, use, value, error);
}

/* A login that no question would be about. */
static gboolean login_is_of_use(const Answers *answers, GError **error)
{
    return answers->login == NULL || answers->fetch == NULL || answers->submit == NULL ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "write it into the two URIs",
                  "--login is for servers that are looked for, and --fetch and --submit name them");
}

gboolean wizard_ask(Answers *answers, GError **error)
{
    if (!login_is_of_use(answers, error) ||
        !need(answers, &answers->address, "--address",
              "Your address, as in Jane Doe <jdoe@corp.example>", NULL, judge_address, error))
        return FALSE;
    g_autoptr(Mailbox) mailbox = address_parse(answers->address, error);
    if (mailbox == NULL)
        return FALSE;
    const char *domain = strrchr(mailbox->address, '@') + 1;
    return need(answers, &answers->account, "--account", "A name for this account", "work", NULL,
                error) &&
           need(answers, &answers->domain, "--company-domain", "The company's domain", domain,
                judge_domain, error) &&
           need_server(answers, mailbox->address, &fetching, &answers->fetch, error) &&
           need_server(answers, mailbox->address, &sending, &answers->submit, error);
}
