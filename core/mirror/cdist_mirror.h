/* The cascade: a centre publishes what it offers as a signed index, a branch takes from it what it does not have yet. For the
 * command line alone, since libcurl has no business in httpd's process (docs/mirror.md). */
#ifndef CDIST_MIRROR_H
#define CDIST_MIRROR_H

#include "platform/cdist_platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- keys (key.c, key_list.c) -------------------------------------------------------------------------------------- */

#define CDIST_PUBLIC_KEY_BYTES 32
#define CDIST_SIGNATURE_BYTES 64

/* An Ed25519 public key (RFC 8032). */
typedef struct {
    unsigned char byte[CDIST_PUBLIC_KEY_BYTES];
} cdist_public_key_t;

typedef struct cdist_signing_key_t cdist_signing_key_t;

/* The first 16 digits of the key's SHA-256, by which people and signatures name it. */
const char *cdist_public_key_id(const cdist_public_key_t *key, apr_pool_t *pool);
/* Makes a key pair: the private key as PEM that its owner alone may read, in `path`, the public one as <path>.pub.
 * CDIST_E_STORE if either is there already: a key that was used is never overwritten. */
CDIST_MUST_CHECK cdist_err_t *cdist_key_new(cdist_public_key_t *key, const char *path, apr_pool_t *pool);
/* Reads a private key (PEM). */
CDIST_MUST_CHECK cdist_err_t *cdist_signing_key_read(cdist_signing_key_t **key, const char *path, apr_pool_t *pool);
void cdist_signing_key_public(cdist_public_key_t *key, const cdist_signing_key_t *signing);

/* Which keys a branch believes. `counter` is 0 for a single key, and grows with each list that replaces another one. */
typedef struct {
    apr_uint64_t counter;
    apr_array_header_t *keys; /* cdist_public_key_t */
} cdist_key_list_t;

#define CDIST_KEYS_MAX 16
/* Takes a public key (PEM) or a key list (JSON) apart. CDIST_E_INPUT names `name` and what is wrong. */
CDIST_MUST_CHECK cdist_err_t *cdist_key_list_parse(cdist_key_list_t **list, const char *bytes, apr_size_t length,
                                                   const char *name, apr_pool_t *pool);
/* The same of a file. */
CDIST_MUST_CHECK cdist_err_t *cdist_key_list_read(cdist_key_list_t **list, const char *path, apr_pool_t *pool);
/* A list as JSON: {"format":1,"counter":N,"keys":["<base64>"…]}. */
const char *cdist_key_list_write(const cdist_key_list_t *list, apr_pool_t *pool);

/* ---- signatures (signature.c) ---------------------------------------------------------------------------------------- */

/* A signature file: a first line that tells its format, then a line "<key id> <signature in base64>" for each. It may hold
 * signatures of two contents, the one before and the present one: so that it can be put in its place first, and whoever reads
 * both files in between has a valid pair. */
#define CDIST_SIGNATURE_SUFFIX ".sig"
#define CDIST_SIGNATURE_FILE_MAX 16384

/* What the keys (cdist_signing_key_t *) say of these bytes, in front of the lines of `before`, a signature file of the
 * content that is going to be replaced; NULL: there is none. */
CDIST_MUST_CHECK cdist_err_t *cdist_signature_make(const char **text, const apr_array_header_t *keys, const char *bytes,
                                                   apr_size_t length, const char *before, apr_pool_t *pool);
/* 1 if one of the signatures is this key's, and of these bytes. Nothing in `text` is believed. */
int cdist_signature_holds(const char *text, apr_size_t text_length, const cdist_public_key_t *key, const char *bytes,
                          apr_size_t length, apr_pool_t *scratch_pool);
/* The first key of a list with a valid signature, NULL if none has one. */
const cdist_public_key_t *cdist_signature_find(const char *text, apr_size_t text_length, const cdist_key_list_t *list,
                                               const char *bytes, apr_size_t length, apr_pool_t *scratch_pool);
/* Whether a new list may take the place of one that is believed: it is newer, one of the old keys has signed it, and so has
 * each of its own. NULL, or why not. */
const char *cdist_key_list_problem(const cdist_key_list_t *next, const cdist_key_list_t *believed, const char *signatures,
                                   apr_size_t signatures_length, const char *bytes, apr_size_t length, apr_pool_t *pool);

/* ---- the index (index.c, index_write.c) ------------------------------------------------------------------------------- */

#define CDIST_INDEX_MAX (16u * 1024 * 1024)
#define CDIST_MANIFEST_MAX (64u * 1024 * 1024)

/* One archive that is offered. */
typedef struct {
    const cdist_slot_t *slot;
    const char *url; /* relative to the index: parts of letters, digits, '.', '_' and '-', none of which begins with a dot */
    apr_uint64_t bytes;
    cdist_digest_t sha256;
    apr_uint64_t manifest_bytes; /* 0: not told, as by a live catalogue */
    cdist_digest_t manifest_sha256;
    cdist_source_kind_t source;
    int installable, files;
    apr_uint64_t content_bytes; /* of the source */
} cdist_offer_t;

typedef struct {
    cdist_version_t version;
    int complete;                 /* has all slots that it must have */
    apr_array_header_t *required; /* const cdist_slot_t * */
    apr_array_header_t *offers;   /* cdist_offer_t */
    apr_array_header_t *unbuilt;  /* const cdist_slot_t *: of a live catalogue, not built yet */
} cdist_listed_t;

/* The component under which configuration updates travel: files of template folders, whole and one by one. */
#define CDIST_UPDATES_NAME "updates"

/* One file of a template folder that is offered. */
typedef struct {
    const char *path; /* below the template folder, cdist_update_path_problem has nothing against it */
    const char *url;  /* as that of an archive */
    apr_uint64_t bytes;
    cdist_digest_t sha256;
} cdist_update_offer_t;

#define CDIST_UPDATES_MAX 50000
/* Why a file of that path does not travel; NULL if it does. Hidden ones stay where they are, and so do those whose name not every
 * system can have. */
const char *cdist_update_path_problem(const char *path);

/* A published index, or the live catalogue of a module: its counter is 0, and it never expires. */
typedef struct {
    apr_uint64_t counter;
    apr_time_t created, expires; /* whole seconds; 0: not told */
    cdist_version_t current;     /* none: not told */
    apr_array_header_t *releases; /* cdist_listed_t, newest first */
    apr_array_header_t *updates;  /* cdist_update_offer_t, by the bytes of their paths */
} cdist_index_t;

/* Takes an index.json apart. Every byte is hostile: CDIST_E_INPUT names `name` and what is wrong, where known with the line.
 * Slots are made anew, so that a name can be nothing else than a slot's. */
CDIST_MUST_CHECK cdist_err_t *cdist_index_parse(cdist_index_t **index, const char *bytes, apr_size_t length, const char *name,
                                                apr_pool_t *pool);
/* The index as JSON; equal indexes give equal bytes. */
const char *cdist_index_write(const cdist_index_t *index, apr_pool_t *pool);

/* ---- publication (publish.c) --------------------------------------------------------------------------------------------- */

typedef struct {
    const char *version, *file; /* file: its path below the folder of the archives */
    const char *action;         /* built, copied or present */
    const char *component;      /* a slot's name, or CDIST_UPDATES_NAME: then version is "", and file the path in the index */
    apr_uint64_t bytes;
    cdist_digest_t sha256;
} cdist_published_t;

typedef struct {
    const cdist_lookup_t *lookup;
    const char *index_path;
    const char *archives;              /* folder of the archives; NULL: the index's own. The index's URLs begin there */
    const apr_array_header_t *keys;    /* cdist_signing_key_t *; NULL: unsigned */
    const apr_array_header_t *chosen;  /* const cdist_slot_t *: the slots to publish; NULL: all */
    const apr_array_header_t *required; /* const cdist_slot_t *; NULL: none */
    const apr_array_header_t *templates; /* const char *: template folders; NULL: none */
    cdist_version_t current;           /* a mask; none: not told */
    apr_uint64_t counter;              /* at least this; 0: as it comes */
    int expires_days, level, threads;
    cdist_layout_t layout;
    /* Called for each archive and file as it is ready, and for what is worth saying. */
    void (*report)(void *baton, const cdist_published_t *published, apr_pool_t *scratch_pool);
    void (*note)(void *baton, const char *text);
    void *baton;
} cdist_publish_options_t;

typedef struct {
    apr_uint64_t counter;
    apr_time_t expires;
    int releases, archives, updates; /* updates: files of template folders */
    int changed; /* 0: what is offered is what was offered; 1: the counter grew */
    int written; /* 0: the index was left alone */
} cdist_publish_result_t;

/* Builds the archives of all complete releases into <archives>/<version>/, each with its manifest beside it, and freezes the
 * index; template folders travel along. What is there already is not built again. Readers never see half of anything: archives
 * come first, then the signatures, then the index. CDIST_E_NOTFOUND without a complete release or template: the index stays as
 * it is. */
CDIST_MUST_CHECK cdist_err_t *cdist_publish(cdist_publish_result_t *result, const cdist_publish_options_t *options,
                                            apr_pool_t *pool);

/* ---- taking over (sync.c) ------------------------------------------------------------------------------------------ */

/* Whom an address, and what lies below it, is asked as. */
typedef struct {
    const char *prefix; /* "https://host:port/folder" */
    const char *user;   /* "name:password" */
} cdist_login_t;

/* Takes lines of "URL NAME:PASSWORD" and "NAME:PASSWORD" apart, which stands for the server of `source` alone (logins.c).
 * CDIST_E_INPUT names `name` and the line, and never what it holds. */
CDIST_MUST_CHECK cdist_err_t *cdist_logins_parse(apr_array_header_t **logins, const char *text, const char *name,
                                                 const char *source, apr_pool_t *pool);

/* How upstream is reached. NULL and 0 are libcurl's own. */
typedef struct {
    const char *proxy, *ca, *cert, *cert_key;
    const apr_array_header_t *logins; /* cdist_login_t; NULL: none */
    int timeout_sec;           /* for connecting, and for the floor */
    apr_uint64_t floor_bytes;  /* slower than so many bytes a second for timeout_sec is given up */
    apr_uint64_t rate_bytes;   /* no faster than so many; 0: no limit */
} cdist_transport_t;

typedef enum {
    CDIST_SYNC_TAKEN,   /* fetched, or put together out of what was there */
    CDIST_SYNC_PRESENT, /* was there already */
    CDIST_SYNC_WANTED   /* --check: would be fetched */
} cdist_sync_action_t;

/* One archive or file. */
typedef struct {
    const char *version, *file;
    const char *component; /* a slot's name, or CDIST_UPDATES_NAME: then version is "", and file a path in the template folder */
    cdist_sync_action_t action;
    /* Of the archive; fetched and reused ones are together all of them, but for those that came in an earlier attempt. */
    apr_uint64_t bytes, fetched_bytes, reused_bytes;
    cdist_digest_t sha256;
} cdist_synced_t;

typedef struct {
    const char *root;
    const apr_array_header_t *sources;    /* const char *: URLs of publications, or of their index.json, in this order */
    const apr_array_header_t *components; /* const cdist_slot_t *; NULL: all that is offered */
    const char *templates;                /* where configuration updates go; NULL: they are not taken */
    cdist_version_t mask;                 /* none: every release */
    const char *key;                      /* a public key or key list; NULL: the transport is trusted */
    const char *rollback_reason;          /* why an older index is taken; NULL: it is refused */
    int check;                            /* 1: find out what would be done */
    int tell;                             /* 1: the source is told how it ended (POST <source>/branches) */
    cdist_current_t current;              /* what it is told to be current here, as CDistCurrent says */
    cdist_transport_t transport;
    void (*report)(void *baton, const cdist_synced_t *synced, apr_pool_t *scratch_pool);
    void (*note)(void *baton, const char *text); /* what is worth saying and no error */
    void (*progress)(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes); /* may be NULL; of one archive */
    void *baton;
} cdist_sync_options_t;

typedef struct {
    const char *from;  /* the source that it was taken from */
    const char *key;   /* the id of the key that signed the index; NULL: unsigned */
    apr_uint64_t counter;
    apr_time_t expires;
    int unchanged;     /* 1: upstream said that the index is still the same */
    int requests;
    apr_uint64_t wire_bytes; /* received: bodies and headers, of everything */
    int releases, archives, updates; /* switched over; taken; files of template folders that were taken */
    apr_uint64_t room_bytes; /* on the disk, of archives that are taken */
    int held, waiting;       /* releases that are held back here; that are not complete upstream */
} cdist_sync_result_t;

/* What is wrong with a source's URL; NULL if it can be asked. */
const char *cdist_sync_source_problem(const char *url);
/* Takes over what the first source offers that can be trusted, and that is not there yet. One at a time for each root.
 * Whenever it is interrupted, the next one goes on where it stopped; nothing half-made is ever in the root. Errors:
 * CDIST_E_NOTFOUND if nothing that matches is offered, CDIST_E_CORRUPT if the last source lied, CDIST_E_BUSY while another
 * one works on the root, else as they come: CDIST_E_SOURCE, CDIST_E_STORE, CDIST_E_INPUT. */
CDIST_MUST_CHECK cdist_err_t *cdist_sync(cdist_sync_result_t *result, const cdist_sync_options_t *options, apr_pool_t *pool);

/* ---- holds (hold.c) ------------------------------------------------------------------------------------------------ */

/* Keeps a version from being added or replaced by sync, until it is released again; the centre has no say in it. *changed is
 * 0 if it was so before. */
CDIST_MUST_CHECK cdist_err_t *cdist_hold_set(int *changed, const char *root, const cdist_version_t *version, int held,
                                             apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
