/* Between the files of this room. */
#ifndef CDIST_LINT_INT_H
#define CDIST_LINT_INT_H

#include "cdist_lint.h"

typedef enum {
    KIND_UNKNOWN,
    KIND_CONF,     /* conf.cfg */
    KIND_UPDATE,   /* ClientUpdate.cfg */
    KIND_START,    /* 1cestart.cfg */
    KIND_COMMON,   /* 1cescmn.cfg: 1cestart.cfg for all, next to the distribution */
    KIND_INFOBASES, /* .v8i */
    KIND_VRD,
    KIND_DISTR /* a folder of ready archives beside the server's programs */
} lint_kind_t;

typedef struct {
    const char *path;
    lint_kind_t kind;
    const cdist_settings_t *settings; /* of the kinds with lines; NULL if it could not be read */
    const cdist_vrd_t *vrd;
    const apr_array_header_t *names;  /* of KIND_DISTR: const char *, the files in it */
} lint_file_t;

typedef struct {
    const cdist_lint_options_t *options;
    apr_array_header_t *findings; /* cdist_finding_t */
    apr_pool_t *pool;
} lint_t;

/* ---- lint.c ---- */

/* Adds a finding. `suggestion` may be NULL. */
void lint_add(lint_t *lint, const lint_file_t *file, int line, cdist_lint_level_t level, const char *code,
              const char *suggestion, const char *fmt, ...) CDIST_PRINTF(7, 8);

/* ---- keys.c ---- */

/* A key of a kind as the platform spells it, compared without case; NULL if it is none. *list tells whether it may stand there
 * several times. */
const char *lint_key_known(int *list, lint_kind_t kind, const char *key);
/* The key that was probably meant, NULL if none is near enough. */
const char *lint_key_meant(lint_kind_t kind, const char *key);
/* The one of these words (NULL at the end) that was probably meant by a text that is none of them; NULL if none is near. */
const char *lint_word_meant(const char *text, const char *const *words);

/* ---- kind.c ---- */

/* By the name that the platform gives to such a file, or its extension. */
lint_kind_t lint_kind_by_name(const char *path);
int lint_begins_as_xml(const char *bytes, apr_size_t length);
/* What a file of lines is, by its keys and sections. */
lint_kind_t lint_kind_by_keys(const cdist_settings_t *settings);

/* ---- settings.c, infobases.c, values.c, descriptor.c, location.c, order.c ---- */

/* Files of keys without sections. */
void lint_settings(lint_t *lint, const lint_file_t *file);
void lint_infobases(lint_t *lint, const lint_file_t *file);
void lint_descriptor(lint_t *lint, const lint_file_t *file);
/* A value of which the launcher knows a few words only; `key` as the platform spells it. */
void lint_value(lint_t *lint, const lint_file_t *file, int line, const char *key, const char *value);
/* An address for a slot (a place in cdist_locations) that stands under `name`. */
void lint_location(lint_t *lint, const lint_file_t *file, int line, int location, const char *name, const char *url);
/* What goes before what, among all files (lint_file_t). */
void lint_order(lint_t *lint, const apr_array_header_t *files);
/* Checks that any line of Key=Value gets: misspelt, or no setting at all. `line` is a setting or something unknown. */
void lint_line(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line);
/* A value that holds a secret, whatever its key. */
void lint_secret(lint_t *lint, const lint_file_t *file, int line, const char *key, const char *value);
/* DefaultVersion against a mask; both as they stand in the file. */
void lint_default_version(lint_t *lint, const lint_file_t *file, int line, const char *mask, const char *version);

#endif
