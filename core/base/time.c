/* Moments as text. */
#include "cdist_base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define TIME_FORM "dddd-dd-ddTdd:dd:ddZ"

const char *cdist_time_format(apr_time_t when, apr_pool_t *pool)
{
    apr_time_exp_t parts;

    if (apr_time_exp_gmt(&parts, when) != APR_SUCCESS) return "";
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                        parts.tm_hour, parts.tm_min, parts.tm_sec);
}

int cdist_time_parse(apr_time_t *when, const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t parts;
    int year, leap;
    size_t i;

    if (strlen(text) != strlen(TIME_FORM)) return 0;
    for (i = 0; i < strlen(TIME_FORM); i++) {
        if (TIME_FORM[i] == 'd' ? !apr_isdigit(text[i]) : text[i] != TIME_FORM[i]) return 0;
    }
    memset(&parts, 0, sizeof parts);
    year = atoi(text);
    parts.tm_year = year - 1900;
    parts.tm_mon = atoi(text + 5) - 1;
    parts.tm_mday = atoi(text + 8);
    parts.tm_hour = atoi(text + 11);
    parts.tm_min = atoi(text + 14);
    parts.tm_sec = atoi(text + 17);
    if (year < 1970 || parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59) {
        return 0;
    }
    leap = parts.tm_mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (parts.tm_mday < 1 || parts.tm_mday > days[parts.tm_mon] + leap) return 0;
    return apr_time_exp_gmt_get(when, &parts) == APR_SUCCESS;
}
