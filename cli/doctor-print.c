/* See doctor.h: the table, and the rows as JSON. */
#include <stdio.h>

#include "cli/doctor.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/text.h"

static const struct {
    const char *word, *colour;
} statuses[] = {
    [FINDING_PASS] = {"pass", "32"},
    [FINDING_WARN] = {"warn", "33"},
    [FINDING_FAIL] = {"fail", "1;31"},
    [FINDING_SKIP] = {"skip", "2"},
};

static void print_json(const Doctor *doctor)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < doctor->findings->len; i++) {
        const Finding *finding = doctor->findings->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "rule", rule_get(finding->rule)->name);
        json_string(builder, "status", statuses[finding->status].word);
        json_string(builder, "subject", finding->subject);
        json_string(builder, "detail", finding->detail);
        json_string(builder, "mend", finding->mend);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    output_json(builder);
}

static void print_padded(const char *text, guint columns)
{
    guint width = text_width(text);
    printf("%s%*s", text, (int)(width < columns ? columns - width : 0), "");
}

static void print_row(const Doctor *doctor, const Finding *finding, guint columns)
{
    const char *word = statuses[finding->status].word;
    if (doctor->context->color)
        printf("\033[%sm%s\033[0m  ", statuses[finding->status].colour, word);
    else
        printf("%s  ", word);
    printf("%-20s  ", rule_get(finding->rule)->name);
    print_padded(finding->subject, columns);
    printf("  %s\n", finding->detail);
    if (finding->mend && finding->status != FINDING_SKIP)
        printf("      %s\n", finding->mend);
}

/* "4 skipped: --offline (3); the key is locked (1)", each reason once. */
static void print_skipped(const Doctor *doctor)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < doctor->findings->len; i++) {
        const Finding *finding = doctor->findings->pdata[i];
        if (finding->status != FINDING_SKIP || !g_hash_table_add(told, finding->detail))
            continue;
        guint count = 1;
        for (guint k = i + 1; k < doctor->findings->len; k++) {
            const Finding *other = doctor->findings->pdata[k];
            count += other->status == FINDING_SKIP && g_str_equal(other->detail, finding->detail);
        }
        printf("%u skipped: %s%s%s\n", count, finding->detail, finding->mend ? "; " : "",
               finding->mend ? finding->mend : "");
    }
}

static void print_table(const Doctor *doctor)
{
    guint columns = 0;
    for (guint i = 0; i < doctor->findings->len; i++)
        columns = MAX(columns, text_width(((Finding *)doctor->findings->pdata[i])->subject));
    columns = MIN(columns, 40);
    for (guint i = 0; i < doctor->findings->len; i++)
        print_row(doctor, doctor->findings->pdata[i], columns);
    printf("\n%u passed, %u warned, %u failed, %u skipped\n", doctor_count(doctor, FINDING_PASS),
           doctor_count(doctor, FINDING_WARN), doctor_count(doctor, FINDING_FAIL),
           doctor_count(doctor, FINDING_SKIP));
    print_skipped(doctor);
}

int doctor_tell(Doctor *doctor)
{
    doctor_sort(doctor);
    if (doctor->context->json)
        print_json(doctor);
    else
        print_table(doctor);
    return doctor_count(doctor, FINDING_FAIL) > 0 ? POSTERN_ANSWER_NO : 0;
}
