/* Which file goes before which. The web server's extension takes an archive's address from the publication's .vrd file, else the
 * archive from the folder distr of its version, and only then the address from conf.cfg (administrator guide of 8.3.23, 11.2.1).
 * It says so nowhere: a line of conf.cfg that never counts looks like any other. */
#include "lint_int.h"

#include <apr_strings.h>

#include <string.h>

/* Whether a folder of ready archives has one for the location. */
static int distr_has(const lint_file_t *file, int location)
{
    int i;

    for (i = 0; file->names && i < file->names->nelts; i++) {
        const cdist_slot_t *slot = cdist_slot_parse_file(APR_ARRAY_IDX(file->names, i, const char *), NULL);
        if (slot && cdist_location_by_slot(slot) == location) return 1;
    }
    return 0;
}

/* What goes before this address, as words for a message; NULL if nothing does. */
static const char *overruled_by(const lint_file_t *file, int location, const char *url, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(file->path, pool);

    if (file->kind == KIND_VRD && file->vrd) {
        const cdist_attribute_t *attribute = cdist_vrd_attribute(file->vrd, cdist_locations[location].attribute);

        if (!attribute || !*attribute->value || strcmp(attribute->value, url) == 0) return NULL;
        return apr_psprintf(pool, "%s of %s, with another address", attribute->name, shown);
    }
    if (file->kind == KIND_DISTR && distr_has(file, location)) return apr_psprintf(pool, "the archive in %s", shown);
    return NULL;
}

static void check_line(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line, const apr_array_header_t *files)
{
    int location = line->kind == CDIST_SETTING_VALUE ? cdist_location_by_key(line->key) : -1, i;

    if (location < 0 || !*line->value) return;
    for (i = 0; i < files->nelts; i++) {
        const lint_file_t *other = &APR_ARRAY_IDX(files, i, lint_file_t);
        const char *what = overruled_by(other, location, line->value, lint->pool);

        if (!what) continue;
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "overruled", NULL,
                 "%s does not count for clients of the web server: before it goes %s", cdist_locations[location].key, what);
    }
}

void lint_order(lint_t *lint, const apr_array_header_t *files)
{
    int i, j;

    for (i = 0; i < files->nelts; i++) {
        const lint_file_t *file = &APR_ARRAY_IDX(files, i, lint_file_t);

        if (file->kind != KIND_CONF || !file->settings) continue;
        for (j = 0; j < file->settings->lines->nelts; j++) {
            check_line(lint, file, &APR_ARRAY_IDX(file->settings->lines, j, cdist_settings_line_t), files);
        }
    }
}
