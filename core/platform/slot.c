/* Slots and their many names. */
#include "cdist_platform.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

const cdist_slot_t cdist_slots[] = {
    {"windows32", "windows32tc.zip"},     {"windows64", "windows64tc.zip"}, {"linux32", "linux32tc.zip"},
    {"linux64", "linux64tc.zip"},         {"macos64", "macOS64tc.zip"},     {"linux-arm64", "linux-arm64.zip"},
    {"linux-e2k", "linux-e2k.zip"},       {NULL, NULL},
};

enum { WINDOWS32, WINDOWS64, LINUX32, LINUX64, MACOS64, LINUX_ARM64, LINUX_E2K };

typedef enum { SYSTEM_NONE, SYSTEM_WINDOWS, SYSTEM_LINUX, SYSTEM_MACOS } system_t;
typedef enum { ARCH_NONE, ARCH_32, ARCH_64, ARCH_ARM64, ARCH_E2K } arch_t;

typedef struct {
    const char *word;
    int value;
} word_t;

/* NB: longer words first where one is the start of another. */
static const word_t systems[] = {{"windows", SYSTEM_WINDOWS}, {"win", SYSTEM_WINDOWS}, {"linux", SYSTEM_LINUX},
                                 {"lin", SYSTEM_LINUX},       {"macos", SYSTEM_MACOS}, {"mac", SYSTEM_MACOS},
                                 {"osx", SYSTEM_MACOS},       {"darwin", SYSTEM_MACOS}};
static const word_t archs[] = {{"32", ARCH_32},        {"x86", ARCH_32},     {"i386", ARCH_32},      {"i586", ARCH_32},
                               {"i686", ARCH_32},      {"ia32", ARCH_32},    {"64", ARCH_64},        {"x64", ARCH_64},
                               {"x8664", ARCH_64},     {"amd64", ARCH_64},   {"arm64", ARCH_ARM64},  {"aarch64", ARCH_ARM64},
                               {"arm", ARCH_ARM64},    {"e2k", ARCH_E2K},    {"e2k8c", ARCH_E2K}};

static const cdist_slot_t *combine(system_t system, arch_t arch)
{
    if (system == SYSTEM_NONE && arch != ARCH_NONE) system = SYSTEM_WINDOWS;
    if (system == SYSTEM_WINDOWS && arch == ARCH_32) return &cdist_slots[WINDOWS32];
    if (system == SYSTEM_WINDOWS && arch == ARCH_64) return &cdist_slots[WINDOWS64];
    if (system == SYSTEM_LINUX && arch == ARCH_32) return &cdist_slots[LINUX32];
    if (system == SYSTEM_LINUX && arch == ARCH_64) return &cdist_slots[LINUX64];
    if (system == SYSTEM_MACOS && (arch == ARCH_64 || arch == ARCH_NONE)) return &cdist_slots[MACOS64];
    if (system == SYSTEM_LINUX && arch == ARCH_ARM64) return &cdist_slots[LINUX_ARM64];
    if (system == SYSTEM_LINUX && arch == ARCH_E2K) return &cdist_slots[LINUX_E2K];
    return NULL;
}

/* Lower case, without '-', '_', '.' and blanks; 0 if it does not fit. */
static int normalise(char *out, apr_size_t size, const char *name)
{
    apr_size_t used = 0;

    for (; *name; name++) {
        if (strchr("-_. ", *name)) continue;
        if (used + 1 >= size) return 0;
        out[used++] = (char)apr_tolower(*name);
    }
    out[used] = '\0';
    return 1;
}

/* Splits "windowsx8664" into what it names; either may be missing. 0 if there is anything else. */
static int split(system_t *system, arch_t *arch, const char *text)
{
    size_t i;

    *system = SYSTEM_NONE;
    *arch = ARCH_NONE;
    for (i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        if (strncmp(text, systems[i].word, strlen(systems[i].word)) == 0) {
            *system = (system_t)systems[i].value;
            text += strlen(systems[i].word);
            break;
        }
    }
    for (i = 0; *text && i < sizeof archs / sizeof archs[0]; i++) {
        if (strcmp(text, archs[i].word) == 0) {
            *arch = (arch_t)archs[i].value;
            text = "";
        }
    }
    return *text == '\0';
}

static const cdist_slot_t *parse_normalised(const char *text)
{
    system_t system;
    arch_t arch;

    return split(&system, &arch, text) ? combine(system, arch) : NULL;
}

const cdist_slot_t *cdist_slot_of_system(const char *os, const char *arch_name)
{
    char text[32];
    system_t system, again;
    arch_t within, arch;

    if (!normalise(text, sizeof text, os) || !split(&system, &within, text) || system == SYSTEM_NONE) return NULL;
    if (!normalise(text, sizeof text, arch_name)) return NULL;
    if (strlen(text) > 3 && strcmp(text + strlen(text) - 3, "prt") == 0) text[strlen(text) - 3] = '\0';
    if (!split(&again, &arch, text)) return NULL;
    if ((again != SYSTEM_NONE && again != system) || (within != ARCH_NONE && arch != ARCH_NONE && within != arch)) return NULL;
    if (arch == ARCH_NONE) arch = within;
    /* NB: there is one client for all Macs. */
    return combine(system, system == SYSTEM_MACOS && arch == ARCH_ARM64 ? ARCH_64 : arch);
}

const cdist_slot_t *cdist_slot_parse(const char *name)
{
    char text[32];

    return normalise(text, sizeof text, name) ? parse_normalised(text) : NULL;
}

/* ---- components -------------------------------------------------------------------------------------------------- */

#define COMPONENT_MAX 31

int cdist_slot_is_component(const cdist_slot_t *slot)
{
    return slot < cdist_slots || slot >= cdist_slots + sizeof cdist_slots / sizeof cdist_slots[0];
}

int cdist_slot_compare(const cdist_slot_t *a, const cdist_slot_t *b)
{
    int x = cdist_slot_is_component(a), y = cdist_slot_is_component(b);

    if (x && y) return strcmp(a->name, b->name);
    return x != y ? x - y : (a > b) - (a < b);
}

const cdist_slot_t *cdist_slot_make(const char *name, apr_pool_t *pool)
{
    static const char *const reserved[] = {"bin", "conf", "distr", "srvinfo", "updates"};
    const cdist_slot_t *known = cdist_slot_parse(name);
    apr_size_t length = strlen(name), i;
    cdist_slot_t *slot;
    char *lower;

    /* NB: a component "windows64tc" would take the URL of a known slot's archive away. */
    if (!known) known = cdist_slot_parse_file(apr_pstrcat(pool, name, ".zip", NULL), NULL);
    if (known) return known;
    if (length == 0 || length > COMPONENT_MAX || !apr_isalnum(name[0])) return NULL;
    for (i = 0; i < length; i++) {
        if (!apr_isalnum(name[i]) && name[i] != '-' && name[i] != '_') return NULL;
    }
    for (i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(name, reserved[i]) == 0) return NULL;
    }
    lower = apr_pstrdup(pool, name);
    for (i = 0; i < length; i++) lower[i] = (char)apr_tolower(lower[i]);
    slot = apr_palloc(pool, sizeof *slot);
    slot->name = lower;
    slot->file = apr_pstrcat(pool, lower, ".zip", NULL);
    return slot;
}

/* The component whose name or file name this is, NULL if there is none. */
static const cdist_slot_t *find_component(const char *text, int file, const apr_array_header_t *components)
{
    int i;

    for (i = 0; components && i < components->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(components, i, const cdist_slot_t *);
        if (strcasecmp(text, file ? slot->file : slot->name) == 0) return slot;
    }
    return NULL;
}

const cdist_slot_t *cdist_slot_named(const char *name, const apr_array_header_t *components)
{
    const cdist_slot_t *component = find_component(name, 0, components);

    return component ? component : cdist_slot_parse(name);
}

/* ---- names of files and folders ------------------------------------------------------------------------------------ */

const cdist_slot_t *cdist_slot_parse_file(const char *file, const apr_array_header_t *components)
{
    const cdist_slot_t *component = find_component(file, 1, components);
    char stem[40];
    apr_size_t length = strlen(file);

    if (component) return component;
    if (length <= 4 || length - 4 >= sizeof stem || strcasecmp(file + length - 4, ".zip") != 0) return NULL;
    apr_cpystrn(stem, file, length - 4 + 1);
    length -= 4;
    if (length > 2 && strcasecmp(stem + length - 2, "tc") == 0) stem[length - 2] = '\0';
    return cdist_slot_parse(stem);
}

/* Names that the vendor gives to downloads and installers, without version, normalised. NB: longer ones first, as above. */
static const struct {
    const char *word;
    int slot;
    arch_t arch; /* that the word tells; ARCH_NONE: another one may follow it */
} vendor_names[] = {{"setuptcx8664", WINDOWS64, ARCH_64},
                    {"setuptc64", WINDOWS64, ARCH_64},
                    {"setuptcx64", WINDOWS64, ARCH_64},
                    {"setuptcx86", WINDOWS32, ARCH_32},
                    {"setuptc32", WINDOWS32, ARCH_32},
                    {"setuptc", WINDOWS32, ARCH_NONE},
                    {"thinclient64", LINUX64, ARCH_64},
                    {"thinclient32", LINUX32, ARCH_32},
                    {"thinclientdeb64", LINUX64, ARCH_64},
                    {"thinclientrpm64", LINUX64, ARCH_64},
                    {"thinclientdeb32", LINUX32, ARCH_32},
                    {"thinclientrpm32", LINUX32, ARCH_32},
                    {"thinclientarm64", LINUX_ARM64, ARCH_ARM64},
                    {"thinclientarm", LINUX_ARM64, ARCH_ARM64},
                    {"thincliente2k", LINUX_E2K, ARCH_E2K},
                    {"macosthinclient", MACOS64, ARCH_64},
                    {"thinosx64", MACOS64, ARCH_64},
                    {"thinosx", MACOS64, ARCH_64},
                    {"setupthinx8664", LINUX64, ARCH_64},
                    {"setupthini386", LINUX32, ARCH_32},
                    {"setupfullx8664", LINUX64, ARCH_64},
                    {"setupfulli386", LINUX32, ARCH_32}};

/* Where the name goes on behind the word; NULL if it does not begin with it, or goes on with a letter: "setuptcarm64" is no
 * "setuptc". The word is normalised, the name is not. */
static const char *behind_word(const char *name, const char *word)
{
    for (; *word; name++) {
        if (strchr("-_. ", *name) && *name) continue;
        if (apr_tolower(*name) != *word++) return NULL;
    }
    return apr_isalpha(*name) ? NULL : name;
}

/* The processor that the rest of a name begins with. */
static arch_t arch_at(const char *rest)
{
    arch_t found = ARCH_NONE;
    apr_size_t longest = 0;
    char text[64];
    size_t i;

    if (!normalise(text, sizeof text, rest)) return ARCH_NONE;
    for (i = 0; i < sizeof archs / sizeof archs[0]; i++) {
        apr_size_t length = strlen(archs[i].word);

        if (length <= longest || strncmp(text, archs[i].word, length) != 0) continue;
        longest = length;
        found = (arch_t)archs[i].value;
    }
    return found;
}

/* NB: what is for a processor that the vendor has no such name for is nothing that we know, rather than something near it. */
static const cdist_slot_t *find_vendor_name(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof vendor_names / sizeof vendor_names[0]; i++) {
        const char *rest = behind_word(name, vendor_names[i].word);
        arch_t arch = rest ? arch_at(rest) : ARCH_NONE;

        if (!rest) continue;
        if (arch == ARCH_NONE || vendor_names[i].slot == MACOS64 || arch == vendor_names[i].arch) {
            return &cdist_slots[vendor_names[i].slot];
        }
        return vendor_names[i].arch == ARCH_NONE ? combine(SYSTEM_WINDOWS, arch) : NULL;
    }
    return NULL;
}

const cdist_slot_t *cdist_slot_find(const char *name, const apr_array_header_t *components, apr_pool_t *scratch_pool)
{
    const cdist_slot_t *component = find_component(name, 0, components), *slot = component ? component : cdist_slot_parse(name);
    cdist_version_t version;
    apr_size_t length;
    const char *at;
    char text[64];

    if (slot) return slot;
    at = cdist_version_locate(&version, &length, name, scratch_pool);
    if (at) name = apr_pstrcat(scratch_pool, apr_pstrmemdup(scratch_pool, name, (apr_size_t)(at - name)), at + length, NULL);
    if (!normalise(text, sizeof text, name)) return NULL;
    slot = parse_normalised(text);
    return slot ? slot : find_vendor_name(name);
}
