/* Letters as Windows compares them: its file systems, and the platform's own lists, keep a name's case and ignore it. */
#include "cdist_base.h"

/* Small letters and the way to their capitals, as in the $UpCase table of NTFS: Latin, Greek, Cyrillic, Armenian. All
 * of UTF-8's one- and two-byte letters but a few of phonetic use. */
static const struct {
    apr_uint16_t first, last;
    short step, add;
} letters[] = {{0x61, 0x7A, 1, -32},   {0xE0, 0xF6, 1, -32},   {0xF8, 0xFE, 1, -32},   {0xFF, 0xFF, 1, 121},
               {0x101, 0x12F, 2, -1},  {0x133, 0x137, 2, -1},  {0x13A, 0x148, 2, -1},  {0x14B, 0x177, 2, -1},
               {0x17A, 0x17E, 2, -1},  {0x3AC, 0x3AC, 1, -38}, {0x3AD, 0x3AF, 1, -37}, {0x3B1, 0x3C1, 1, -32},
               {0x3C2, 0x3C2, 1, -31}, {0x3C3, 0x3CB, 1, -32}, {0x3CC, 0x3CC, 1, -64}, {0x3CD, 0x3CE, 1, -63},
               {0x430, 0x44F, 1, -32}, {0x450, 0x45F, 1, -80}, {0x461, 0x481, 2, -1},  {0x48B, 0x4BF, 2, -1},
               {0x4C2, 0x4CE, 2, -1},  {0x4CF, 0x4CF, 1, -15}, {0x4D1, 0x52F, 2, -1},  {0x561, 0x586, 1, -48}};

static unsigned capital(unsigned c)
{
    size_t i;

    for (i = 0; i < sizeof letters / sizeof letters[0] && c >= letters[i].first; i++) {
        if (c > letters[i].last) continue;
        return (c - letters[i].first) % (unsigned)letters[i].step ? c : c + (unsigned)letters[i].add;
    }
    return c;
}

/* NB: capitals take as many bytes as small letters do, throughout the table. */
void cdist_text_fold(char *name)
{
    unsigned char *p = (unsigned char *)name;

    while (*p) {
        if (*p < 0x80) {
            *p = (unsigned char)capital(*p);
            p++;
        } else if (*p >= 0xC2 && *p <= 0xDF && (p[1] & 0xC0) == 0x80) {
            unsigned c = capital((unsigned)(*p & 0x1F) << 6 | (p[1] & 0x3F));
            *p++ = (unsigned char)(0xC0 | c >> 6);
            *p++ = (unsigned char)(0x80 | (c & 0x3F));
        } else {
            p++;
        }
    }
}
