/* What machine an executable is for, from its header: PE/COFF (Microsoft's specification, 3.3.1), ELF (gABI, e_machine),
 * Mach-O (loader.h). */
#include "cdist_platform.h"

#include <string.h>

enum { PE_I386 = 0x014c, PE_AMD64 = 0x8664 };
enum { ELF_386 = 3, ELF_X86_64 = 62, ELF_MCST_ELBRUS = 175, ELF_AARCH64 = 183 };
/* A universal file begins as a Java class does; there the same place holds a version from 45 on. */
enum { FAT_ARCHITECTURES_MAX = 44 };

static unsigned get16(const unsigned char *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static const cdist_slot_t *pe_slot(const unsigned char *head, apr_size_t length)
{
    apr_size_t at;

    if (length < 0x40) return NULL;
    at = get16(head + 0x3C) | (apr_size_t)get16(head + 0x3E) << 16;
    if (at > length - 6 || memcmp(head + at, "PE\0\0", 4) != 0) return NULL;
    switch (get16(head + at + 4)) {
    case PE_I386: return cdist_slot_parse("windows32");
    case PE_AMD64: return cdist_slot_parse("windows64");
    default: return NULL;
    }
}

static const cdist_slot_t *elf_slot(const unsigned char *head, apr_size_t length)
{
    if (length < 20 || head[5] != 1) return NULL; /* little-endian only: no client exists for others */
    switch (get16(head + 18)) {
    case ELF_386: return cdist_slot_parse("linux32");
    case ELF_X86_64: return cdist_slot_parse("linux64");
    case ELF_MCST_ELBRUS: return cdist_slot_parse("linux-e2k");
    case ELF_AARCH64: return cdist_slot_parse("linux-arm64");
    default: return NULL;
    }
}

static const cdist_slot_t *fat_slot(const unsigned char *head, apr_size_t length)
{
    if (length < 8 || head[4] || head[5] || head[6] || head[7] > FAT_ARCHITECTURES_MAX) return NULL;
    return cdist_slot_parse("macos64");
}

const cdist_slot_t *cdist_binary_slot(const unsigned char *head, apr_size_t length)
{
    if (length >= 2 && memcmp(head, "MZ", 2) == 0) return pe_slot(head, length);
    if (length >= 4 && memcmp(head, "\x7F" "ELF", 4) == 0) return elf_slot(head, length);
    /* The system's one client serves both of its 64-bit machines. */
    if (length >= 4 && memcmp(head, "\xCF\xFA\xED\xFE", 4) == 0) return cdist_slot_parse("macos64");
    if (length >= 4 && memcmp(head, "\xCA\xFE\xBA\xBE", 4) == 0) return fat_slot(head, length);
    return NULL;
}
