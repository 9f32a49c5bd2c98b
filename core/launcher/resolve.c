/* The decision as a whole, and the infobases that there are. */
#include "launcher_int.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

#define BROKEN_SHOWN 8
#define NAMESAKES_SHOWN 8

static const char *fold(const char *text, apr_pool_t *pool)
{
    char *folded = apr_pstrdup(pool, text);

    cdist_text_fold(folded);
    return folded;
}

apr_array_header_t *cdist_launcher_infobases(const cdist_launcher_t *launcher, apr_pool_t *pool)
{
    apr_array_header_t *infobases = apr_array_make(pool, 16, sizeof(const cdist_infobase_t *));
    apr_hash_t *seen = apr_hash_make(pool);
    int i, j;

    for (i = 0; i < launcher->lists->nelts; i++) {
        const cdist_infobase_list_t *list = APR_ARRAY_IDX(launcher->lists, i, const cdist_infobase_list_t *);

        for (j = 0; j < list->infobases->nelts; j++) {
            const cdist_infobase_t *infobase = &APR_ARRAY_IDX(list->infobases, j, cdist_infobase_t);
            const cdist_setting_t *id = infobase->is_folder ? NULL : cdist_infobase_get(infobase, "ID");
            const char *key = id ? fold(id->value, pool) : NULL;
            const cdist_infobase_list_t *first = key ? apr_hash_get(seen, key, APR_HASH_KEY_STRING) : NULL;

            /* NB: within one file an ID that occurs twice is a copy made by hand, and not the same infobase. */
            if (infobase->is_folder || (first && first != list)) continue;
            if (key && !first) apr_hash_set(seen, key, APR_HASH_KEY_STRING, list);
            APR_ARRAY_PUSH(infobases, const cdist_infobase_t *) = infobase;
        }
    }
    return infobases;
}

cdist_err_t *cdist_launcher_find(const cdist_infobase_t **infobase, const cdist_launcher_t *launcher, const char *name,
                                 apr_pool_t *pool)
{
    const cdist_infobase_t *same = NULL, *alike = NULL, *folder = NULL;
    const char *folded = fold(name, pool), *shown = cdist_settings_shown(name, pool);
    int i, j;

    for (i = 0; i < launcher->lists->nelts; i++) {
        const cdist_infobase_list_t *list = APR_ARRAY_IDX(launcher->lists, i, const cdist_infobase_list_t *);

        for (j = 0; j < list->infobases->nelts; j++) {
            const cdist_infobase_t *here = &APR_ARRAY_IDX(list->infobases, j, cdist_infobase_t);

            if (strlen(here->name) != strlen(name) || strcmp(fold(here->name, pool), folded) != 0) continue;
            if (here->is_folder) folder = here;
            else if (!same && strcmp(here->name, name) == 0) same = here;
            else if (!alike) alike = here;
        }
    }
    *infobase = same ? same : alike;
    if (*infobase) return NULL;
    if (folder) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0,
                                "%s:%d: \"%s\" is a group of the list, not an infobase: it has no Connect",
                                cdist_text_printable(folder->list->lines->path, pool), folder->line, shown);
    }
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "\"%s\": there is no infobase of that name in the lists", shown);
}

void cdist_resolution_note_namesakes(cdist_resolution_t *resolution, const cdist_launcher_t *launcher,
                                     const cdist_infobase_t *infobase, apr_pool_t *pool)
{
    const char *folded = fold(infobase->name, pool);
    int i, j, said = 0;

    for (i = 0; i < launcher->lists->nelts; i++) {
        const cdist_infobase_list_t *list = APR_ARRAY_IDX(launcher->lists, i, const cdist_infobase_list_t *);

        for (j = 0; j < list->infobases->nelts && said < NAMESAKES_SHOWN; j++) {
            const cdist_infobase_t *here = &APR_ARRAY_IDX(list->infobases, j, cdist_infobase_t);

            if (here == infobase || here->is_folder || strlen(here->name) != strlen(folded)) continue;
            if (strcmp(fold(here->name, pool), folded) != 0) continue;
            APR_ARRAY_PUSH(resolution->steps, const char *) =
                apr_psprintf(pool,
                             "%s:%d: [%s] has the same name, and is not the one that this is about (%s:%d): the name alone "
                             "does not tell them apart",
                             cdist_text_printable(list->lines->path, pool), here->line, cdist_settings_shown(here->name, pool),
                             cdist_text_printable(infobase->list->lines->path, pool), infobase->line);
            said++;
        }
    }
}

/* Lines that look right, and that the launcher does not read. */
static void note_broken(cdist_decision_t *decision)
{
    const cdist_infobase_t *infobase = decision->infobase;
    int said = 0, i;

    for (i = infobase->first; i < infobase->first + infobase->count && said < BROKEN_SHOWN; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(infobase->list->settings, i, cdist_setting_t);

        if (!setting->broken) continue;
        cdist_step_own(decision, setting, "blanks beside '=': the launcher does not read the line, without a word");
        said++;
    }
}

/* What could not be used may be what was needed. */
static void note_gathered(cdist_decision_t *decision)
{
    const apr_array_header_t *notes = decision->launcher->notes;
    int i;

    for (i = 0; i < notes->nelts; i++) cdist_step(decision, NULL, 0, "%s", APR_ARRAY_IDX(notes, i, const char *));
}

cdist_err_t *cdist_resolve(cdist_resolution_t **resolution, const cdist_launcher_t *launcher, const cdist_infobase_t *infobase,
                           apr_pool_t *pool)
{
    cdist_resolution_t *result = apr_pcalloc(pool, sizeof *result);
    cdist_decision_t decision = {launcher, infobase, result, {{0}, 0}, {NULL, 0}, 0, {0}, pool};
    const cdist_setting_t *connect = cdist_infobase_get(infobase, "Connect");

    result->infobase = infobase->name;
    result->chosen = result->arch = result->origin = result->path = "";
    result->args = apr_array_make(pool, 4, sizeof(const char *));
    result->steps = apr_array_make(pool, 8, sizeof(const char *));
    if (connect) cdist_connect_parse(&decision.connect, connect->value, pool);
    note_broken(&decision);
    CDIST_ERR(cdist_decide_required(&decision));
    result->required = cdist_version_format(&decision.required, pool);
    cdist_decide_client(&decision);
    note_gathered(&decision);
    cdist_decide_build(&decision);
    cdist_decide_arguments(&decision);
    *resolution = result;
    return NULL;
}
