/* Names of files and folders: which role they play, and which version they claim. */
#include "templates_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define CLAIM_NUMBERS 4

/* The end that makes the role, and the usual name. */
static const struct {
    role_t role;
    const char *end, *usual;
} roles[] = {{ROLE_CF, ".cf", "1cv8.cf"},          {ROLE_CFU, ".cfu", "1cv8.cfu"},
             {ROLE_DELIVERY, ".efd", "1cv8.efd"},  {ROLE_DELIVERY, ".zip", "1cv8.zip"},
             {ROLE_MFT, ".mft", "1cv8.mft"},       {ROLE_UPDINFO, "updinfo.txt", "updinfo.txt"},
             {ROLE_CUC, ".cuc", "1cv8.cuc"},       {ROLE_NOTICE, "1cv8upd.htm", "1cv8upd.htm"},
             {ROLE_LIST, "v8upd11.xml", "v8upd11.xml"}, {ROLE_CACHE, ".1cdist", ""}};

static int ends_with(const char *name, const char *end)
{
    apr_size_t length = strlen(name), tail = strlen(end);

    return length >= tail && strcasecmp(name + length - tail, end) == 0;
}

role_t cdist_role_of(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (ends_with(name, roles[i].end)) return roles[i].role;
    }
    return ROLE_NONE;
}

int cdist_role_is_usual(role_t role, const char *name)
{
    size_t i;

    for (i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (roles[i].role == role && strcasecmp(name, roles[i].usual) == 0) return 1;
    }
    return 0;
}

/* How many numbers with one kind of separator start at `text`, and where they end. */
static int count_numbers(const char **end, const char *text)
{
    char separator = '\0';
    int count = 0;

    for (;;) {
        text += strspn(text, "0123456789");
        count++;
        *end = text;
        if ((*text != '.' && *text != '_') || !apr_isdigit(text[1]) || (separator && *text != separator)) return count;
        separator = *text++;
    }
}

const char *cdist_claim_of(const char *name, int whole, apr_pool_t *pool)
{
    const char *claim = "", *at, *end;

    for (at = name; *at; at = end) {
        int count = 0;

        end = at + 1;
        if (apr_isdigit(*at)) count = count_numbers(&end, at);
        /* NB: numbers belong together: 1_0_0_6_1 claims nothing. But where the separator changes another run may begin, with the
         * last number of this one: "e8_8.1.9.57". */
        if (count > 0 && count < CLAIM_NUMBERS) end = at + strspn(at, "0123456789");
        if (count != CLAIM_NUMBERS) continue;
        if (whole && (at > name || *end)) return "";
        if (*claim && cdist_claim_differs(claim, apr_pstrmemdup(pool, at, (apr_size_t)(end - at)))) return "";
        claim = apr_pstrmemdup(pool, at, (apr_size_t)(end - at));
    }
    return claim;
}

/* The next number of a version, zeros in front dropped; 0 at the end or where none is. */
static int next_number(const char **start, apr_size_t *length, const char **at)
{
    *length = strspn(*at, "0123456789");
    if (*length == 0) return 0;
    *start = *at;
    *at += *length;
    for (; *length > 1 && **start == '0'; (*length)--) (*start)++;
    return 1;
}

int cdist_claim_differs(const char *claim, const char *version)
{
    for (;;) {
        const char *a, *b;
        apr_size_t a_length, b_length;

        if (!next_number(&a, &a_length, &claim) || !next_number(&b, &b_length, &version)) return 1;
        if (a_length != b_length || memcmp(a, b, a_length) != 0) return 1;
        if (!*claim && !*version) return 0;
        if ((*claim != '.' && *claim != '_') || (*version != '.' && *version != '_')) return 1;
        claim++;
        version++;
    }
}

apr_time_t cdist_date_parse(const char *text)
{
    apr_time_exp_t date = {0}, again;
    int number[3], i;
    apr_time_t time;

    for (i = 0; i < 3; i++) {
        apr_size_t digits = strspn(text, "0123456789");
        char part[8];

        if (digits == 0 || digits > 4 || text[digits] != (i < 2 ? '.' : '\0')) return CDIST_UNDATED;
        apr_cpystrn(part, text, digits + 1);
        if (!cdist_number_parse(&number[i], part, 1, 9999)) return CDIST_UNDATED;
        text += digits + 1;
    }
    date.tm_mday = number[0];
    date.tm_mon = number[1] - 1;
    date.tm_year = number[2] - 1900;
    if (number[1] > 12 || number[0] > 31 || date.tm_year < 70) return CDIST_UNDATED;
    /* The 31st of a month that has 30 days would be the first of the next one. */
    if (apr_time_exp_gmt_get(&time, &date) != APR_SUCCESS || apr_time_exp_gmt(&again, time) != APR_SUCCESS ||
        again.tm_mday != date.tm_mday) {
        return CDIST_UNDATED;
    }
    return time;
}
