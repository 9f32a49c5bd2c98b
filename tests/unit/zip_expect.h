/* What the check of archives must say about those of zip_maker.h. */
#ifndef ZIP_EXPECT_H
#define ZIP_EXPECT_H

#include "archive_int.h"
#include "zip_maker.h"

/* Checks bytes as an archive; what it says must not be an error. */
cdist_verification_t *zip_verify(const unsigned char *bytes, size_t length);
/* All problems, with "; " behind each. */
const char *zip_problems(const cdist_verification_t *result);
/* The archive is refused, and a problem has this text in it. */
void zip_expect_problem(const zip_made_t *made, const char *text);
/* The same for an archive of these items. */
void zip_expect_refused(const zip_item_t *items, int count, const char *text);
/* The archive passes without a remark. */
void zip_expect_sound(const zip_made_t *made);

#endif
