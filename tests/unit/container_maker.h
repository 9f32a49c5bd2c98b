/* Containers and configurations made by code, sound ones and such as no platform writes. */
#ifndef CONTAINER_MAKER_H
#define CONTAINER_MAKER_H

#include "fixture.h"

/* Bytes that grow; they live with the test. */
typedef struct {
    unsigned char *bytes;
    size_t length, room;
} cm_made_t;

void cm_put(cm_made_t *made, const void *bytes, size_t length);
void cm_put_le(cm_made_t *made, apr_uint64_t number, int count);
/* Raw deflate data of the bytes. */
void cm_deflate(cm_made_t *packed, const void *bytes, size_t length);

typedef struct {
    const char *name;
    const void *content;
    size_t length; /* 0: of the text */
    int stored;    /* 1: not deflated */
    int no_data;   /* 1: an entry without data */
} cm_item_t;

typedef struct {
    int bits;         /* 32 or 64 */
    size_t piece;     /* documents are chains of blocks of so many bytes; 0: one block */
    size_t pad;       /* blocks have room for so many bytes at least, as in saved files */
    int backward;     /* 1: the blocks of a chain lie in reverse order */
    int other_case;   /* 1: the digits in the case that the platform does not use */
    int data_first;   /* 1: data in front of attributes, all data first */
    int free_records; /* so many free records in front of the table */
} cm_style_t;

/* The items in the order given; NULL is the plain 32-bit style. Returns where the container starts. */
size_t cm_container(cm_made_t *made, const cm_item_t *items, int count, const cm_style_t *style);

/* Noise of 20000 bytes that starts like text. */
const char *cm_long_text(void);
/* Some entries, in the platform's order; UpdateInfo.inf is in its place only without regard to case. */
cm_item_t *cm_some_items(int *count);

/* A configuration; NULL texts take defaults. */
typedef struct {
    const char *name, *vendor, *version, *version_id;
    const char *code;   /* of the compatibility mode */
    const char *layout; /* default 59 */
    const char *digest; /* in root; default none */
    const char *support_version; /* what the support data name; NULL: no support data */
    int locked;
    int extra;          /* so many entries more */
    int stored;
    int extension;      /* 1: a .cfe */
    const char *root_name; /* what root names, where that is not the metadata's entry */
} cm_configuration_t;

#define CM_NAME "Склад"
#define CM_VENDOR "Фирма \"Ромашка\""
#define CM_VERSION "1.0.2.7"
#define CM_VERSION_ID "0798fe1b-b151-4efe-8b31-f0897db3142a"
#define CM_ROOT_ID "5d973c2a-9093-4500-b098-ee8113d82749"
#define CM_OBJECT_ID "7712ac24-13d0-4411-9a9f-7d34a8fc8ac3"

/* The items of a configuration, sorted; *count is how many. */
cm_item_t *cm_configuration_items(int *count, const cm_configuration_t *configuration);
void cm_configuration(cm_made_t *made, const cm_configuration_t *configuration, const cm_style_t *style);
/* The stub of a .cf of 64 bits, `length` bytes long; 0: as the platform's own. */
void cm_stub(cm_made_t *made, size_t length);
/* The metadata's text. */
const char *cm_metadata(const cm_configuration_t *configuration);
/* UpdateInfo.inf of an update from two versions to CM_VERSION. */
extern const char cm_update_info[];
/* An update, inflated: metadata and UpdateInfo.inf (NULL: without) and `extra` other entries. */
void cm_update(cm_made_t *made, const char *update_info, int extra, const cm_style_t *style);

#endif
