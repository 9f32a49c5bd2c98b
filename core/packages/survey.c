/* The first reading of a package: every member is read to its end, so that whatever is wrong with the package is known before
 * anything is written. */
#include "packages_int.h"

#include <apr_strings.h>

#include <string.h>

#define SETUP_INI_MAX (64u * 1024)
/* Installers are packed already; what grows that much is no installer. */
#define RATIO_MAX 200u
#define RATIO_FREE_BYTES (APR_UINT64_C(64) << 20)

typedef struct {
    cdist_survey_t *survey;
    cdist_reader_t *reader;
    const cdist_import_options_t *options;
    apr_uint64_t bytes; /* of all contents so far */
    unsigned char *buffer;
    apr_pool_t *pool, *scratch;
} surveyor_t;

void cdist_import_progress(const cdist_import_options_t *options, const cdist_reader_t *reader, int pass)
{
    apr_uint64_t whole = reader->stat.bytes, done = reader->read_bytes < whole ? reader->read_bytes : whole;

    if (options->progress) options->progress(options->progress_baton, done + (pass ? whole : 0), 2 * whole);
}

static cdist_err_t *refuse(surveyor_t *s, cdist_code_t code, const char *name, const char *reason)
{
    return cdist_err_create(s->pool, code, 0, "entry %s: %s", cdist_text_printable(name, s->pool), reason);
}

/* Adds a content's bytes to the sum. NB: before they are read, as the member says, and as it says is all that is read. */
static cdist_err_t *count(surveyor_t *s, const cdist_found_t *found)
{
    apr_uint64_t max = s->options->max_bytes, packed = s->reader->stat.bytes;

    if (max && (found->bytes > max || s->bytes > max - found->bytes)) {
        return refuse(s, CDIST_E_INPUT, found->name, apr_psprintf(s->pool, "the contents have more than %" APR_UINT64_T_FMT
                      " bytes up to here; --max-size allows more", max));
    }
    if (found->bytes > APR_INT64_MAX - s->bytes) return refuse(s, CDIST_E_UNSAFE, found->name, "is impossibly large");
    s->bytes += found->bytes;
    if (s->reader->unarchiver && s->bytes > RATIO_FREE_BYTES && s->bytes / RATIO_MAX > packed) {
        return refuse(s, CDIST_E_UNSAFE, found->name, apr_psprintf(s->pool, "the contents are more than %u times as large as "
                      "the package up to here: a bomb", RATIO_MAX));
    }
    return NULL;
}

static int is_setup_ini(const cdist_found_t *found)
{
    const char *slash = strrchr(found->name, '/');

    return !found->folder && found->bytes <= SETUP_INI_MAX && strcasecmp(slash ? slash + 1 : found->name, "Setup.ini") == 0;
}

/* Reads a member to its end, which must be where it says. */
static cdist_err_t *read_content(surveyor_t *s, cdist_found_t *found)
{
    int large = found->bytes > cdist_whole_max(s->options->level), setup_ini = is_setup_ini(found);
    cdist_probe_t *probe = large ? cdist_probe_create(found->bytes, s->options->level, s->scratch) : NULL;
    char *text = setup_ini ? apr_palloc(s->scratch, SETUP_INI_MAX) : NULL;
    apr_uint64_t got = 0;
    apr_size_t length;

    do {
        if (s->options->stop && *s->options->stop) return cdist_err_create(s->pool, CDIST_E_STOPPED, 0, "was stopped");
        CDIST_ERR(cdist_reader_read(&length, s->reader, s->buffer, CDIST_READ_BYTES));
        cdist_import_progress(s->options, s->reader, 0);
        if (length > found->bytes - got) return refuse(s, CDIST_E_CORRUPT, found->name, "is longer than it says");
        if (probe) cdist_probe_feed(probe, s->buffer, length);
        if (text && length) memcpy(text + got, s->buffer, length);
        got += length;
    } while (length > 0);
    if (got < found->bytes) return refuse(s, CDIST_E_CORRUPT, found->name, "is shorter than it says");
    if (probe) found->shrinks = cdist_probe_shrinks(probe);
    if (text) found->setup_ini = cdist_text_decode(text, (apr_size_t)got, s->pool);
    return NULL;
}

static cdist_err_t *survey_members(surveyor_t *s)
{
    const cdist_member_t *member;

    for (;;) {
        cdist_found_t *found;

        apr_pool_clear(s->scratch);
        CDIST_ERR(cdist_reader_next(&member, s->reader));
        if (!member) return NULL;
        if (s->survey->found->nelts == CDIST_PACKAGE_MAX_ENTRIES) {
            return refuse(s, CDIST_E_UNSAFE, member->name,
                          apr_psprintf(s->pool, "there are more than %d entries", CDIST_PACKAGE_MAX_ENTRIES));
        }
        found = apr_array_push(s->survey->found);
        memset(found, 0, sizeof *found);
        found->name = apr_pstrdup(s->pool, member->name);
        found->folder = member->folder;
        found->bytes = member->bytes;
        if (found->folder) continue;
        CDIST_ERR(count(s, found));
        CDIST_ERR(read_content(s, found));
    }
}

cdist_err_t *cdist_survey(cdist_survey_t **survey, cdist_reader_t *reader, const cdist_import_options_t *options,
                          apr_pool_t *pool)
{
    surveyor_t s = {apr_pcalloc(pool, sizeof(cdist_survey_t)), reader, options, 0, apr_palloc(pool, CDIST_READ_BYTES), pool, NULL};

    s.survey->found = apr_array_make(pool, 64, sizeof(cdist_found_t));
    apr_pool_create(&s.scratch, pool);
    CDIST_ERR(survey_members(&s));
    CDIST_ERR(cdist_reader_check(reader));
    apr_pool_destroy(s.scratch);
    *survey = s.survey;
    return cdist_survey_lay_out(s.survey, pool);
}
