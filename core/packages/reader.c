/* A package as a sequence of members: those of an archive, or the file itself. */
#include "packages_int.h"

#include <apr_strings.h>

#include <string.h>

static cdist_err_t *unreadable(const cdist_reader_t *reader, apr_status_t rv)
{
    return cdist_err_create(reader->pool, CDIST_E_SOURCE, rv, "cannot be read");
}

cdist_err_t *cdist_reader_open(cdist_reader_t **result, const char *path, cdist_package_form_t form, apr_pool_t *parent)
{
    apr_pool_t *pool;
    cdist_reader_t *reader;
    apr_status_t rv;

    apr_pool_create(&pool, parent);
    reader = apr_pcalloc(pool, sizeof *reader);
    reader->pool = pool;
    reader->path = path;
    rv = cdist_file_open(&reader->file, &reader->stat, path, 0, pool);
    if (reader->stat.kind != CDIST_FILE) return cdist_err_create(pool, CDIST_E_INPUT, 0, "is no plain file");
    if (rv != APR_SUCCESS) return unreadable(reader, rv);
    if (form == CDIST_PACKAGE_ARCHIVE) CDIST_ERR(cdist_unarchiver_open(reader));
    *result = reader;
    return NULL;
}

static void next_single(int *more, cdist_reader_t *reader)
{
    const char *slash = strrchr(reader->path, '/');

    *more = !reader->ended;
    reader->ended = 1;
    reader->member.name = slash ? slash + 1 : reader->path;
    reader->member.folder = 0;
    reader->member.bytes = reader->stat.bytes;
}

static cdist_err_t *check_name(const cdist_reader_t *reader)
{
    const char *name = reader->member.name, *reason = cdist_name_problem(name, strlen(name));

    if (!cdist_text_is_utf8(name, strlen(name))) reason = "is not UTF-8";
    if (!reason) return NULL;
    return cdist_err_create(reader->pool, CDIST_E_UNSAFE, 0, "entry %s: the name %s",
                            cdist_text_printable(name, reader->pool), reason);
}

cdist_err_t *cdist_reader_next(const cdist_member_t **member, cdist_reader_t *reader)
{
    int more = 0;

    *member = NULL;
    if (reader->unarchiver) CDIST_ERR(cdist_unarchiver_next(&more, reader));
    else next_single(&more, reader);
    if (!more) return NULL;
    CDIST_ERR(check_name(reader));
    *member = &reader->member;
    return NULL;
}

cdist_err_t *cdist_reader_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room)
{
    apr_status_t rv;

    if (reader->unarchiver) return cdist_unarchiver_read(length, reader, buffer, room);
    *length = room;
    rv = apr_file_read(reader->file, buffer, length);
    if (APR_STATUS_IS_EOF(rv)) *length = 0;
    else if (rv != APR_SUCCESS) return unreadable(reader, rv);
    reader->read_bytes += *length;
    return NULL;
}

cdist_err_t *cdist_reader_check(cdist_reader_t *reader)
{
    cdist_stat_t now;

    if (cdist_os_stat_file(&now, reader->file) == APR_SUCCESS && cdist_stat_same(&now, &reader->stat)) return NULL;
    return cdist_err_create(reader->pool, CDIST_E_CHANGED, 0, "changed while it was read: is it still being copied?");
}

void cdist_reader_close(cdist_reader_t *reader)
{
    apr_pool_destroy(reader->pool);
}
