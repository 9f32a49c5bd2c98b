/* The commands of Designer that take the steps of a chain.
 *
 * What is printed is meant for a shell, while names of files are anybody's: so a name is quoted for the shell of this system
 * unless it is harmless, and one that cannot be typed is not part of a command at all. Source of the switches: administrator guide,
 * /UpdateCfg and /UpdateDBCfg; quotes must not reach Designer itself (oscript-library/v8runner #76). */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#if defined(WIN32)
#define REMARK "rem "
#else
#define REMARK "# "
#endif

/* What no shell looks at. */
static int is_harmless(const char *name)
{
    static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+,/:@";

    return *name && name[strspn(name, harmless)] == '\0';
}

/* NB: in cmd.exe nothing can be done about %, so such a name is none that can be typed. */
static int can_be_typed(const char *name, apr_pool_t *pool)
{
#if defined(WIN32)
    if (strpbrk(name, "%\"")) return 0;
#endif
    return strcmp(cdist_text_printable(name, pool), name) == 0;
}

static const char *quoted(const char *name, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(const char *));
    const char *quote;

    if (is_harmless(name)) return name;
#if defined(WIN32)
    return apr_pstrcat(pool, "\"", name, "\"", NULL);
#endif
    for (; (quote = strchr(name, '\'')) != NULL; name = quote + 1) {
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(pool, name, (apr_size_t)(quote - name));
        APR_ARRAY_PUSH(parts, const char *) = "'\\''";
    }
    APR_ARRAY_PUSH(parts, const char *) = name;
    return apr_pstrcat(pool, "'", apr_array_pstrcat(pool, parts, 0), "'", NULL);
}

/* What has to be unpacked out of the file, since Designer takes a .cf or .cfu alone; "" if it is one. NB: where only texts
 * or lists tell of a delivery, nobody has looked what is in it. */
static const char *packed_name(const cdist_template_t *template)
{
    const char *end = strrchr(template->path, '.');

    if (*template->member || !template->text_only) return template->member;
    if (end && (strcasecmp(end, ".cf") == 0 || strcasecmp(end, ".cfu") == 0)) return "";
    return template->kind == CDIST_FILE_CF ? "1cv8.cf" : "1cv8.cfu";
}

static void print_step(const cdist_chain_step_t *step, apr_pool_t *pool)
{
    const cdist_template_t *template = step->template;
    const char *packed = packed_name(template), *file = *packed ? packed : template->path;

    if (step->downgrade) {
        printf(REMARK "a downgrade to %s: make a backup first\n", cdist_text_printable(template->id.version, pool));
    }
    if (template->listed) printf(REMARK "fetch %s first\n", cdist_text_printable(template->path, pool));
    if (*packed) {
        printf(REMARK "unpack %s first, out of %s\n", cdist_text_printable(file, pool), cdist_text_printable(template->path, pool));
    }
    if (!can_be_typed(file, pool)) {
        printf(REMARK "%s: give this file a name that can be typed, then update to it\n", cdist_text_printable(file, pool));
        return;
    }
    printf("1cv8 DESIGNER /F \"INFOBASE\" /N \"USER\" /P \"PASSWORD\" /UpdateCfg %s /UpdateDBCfg\n", quoted(file, pool));
    if (step->downgrade) return;
    printf(REMARK "then start 1C:Enterprise once, so that the handlers of %s convert the data\n",
           cdist_text_printable(template->id.version, pool));
}

void tool_print_designer(const cdist_chain_t *chain, apr_pool_t *pool)
{
    int i;

    if (chain->steps->nelts) {
        printf(REMARK "INFOBASE, USER and PASSWORD are yours to fill in; /S \"SERVER\\BASE\" instead of /F on a server\n");
    }
    for (i = 0; i < chain->steps->nelts; i++) print_step(&APR_ARRAY_IDX(chain->steps, i, cdist_chain_step_t), pool);
}
