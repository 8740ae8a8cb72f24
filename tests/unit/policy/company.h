/* A company to hold things against; fields may be overwritten with other literals. */
#pragma once

#include "core/config.h"

static inline Company a_company(void)
{
    static char *domains[] = {(char *)"corp.example", (char *)"Firma.EXAMPLE.",
                              (char *)"bücher.example", NULL};
    static char *none[] = {NULL};
    return (Company){
        .domains = domains,
        .networks = none,
        .offices = none,
        .outside = RULE_ENCRYPT,
        .freemail = RULE_REFUSE,
    };
}
