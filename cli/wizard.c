/* See wizard.h. */
#include "cli/wizard.h"

#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/server.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "mime/compose.h"
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

gboolean wizard_ask(Answers *answers, GError **error)
{
    if (!need(answers, &answers->address, "--address",
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
           need(answers, &answers->fetch, "--fetch",
                "Fetch from, as in imaps://login@mail.corp.example/", NULL, judge_fetch, error) &&
           need(answers, &answers->submit, "--submit",
                "Send by, as in smtps://login@mail.corp.example", NULL, judge_submit, error);
}
