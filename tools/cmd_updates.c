/* info and apply: what configuration files are, and the next one out of them. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256 };

static const apr_getopt_option_t info_options[] = {{"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

static json_t *sources_json(const cdist_file_facts_t *facts)
{
    json_t *sources = json_array();
    int i;

    for (i = 0; i < facts->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(facts->sources, i, cdist_configuration_id_t);
        json_t *object = json_object();

        json_object_set_new(object, "name", json_string(source->name));
        json_object_set_new(object, "vendor", json_string(source->vendor));
        json_object_set_new(object, "version", json_string(source->version));
        json_object_set_new(object, "version_id", json_string(source->version_id));
        json_array_append_new(sources, object);
    }
    return sources;
}

static void print_facts_json(const cdist_file_facts_t *facts, const char *shown)
{
    json_t *object = json_object();

    json_object_set_new(object, "file", json_string(shown));
    json_object_set_new(object, "kind", json_string(cdist_file_kind_name(facts->kind)));
    json_object_set_new(object, "name", json_string(facts->name));
    json_object_set_new(object, "vendor", json_string(facts->vendor));
    json_object_set_new(object, "version", json_string(facts->version));
    json_object_set_new(object, "version_id", json_string(facts->version_id));
    json_object_set_new(object, "compatibility", json_string(facts->compatibility));
    json_object_set_new(object, "container_bits", json_integer(facts->container_bits));
    json_object_set_new(object, "entries", json_integer((json_int_t)facts->entries));
    json_object_set_new(object, "distribution", json_boolean(facts->distribution));
    json_object_set_new(object, "sources", sources_json(facts));
    json_object_set_new(object, "bytes_read", json_integer((json_int_t)facts->bytes_read));
    tool_print_json(object);
}

static void print_line(const char *label, const char *text, apr_pool_t *pool)
{
    if (*text) printf("  %-14s %s\n", label, cdist_text_printable(text, pool));
}

static void print_facts(const cdist_file_facts_t *facts, const char *shown, apr_pool_t *pool)
{
    int i;

    printf("%s: %s%s\n", shown, cdist_file_kind_name(facts->kind), facts->distribution ? ", a vendor's distribution" : "");
    print_line("name", facts->name, pool);
    print_line("vendor", facts->vendor, pool);
    print_line("version", facts->version, pool);
    print_line("version id", facts->version_id, pool);
    print_line("compatibility", facts->compatibility, pool);
    print_line("released", facts->release_date, pool);
    if (facts->container_bits) printf("  %-14s %d bits\n", "container", facts->container_bits);
    if (facts->entries) printf("  %-14s %" APR_UINT64_T_FMT "\n", "entries", facts->entries);
    for (i = 0; i < facts->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(facts->sources, i, cdist_configuration_id_t);

        printf("  %-14s %s %s\n", i ? "" : "applies to", cdist_text_printable(source->version, pool),
               cdist_text_printable(source->version_id, pool));
    }
}

static int info_of(const char *path, int json, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(path, pool);
    cdist_file_facts_t *facts;
    cdist_err_t *err = cdist_file_facts_read(&facts, path, pool, pool);

    if (err) return tool_fail_err(err, pool);
    if (json) print_facts_json(facts, shown);
    else print_facts(facts, shown, pool);
    return TOOL_DONE;
}

static int info(apr_getopt_t *args, apr_pool_t *pool)
{
    apr_array_header_t *files;
    apr_pool_t *scratch;
    const char *value;
    int option, json = 0, status = TOOL_DONE, i;

    while ((option = tool_next_option(&value, &tool_info, args)) > 0) json |= option == OPTION_JSON;
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    files = tool_operands(args, pool);
    if (files->nelts == 0) return tool_usage_error(&tool_info, "name a file");
    apr_pool_create(&scratch, pool);
    for (i = 0; i < files->nelts; i++) {
        apr_pool_clear(scratch);
        if (info_of(APR_ARRAY_IDX(files, i, const char *), json, scratch) != TOOL_DONE) status = TOOL_FAILED;
    }
    return status;
}

const tool_verb_t tool_info = {
    "info",
    "Usage: 1cdist info [--json] FILE…\n"
    "\n"
    "Tells what files of 1C:Enterprise configurations are, from their content alone, whatever their names say: .cf, .cfu,\n"
    ".cfe, .epf, .erf, .efd, support data (ParentConfigurations.bin), 1cv8.mft and UpdInfo.txt. Of a .cf a few kilobytes\n"
    "are read, however large it is; a .cfu is inflated once. A file that cannot be read does not stop the rest.\n"
    "\n"
    "--json prints one object a line: file kind name vendor version version_id compatibility container_bits entries\n"
    "distribution sources bytes_read. sources (name vendor version version_id) are the configurations that an update\n"
    "applies to; distribution is true for a .cf that can stand as a vendor's configuration. What is not known is \"\" or 0.\n"
    "\n"
    "Exit status: 0 done, 1 at least one file cannot be read or is none of these, 2 wrong usage.\n",
    info_options, info};

/* ---- apply ----------------------------------------------------------------------------------------------------- */

static const apr_getopt_option_t apply_options[] = {
    {"output", 'o', 1, NULL}, {"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

static void print_applied(const cdist_applied_t *applied, const char *output, int json, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(output, pool);
    json_t *object;

    if (applied->wide_update) {
        fprintf(stderr, "1cdist: %s: experimental: updates in containers of 64 bits are applied by the format's description, and "
                        "were not compared with a vendor's own result yet\n", shown);
    }
    if (!json) {
        printf("%s: %s %s, %s, id %s\n", shown, cdist_text_printable(applied->id.name, pool),
               cdist_text_printable(applied->id.version, pool), tool_count((int)applied->entries, "entry", "entries", pool),
               cdist_text_printable(applied->id.version_id, pool));
        return;
    }
    object = json_object();
    json_object_set_new(object, "file", json_string(shown));
    json_object_set_new(object, "name", json_string(applied->id.name));
    json_object_set_new(object, "vendor", json_string(applied->id.vendor));
    json_object_set_new(object, "version", json_string(applied->id.version));
    json_object_set_new(object, "version_id", json_string(applied->id.version_id));
    json_object_set_new(object, "container_bits", json_integer(applied->container_bits));
    json_object_set_new(object, "entries", json_integer((json_int_t)applied->entries));
    json_object_set_new(object, "experimental", json_boolean(applied->wide_update));
    tool_print_json(object);
}

static int apply(apr_getopt_t *args, apr_pool_t *pool)
{
    const char *value, *output = NULL, *base;
    apr_array_header_t *files, *updates;
    cdist_applied_t applied;
    cdist_err_t *err;
    int option, json = 0, i;

    while ((option = tool_next_option(&value, &tool_apply, args)) > 0) {
        if (option == 'o') output = value;
        else json = 1;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    files = tool_operands(args, pool);
    if (files->nelts < 2) return tool_usage_error(&tool_apply, "name a .cf and the updates, in their order");
    if (!output) return tool_usage_error(&tool_apply, "-o NEW.cf is missing");
    if (strcmp(output, "-") == 0) {
        return tool_usage_error(&tool_apply,
                                "-o -: must be a file's name: the result is read back, which standard output cannot be");
    }
    base = APR_ARRAY_IDX(files, 0, const char *);
    updates = apr_array_make(pool, files->nelts, sizeof(const char *));
    for (i = 1; i < files->nelts; i++) APR_ARRAY_PUSH(updates, const char *) = APR_ARRAY_IDX(files, i, const char *);
    if ((err = tool_check_output(output, pool)) != NULL) {
        return tool_fail(apr_pstrcat(pool, cdist_text_printable(output, pool), ": ", cdist_err_text(err, pool), NULL));
    }
    if ((err = cdist_apply(&applied, output, base, updates, pool, pool)) != NULL) return tool_fail_err(err, pool);
    print_applied(&applied, output, json, pool);
    return TOOL_DONE;
}

const tool_verb_t tool_apply = {
    "apply",
    "Usage: 1cdist apply BASE.cf UPDATE.cfu… -o NEW.cf [--json]\n"
    "\n"
    "Makes the next configuration out of a .cf and its update, or several in their order, without the platform. An update\n"
    "is refused unless it names the id of the version reached so far: the text of the version is not enough, since two\n"
    "builds may have it. NEW.cf has the contents of the vendor's own next .cf in every entry but root, version and\n"
    "versions, which are written anew; it appears only when it is complete and was read back. For the inflated updates\n"
    "room is needed beside it meanwhile. Updates in containers of 64 bits are experimental, and said to be.\n"
    "\n"
    "--json prints file name vendor version version_id container_bits entries experimental, as one JSON object.\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed (NEW.cf is not touched), 2 wrong usage.\n",
    apply_options, apply};
