/* The members of an archive, by libarchive. Formats and filters are enabled one by one, and only those that libarchive has
 * itself: what is missing in it, it would have done by another program. A ZIP is read by its directory, as unpackers do. */
#include <config.h>
#include "packages_int.h"

#include <apr_strings.h>

#include <string.h>

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>

struct cdist_unarchiver_t {
    struct archive *archive;
    cdist_reader_t *reader;
    unsigned char buffer[CDIST_READ_BYTES];
};

static apr_status_t free_unarchiver(void *baton)
{
    archive_read_free(((struct cdist_unarchiver_t *)baton)->archive);
    return APR_SUCCESS;
}

/* ---- libarchive reads from an APR file --------------------------------------------------------------------------- */

static la_ssize_t read_bytes(struct archive *archive, void *baton, const void **bytes)
{
    struct cdist_unarchiver_t *u = baton;
    apr_size_t length = sizeof u->buffer;
    apr_status_t rv = apr_file_read(u->reader->file, u->buffer, &length);
    char text[120];

    if (APR_STATUS_IS_EOF(rv)) return 0;
    if (rv != APR_SUCCESS) {
        archive_set_error(archive, (int)rv, "cannot be read: %s", apr_strerror(rv, text, sizeof text));
        return -1;
    }
    u->reader->read_bytes += length;
    *bytes = u->buffer;
    return (la_ssize_t)length;
}

static la_int64_t seek_to(struct archive *archive, void *baton, la_int64_t offset, int whence)
{
    struct cdist_unarchiver_t *u = baton;
    apr_off_t at = (apr_off_t)offset;
    apr_seek_where_t where = whence == SEEK_SET ? APR_SET : whence == SEEK_CUR ? APR_CUR : APR_END;

    (void)archive;
    return apr_file_seek(u->reader->file, where, &at) == APR_SUCCESS ? (la_int64_t)at : ARCHIVE_FATAL;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *damaged(cdist_reader_t *reader, const char *what)
{
    const char *reason = archive_error_string(reader->unarchiver->archive);

    return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "%s: %s", what,
                            cdist_text_printable(reason ? reason : "it is damaged", reader->pool));
}

cdist_err_t *cdist_unarchiver_open(cdist_reader_t *reader)
{
    static int (*const supports[])(struct archive *) = {
        archive_read_support_format_rar,  archive_read_support_format_rar5,  archive_read_support_format_zip_seekable,
        archive_read_support_format_tar,  archive_read_support_filter_gzip,  archive_read_support_filter_bzip2,
        archive_read_support_filter_xz};
    struct cdist_unarchiver_t *u = apr_pcalloc(reader->pool, sizeof *u);
    size_t i;

    u->reader = reader;
    u->archive = archive_read_new();
    if (!u->archive) return cdist_err_create(reader->pool, CDIST_E_SOURCE, APR_ENOMEM, "cannot be read");
    reader->unarchiver = u;
    apr_pool_cleanup_register(reader->pool, u, free_unarchiver, apr_pool_cleanup_null);
    for (i = 0; i < sizeof supports / sizeof supports[0]; i++) {
        if (supports[i](u->archive) != ARCHIVE_OK) {
            return cdist_err_create(reader->pool, CDIST_E_SOURCE, 0, "libarchive lacks a format: %s",
                                    archive_error_string(u->archive));
        }
    }
    archive_read_set_read_callback(u->archive, read_bytes);
    archive_read_set_seek_callback(u->archive, seek_to);
    archive_read_set_callback_data(u->archive, u);
    if (archive_read_open1(u->archive) != ARCHIVE_OK) return damaged(reader, "cannot be opened as an archive");
    return NULL;
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *refuse(const cdist_reader_t *reader, const char *reason)
{
    return cdist_err_create(reader->pool, CDIST_E_UNSAFE, 0, "entry %s: %s",
                            cdist_text_printable(reader->member.name, reader->pool), reason);
}

/* What must not be unpacked, whatever it is called. */
static cdist_err_t *check_kind(const cdist_reader_t *reader, struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry)) return refuse(reader, "is a hard link, which an installer set does not have");
    if (archive_entry_filetype(entry) == AE_IFLNK) return refuse(reader, "is a symbolic link, which an installer set does not have");
    if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR) {
        return refuse(reader, "is a device, pipe or socket");
    }
    if (archive_entry_is_encrypted(entry)) return refuse(reader, "is encrypted; unpack it by hand");
    if (!reader->member.folder && (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)) {
        return refuse(reader, "does not tell its size");
    }
    return NULL;
}

/* NB: the final '/' of a folder goes; a name of '/' alone becomes empty, which is refused. */
static const char *take_name(const char *name, int folder, apr_pool_t *pool)
{
    apr_size_t length;

    while (name[0] == '.' && name[1] == '/') name += 2;
    length = strlen(name);
    if (folder && length > 0 && name[length - 1] == '/') length--;
    return apr_pstrmemdup(pool, name, length);
}

cdist_err_t *cdist_unarchiver_next(int *more, cdist_reader_t *reader)
{
    struct archive_entry *entry;
    const char *name;
    int state;

    do {
        state = archive_read_next_header(reader->unarchiver->archive, &entry);
        *more = state != ARCHIVE_EOF;
        if (state == ARCHIVE_EOF) return NULL;
        if (state < ARCHIVE_WARN) {
            return damaged(reader, reader->member.name ? apr_psprintf(reader->pool, "after entry %s",
                           cdist_text_printable(reader->member.name, reader->pool)) : "is no archive of a known kind");
        }
        name = archive_entry_pathname(entry);
        if (!name) name = archive_entry_pathname_utf8(entry);
        if (!name) return damaged(reader, "an entry's name cannot be read");
        reader->member.folder = archive_entry_filetype(entry) == AE_IFDIR;
        /* The folder that was packed as "." is no member of itself. */
    } while (reader->member.folder && (strcmp(name, ".") == 0 || strcmp(name, "./") == 0));
    reader->member.name = take_name(name, reader->member.folder, reader->pool);
    reader->member.bytes = reader->member.folder ? 0 : (apr_uint64_t)archive_entry_size(entry);
    return check_kind(reader, entry);
}

cdist_err_t *cdist_unarchiver_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room)
{
    la_ssize_t got = archive_read_data(reader->unarchiver->archive, buffer, room);

    *length = got > 0 ? (apr_size_t)got : 0;
    if (got >= 0) return NULL;
    return damaged(reader, apr_psprintf(reader->pool, "entry %s", cdist_text_printable(reader->member.name, reader->pool)));
}

#else

cdist_err_t *cdist_unarchiver_open(cdist_reader_t *reader)
{
    return cdist_err_create(reader->pool, CDIST_E_INPUT, 0, "this 1cdist was built without libarchive, and cannot read archives; "
                            "unpack it into a release folder, or build 1cdist with libarchive (Debian: libarchive-dev)");
}

/* Nobody calls these two, since nothing was opened. */
cdist_err_t *cdist_unarchiver_next(int *more, cdist_reader_t *reader)
{
    *more = 0;
    return cdist_unarchiver_open(reader);
}

cdist_err_t *cdist_unarchiver_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room)
{
    (void)buffer;
    (void)room;
    *length = 0;
    return cdist_unarchiver_open(reader);
}

#endif
