/* The notice board of a server's processes, in memory that they share: for each thing that is looked at, how often it changed,
 * and when it is due to be looked at again. Entries are taken once and never given back; there are as many as a
 * configuration may reasonably have publications, and what finds no place is looked at by each process for itself. */
#include "platform_int.h"

#include <apr_atomic.h>

#include <string.h>

#define ENTRIES 256

apr_size_t cdist_board_bytes(void)
{
    return ENTRIES * sizeof(cdist_notice_t);
}

cdist_notice_t *cdist_board_notice(void *board, const cdist_digest_t *key)
{
    cdist_notice_t *notices = board;
    apr_uint32_t number, i;

    memcpy(&number, key->byte, sizeof number);
    if (number == 0) number = 1;
    for (i = 0; board && i < ENTRIES; i++) {
        cdist_notice_t *notice = &notices[(number + i) % ENTRIES];
        apr_uint32_t held = apr_atomic_cas32(&notice->key, number, 0);

        if (held == 0 || held == number) return notice;
    }
    return NULL;
}
