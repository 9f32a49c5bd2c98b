/* The order of versions. They are free text: 3.0.11.36, 1.0.0.005, 2.9.8.251127, 10.11.2.13 rc. */
#include "cdist_templates.h"

#include <apr_lib.h>

#include <string.h>

/* Whether a component is a number. */
static int is_number(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++) {
        if (!apr_isdigit(text[i])) return 0;
    }
    return length > 0;
}

static int compare_bytes(const char *a, apr_size_t a_length, const char *b, apr_size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* NB: numbers of any length, so by their digits. */
static int compare_component(const char *a, apr_size_t a_length, const char *b, apr_size_t b_length)
{
    int a_number = is_number(a, a_length), b_number = is_number(b, b_length);

    if (a_number != b_number) return a_number ? -1 : 1;
    if (!a_number) return compare_bytes(a, a_length, b, b_length);
    for (; a_length > 1 && *a == '0'; a_length--) a++;
    for (; b_length > 1 && *b == '0'; b_length--) b++;
    if (a_length != b_length) return a_length < b_length ? -1 : 1;
    return memcmp(a, b, a_length);
}

int cdist_release_compare(const char *a, const char *b)
{
    while (*a && *b) {
        apr_size_t a_length = strcspn(a, "."), b_length = strcspn(b, ".");
        int order = compare_component(a, a_length, b, b_length);

        if (order) return order;
        a += a_length;
        b += b_length;
        /* NB: "1." goes on from "1". */
        if (!*a || !*b) break;
        a++;
        b++;
        if (!*a || !*b) break;
    }
    return (*a != '\0') - (*b != '\0');
}
