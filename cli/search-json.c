/* See search-json.h. */
#include "cli/search-json.h"

#include "cli/json.h"

typedef struct {
    JsonArrayOutput output;
    guint hits;
} Listing;

static gboolean add(Listing *self, JsonBuilder *builder)
{
    self->hits++;
    output_json_element(&self->output, builder);
    return TRUE;
}

static gboolean json_hit(gpointer user, const Hit *hit, GError **error)
{
    (void)error;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "id", hit->id);
    json_string(builder, "thread", hit->thread);
    json_time(builder, "date", hit->date);
    json_string(builder, "from", hit->from);
    json_strings(builder, "to", hit->to);
    json_string(builder, "subject", hit->subject);
    json_string(builder, "account", hit->account);
    json_strings(builder, "folders", hit->folders);
    json_strings(builder, "tags", hit->tags);
    json_int(builder, "size", (gint64)hit->size);
    json_bool(builder, "encrypted", hit->encrypted);
    json_string(builder, "signature", hit->signature);
    json_bool(builder, "sensitive", hit->sensitive);
    json_int(builder, "attachments", hit->attachments);
    json_string(builder, "snippet", hit->snippet);
    json_builder_end_object(builder);
    return add(user, builder);
}

static gboolean json_thread(gpointer user, const ThreadHit *hit, GError **error)
{
    (void)error;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "thread", hit->thread);
    json_time(builder, "date", hit->date);
    json_int(builder, "messages", hit->messages);
    json_int(builder, "matched", hit->matched);
    json_strings(builder, "authors", hit->authors);
    json_string(builder, "subject", hit->subject);
    json_strings(builder, "tags", hit->tags);
    json_strings(builder, "ids", hit->ids);
    json_builder_end_object(builder);
    return add(user, builder);
}

static gboolean json_part(gpointer user, const QueryPart *part, GError **error)
{
    (void)error;
    Listing *self = user;
    if (part->depth == 0)
        self->hits = (guint)MIN(part->found, G_MAXUINT);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_int(builder, "depth", part->depth);
    json_string(builder, "term", part->term);
    json_int(builder, "character", (gint64)part->at);
    json_int(builder, "found", (gint64)part->found);
    json_string(builder, "sql", part->sql);
    json_string(builder, "value", part->value);
    json_strings(builder, "plan", part->plan);
    json_builder_end_object(builder);
    output_json_element(&self->output, builder);
    return TRUE;
}

gboolean search_json(const Context *context, const Searching *searching, guint *hits,
                     GError **error)
{
    static const SearchTakers takers = {json_hit, json_thread, json_part};
    Listing listing = {.hits = 0};
    gboolean fine = searching_run(searching, context->index, &takers, &listing, error);
    output_json_array_end(&listing.output, !fine);
    *hits = listing.hits;
    return fine;
}
