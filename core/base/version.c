/* Versions A.B.C.D and masks. The only place that parses or compares one.
 * Rules: comparison is numeric per component (8.3.9 < 8.3.10), a mask is a prefix of components, not of characters
 * (8.3.2 does not match 8.3.22.1750). */
#include "cdist_base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define MAX_DIGITS 9

/* Reads numbers joined by one kind of separator from *at on; returns how many (0: none), and leaves *at behind. */
static int read_numbers(apr_uint32_t part[CDIST_VERSION_PARTS], const char **at)
{
    const char *p = *at;
    char separator = 0;
    int count = 0;

    for (;;) {
        apr_uint32_t number = 0;
        const char *start = p;

        while (apr_isdigit(*p) && p - start <= MAX_DIGITS) number = number * 10 + (apr_uint32_t)(*p++ - '0');
        if (p == start || p - start > MAX_DIGITS || (*start == '0' && p - start > 1)) return 0;
        if (count == CDIST_VERSION_PARTS) return 0;
        part[count++] = number;
        if ((*p != '.' && *p != '_') || !apr_isdigit(p[1])) break;
        if (separator && *p != separator) return 0;
        separator = *p++;
    }
    *at = p;
    return count;
}

int cdist_mask_parse(cdist_version_t *mask, const char *text)
{
    memset(mask, 0, sizeof *mask);
    mask->count = read_numbers(mask->part, &text);
    if (mask->count >= 2 && *text == '\0') return 1;
    memset(mask, 0, sizeof *mask);
    return 0;
}

int cdist_version_parse(cdist_version_t *version, const char *text)
{
    if (cdist_mask_parse(version, text) && version->count == CDIST_VERSION_PARTS) return 1;
    memset(version, 0, sizeof *version);
    return 0;
}

/* Behind the numbers that tell a bitness at the end of a word, as in "setuptc64_8_3" and "x86_64_8_3". */
static const char *skip_bitness(const char *start, const char *end)
{
    static const char *const bitnesses[] = {"32", "64", "86", "8664"};
    size_t i;

    for (i = 0; i < sizeof bitnesses / sizeof bitnesses[0]; i++) {
        apr_size_t length = strlen(bitnesses[i]);

        if (strspn(start, "0123456789") != length || memcmp(start, bitnesses[i], length) != 0) continue;
        start += length;
        return start < end ? skip_bitness(start + 1, end) : start;
    }
    return start;
}

/* NB: the numbers of a run belong together: "8_3_27_2342_2" tells no version, not that of its last four numbers. Only a
 * first number that ends a word ("setuptc64_8_3_27_2342") is not one of them, and a bitness never: "setuptc64_8_3_27" tells
 * none. */
const char *cdist_version_locate(cdist_version_t *version, apr_size_t *length, const char *name, apr_pool_t *scratch_pool)
{
    const char *p = name;

    while (*p) {
        const char *start = p, *end = p + strspn(p, "0123456789._");
        const char *behind;
        int glued = p > name && apr_isalpha(p[-1]);

        p = end > start ? end : p + 1;
        while (end > start && !apr_isdigit(end[-1])) end--;
        while (start < end && !apr_isdigit(*start)) start++, glued = 0;
        behind = glued ? skip_bitness(start, end) : start;
        if (behind > start) start = behind, glued = 0;
        *length = (apr_size_t)(end - start);
        if (cdist_version_parse(version, apr_pstrmemdup(scratch_pool, start, *length))) return start;
        if (!glued) continue;
        start += strspn(start, "0123456789");
        if (start < end) start++;
        *length = (apr_size_t)(end - start);
        if (cdist_version_parse(version, apr_pstrmemdup(scratch_pool, start, *length))) return start;
    }
    memset(version, 0, sizeof *version);
    return NULL;
}

int cdist_version_find(cdist_version_t *version, const char *name, apr_pool_t *scratch_pool)
{
    cdist_version_t other;
    apr_size_t length;
    const char *at = cdist_version_locate(version, &length, name, scratch_pool);

    if (!at) return 0;
    for (name = at + length; (at = cdist_version_locate(&other, &length, name, scratch_pool)) != NULL; name = at + length) {
        if (cdist_version_compare(&other, version) == 0) continue;
        memset(version, 0, sizeof *version);
        return 0;
    }
    return 1;
}

int cdist_version_compare(const cdist_version_t *a, const cdist_version_t *b)
{
    int i;

    for (i = 0; i < CDIST_VERSION_PARTS; i++) {
        if (a->part[i] != b->part[i]) return a->part[i] < b->part[i] ? -1 : 1;
    }
    return 0;
}

int cdist_mask_matches(const cdist_version_t *mask, const cdist_version_t *version)
{
    int i;

    for (i = 0; i < mask->count; i++) {
        if (mask->part[i] != version->part[i]) return 0;
    }
    return 1;
}

const char *cdist_version_format(const cdist_version_t *version, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < version->count; i++) {
        text = apr_psprintf(pool, "%s%s%" APR_UINT64_T_FMT, text, i ? "." : "", (apr_uint64_t)version->part[i]);
    }
    return text;
}
