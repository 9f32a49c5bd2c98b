/* default.vrd: the addresses in its start tag, and what it should not say. */
#include "lint_int.h"

#include <apr_strings.h>

#include <string.h>

#define ATTRIBUTES "pubdst32, pubdst64, pubdstlin32, pubdstlin64 and pubdstmac64"

/* An attribute that is no location, but may have been meant to be one. */
static void check_other(lint_t *lint, const lint_file_t *file, const cdist_attribute_t *attribute)
{
    const char *meant;

    if (strcmp(attribute->name, "pubdst") == 0) {
        lint_add(lint, file, attribute->line, CDIST_LINT_WARNING, "legacy-pubdst", NULL,
                 "pubdst gives all clients one archive, whatever their system; use " ATTRIBUTES " (1cdist conf --format vrd)");
        return;
    }
    meant = lint_key_meant(KIND_VRD, attribute->name);
    if (meant) {
        lint_add(lint, file, attribute->line, CDIST_LINT_WARNING, "misspelt-key", meant,
                 "the platform knows no attribute %s, and ignores it; write %s",
                 cdist_text_printable(attribute->name, lint->pool), meant);
    } else if (strncasecmp(attribute->name, "pubdst", 6) == 0) {
        lint_add(lint, file, attribute->line, CDIST_LINT_WARNING, "unknown-location", NULL,
                 "the platform knows no attribute %s; there are " ATTRIBUTES,
                 cdist_text_printable(attribute->name, lint->pool));
    }
}

void lint_descriptor(lint_t *lint, const lint_file_t *file)
{
    int i;

    for (i = 0; i < file->vrd->attributes->nelts; i++) {
        const cdist_attribute_t *attribute = &APR_ARRAY_IDX(file->vrd->attributes, i, cdist_attribute_t);
        int location = cdist_location_by_attribute(attribute->name);

        if (location >= 0) lint_location(lint, file, attribute->line, location, attribute->name, attribute->value);
        else check_other(lint, file, attribute);
        lint_secret(lint, file, attribute->line, attribute->name, attribute->value);
    }
    if (file->vrd->ib_secret) {
        lint_add(lint, file, file->vrd->ib_line, CDIST_LINT_WARNING, "secret", NULL,
                 "ib holds a user or a password, for everybody who can read this file");
    }
}
