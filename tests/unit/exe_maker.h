/* Makes small executables in memory: headers that tell a machine, and PE files with a version resource. */
#ifndef EXE_MAKER_H
#define EXE_MAKER_H

#include "fixture.h"

enum { EXE_PE_I386 = 0x014c, EXE_PE_AMD64 = 0x8664, EXE_PE_ARM64 = 0xAA64 };
enum { EXE_ELF_386 = 3, EXE_ELF_MIPS = 8, EXE_ELF_X86_64 = 62, EXE_ELF_E2K = 175, EXE_ELF_AARCH64 = 183 };

/* Write a client's beginning under a name of the test's folder, without any version. */
void exe_write_pe(const char *name, unsigned machine);
void exe_write_elf(const char *name, unsigned machine);
void exe_write_macho(const char *name);

typedef struct {
    unsigned machine;     /* 0: AMD64 */
    int plus;             /* PE32+ instead of PE32 */
    int sections;         /* how many others stand before the one with resources */
    int decoys;           /* how many resources of other types stand before the version */
    int named;            /* the first of the decoys have names instead of numbers */
    const char *file;     /* "8.3.22.1750"; NULL: zeros */
    const char *product;
} pe_item_t;

/* Where things stand in `bytes`, which may be changed in place. */
typedef struct {
    unsigned char bytes[4096];
    size_t length;
    size_t coff_at, directory_at, section_at; /* COFF header; data directory of resources; that section's header */
    size_t resources_at, folder_at[3];        /* the folders of type, name and language */
    size_t entry_at[3], data_at, fixed_at;    /* their entries for the version, its data entry, VS_FIXEDFILEINFO */
} pe_made_t;

void pe_make(pe_made_t *made, const pe_item_t *item);
/* Makes one and writes it. */
void pe_write(const char *name, const pe_item_t *item);
void pe_put16(pe_made_t *made, size_t at, unsigned value);
void pe_put32(pe_made_t *made, size_t at, apr_uint32_t value);

#endif
