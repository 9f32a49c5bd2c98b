/* The version resource of a PE file: PE/COFF specification (Microsoft), 4 "The .rsrc section", and VS_FIXEDFILEINFO of the
 * Windows SDK. Every offset is a stranger's: each is read at its place in the file, and what does not fit ends the search. */
#include "cdist_platform.h"

#include <string.h>

enum { PE32 = 0x10b, PE32_PLUS = 0x20b };
enum { RESOURCE_DIRECTORY = 2, TYPE_VERSION = 16 };
enum { MAX_SECTIONS = 96, MAX_RESOURCES = 4096 };
#define IS_SUBFOLDER 0x80000000u
#define FIXED_SIGNATURE 0xFEEF04BDu
/* VS_VERSIONINFO before its fixed part: three words, the name L"VS_VERSION_INFO", padding to 32 bits. */
#define FIXED_OFFSET 40
#define FIXED_BYTES 24

typedef struct {
    apr_file_t *file;
    apr_off_t resources; /* where the resource section begins in the file */
    apr_uint32_t base;   /* the same as an address in memory */
    apr_status_t failure; /* of the file itself; its end is none */
} pe_t;

static unsigned get16(const unsigned char *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static apr_uint32_t get32(const unsigned char *p)
{
    return (apr_uint32_t)get16(p) | (apr_uint32_t)get16(p + 2) << 16;
}

/* 0 if the file ends before, or cannot be read. */
static int read_at(pe_t *pe, apr_off_t offset, void *buffer, apr_size_t length)
{
    apr_status_t rv = apr_file_seek(pe->file, APR_SET, &offset);

    if (rv == APR_SUCCESS) rv = apr_file_read_full(pe->file, buffer, length, NULL);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) pe->failure = rv;
    return rv == APR_SUCCESS;
}

/* Finds the section that holds the resources. */
static int find_resources(pe_t *pe)
{
    unsigned char dos[64], coff[24], optional[120], section[40];
    apr_uint32_t at, address;
    unsigned sections, length, directories, i;

    if (!read_at(pe, 0, dos, sizeof dos) || memcmp(dos, "MZ", 2) != 0) return 0;
    at = get32(dos + 0x3C);
    if (!read_at(pe, at, coff, sizeof coff) || memcmp(coff, "PE\0\0", 4) != 0) return 0;
    sections = get16(coff + 6);
    length = get16(coff + 20);
    /* The directories stand behind 96 or 112 bytes, eight bytes each; their number right before them. */
    if (sections > MAX_SECTIONS || length < 2 || !read_at(pe, (apr_off_t)at + 24, optional, 2)) return 0;
    directories = get16(optional) == PE32_PLUS ? 112 : 96;
    if (get16(optional) != PE32_PLUS && get16(optional) != PE32) return 0;
    if (length < directories + 8 * (RESOURCE_DIRECTORY + 1)) return 0;
    if (!read_at(pe, (apr_off_t)at + 24 + directories - 4, optional, 4)) return 0;
    if (get32(optional) <= RESOURCE_DIRECTORY) return 0;
    if (!read_at(pe, (apr_off_t)at + 24 + directories + 8 * RESOURCE_DIRECTORY, optional, 8)) return 0;
    address = get32(optional);
    for (i = 0; i < sections && address; i++) {
        apr_uint32_t start, span;

        if (!read_at(pe, (apr_off_t)at + 24 + length + (apr_off_t)i * 40, section, sizeof section)) return 0;
        start = get32(section + 12);
        span = get32(section + 16);
        if (address >= start && address - start < span) {
            pe->base = address;
            pe->resources = (apr_off_t)get32(section + 20) + (address - start);
            return 1;
        }
    }
    return 0;
}

/* The offset that an entry of a resource folder leads to: the one of `type`, or the first where `type` is 0. */
static int find_entry(apr_uint32_t *offset, pe_t *pe, apr_uint32_t folder, apr_uint32_t type)
{
    unsigned char head[16], entry[8];
    unsigned count, i;

    if (!read_at(pe, pe->resources + folder, head, sizeof head)) return 0;
    count = get16(head + 12) + get16(head + 14);
    for (i = 0; i < count && i < MAX_RESOURCES; i++) {
        if (!read_at(pe, pe->resources + folder + 16 + (apr_off_t)i * 8, entry, sizeof entry)) return 0;
        if (type && get32(entry) != type) continue;
        *offset = get32(entry + 4);
        return 1;
    }
    return 0;
}

static void take(cdist_version_t *version, const unsigned char *high_low)
{
    apr_uint32_t high = get32(high_low), low = get32(high_low + 4);

    version->part[0] = high >> 16;
    version->part[1] = high & 0xFFFF;
    version->part[2] = low >> 16;
    version->part[3] = low & 0xFFFF;
    version->count = high || low ? CDIST_VERSION_PARTS : 0;
}

static void find_version(cdist_version_t *version, pe_t *pe)
{
    unsigned char entry[16], fixed[FIXED_BYTES];
    apr_uint32_t offset, address;

    if (!find_resources(pe)) return;
    /* Three folders deep: type, name, language. */
    if (!find_entry(&offset, pe, 0, TYPE_VERSION) || !(offset & IS_SUBFOLDER)) return;
    if (!find_entry(&offset, pe, offset & ~IS_SUBFOLDER, 0) || !(offset & IS_SUBFOLDER)) return;
    if (!find_entry(&offset, pe, offset & ~IS_SUBFOLDER, 0) || offset & IS_SUBFOLDER) return;
    if (!read_at(pe, pe->resources + offset, entry, sizeof entry)) return;
    address = get32(entry);
    if (address < pe->base || get32(entry + 4) < FIXED_OFFSET + FIXED_BYTES) return;
    if (!read_at(pe, pe->resources + (address - pe->base) + FIXED_OFFSET, fixed, sizeof fixed)) return;
    if (get32(fixed) != FIXED_SIGNATURE) return;
    take(version, fixed + 8);
    if (!version->count) take(version, fixed + 16);
}

apr_status_t cdist_binary_version(cdist_version_t *version, apr_file_t *file)
{
    pe_t pe = {file, 0, 0, APR_SUCCESS};

    memset(version, 0, sizeof *version);
    find_version(version, &pe);
    return pe.failure;
}
