/* The vendor's downloads, and what of them becomes a release's ready archive.
 *
 * This room is a library of its own (libpackages.la): it links libarchive, which httpd's process must not. The command line
 * alone uses it. */
#ifndef CDIST_PACKAGES_H
#define CDIST_PACKAGES_H

#include "platform/cdist_platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- names (package_name.c) ------------------------------------------------------------------------------------ */

/* An archive is unpacked; anything else becomes the one entry of an archive. */
typedef enum { CDIST_PACKAGE_ARCHIVE, CDIST_PACKAGE_SINGLE } cdist_package_form_t;

typedef struct {
    cdist_package_form_t form;
    cdist_version_t version;  /* none: the name tells none, or several that differ */
    const cdist_slot_t *slot; /* NULL: the name tells none */
} cdist_package_name_t;

/* What the file name of a download tells. Names are the vendor's own, as they were seen on its site and in its packages:
 * "setuptc64_8_3_27_2342.rar", "setup-thin-8.3.25.1286-x86_64.run",
 * "1c-enterprise-8.5.1.1529-thin-client_8.5.1-1529_amd64.deb". Returns 1, or 0 if it does not end as a package does. */
int cdist_package_name_parse(cdist_package_name_t *result, const char *file, apr_pool_t *pool);
/* The endings, for messages. */
#define CDIST_PACKAGE_ENDINGS ".rar .zip .tar .tar.gz .tgz .tar.bz2 .tbz2 .tar.xz .txz .run .dmg .pkg .exe .msi .deb .rpm"

/* ---- import (import.c) ------------------------------------------------------------------------------------------- */

#define CDIST_IMPORT_MAX_BYTES (APR_UINT64_C(4) << 30)

typedef struct {
    const char *root;         /* the folder of releases; it must be there */
    cdist_version_t version;  /* none: the name or Setup.ini tells it */
    const cdist_slot_t *slot; /* NULL: the name tells it */
    apr_uint64_t max_bytes;   /* of all contents together; 0: no limit */
    int level;                /* CDIST_LEVEL_MIN to _MAX */
    int force;                /* 1: another archive that is there already is replaced */
    const volatile apr_uint32_t *stop; /* NULL, or a flag that ends it with CDIST_E_STOPPED soon */
    cdist_progress_fn *progress;       /* NULL, or called as the package is read; bytes of the package, twice over */
    void *progress_baton;
} cdist_import_options_t;

typedef struct {
    cdist_version_t version;
    const cdist_slot_t *slot;
    const char *path; /* <root>/<version>/distr/<slot's file> */
    cdist_digest_t sha256;
    apr_uint64_t bytes; /* of the archive */
    int files;          /* its entries */
    int left_out;       /* files of the package beside the folder with the installer */
    int unchanged;      /* 1: the same archive was there already, and was left alone */
} cdist_imported_t;

/* Makes the ready archive of a download: the folder that holds the installer becomes the top, contents stay as they are. The
 * package is read twice, first to see what is in it, then to pack it; nothing is unpacked to the disk. The archive equals what
 * cdist_build makes of the unpacked folder. It appears in one step, after it was verified; folders are made as needed, and
 * after an error nothing is left. Memory: 144 MiB above the list of entries, and what the unpacker of the package's format
 * takes. Of two imports for one place at the same time, here or in another process, the second finds the first one's archive.
 * Errors, all of which begin with the package's path. Of the package: CDIST_E_INPUT if version or slot are not told, or told
 * differently, for another form of file, over max_bytes, or if another archive is there; CDIST_E_UNSAFE for what must not be
 * unpacked (names, links, duplicates, bombs), named by its entry; CDIST_E_CORRUPT for a damaged one. Of the moment or the
 * machine, so that the same package may be taken another time: CDIST_E_NOTFOUND if there is no such file, CDIST_E_SOURCE if it
 * cannot be read, CDIST_E_CHANGED if it changes meanwhile, CDIST_E_STORE for the destination, CDIST_E_STOPPED. */
CDIST_MUST_CHECK cdist_err_t *cdist_import(cdist_imported_t *result, const char *package, const cdist_import_options_t *options,
                                           apr_pool_t *pool);

/* CDIST_E_STORE unless there is such a folder of releases, for who asks before the first package. */
CDIST_MUST_CHECK cdist_err_t *cdist_import_check_root(const char *root, apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
