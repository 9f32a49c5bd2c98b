/* Lists of infobases, .v8i: a section for each infobase or group. A section with Connect is an infobase, without it is a
 * group; Folder=/a/b names the groups above it. Source: administrator guide of 8.3.23, App. 3.3. Lists may have thousands of
 * sections, so everything is looked up in tables. */
#include "lint_int.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

/* The settings that checks need. */
enum { CONNECT, FOLDER, VERSION, DEFAULT_VERSION, ID, WANTED };
static const char *const wanted[WANTED] = {"Connect", "Folder", "Version", "DefaultVersion", "ID"};

typedef struct {
    const cdist_settings_line_t *head;
    const cdist_settings_line_t *line[WANTED]; /* NULL: it has none */
} section_t;

typedef struct {
    lint_t *lint;
    const lint_file_t *file;
    apr_array_header_t *sections; /* section_t */
    apr_hash_t *seen;             /* keys of the section that is being read → cdist_settings_line_t */
} reading_t;

static void take_setting(reading_t *reading, section_t *section, const cdist_settings_line_t *line)
{
    const char *known;
    const cdist_settings_line_t *before;
    int list, i;

    lint_line(reading->lint, reading->file, line);
    lint_secret(reading->lint, reading->file, line->number, line->key, line->value);
    known = lint_key_known(&list, KIND_INFOBASES, line->key);
    if (!known) return;
    if (line->spaced) {
        lint_add(reading->lint, reading->file, line->number, CDIST_LINT_WARNING, "spaced-equals", known,
                 "blanks beside the equals sign: the launcher does not take this for %s", known);
    }
    before = apr_hash_get(reading->seen, known, APR_HASH_KEY_STRING);
    if (before) {
        lint_add(reading->lint, reading->file, line->number, CDIST_LINT_WARNING, "duplicate-key", known,
                 "%s stands in line %d of this section already; only one of them counts", known, before->number);
        return;
    }
    apr_hash_set(reading->seen, known, APR_HASH_KEY_STRING, line);
    lint_value(reading->lint, reading->file, line->number, known, line->value);
    for (i = 0; i < WANTED; i++) {
        if (strcmp(known, wanted[i]) == 0) section->line[i] = line;
    }
}

/* NB: such a line makes the whole list unreadable for who reads it strictly, as 1cdist resolve and CDistInfobases do: nobody
 * knows to which infobase the next lines belong. */
static int is_broken_header(const reading_t *reading, const cdist_settings_line_t *line)
{
    const char *text = APR_ARRAY_IDX(reading->file->settings->file->lines, line->number - 1, cdist_line_t).text;

    return *text == '[' && (line->kind != CDIST_SETTING_SECTION || !*line->key);
}

static void read_sections(reading_t *reading)
{
    const cdist_settings_t *settings = reading->file->settings;
    section_t outside;
    int i;

    memset(&outside, 0, sizeof outside);
    for (i = 0; i < settings->lines->nelts; i++) {
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);
        section_t *section = reading->sections->nelts
                                 ? &APR_ARRAY_IDX(reading->sections, reading->sections->nelts - 1, section_t) : &outside;

        if (is_broken_header(reading, line)) {
            lint_add(reading->lint, reading->file, line->number, CDIST_LINT_ERROR, "broken-section", NULL,
                     "a section's header must be a name between [ and ]; the lines after it would belong to another infobase");
        } else if (line->kind == CDIST_SETTING_SECTION) {
            section = memset(apr_array_push(reading->sections), 0, sizeof *section);
            section->head = line;
            apr_hash_clear(reading->seen);
        } else if (line->kind == CDIST_SETTING_VALUE && *line->key) {
            take_setting(reading, section, line);
        } else if (line->kind != CDIST_SETTING_BLANK && line->kind != CDIST_SETTING_COMMENT) {
            lint_line(reading->lint, reading->file, line);
        }
    }
}

static const char *folder_of(const section_t *section)
{
    return section->line[FOLDER] ? section->line[FOLDER]->value : "/";
}

/* NB: two groups of the same name in different groups are no duplicates: nothing starts by a group's name. */
static void check_names(reading_t *reading)
{
    apr_pool_t *pool = reading->lint->pool;
    apr_hash_t *names = apr_hash_make(pool);
    int i;

    for (i = 0; i < reading->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(reading->sections, i, section_t), *before;
        char *name = apr_pstrdup(pool, section->head->key);

        cdist_text_fold(name);
        before = apr_hash_get(names, name, APR_HASH_KEY_STRING);
        if (!before) {
            apr_hash_set(names, name, APR_HASH_KEY_STRING, section);
        } else if (section->line[CONNECT] || before->line[CONNECT] || strcmp(folder_of(section), folder_of(before)) == 0) {
            lint_add(reading->lint, reading->file, section->head->number, CDIST_LINT_WARNING, "duplicate-infobase", NULL,
                     "[%s] stands in line %d already; names are compared without case",
                     cdist_text_printable(section->head->key, pool), before->head->number);
        }
    }
}

/* The ID tells the launcher which infobase of another list is the same one, so a copy that was made by hand needs its own. */
static void check_ids(reading_t *reading)
{
    apr_pool_t *pool = reading->lint->pool;
    apr_hash_t *ids = apr_hash_make(pool);
    int i;

    for (i = 0; i < reading->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(reading->sections, i, section_t), *before;
        const cdist_settings_line_t *line = section->line[ID];
        char *id = line && *line->value ? apr_pstrdup(pool, line->value) : NULL;

        if (!id) continue;
        cdist_text_fold(id);
        before = apr_hash_get(ids, id, APR_HASH_KEY_STRING);
        if (!before) {
            apr_hash_set(ids, id, APR_HASH_KEY_STRING, section);
            continue;
        }
        lint_add(reading->lint, reading->file, line->number, CDIST_LINT_WARNING, "duplicate-id", NULL,
                 "[%s] of line %d has this ID already: the launcher takes the two for one when lists are merged; give one of "
                 "them another GUID", cdist_text_printable(before->head->key, pool), before->head->number);
    }
}

/* A group's path with neither blanks nor a slash at its end; "" is the top. */
static const char *clean_path(const char *path, apr_pool_t *pool)
{
    apr_size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/') length--;
    return apr_pstrmemdup(pool, path, length);
}

static void check_groups(reading_t *reading)
{
    apr_pool_t *pool = reading->lint->pool;
    apr_hash_t *groups = apr_hash_make(pool);
    int i;

    for (i = 0; i < reading->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(reading->sections, i, section_t);

        if (section->line[CONNECT]) continue;
        apr_hash_set(groups, apr_pstrcat(pool, clean_path(folder_of(section), pool), "/", section->head->key, NULL),
                     APR_HASH_KEY_STRING, section);
    }
    for (i = 0; i < reading->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(reading->sections, i, section_t);
        const char *path = clean_path(folder_of(section), pool);

        if (!*path || apr_hash_get(groups, path, APR_HASH_KEY_STRING)) continue;
        lint_add(reading->lint, reading->file, section->line[FOLDER]->number, CDIST_LINT_WARNING, "orphan-folder", NULL,
                 "there is no section for the group %s, in that case of letters",
                 cdist_text_printable(section->line[FOLDER]->value, pool));
    }
}

void lint_infobases(lint_t *lint, const lint_file_t *file)
{
    reading_t reading = {lint, file, apr_array_make(lint->pool, 64, sizeof(section_t)), apr_hash_make(lint->pool)};
    int i;

    read_sections(&reading);
    check_names(&reading);
    check_ids(&reading);
    check_groups(&reading);
    for (i = 0; i < reading.sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(reading.sections, i, section_t);

        if (!section->line[VERSION] || !section->line[DEFAULT_VERSION]) continue;
        lint_default_version(lint, file, section->line[DEFAULT_VERSION]->number, section->line[VERSION]->value,
                             section->line[DEFAULT_VERSION]->value);
    }
}
