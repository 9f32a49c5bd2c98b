/* See exe_maker.h. Knows nothing of the library's own code for headers. */
#include "exe_maker.h"

#include <stdio.h>
#include <string.h>

enum { COFF_AT = 0x80, RESOURCES_AT = 0x800, RESOURCES_ADDRESS = 0x5000, RESOURCES_BYTES = 0x400 };

void exe_write_pe(const char *name, unsigned machine)
{
    unsigned char bytes[0x100] = {'M', 'Z'};

    bytes[0x3C] = COFF_AT;
    memcpy(bytes + COFF_AT, "PE", 2);
    bytes[COFF_AT + 4] = (unsigned char)machine;
    bytes[COFF_AT + 5] = (unsigned char)(machine >> 8);
    fx_write(name, bytes, sizeof bytes);
}

void exe_write_elf(const char *name, unsigned machine)
{
    unsigned char bytes[64] = {0x7F, 'E', 'L', 'F', 2, 1, 1};

    bytes[18] = (unsigned char)machine;
    bytes[19] = (unsigned char)(machine >> 8);
    fx_write(name, bytes, sizeof bytes);
}

void exe_write_macho(const char *name)
{
    fx_write(name, "\xCF\xFA\xED\xFE\x07\0\0\x01", 8);
}

void pe_put16(pe_made_t *made, size_t at, unsigned value)
{
    ck_assert_uint_le(at + 2, sizeof made->bytes);
    made->bytes[at] = (unsigned char)value;
    made->bytes[at + 1] = (unsigned char)(value >> 8);
}

void pe_put32(pe_made_t *made, size_t at, apr_uint32_t value)
{
    pe_put16(made, at, value & 0xFFFF);
    pe_put16(made, at + 2, value >> 16);
}

static void put_headers(pe_made_t *made, const pe_item_t *item)
{
    unsigned directories = item->plus ? 112 : 96, length = directories + 16 * 8;
    size_t optional_at = COFF_AT + 24, at;
    int i;

    memcpy(made->bytes, "MZ", 2);
    pe_put32(made, 0x3C, COFF_AT);
    made->coff_at = COFF_AT;
    memcpy(made->bytes + COFF_AT, "PE", 2);
    pe_put16(made, COFF_AT + 4, item->machine ? item->machine : EXE_PE_AMD64);
    pe_put16(made, COFF_AT + 6, (unsigned)item->sections + 1);
    pe_put16(made, COFF_AT + 20, length);
    pe_put16(made, optional_at, item->plus ? 0x20b : 0x10b);
    pe_put32(made, optional_at + directories - 4, 16);
    made->directory_at = optional_at + directories + 2 * 8;
    pe_put32(made, made->directory_at, RESOURCES_ADDRESS);
    pe_put32(made, made->directory_at + 4, RESOURCES_BYTES);
    for (i = 0; i <= item->sections; i++) {
        int last = i == item->sections;

        at = optional_at + length + (size_t)i * 40;
        ck_assert_uint_le(at + 40, RESOURCES_AT);
        memcpy(made->bytes + at, last ? ".rsrc" : ".text", 5);
        pe_put32(made, at + 8, last ? RESOURCES_BYTES : 0x10);
        pe_put32(made, at + 12, last ? RESOURCES_ADDRESS : 0x1000 + (apr_uint32_t)i * 0x10);
        pe_put32(made, at + 16, last ? RESOURCES_BYTES : 0x10);
        pe_put32(made, at + 20, last ? RESOURCES_AT : 0x10);
        made->section_at = at;
    }
}

/* A folder of resources with `others` entries before the one that leads to `next`. */
static size_t put_folder(pe_made_t *made, int depth, size_t at, int named, int others, apr_uint32_t id, apr_uint32_t next)
{
    int i;

    made->folder_at[depth] = RESOURCES_AT + at;
    pe_put16(made, RESOURCES_AT + at + 12, (unsigned)named);
    pe_put16(made, RESOURCES_AT + at + 14, (unsigned)(others - named + 1));
    at += 16;
    for (i = 0; i < others; i++, at += 8) {
        pe_put32(made, RESOURCES_AT + at, i < named ? 0x80000010u : 1 + (apr_uint32_t)i);
        pe_put32(made, RESOURCES_AT + at + 4, 0x80000300u);
    }
    made->entry_at[depth] = RESOURCES_AT + at;
    pe_put32(made, RESOURCES_AT + at, id);
    pe_put32(made, RESOURCES_AT + at + 4, next);
    return at + 8;
}

static void put_version(pe_made_t *made, size_t at, const char *text)
{
    unsigned part[4] = {0, 0, 0, 0};

    if (text) ck_assert_int_eq(sscanf(text, "%u.%u.%u.%u", &part[0], &part[1], &part[2], &part[3]), 4);
    pe_put32(made, at, part[0] << 16 | part[1]);
    pe_put32(made, at + 4, part[2] << 16 | part[3]);
}

void pe_make(pe_made_t *made, const pe_item_t *item)
{
    static const char key[] = "VS_VERSION_INFO";
    size_t at, value_at, i;

    memset(made, 0, sizeof *made);
    made->resources_at = RESOURCES_AT;
    put_headers(made, item);
    at = put_folder(made, 0, 0, item->named, item->decoys, 16, 0x80000000u | (16 + 8 * (apr_uint32_t)(item->decoys + 1)));
    at = put_folder(made, 1, at, 0, 0, 1, 0x80000000u | (apr_uint32_t)(at + 24));
    at = put_folder(made, 2, at, 0, 0, 0x409, (apr_uint32_t)(at + 24));
    made->data_at = RESOURCES_AT + at;
    value_at = at + 16;
    pe_put32(made, made->data_at, RESOURCES_ADDRESS + (apr_uint32_t)value_at);
    pe_put32(made, made->data_at + 4, 40 + 52);
    value_at += RESOURCES_AT;
    pe_put16(made, value_at, 40 + 52);
    pe_put16(made, value_at + 2, 52);
    for (i = 0; key[i]; i++) made->bytes[value_at + 6 + 2 * i] = (unsigned char)key[i];
    made->fixed_at = value_at + 40;
    pe_put32(made, made->fixed_at, 0xFEEF04BD);
    pe_put32(made, made->fixed_at + 4, 0x10000);
    put_version(made, made->fixed_at + 8, item->file);
    put_version(made, made->fixed_at + 16, item->product);
    made->length = made->fixed_at + 52;
    ck_assert_uint_lt(made->length, RESOURCES_AT + RESOURCES_BYTES);
}

void pe_write(const char *name, const pe_item_t *item)
{
    pe_made_t made;

    pe_make(&made, item);
    fx_write(name, made.bytes, made.length);
}
