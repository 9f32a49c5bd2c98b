/* 1cv8upd.htm, what the vendor says about an update: a page whose text names the least platform version, "для использования с
 * версией системы 1С:Предприятие не ниже 8.3.6.2076". Tags may stand between any two words. */
#include "templates_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define PHRASE "НЕ НИЖЕ"
#define REACH_BYTES 160 /* how far behind the phrase the version may stand */
#define PLATFORM 8      /* with what every version of the platform begins */
#define MAX_PHRASES 64

/* Copies what a reader sees: without tags, blanks and no-break spaces as one blank, letters as capitals. */
static char *plain_text(const char *html, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, strlen(html) + 1), *out = text;

    while (*html) {
        apr_size_t step = apr_isspace(*html)                            ? 1
                          : strncmp(html, "\xC2\xA0", 2) == 0           ? 2
                          : strncasecmp(html, "&nbsp;", 6) == 0         ? 6
                          : strncmp(html, "&#160;", 6) == 0             ? 6
                                                                        : 0;

        if (*html == '<') {
            const char *end = strchr(html, '>');

            if (!end) break;
            step = (apr_size_t)(end - html) + 1;
        }
        if (step == 0) {
            *out++ = *html++;
            continue;
        }
        html += step;
        if (out > text && out[-1] != ' ') *out++ = ' ';
    }
    *out = '\0';
    cdist_text_fold(text);
    return text;
}

const char *cdist_notice_platform(const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    const char *text = plain_text(cdist_text_decode_cp1251(bytes, length, pool), pool);

    int i;

    for (i = 0; i < MAX_PHRASES && (text = strstr(text, PHRASE)) != NULL; i++) {
        cdist_version_t version;
        apr_size_t bytes_here;

        text += strlen(PHRASE);
        bytes_here = strnlen(text, REACH_BYTES);
        /* NB: the phrase is used of configurations too, whose versions rarely begin with an 8. */
        if (cdist_version_locate(&version, &bytes_here, apr_pstrmemdup(pool, text, bytes_here), pool) &&
            version.part[0] == PLATFORM) {
            return cdist_version_format(&version, pool);
        }
    }
    return "";
}
