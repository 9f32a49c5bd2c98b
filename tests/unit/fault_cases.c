/* See fault_cases.h. */
#include "fault_cases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const fault_t fault_cases[FAULT_CASES] = {
    {FAULT_OPEN, EMFILE, 0},     {FAULT_OPEN, EINTR, 0},      {FAULT_OPEN, EMFILE, 1},   {FAULT_OPEN, ENOENT, 0},
    {FAULT_READ, EIO, 0},        {FAULT_READ, EINTR, 0},      {FAULT_READ, FAULT_PART, 0}, {FAULT_READ, EIO, 1},
    {FAULT_WRITE, ENOSPC, 0},    {FAULT_WRITE, EINTR, 0},     {FAULT_WRITE, FAULT_PART, 0}, {FAULT_WRITE, ENOSPC, 1},
    {FAULT_SEEK, EIO, 0},        {FAULT_SYNC, EIO, 0},        {FAULT_SYNC, EINTR, 0},    {FAULT_TRUNCATE, EIO, 0},
    {FAULT_MODE, EPERM, 0},      {FAULT_RENAME, EACCES, 0},   {FAULT_RENAME, ENOSPC, 1}, {FAULT_LINK, EACCES, 0},
    {FAULT_MKDIR, ENOSPC, 0},    {FAULT_STAT, EIO, 0},        {FAULT_STAT, ESTALE, 1},   {FAULT_STAT, ENOENT, 0},
    {FAULT_LIST, EIO, 0},        {FAULT_LIST, EIO, 1},
};

/* What every reader and writer has to live with. */
static int is_harmless(const fault_t *fault)
{
    return (fault->kind == FAULT_READ || fault->kind == FAULT_WRITE) && (fault->error == EINTR || fault->error == FAULT_PART);
}

void fault_tell(const char *what, const fault_t *fault, int count)
{
    printf("%s: %d faults of %s (%s%s)\n", what, count, fault_names[fault->kind],
           fault->error == FAULT_PART ? "a part" : strerror(fault->error), fault->lasting ? ", lasting" : "");
}

void fault_expect_told(const cdist_err_t *err, const fault_t *fault, int nth)
{
    const char *text = cdist_err_text(err, fx_pool);

    ck_assert_msg(!is_harmless(fault), "%s %d: %s", fault_names[fault->kind], nth, text);
    ck_assert_msg(strstr(text, fx_folder) || strstr(text, "the archive"), "%s %d: %s", fault_names[fault->kind], nth, text);
    ck_assert_msg(err->code == CDIST_E_SOURCE || err->code == CDIST_E_STORE || err->code == CDIST_E_CHANGED ||
                      (err->code == CDIST_E_NOTFOUND && fault->error == ENOENT),
                  "%s %d: code %d: %s", fault_names[fault->kind], nth, (int)err->code, text);
}

int fault_open_files(void)
{
    cdist_folder_t *folder;
    const char *name;
    int count = 0;

    FX_DONE(cdist_os_folder_open(&folder, "/proc/self/fd", fx_pool));
    while (cdist_os_folder_next(&name, folder, fx_pool) == APR_SUCCESS && name) count++;
    cdist_os_folder_close(folder);
    return count;
}
