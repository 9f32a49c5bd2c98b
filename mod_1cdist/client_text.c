/* See client_text_int.h. */
#include "client_text_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* ---- User-Agent -------------------------------------------------------------------------------------------------- */

const char *cdist_agent_version(const char *agent, apr_pool_t *pool)
{
    const char *at = agent;
    cdist_version_t version;

    for (; at && (at = strstr(at, "1C")) != NULL; at += 2) {
        apr_size_t name = strcspn(at, "/ ();,");
        const char *text;

        if ((at > agent && !strchr(" (;", at[-1])) || at[name] != '/') continue;
        text = apr_pstrmemdup(pool, at + name + 1, strcspn(at + name + 1, " ();,"));
        if (cdist_mask_parse(&version, text)) return text;
    }
    return NULL;
}

/* ---- GUIDs -------------------------------------------------------------------------------------------------------- */

int cdist_guid_parse(apr_uint64_t half[2], const char *text)
{
    int i, digits = 0;

    half[0] = half[1] = 0;
    for (i = 0; i < 36; i++) {
        const char *hex = "0123456789abcdef", *digit;

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return 0;
            continue;
        }
        digit = text[i] ? strchr(hex, text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') : text[i]) : NULL;
        if (!digit) return 0;
        half[digits / 16] = half[digits / 16] << 4 | (apr_uint64_t)(digit - hex);
        digits++;
    }
    return text[36] == '\0';
}

const char *cdist_guid_format(const apr_uint64_t half[2], apr_pool_t *pool)
{
    return apr_psprintf(pool, "%08x-%04x-%04x-%04x-%04x%08x", (unsigned)(half[0] >> 32), (unsigned)(half[0] >> 16) & 0xffff,
                        (unsigned)half[0] & 0xffff, (unsigned)(half[1] >> 48), (unsigned)(half[1] >> 32) & 0xffff,
                        (unsigned)half[1]);
}

/* ---- hosts --------------------------------------------------------------------------------------------------------- */

#define NAME_MAX_BYTES 253
#define LABEL_MAX_BYTES 63

/* How many characters of a name of DNS stand at the text's start, 0 if they are none. NB: underscores are no DNS, but hosts of
 * Windows networks have them; four numbers are an IPv4 address, and a name as good as others. */
static apr_size_t name_length(const char *text)
{
    apr_size_t length = 0, label = 0;

    for (;; length++) {
        char c = text[length];

        if (apr_isalnum(c) || c == '_' || (c == '-' && label > 0)) {
            if (++label > LABEL_MAX_BYTES) return 0;
        } else if (label > 0 && text[length - 1] == '-') {
            return 0;
        } else if (c == '.' && label > 0) {
            label = 0;
        } else {
            return length <= NAME_MAX_BYTES ? length : 0;
        }
    }
}

/* How many characters of an IPv4 address stand there, 0 if they are none. */
static apr_size_t ipv4_length(const char *text)
{
    const char *at = text;
    int part;

    for (part = 0; part < 4; part++) {
        apr_size_t digits = strspn(at, "0123456789");
        int number, i;

        for (i = 0, number = 0; i < 3 && i < (int)digits; i++) number = number * 10 + (at[i] - '0');
        if (digits < 1 || digits > 3 || number > 255 || (digits > 1 && *at == '0')) return 0;
        at += digits;
        if (part < 3 && *at++ != '.') return 0;
    }
    return (apr_size_t)(at - text);
}

/* How many characters of an IPv6 address stand there, 0 if they are none: eight groups, of which "::" stands for one or more
 * once, and the last two may be an IPv4 address (RFC 4291, 2.2). */
static apr_size_t ipv6_length(const char *text)
{
    const char *at = text;
    int groups = 0, gap = 0;

    if (at[0] == ':' && at[1] == ':') gap = 1, at += 2;
    while (groups < 8 && apr_isxdigit(*at)) {
        apr_size_t tail = groups <= 6 ? ipv4_length(at) : 0, digits = strspn(at, "0123456789abcdefABCDEF");

        if (tail) {
            groups += 2;
            at += tail;
            break;
        }
        if (digits > 4) return 0;
        groups++;
        at += digits;
        if (at[0] != ':') break;
        if (at[1] == ':') {
            if (gap++) return 0;
            at += 2;
        } else if (groups < 8 && apr_isxdigit(at[1])) {
            at++;
        } else {
            break;
        }
    }
    return gap ? (groups < 8 ? (apr_size_t)(at - text) : 0) : groups == 8 ? (apr_size_t)(at - text) : 0;
}

static int is_port(const char *text)
{
    int port;

    return *text != '0' && strspn(text, "0123456789") == strlen(text) && cdist_number_parse(&port, text, 1, 65535);
}

int cdist_host_valid(const char *text)
{
    int brackets = *text == '[';
    apr_size_t length = brackets ? ipv6_length(text + 1) : name_length(text);

    if (!length) return 0;
    text += length + (brackets ? 1 : 0);
    if (brackets && *text++ != ']') return 0;
    return *text == '\0' || (*text == ':' && is_port(text + 1));
}

/* ---- types of content ---------------------------------------------------------------------------------------------------- */

int cdist_media_type_is(const char *value, const char *type)
{
    apr_size_t length = strlen(type);

    return value && strncasecmp(value, type, length) == 0 && (!value[length] || strchr("; \t", value[length]));
}
