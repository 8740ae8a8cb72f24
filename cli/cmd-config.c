/* postern config: what the configuration says, and whether it holds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/keylines.h"
#include "core/text.h"
#include "policy/company.h"
#include "policy/endpoint.h"

static gboolean check_uri(const Account *account, const char *uri, gboolean submits,
                          const Company *company, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint = uri ? endpoint_of(account, uri, company, error) : NULL;
    if (uri == NULL || (endpoint && endpoint_fits(endpoint, submits, error)))
        return TRUE;
    g_autofree char *name = text_name(account->name);
    g_prefix_error(error, "account \"%s\", %s: ", name, submits ? "submit" : "fetch");
    return FALSE;
}

static gboolean check(const Config *config, GError **error)
{
    if (!company_check(&config->company, error))
        return FALSE;
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        if (!check_uri(account, account->fetch, FALSE, &config->company, error) ||
            !check_uri(account, account->submit, TRUE, &config->company, error))
            return FALSE;
    }
    return TRUE;
}

static void show_json(const Config *config, const GPtrArray *lines)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "file", config->path);
    json_builder_set_member_name(builder, "sections");
    json_builder_begin_object(builder);
    for (guint i = 0; i < lines->len; i++) {
        const KeyLine *line = lines->pdata[i];
        if (line->key) {
            json_string(builder, line->key, line->value);
            continue;
        }
        if (i > 0)
            json_builder_end_object(builder);
        json_builder_set_member_name(builder, line->section);
        json_builder_begin_object(builder);
    }
    if (lines->len > 0)
        json_builder_end_object(builder);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
    output_json(builder);
}

static gboolean show(const Context *context, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *path = text_name(context->config->path);
    gsize size;
    if (!g_file_get_contents(context->config->path, &text, &size, NULL))
        return refuse(error, POSTERN_ERROR_POLICY, "config.file", "see that you may read it",
                      "cannot read %s: %s", path, g_strerror(errno));
    if (context->json) {
        g_autoptr(GPtrArray) lines = keylines_read(text, size, path, error);
        if (lines)
            show_json(context->config, lines);
        return lines != NULL;
    }
    g_autofree char *safe = text_body(text);
    printf("# %s\n%s", path, safe);
    return TRUE;
}

static void tell_checked(const Context *context)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_string(builder, "file", context->config->path);
        json_bool(builder, "holds", TRUE);
        json_builder_end_object(builder);
        output_json(builder);
    } else if (!context->quiet) {
        puts("the configuration holds");
    }
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_config, NULL, 1, 1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (strcmp(argv[1], "show") == 0) {
        show(context, error);
    } else if (strcmp(argv[1], "check") == 0) {
        if (check(context->config, error))
            tell_checked(context);
    } else {
        command_unknown_word(&command_config, argv[1], error);
    }
    return 0;
}

const Command command_config = {
    .name = "config",
    .usage = "show|check",
    .summary = "Shows or checks the configuration",
    .needs = NEED_CONFIG,
    .run = run,
};
