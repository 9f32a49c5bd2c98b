/* One release: what of it is wanted, what is here, what has to be taken; it is switched over once all of that has come. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

static int is_chosen(const cdist_slot_t *slot, const cdist_sync_options_t *options)
{
    int i;

    for (i = 0; options->components && i < options->components->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(options->components, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return !options->components;
}

/* NB: what was packed of an installed platform holds no installer; here it would be taken for an archive that clients can use. */
static int is_wanted(const cdist_offer_t *offer, const cdist_sync_options_t *options)
{
    return is_chosen(offer->slot, options) && (offer->installable || cdist_slot_is_component(offer->slot));
}

static int is_offered(const cdist_slot_t *slot, const cdist_listed_t *listed)
{
    int i;

    for (i = 0; i < listed->offers->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(listed->offers, i, cdist_offer_t).slot, slot) == 0) return 1;
    }
    return 0;
}

/* The first slot that is wanted, and that the release must have, and that is not to be had; NULL if all are. */
static const cdist_slot_t *lacking(const cdist_listed_t *listed, const cdist_sync_options_t *options)
{
    int i;

    for (i = 0; i < listed->required->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(listed->required, i, const cdist_slot_t *);
        if (is_chosen(slot, options) && !is_offered(slot, listed)) return slot;
    }
    for (i = 0; i < listed->unbuilt->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(listed->unbuilt, i, const cdist_slot_t *);
        if (is_chosen(slot, options)) return slot;
    }
    return NULL;
}

static int has_wanted(const cdist_listed_t *listed, const cdist_sync_options_t *options)
{
    int i;

    for (i = 0; i < listed->offers->nelts; i++) {
        if (is_wanted(&APR_ARRAY_IDX(listed->offers, i, cdist_offer_t), options)) return 1;
    }
    for (i = 0; i < listed->unbuilt->nelts; i++) {
        if (is_chosen(APR_ARRAY_IDX(listed->unbuilt, i, const cdist_slot_t *), options)) return 1;
    }
    return 0;
}

static int is_there(const cdist_packs_t *packs, const char *path, const cdist_offer_t *offer)
{
    const cdist_pack_t *pack = cdist_packs_at(packs, path);

    return pack && cdist_digest_equal(&pack->sha256, &offer->sha256);
}

/* One archive: in its place, or waiting in incoming afterwards. *waits tells which. */
static cdist_err_t *take_offer(int *waits, cdist_sync_result_t *result, const cdist_taking_t *taking,
                               const cdist_listed_t *listed, const cdist_offer_t *offer, apr_pool_t *pool)
{
    const cdist_sync_options_t *options = taking->options;
    const char *version = cdist_version_format(&listed->version, pool);
    const char *incoming = cdist_place_incoming(options->root, &listed->version, offer->slot, pool);
    cdist_synced_t synced = {version, offer->slot->file, offer->slot->name, CDIST_SYNC_PRESENT, offer->bytes, 0, 0, offer->sha256};

    *waits = !is_there(taking->packs, cdist_place_of(options->root, &listed->version, offer->slot, pool), offer);
    if (*waits) {
        synced.action = options->check ? CDIST_SYNC_WANTED : CDIST_SYNC_TAKEN;
        if (!is_there(taking->packs, incoming, offer)) {
            if (!options->check) CDIST_ERR(cdist_incoming_make(options->root, &listed->version, pool));
            CDIST_ERR(cdist_take_archive(&synced, taking, &listed->version, offer, incoming, pool));
        }
        result->archives++;
    }
    if (options->report) options->report(options->baton, &synced, pool);
    return NULL;
}

/* The room that is needed for what has to come. */
static apr_uint64_t room_for(const cdist_taking_t *taking, const cdist_listed_t *listed, apr_pool_t *pool)
{
    const char *root = taking->options->root;
    apr_uint64_t bytes = 0;
    int i;

    for (i = 0; i < listed->offers->nelts; i++) {
        const cdist_offer_t *offer = &APR_ARRAY_IDX(listed->offers, i, cdist_offer_t);

        if (!is_wanted(offer, taking->options)) continue;
        if (is_there(taking->packs, cdist_place_of(root, &listed->version, offer->slot, pool), offer)) continue;
        if (is_there(taking->packs, cdist_place_incoming(root, &listed->version, offer->slot, pool), offer)) continue;
        bytes += cdist_space_wanted(root, &offer->sha256, offer->bytes, pool);
    }
    return bytes;
}

cdist_err_t *cdist_release_take(cdist_release_outcome_t *outcome, cdist_sync_result_t *result, const cdist_taking_t *taking,
                                const cdist_listed_t *listed, apr_pool_t *pool)
{
    const cdist_sync_options_t *options = taking->options;
    apr_array_header_t *moving = apr_array_make(pool, 8, sizeof(const cdist_slot_t *));
    apr_uint64_t room_bytes;
    int i, waits;

    *outcome = CDIST_RELEASE_FOREIGN;
    if (!has_wanted(listed, options)) return NULL;
    *outcome = CDIST_RELEASE_WAITING;
    if (!listed->complete || lacking(listed, options)) return NULL;
    *outcome = CDIST_RELEASE_DONE;
    room_bytes = room_for(taking, listed, pool);
    result->room_bytes += room_bytes;
    if (!options->check) {
        const char *what = apr_pstrcat(pool, "release ", cdist_version_format(&listed->version, pool), NULL);
        CDIST_ERR(cdist_space_check(options->root, room_bytes, what, pool));
    }
    for (i = 0; i < listed->offers->nelts; i++) {
        const cdist_offer_t *offer = &APR_ARRAY_IDX(listed->offers, i, cdist_offer_t);

        if (!is_wanted(offer, options)) continue;
        CDIST_ERR(take_offer(&waits, result, taking, listed, offer, pool));
        if (waits) APR_ARRAY_PUSH(moving, const cdist_slot_t *) = offer->slot;
    }
    if (!moving->nelts) return NULL;
    result->releases++;
    return options->check ? NULL : cdist_incoming_switch(options->root, listed, moving, taking->packs, pool);
}
