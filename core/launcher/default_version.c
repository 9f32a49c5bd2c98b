/* DefaultVersion (administrator guide 8.3.23, appendix 3.5): which version is taken for a part of one, such as
 * 8.3-8.3.22.1750;x86_64. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <string.h>

int cdist_default_version_parse(cdist_default_version_t *value, const char *text, apr_pool_t *pool)
{
    const char *semicolon = strchr(text, ';'), *dash;
    cdist_arch_wish_t wish;

    memset(value, 0, sizeof *value);
    if (semicolon) {
        value->arch = semicolon + 1;
        if (!cdist_arch_parse(&wish, value->arch)) return 0;
        text = apr_pstrmemdup(pool, text, (apr_size_t)(semicolon - text));
    }
    dash = strchr(text, '-');
    if (dash) {
        if (!cdist_mask_parse(&value->target, dash + 1)) return 0;
        text = apr_pstrmemdup(pool, text, (apr_size_t)(dash - text));
    }
    return cdist_mask_parse(&value->mask, text);
}
