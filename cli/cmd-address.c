/* postern address: completes addresses, for people and for mutt's query_command. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "core/error.h"
#include "core/text.h"
#include "store/index-address.h"

#define LIMIT_USUAL 30

static void tell_json(const GPtrArray *list)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++) {
        const AddressHit *hit = list->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "address", hit->address);
        json_string(builder, "name", hit->name);
        json_int(builder, "written", hit->written);
        json_int(builder, "heard", hit->heard);
        json_int(builder, "seen", hit->seen);
        json_time(builder, "last", hit->last);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    output_json(builder);
}

/* A line that mutt shows, then ADDRESS, NAME and a remark, with tabs between. */
static void tell(const GPtrArray *list)
{
    g_autofree char *count = text_count(list->len, "address", "addresses");
    puts(count);
    for (guint i = 0; i < list->len; i++) {
        const AddressHit *hit = list->pdata[i];
        g_autofree char *address = text_address(hit->address);
        g_autofree char *name = text_field(hit->name);
        g_autofree char *date = output_short_date(hit->last);
        printf("%s\t%s\t%u written, %u heard, %s\n", address, name, hit->written, hit->heard, date);
    }
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    int limit = LIMIT_USUAL;
    const GOptionEntry entries[] = {
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N addresses (0: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_address, entries, 1, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (limit < 0)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "use 0 for all", "--limit is negative");
    g_autofree char *text = g_strjoinv(" ", argv + 1);
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, POSTERN_ERROR_INPUT, "query.syntax", "write it in UTF-8",
                      "what is looked for is not UTF-8");
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_STORE;
    g_auto(GStrv) own = own_addresses(context->config);
    g_autoptr(GPtrArray) list =
        index_addresses(context->index, text, (const char *const *)own,
                        g_get_real_time() / G_USEC_PER_SEC, (guint)limit, error);
    if (list == NULL)
        return POSTERN_ERROR_STORE;
    if (context->json)
        tell_json(list);
    else
        tell(list);
    return list->len > 0 ? 0 : POSTERN_ANSWER_NO;
}

const Command command_address = {
    .name = "address",
    .usage = "[--limit N] TEXT …",
    .summary = "Completes addresses out of the mail that is here",
    .needs = NEED_NOTHING, /* a wrong call is told before anything is unlocked */
    .run = run,
};
