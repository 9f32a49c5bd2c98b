/* What is wrong with the platform's configuration files, before a client finds out: misspelt and duplicate keys, addresses that
 * no release answers, files that overrule each other silently, lists of infobases that the launcher reads otherwise than they
 * look, secrets. All codes are listed in docs/lint.md. */
#ifndef CDIST_LINT_H
#define CDIST_LINT_H

#include "publication/cdist_publication.h"

#ifdef __cplusplus
extern "C" {
#endif

/* error: unreadable, or rejected by the platform. warning: it does not do what it seems to. note: worth knowing. */
typedef enum { CDIST_LINT_ERROR, CDIST_LINT_WARNING, CDIST_LINT_NOTE } cdist_lint_level_t;

typedef struct {
    const char *file;
    int line; /* 0: the whole file */
    cdist_lint_level_t level;
    const char *code;       /* "misspelt-key" */
    const char *message;    /* without a secret of the file, and printable */
    const char *suggestion; /* the right key alone, "" if there is none */
} cdist_finding_t;

/* What addresses are compared with. Both may be NULL. */
typedef struct {
    const cdist_catalogue_t *catalogue; /* releases that answer */
    const char *base_url;               /* as made by cdist_base_url_parse: where they are published */
} cdist_lint_options_t;

const char *cdist_lint_level_name(cdist_lint_level_t level);
/* Looks at files and at folders named distr, each alone and then together; the kind of a file is told by the platform's name
 * for it, else by its extension, else by what is in it. Findings (cdist_finding_t) are sorted by file, in the order given, and
 * by line. Never fails: what cannot be read is a finding. Reads at most CDIST_SETTINGS_MAX bytes a file. */
apr_array_header_t *cdist_lint_files(const apr_array_header_t *files, const cdist_lint_options_t *options, apr_pool_t *pool);
/* What a file is that somebody is about to change, as the platform's usual name for it: "conf.cfg", "ClientUpdate.cfg",
 * "1cestart.cfg", "1cescmn.cfg", "default.vrd" or "ibases.v8i"; NULL if neither name nor content tells. XML is a .vrd and what
 * has sections is a list of infobases, whatever the file is called. */
const char *cdist_lint_kind_name(const char *path, const char *bytes, apr_size_t length, apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
