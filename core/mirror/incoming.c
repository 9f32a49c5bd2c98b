/* Releases that are being put together, in .1cdist/incoming, and the moment in which they appear. */
#include "mirror_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

static const char *incoming_folder(const char *root, const cdist_version_t *version, apr_pool_t *pool)
{
    return apr_pstrcat(pool, cdist_place(root, "incoming", pool), "/", cdist_version_format(version, pool), NULL);
}

cdist_err_t *cdist_incoming_make(const char *root, const cdist_version_t *version, apr_pool_t *pool)
{
    const char *folder = incoming_folder(root, version, pool);

    CDIST_ERR(cdist_place_folder(folder, pool));
    return cdist_place_folder(apr_pstrcat(pool, folder, "/distr", NULL), pool);
}

/* ---- switching ------------------------------------------------------------------------------------------------------- */

static int is_among(const char *name, const apr_array_header_t *slots)
{
    int i;

    for (i = 0; i < slots->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(slots, i, const cdist_slot_t *)->file, name) == 0) return 1;
    }
    return 0;
}

/* Removes the files of a folder, but for the archives of some slots. */
static void clear(const char *path, const apr_array_header_t *slots, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    const char *name;

    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return;
    while (cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && name) {
        if (!slots || !is_among(name, slots)) (void)apr_file_remove(apr_pstrcat(pool, path, "/", name, NULL), pool);
    }
    cdist_os_folder_close(folder);
}

/* A release folder that is there already, and what it becomes. */
typedef struct {
    const char *root;
    const cdist_listed_t *listed;
    const apr_array_header_t *slots; /* const cdist_slot_t *: whose archives wait */
    const char *from, *to;           /* the two distr */
    cdist_packs_t *packs;
    apr_pool_t *pool;
} switching_t;

static int is_required(const switching_t *switching, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; i < switching->listed->required->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(switching->listed->required, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return 0;
}

/* Notes where the archives are that waited. */
static void note_moves(const switching_t *switching)
{
    const cdist_version_t *version = &switching->listed->version;
    int i;

    for (i = 0; i < switching->slots->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(switching->slots, i, const cdist_slot_t *);
        cdist_packs_move(switching->packs, cdist_place_incoming(switching->root, version, slot, switching->pool),
                         cdist_place_of(switching->root, version, slot, switching->pool));
    }
}

/* Archive by archive. NB: those that the release must have come last, so that it is complete when all is there. */
static cdist_err_t *move_archives(const switching_t *switching)
{
    const cdist_version_t *version = &switching->listed->version;
    apr_pool_t *pool = switching->pool;
    int required, i;

    for (required = 0; required < 2; required++) {
        for (i = 0; i < switching->slots->nelts; i++) {
            const cdist_slot_t *slot = APR_ARRAY_IDX(switching->slots, i, const cdist_slot_t *);

            if (is_required(switching, slot) != required) continue;
            CDIST_ERR(cdist_place_move_file(cdist_place_incoming(switching->root, version, slot, pool),
                                            cdist_place_of(switching->root, version, slot, pool), pool));
        }
    }
    return NULL;
}

/* Whether the folder that waits may stand in the other one's place for everybody. */
static int take_owner(const switching_t *switching)
{
    apr_finfo_t from, to;
    apr_int32_t wanted = APR_FINFO_OWNER | APR_FINFO_PROT;

    return apr_stat(&from, switching->from, wanted, switching->pool) == APR_SUCCESS &&
           apr_stat(&to, switching->to, wanted, switching->pool) == APR_SUCCESS && from.user == to.user &&
           from.group == to.group && apr_file_perms_set(switching->from, to.protection) == APR_SUCCESS;
}

/* Gives everything in the release's folder that stays a second name in the one that waits; 0 where that cannot be done. */
static int link_rest(const switching_t *switching)
{
    cdist_folder_t *folder;
    apr_pool_t *pool = switching->pool;
    cdist_stat_t stat;
    const char *name;
    int linked = 1;

    if (cdist_os_folder_open(&folder, switching->to, pool) != APR_SUCCESS) return 0;
    while (linked && cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && name) {
        if (is_among(name, switching->slots)) continue;
        linked = cdist_os_stat_at(&stat, folder, name) == APR_SUCCESS && stat.kind == CDIST_FILE &&
                 apr_file_link(apr_pstrcat(pool, switching->to, "/", name, NULL),
                               apr_pstrcat(pool, switching->from, "/", name, NULL)) == APR_SUCCESS;
    }
    cdist_os_folder_close(folder);
    return linked;
}

/* All at once: the folder that waits, with what stays, takes the place of the other one. 0 where that cannot be done. */
static int exchange(const switching_t *switching)
{
    int exchanged = take_owner(switching) && link_rest(switching) &&
                    cdist_os_folder_exchange(switching->from, switching->to, switching->pool) == APR_SUCCESS;

    clear(switching->from, exchanged ? NULL : switching->slots, switching->pool);
    return exchanged;
}

cdist_err_t *cdist_incoming_switch(const char *root, const cdist_listed_t *listed, const apr_array_header_t *slots,
                                   cdist_packs_t *packs, apr_pool_t *pool)
{
    const char *from = incoming_folder(root, &listed->version, pool), *from_distr = apr_pstrcat(pool, from, "/distr", NULL);
    const char *to = apr_pstrcat(pool, root, "/", cdist_version_format(&listed->version, pool), NULL);
    const char *to_distr = apr_pstrcat(pool, to, "/distr", NULL);
    switching_t switching = {root, listed, slots, from_distr, to_distr, packs, pool};
    apr_filetype_e kind = cdist_place_kind(to, pool), distr = cdist_place_kind(to_distr, pool);

    clear(from_distr, slots, pool);
    if (kind != APR_NOFILE && (kind != APR_DIR || (distr != APR_NOFILE && distr != APR_DIR))) {
        return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is no folder; move it away, or hold the release",
                                cdist_text_printable(kind != APR_DIR ? to : to_distr, pool));
    }
    if (kind == APR_NOFILE) {
        CDIST_ERR(cdist_place_move_folder(from, to, pool));
    } else if (distr == APR_NOFILE) {
        CDIST_ERR(cdist_place_move_folder(from_distr, to_distr, pool));
    } else if (slots->nelts == 1 || !exchange(&switching)) {
        CDIST_ERR(move_archives(&switching));
    }
    note_moves(&switching);
    (void)apr_dir_remove(from_distr, pool);
    (void)apr_dir_remove(from, pool);
    return NULL;
}

/* ---- leftovers ------------------------------------------------------------------------------------------------------- */

static int is_listed(const char *name, const cdist_index_t *index)
{
    cdist_version_t version;
    int i;

    if (!cdist_version_parse(&version, name)) return 0;
    for (i = 0; i < index->releases->nelts; i++) {
        if (cdist_version_compare(&APR_ARRAY_IDX(index->releases, i, cdist_listed_t).version, &version) == 0) return 1;
    }
    return 0;
}

void cdist_incoming_sweep(const char *root, const cdist_index_t *index, int all_taken, apr_pool_t *pool)
{
    const char *path = cdist_place(root, "incoming", pool), *name;
    cdist_folder_t *folder;

    if (all_taken) clear(cdist_place(root, "partial", pool), NULL, pool);
    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return;
    while (cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && name) {
        const char *release = apr_pstrcat(pool, path, "/", name, NULL), *distr = apr_pstrcat(pool, release, "/distr", NULL);

        if (!all_taken && is_listed(name, index)) continue;
        clear(distr, NULL, pool);
        (void)apr_dir_remove(distr, pool);
        (void)apr_dir_remove(release, pool);
    }
    cdist_os_folder_close(folder);
}
