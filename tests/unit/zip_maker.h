/* Makes small ZIP files in memory, sound ones and such as no honest program writes. */
#ifndef ZIP_MAKER_H
#define ZIP_MAKER_H

#include "fixture.h"

typedef struct {
    const char *name;
    size_t name_bytes; /* 0: the length of the text */
    const char *content;
    size_t bytes;       /* 0: the length of the text */
    int method;         /* 0, 8, or one that nobody knows: then the content is stored */
    unsigned flags;     /* general purpose bits; bit 3 makes a data descriptor */
    unsigned mode;      /* 0: not made by Unix */
    int zip64;          /* numbers stand in Zip64 fields of the directory */
    int at;             /* if not 0: no data of its own, the directory points there */
    apr_int64_t lie;    /* added to the content's size in both headers */
} zip_item_t;

typedef struct {
    unsigned char *bytes;
    size_t length;
    size_t directory_at;
    size_t local_at[16], data_at[16], central_at[16];
} zip_made_t;

/* In the test's pool; `made->bytes` may be changed in place. */
void zip_make(zip_made_t *made, const zip_item_t *items, int count);
#define ZIP_MAKE(made, items) zip_make(made, items, FX_COUNT(items))

#endif
