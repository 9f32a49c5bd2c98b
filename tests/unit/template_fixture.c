/* See template_fixture.h. */
#include "template_fixture.h"

#include <apr_strings.h>

#include <string.h>

void tf_configuration(cm_made_t *made, const char *version)
{
    cm_configuration_t configuration = {.vendor = TF_VENDOR, .version = version};

    cm_configuration(made, &configuration, NULL);
}

void tf_write_cf(const char *name, const char *version)
{
    cm_made_t made = {0};

    tf_configuration(&made, version);
    fx_write(name, made.bytes, made.length);
}

void tf_update(cm_made_t *packed, const char *update_info)
{
    cm_made_t made = {0};

    cm_update(&made, update_info ? update_info : cm_update_info, 3, NULL);
    cm_deflate(packed, made.bytes, made.length);
}

void tf_write_cfu(const char *name, const char *update_info)
{
    cm_made_t packed = {0};

    tf_update(&packed, update_info);
    fx_write(name, packed.bytes, packed.length);
}

static void put_wide(cm_made_t *made, const char *text)
{
    apr_size_t length;
    const char *wide = cdist_text_encode_utf16(&length, text, fx_pool);

    cm_put_le(made, length / 2, 4);
    cm_put(made, wide, length);
}

void tf_efd(cm_made_t *packed, const tf_member_t *members, int count)
{
    cm_made_t made = {0}, record;
    size_t at = 0;
    int i;

    cm_put_le(&made, 1, 4);
    cm_put_le(&made, 1, 4);
    cm_put_le(&made, 4 + 4 * 4 + 2 * 2, 4);
    put_wide(&made, "ru");
    put_wide(&made, "");
    put_wide(&made, "");
    put_wide(&made, "");
    cm_put_le(&made, (apr_uint64_t)count, 4);
    for (i = 0; i < count; i++, at += members[i - 1].length) {
        memset(&record, 0, sizeof record);
        put_wide(&record, members[i].name);
        cm_put_le(&record, 130502063400000000, 8);
        cm_put_le(&record, at, 4);
        cm_put_le(&record, members[i].length, 4);
        cm_put_le(&made, record.length + 4, 4);
        cm_put(&made, record.bytes, record.length);
    }
    for (i = 0; i < count; i++) cm_put(&made, members[i].bytes, members[i].length);
    cm_deflate(packed, made.bytes, made.length);
}

cdist_template_scan_t *tf_scan(const cdist_template_options_t *options)
{
    static const cdist_template_options_t plain;
    apr_array_header_t *folders = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_template_scan_t *scan;

    APR_ARRAY_PUSH(folders, const char *) = fx_folder;
    FX_OK(cdist_templates_scan(&scan, folders, options ? options : &plain, fx_pool, fx_pool));
    return scan;
}

const cdist_template_t *tf_template_in(const cdist_template_scan_t *scan, const char *name, const char *member)
{
    int i;

    for (i = 0; i < scan->templates->nelts; i++) {
        const cdist_template_t *found = APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *);
        if (strcmp(found->path, fx_path(name)) == 0 && strcmp(found->member, member) == 0) return found;
    }
    return NULL;
}

const cdist_template_t *tf_template(const cdist_template_scan_t *scan, const char *name)
{
    return tf_template_in(scan, name, "");
}

const char *tf_problems(const cdist_template_scan_t *scan)
{
    const char *all = "";
    int i;

    for (i = 0; i < scan->problems->nelts; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX(scan->problems, i, cdist_template_problem_t);
        const char *name = problem->path + (strncmp(problem->path, fx_folder, strlen(fx_folder)) == 0 ? strlen(fx_folder) : 0);

        all = apr_pstrcat(fx_pool, all, name + (*name == '/'), ": ", problem->message, "\n", NULL);
    }
    return all;
}

const char *tf_sources(const cdist_template_t *found)
{
    const char *all = "";
    int i;

    for (i = 0; i < found->sources->nelts; i++) {
        all = apr_pstrcat(fx_pool, all, i ? ";" : "", APR_ARRAY_IDX(found->sources, i, cdist_configuration_id_t).version, NULL);
    }
    return all;
}
