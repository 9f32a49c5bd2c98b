/* The members of an archive, by libarchive. Formats are enabled one by one; a ZIP is read by its directory, as unpackers do. What
 * libarchive lets pass is checked here: the end of the archive, and the CRC of what lies stored in a RAR. */
#include <config.h>
#include "packages_int.h"

#include <apr_strings.h>

#include <string.h>

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

/* POSIX tar ends in two blocks of zeros. */
#define TAR_END_BYTES 1024

struct cdist_unarchiver_t {
    struct archive *archive;
    cdist_reader_t *reader;
    cdist_stream_t *stream;
    const apr_array_header_t *checks; /* cdist_rar_check_t; NULL for other archives */
    int number;                       /* of the current member, from 1 on */
    apr_uint32_t crc32;               /* of its bytes so far */
};

static apr_status_t free_unarchiver(void *baton)
{
    archive_read_free(((struct cdist_unarchiver_t *)baton)->archive);
    return APR_SUCCESS;
}

/* ---- what libarchive reads from -------------------------------------------------------------------------------------- */

static la_ssize_t read_bytes(struct archive *archive, void *baton, const void **bytes)
{
    struct cdist_unarchiver_t *u = baton;
    apr_size_t length;
    cdist_err_t *err = cdist_stream_read(bytes, &length, u->stream);

    if (!err) return (la_ssize_t)length;
    archive_set_error(archive, APR_EGENERAL, "%s", cdist_err_text(err, u->reader->pool));
    return -1;
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

/* Nothing could be read. NB: libarchive looks for a ZIP's directory at its end; one without it is no archive to it. */
static cdist_err_t *not_recognised(cdist_reader_t *reader)
{
    char head[4] = "";

    if (reader->stat.bytes >= sizeof head && cdist_os_read_at(reader->file, 0, head, sizeof head) == APR_SUCCESS &&
        memcmp(head, "PK\3\4", sizeof head) == 0) {
        return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0,
                                "is cut off or damaged: it begins as a ZIP archive, and has no "
                                "directory at its end; download it again");
    }
    return damaged(reader, "is no archive of a known kind");
}

static int support_formats(struct archive *archive, int packed)
{
    if (archive_read_support_format_tar(archive) != ARCHIVE_OK) return 0;
    if (packed) return 1;
    return archive_read_support_format_rar(archive) == ARCHIVE_OK && archive_read_support_format_rar5(archive) == ARCHIVE_OK &&
           archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK;
}

cdist_err_t *cdist_unarchiver_open(cdist_reader_t *reader)
{
    struct cdist_unarchiver_t *u = apr_pcalloc(reader->pool, sizeof *u);
    apr_array_header_t *checks;

    u->reader = reader;
    CDIST_ERR(cdist_rar_index(&checks, reader->file, reader->stat.bytes, reader->pool));
    u->checks = checks;
    CDIST_ERR(cdist_stream_open(&u->stream, reader));
    u->archive = archive_read_new();
    if (!u->archive) return cdist_err_create(reader->pool, CDIST_E_SOURCE, APR_ENOMEM, "cannot be read");
    reader->unarchiver = u;
    apr_pool_cleanup_register(reader->pool, u, free_unarchiver, apr_pool_cleanup_null);
    if (!support_formats(u->archive, cdist_stream_is_packed(u->stream))) return damaged(reader, "libarchive lacks a format");
    archive_read_set_read_callback(u->archive, read_bytes);
    if (!cdist_stream_is_packed(u->stream)) archive_read_set_seek_callback(u->archive, seek_to);
    archive_read_set_callback_data(u->archive, u);
    return archive_read_open1(u->archive) == ARCHIVE_OK ? NULL : not_recognised(reader);
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
    if (archive_entry_filetype(entry) == AE_IFLNK) {
        return refuse(reader, "is a symbolic link, which an installer set does not have");
    }
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

/* The archive must be whole: libarchive takes the end of the file for its end too. */
static cdist_err_t *check_end(cdist_reader_t *reader)
{
    struct cdist_unarchiver_t *u = reader->unarchiver;
    int family = archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK;
    apr_uint64_t zeros;

    if (u->checks && u->number != u->checks->nelts) {
        return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "has %d entries, but %d can be read", u->checks->nelts,
                                u->number);
    }
    if (family != ARCHIVE_FORMAT_TAR) return NULL;
    CDIST_ERR(cdist_stream_drain(&zeros, u->stream));
    if (zeros >= TAR_END_BYTES) return NULL;
    return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "is cut off: a tar archive ends in blocks of zeros");
}

/* libarchive finds RAR archives behind a program too, where nothing was looked at before. */
static cdist_err_t *check_form(cdist_reader_t *reader)
{
    struct cdist_unarchiver_t *u = reader->unarchiver;
    int family = archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK;

    if (family != ARCHIVE_FORMAT_RAR && family != ARCHIVE_FORMAT_RAR_V5) {
        if (!u->checks) return NULL;
        return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "begins as a RAR archive, and is another one");
    }
    if (u->checks && u->number <= u->checks->nelts) return NULL;
    return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "is a damaged or self-extracting RAR archive");
}

cdist_err_t *cdist_unarchiver_next(int *more, cdist_reader_t *reader)
{
    struct archive_entry *entry;
    const char *name;
    int state;

    do {
        state = archive_read_next_header(reader->unarchiver->archive, &entry);
        *more = state != ARCHIVE_EOF;
        if (state == ARCHIVE_EOF) return check_end(reader);
        if (state < ARCHIVE_WARN) {
            if (!reader->member.name) return not_recognised(reader);
            return damaged(reader, apr_psprintf(reader->pool, "after entry %s",
                                                cdist_text_printable(reader->member.name, reader->pool)));
        }
        reader->unarchiver->number++;
        reader->unarchiver->crc32 = 0;
        CDIST_ERR(check_form(reader));
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

/* NB: of stored files libarchive does not check the CRC. */
static cdist_err_t *check_crc(cdist_reader_t *reader)
{
    const struct cdist_unarchiver_t *u = reader->unarchiver;
    const cdist_rar_check_t *check = u->checks ? &APR_ARRAY_IDX(u->checks, u->number - 1, cdist_rar_check_t) : NULL;

    if (!check || (check->known && check->crc32 == u->crc32)) return NULL;
    return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "entry %s: %s",
                            cdist_text_printable(reader->member.name, reader->pool),
                            check->known ? "its content does not match its checksum" : "has no CRC, and cannot be checked");
}

cdist_err_t *cdist_unarchiver_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room)
{
    la_ssize_t got = archive_read_data(reader->unarchiver->archive, buffer, room);

    *length = got > 0 ? (apr_size_t)got : 0;
    if (got < 0) {
        return damaged(reader, apr_psprintf(reader->pool, "entry %s", cdist_text_printable(reader->member.name, reader->pool)));
    }
    reader->unarchiver->crc32 = (apr_uint32_t)crc32(reader->unarchiver->crc32, buffer, (uInt)*length);
    return got > 0 ? NULL : check_crc(reader);
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
