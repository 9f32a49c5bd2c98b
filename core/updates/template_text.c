/* The text files of a template: 1cv8.mft (Vendor, Name, Version before the first section) and UpdInfo.txt (Version,
 * FromVersions=;a;b;, UpdateDate). UTF-8 with or without its mark, UTF-16 with one; what is neither was written by a script in the
 * code page of Russian Windows. Source: real files, docs/formats.md. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

static const char *const keys[] = {"Vendor", "Name", "Version", "AppVersion", "FromVersions", "UpdateDate"};

int cdist_template_text_is(const char *text)
{
    apr_size_t i, length;

    text += strspn(text, " \t\r\n");
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        length = strlen(keys[i]);
        if (strncasecmp(text, keys[i], length) == 0 && text[length + strspn(text + length, " \t")] == '=') return 1;
    }
    return 0;
}

static const char *value_of(const char *text, const char *key, apr_pool_t *pool)
{
    const char *value = cdist_keyvalue_get(text, "", key, pool);

    return value ? value : "";
}

/* Versions between semicolons; blanks around them are dropped. */
static void take_sources(cdist_file_facts_t *facts, const char *list, apr_pool_t *pool)
{
    while (*list) {
        apr_size_t length = strcspn(list, ";");
        char *version = apr_pstrmemdup(pool, list, length);

        apr_collapse_spaces(version, version);
        if (*version) {
            cdist_configuration_id_t *source = apr_array_push(facts->sources);
            source->name = source->vendor = source->version_id = "";
            source->version = version;
        }
        list += length + (list[length] == ';');
    }
}

/* In which line a key stands, from 1 on; it is there. */
static int line_of(const char *text, const char *key)
{
    apr_size_t length = strlen(key);
    int line = 1;

    for (;; line++) {
        text += strspn(text, " \t\r");
        if (strncasecmp(text, key, length) == 0 && text[length + strspn(text + length, " \t")] == '=') return line;
        text = strchr(text, '\n');
        if (!text) return line;
        text++;
    }
}

static cdist_err_t *no_version(const char *text, const char *name, apr_pool_t *pool)
{
    if (cdist_keyvalue_get(text, "", "Version", pool)) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: line %d: Version= is empty; a template is not found without a version: "
                                "write there the one of the configuration beside it", name, line_of(text, "Version"));
    }
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: offset 0x0: the key Version is missing; a template is not found without "
                            "it: write Version= and the version into it", name);
}

cdist_err_t *cdist_template_text_facts(cdist_file_facts_t *facts, const char *text, const char *name, apr_pool_t *result_pool)
{
    const char *from = cdist_keyvalue_get(text, "", "FromVersions", result_pool);
    const char *date = cdist_keyvalue_get(text, "", "UpdateDate", result_pool);

    facts->version = value_of(text, "Version", result_pool);
    facts->kind = from || date ? CDIST_FILE_UPDINFO : CDIST_FILE_MFT;
    if (!*facts->version) return no_version(text, name, result_pool);
    if (from) take_sources(facts, from, result_pool);
    if (date) facts->release_date = date;
    if (facts->kind == CDIST_FILE_UPDINFO) return NULL;
    facts->name = value_of(text, "Name", result_pool);
    facts->vendor = value_of(text, "Vendor", result_pool);
    return NULL;
}
