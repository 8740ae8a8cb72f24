/* A message as JSON, by the contract; see reading.h. */
#include "cli/json.h"
#include "cli/reading.h"

static void add_headers(JsonBuilder *builder, const Message *message)
{
    json_builder_set_member_name(builder, "headers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < message_header_count(message); i++) {
        const HeaderField *field = message_header_at(message, i);
        json_builder_begin_object(builder);
        json_string(builder, "name", field->name);
        json_string(builder, "value", field->value);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_blocks(JsonBuilder *builder, const GPtrArray *blocks)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < blocks->len; i++)
        g_string_append(text, ((const Block *)blocks->pdata[i])->text);
    json_string(builder, "text", text->str);
    json_builder_set_member_name(builder, "blocks");
    json_builder_begin_array(builder);
    for (guint i = 0; i < blocks->len; i++) {
        const Block *block = blocks->pdata[i];
        json_builder_begin_object(builder);
        json_int(builder, "part", block->part);
        json_string(builder, "text", block->text);
        if (block->signature >= 0) {
            json_int(builder, "signature", block->signature);
        } else {
            json_string(builder, "signature", NULL);
        }
        json_bool(builder, "encrypted", block->encrypted);
        json_string(builder, "closed", block->closed);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_parts(JsonBuilder *builder, const Reading *reading)
{
    const Message *message = reading->message;
    json_builder_set_member_name(builder, "parts");
    json_builder_begin_array(builder);
    for (guint i = 1; i <= message_part_count(message); i++) {
        const PartInfo *part = message_part(message, i);
        json_builder_begin_object(builder);
        json_int(builder, "n", part->n);
        json_string(builder, "type", part->type);
        json_string(builder, "filename", part->filename);
        json_int(builder, "size", (gint64)part->size);
        json_bool(builder, "encrypted", reading_part_closed(reading, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_signature(JsonBuilder *builder, const Signature *signature)
{
    json_builder_begin_object(builder);
    json_string(builder, "status", signature_status_name(signature->status));
    json_string(builder, "fingerprint", signature->fingerprint);
    json_string(builder, "signer", signature->signer);
    json_time(builder, "created", signature->created);
    json_bool(builder, "from_matches", signature->from_matches);
    json_string(builder, "trust", signer_trust_name(signature->trust));
    json_string(builder, "covers", signature->whole ? "whole" : "part");
    json_string(builder, "protocol", signature->smime ? "smime" : "openpgp");
    json_builder_end_object(builder);
}

static void add_outer(JsonBuilder *builder, const GPtrArray *outer)
{
    json_builder_set_member_name(builder, "outer");
    json_builder_begin_array(builder);
    for (guint i = 0; i < outer->len; i++) {
        const OuterField *field = outer->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "name", field->name);
        json_string(builder, "value", field->value);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_warnings(JsonBuilder *builder, const GPtrArray *warnings)
{
    json_builder_set_member_name(builder, "warnings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < warnings->len; i++) {
        const Warning *warning = warnings->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "name", warning->name);
        json_string(builder, "message", warning->text);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_protection(JsonBuilder *builder, const Protection *protection)
{
    json_builder_set_member_name(builder, "protection");
    json_builder_begin_object(builder);
    json_bool(builder, "encrypted", protection->encrypted);
    json_builder_set_member_name(builder, "signatures");
    json_builder_begin_array(builder);
    for (guint i = 0; i < protection->signatures->len; i++)
        add_signature(builder, protection->signatures->pdata[i]);
    json_builder_end_array(builder);
    json_bool(builder, "header_protection", protection->header_protection);
    json_strings(builder, "recipients", protection->recipients);
    add_outer(builder, protection->outer);
    add_warnings(builder, protection->warnings);
    json_builder_end_object(builder);
}

void reading_print_json(const Reading *reading, const char *id)
{
    if (reading->locked)
        return; /* the failure is the document */
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "id", id);
    add_headers(builder, reading->message);
    add_blocks(builder, reading->blocks);
    add_parts(builder, reading);
    json_bool(builder, "truncated", message_truncated(reading->message));
    reading_add_meetings(builder, reading);
    add_protection(builder, reading->protection);
    json_builder_end_object(builder);
    output_json(builder);
}
