/* What is to be done about an answer depends on what was asked for: opening an archive for everybody is right, opening
 * somebody's list of infobases is not. */
#include "check_int.h"

#include <apr_strings.h>

#include <string.h>

/* Addresses whose last part is such a word. */
static const struct {
    const char *name;
    check_address_t address;
} names[] = {{"GetDistributiveInfo", CHECK_SERVICE},     {"WebDistributiveLocation", CHECK_SERVICE},
             {"WebCommonInfoBases", CHECK_SERVICE},      {"CheckInfoBases", CHECK_SERVICE},
             {"GetInfoBases", CHECK_LISTS},              {"resolve", CHECK_LISTS},
             {"index.json", CHECK_FILE},                 {"ClientUpdate.cfg", CHECK_FILE}};

static int ends_in(const char *text, const char *end)
{
    apr_size_t length = strlen(text), own = strlen(end);

    return length > own && strcasecmp(text + length - own, end) == 0;
}

check_address_t check_address_of(const char *url, apr_pool_t *pool)
{
    static const char *const archives[] = {".zip", ".run", ".dmg", ".pkg", ".exe", ".msi", ".rar", ".deb", ".rpm"};
    const char *path = strstr(url, "://") ? strstr(url, "://") + 3 : url, *slash, *last;
    size_t i;

    path = apr_pstrmemdup(pool, path, strcspn(path, "?#"));
    slash = strrchr(path, '/');
    last = slash ? slash + 1 : "";
    if (cdist_slot_parse_file(last, NULL)) return CHECK_ARCHIVE;
    for (i = 0; i < sizeof archives / sizeof archives[0]; i++) {
        if (ends_in(last, archives[i])) return CHECK_ARCHIVE;
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(last, names[i].name) == 0) return names[i].address;
    }
    if (ends_in(last, ".manifest")) return CHECK_FILE;
    return *last ? CHECK_OTHER : CHECK_PAGE;
}

static const char *closed_cure(check_address_t address)
{
    switch (address) {
    case CHECK_ARCHIVE:
        return "clients send no name and no password when they download an archive: allow the publication's archives to them "
               "without one (Require all granted, or Require ip with their networks)";
    case CHECK_SERVICE:
        return "clients ask this without a name: allow this very address to them (Require all granted), and leave "
               "GetInfoBases and resolve as they are";
    case CHECK_LISTS:
        return "lists of infobases may be for known users alone, and clients give a name here: leave it closed. Check the "
               "address of an archive instead, such as …/windows64tc.zip";
    default:
        return "no client downloads this, and it may be closed on purpose: leave it so, and check the address of an archive, "
               "such as …/windows64tc.zip";
    }
}

static const char *missing_cure(const check_answer_t *answer, check_address_t address)
{
    if (!answer->problem) {
        return "it is not the publication that says so, but the web server: the address lies outside of it. Compare it with "
               "Alias, and see whether SetHandler 1cdist stands in that folder's section; or, if archives lie there as plain "
               "files, whether this one does";
    }
    if (address == CHECK_ARCHIVE) {
        return "see 1cdist scan for the releases there are, and the publication's page for their addresses";
    }
    return "see the publication's page for its addresses; archives have names such as windows64tc.zip";
}

const char *check_status_cure(const check_answer_t *answer, check_address_t address, apr_pool_t *pool)
{
    const char *later = apr_table_get(answer->headers, "Retry-After");

    switch (answer->status) {
    case 301: case 302: case 303: case 307: case 308:
        return "publish the address that it leads to: it is not known that clients follow";
    case 400:
        return answer->problem ? "correct the address as it says"
                               : "where the port is one of https, the address must begin with "
                                 "https://; otherwise see the server's error_log";
    case 401: case 403: return closed_cure(address);
    case 407: return "a proxy stands between, and wants a password: clients need a way to this server without it";
    case 404: case 410: return missing_cure(answer, address);
    case 409: return "this is an infobase's address; conf.cfg needs that of an archive";
    case 503:
        return later && *later ? apr_psprintf(pool, "try again in %s s; if it stays so, see the server's error_log",
                                              cdist_text_printable(later, pool))
                               : "see the server's error_log";
    default: return answer->status >= 500 ? "see the server's error_log" : "give the address of an archive";
    }
}

const char *check_type_cure(check_address_t address)
{
    switch (address) {
    case CHECK_PAGE: return "this is a page for people: add the name of an archive to the address, such as windows64tc.zip";
    case CHECK_FILE:
        return "this is for programs, and in order as it is: check the address of an archive, such as …/windows64tc.zip";
    case CHECK_SERVICE: case CHECK_LISTS:
        return "this answers a client's question, and is in order as it is: check the address of an archive, such as the one "
               "that GetDistributiveInfo tells";
    default:
        return "this is no archive to a client: give the address of one, and let the server know its type (AddType "
               "application/zip .zip)";
    }
}
