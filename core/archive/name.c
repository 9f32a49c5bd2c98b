/* Names and links that must not enter or leave an archive. What is refused here is refused by builder and reader alike,
 * so that an archive of ours always passes its own check. */
#include "archive_int.h"

#include <apr_lib.h>

#include <string.h>

/* ---- refused everywhere ---------------------------------------------------------------------------------------- */

static const char *part_problem(const char *part, apr_size_t length)
{
    if (length == 0 || (length == 1 && part[0] == '.')) return "has an empty part";
    return length == 2 && part[0] == '.' && part[1] == '.' ? "leads out of its folder" : NULL;
}

const char *cdist_name_problem(const char *name, apr_size_t length)
{
    apr_size_t start = 0, i;

    if (length == 0) return "is empty";
    if (name[0] == '/') return "is absolute";
    if (length > 1 && name[1] == ':') return "has a drive letter";
    if (name[length - 1] == '/') length--;
    for (i = 0; i <= length; i++) {
        if (i < length && ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)) return "has a control character";
        if (i < length && name[i] == '\\') return "has a backslash, which Windows takes for a folder";
        if (i == length || name[i] == '/') {
            const char *reason = part_problem(name + start, i - start);
            if (reason) return reason;
            start = i + 1;
        }
    }
    return NULL;
}

/* A link is kept if it cannot lead out: relative, '..' only in front, and not more of them than folders above it.
 * What follows goes down through folders or through links that passed the same rule. */
int cdist_link_leads_out(const char *target, int depth)
{
    const char *p = target;
    int leading = 1;

    if (*p == '/' || *p == '\0' || strchr(p, '\\') || !cdist_text_is_utf8(p, strlen(p))) return 1;
    while (*p) {
        apr_size_t length = strcspn(p, "/");

        if (length == 2 && p[0] == '.' && p[1] == '.') {
            if (!leading || --depth < 0) return 1;
        } else if (length > 0 && !(length == 1 && p[0] == '.')) {
            leading = 0;
        }
        p += length;
        while (*p == '/') p++;
    }
    return 0;
}

/* ---- impossible on Windows only ---------------------------------------------------------------------------------- */

static int is_reserved_word(const char *part, apr_size_t length)
{
    static const char *const words[] = {"con", "prn", "aux", "nul"};
    apr_size_t stem = 0, i;

    while (stem < length && part[stem] != '.') stem++;
    for (i = 0; stem == 3 && i < 4; i++) {
        if (strncasecmp(part, words[i], 3) == 0) return 1;
    }
    return stem == 4 && (strncasecmp(part, "com", 3) == 0 || strncasecmp(part, "lpt", 3) == 0) && apr_isdigit(part[3]);
}

static const char *part_remark(const char *part, apr_size_t length)
{
    if (length && (part[length - 1] == '.' || part[length - 1] == ' ')) return "has a part that ends in a dot or a blank";
    return is_reserved_word(part, length) ? "has a part that is a device" : NULL;
}

const char *cdist_name_remark(const char *name, apr_size_t length)
{
    apr_size_t start = 0, i;

    for (i = 0; i <= length; i++) {
        if (i < length && strchr(":*?\"<>|", name[i])) return "has one of the characters : * ? \" < > |";
        if (i == length || name[i] == '/') {
            const char *reason = part_remark(name + start, i - start);
            if (reason) return reason;
            start = i + 1;
        }
    }
    return NULL;
}
