/* What a file is: by the name that the platform gives to such files, else by what stands in it. */
#include "lint_int.h"

#include <apr_strings.h>

#include <string.h>

/* ---- by name --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    lint_kind_t kind;
} names[] = {{"conf.cfg", KIND_CONF},
             {"ClientUpdate.cfg", KIND_UPDATE},
             {"1cestart.cfg", KIND_START},
             {"1cescmn.cfg", KIND_COMMON}};

lint_kind_t lint_kind_by_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot;
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i].name) == 0) return names[i].kind;
    }
    dot = strrchr(name, '.');
    if (dot && strcasecmp(dot, ".vrd") == 0) return KIND_VRD;
    return dot && strcasecmp(dot, ".v8i") == 0 ? KIND_INFOBASES : KIND_UNKNOWN;
}

/* ---- by content ------------------------------------------------------------------------------------------------ */

int lint_begins_as_xml(const char *bytes, apr_size_t length)
{
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) bytes += 3, length -= 3;
    while (length > 0 && strchr(" \t\r\n", *bytes) && *bytes) bytes++, length--;
    return length > 0 && *bytes == '<';
}

/* 2 for a key of the kind, 1 for one that was meant to be one. */
static int weight(lint_kind_t kind, const char *key)
{
    int list;

    if (lint_key_known(&list, kind, key)) return 2;
    return lint_key_meant(kind, key) ? 1 : 0;
}

lint_kind_t lint_kind_by_keys(const cdist_settings_t *settings)
{
    static const lint_kind_t kinds[] = {KIND_CONF, KIND_UPDATE, KIND_START, KIND_INFOBASES};
    int points[sizeof kinds / sizeof kinds[0]] = {0}, has_version = 0, best = 0, i;
    size_t k;

    for (i = 0; i < settings->lines->nelts && i < 1000; i++) {
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);

        if (line->kind != CDIST_SETTING_VALUE) continue;
        for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++) points[k] += weight(kinds[k], line->key);
        if (strcasecmp(line->key, "Version") == 0) has_version = 1;
        /* NB: a section before the first key is what the keys of a list of infobases have; nothing else has sections. */
        if (i > 0 && APR_ARRAY_IDX(settings->lines, 0, cdist_settings_line_t).kind == CDIST_SETTING_SECTION) points[3] += 1;
    }
    if (!has_version) points[1] = 0;
    for (k = 1; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (points[k] > points[best]) best = (int)k;
    }
    return points[best] ? kinds[best] : KIND_UNKNOWN;
}

/* ---- for others ------------------------------------------------------------------------------------------------ */

static const char *name_of(lint_kind_t kind)
{
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].kind == kind) return names[i].name;
    }
    return kind == KIND_VRD ? "default.vrd" : kind == KIND_INFOBASES ? "ibases.v8i" : NULL;
}

/* NB: a section tells a list of infobases whatever the file is called, since no other file of the platform has any. */
static int has_sections(const cdist_settings_t *settings)
{
    int i;

    for (i = 0; i < settings->lines->nelts; i++) {
        if (APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t).kind == CDIST_SETTING_SECTION) return 1;
    }
    return 0;
}

const char *cdist_lint_kind_name(const char *path, const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    lint_kind_t kind = lint_kind_by_name(path);
    cdist_settings_t *settings;

    if (lint_begins_as_xml(bytes, length)) return name_of(KIND_VRD);
    if (kind == KIND_VRD || kind == KIND_INFOBASES) return name_of(kind);
    if (cdist_settings_parse(&settings, bytes, length, path, pool)) return name_of(kind);
    if (has_sections(settings)) return name_of(KIND_INFOBASES);
    return name_of(kind == KIND_UNKNOWN ? lint_kind_by_keys(settings) : kind);
}
