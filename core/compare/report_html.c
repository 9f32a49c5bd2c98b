/* The page for people: what differs, item by item, to be filtered and searched. It is written while the items come, into a
 * temporary file that gets its name at the end.
 * NB: names and texts come from files of strangers. They are escaped everywhere, and the page's policy (a meta element) lets no
 * script and no style run but its own, whose digests it names; nothing is loaded from anywhere. */
#include "report_int.h"

#include <apr_strings.h>

#include <string.h>

#define BUFFER_BYTES 65536

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void put_bytes(cdist_report_t *report, const char *bytes, apr_size_t length)
{
    if (report->status == APR_SUCCESS) report->status = apr_file_write_full(report->temp->file, bytes, length, NULL);
    report->written += length;
}

void cdist_report_put(cdist_report_t *report, const char *html)
{
    put_bytes(report, html, strlen(html));
}

/* A character of well-formed UTF-8 and its length. */
static unsigned long decode(apr_size_t *length, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    *length = c[0] < 0x80 ? 1 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
    if (*length == 1) return c[0];
    if (*length == 2) return (c[0] & 0x1Ful) << 6 | (c[1] & 0x3Fu);
    if (*length == 3) return (c[0] & 0x0Ful) << 12 | (c[1] & 0x3Ful) << 6 | (c[2] & 0x3Fu);
    return (c[0] & 0x07ul) << 18 | (c[1] & 0x3Ful) << 12 | (c[2] & 0x3Ful) << 6 | (c[3] & 0x3Fu);
}

/* What shows nothing itself, so that texts differ and look alike, or changes what is seen around it: controls, joiners, marks of
 * direction, ends of lines that no editor counts. */
static int is_odd(unsigned long c)
{
    static const struct {
        unsigned long first, last;
    } ranges[] = {{0x00, 0x08},     {0x0B, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
                  {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF},
                  {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
    size_t i;

    for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c <= ranges[i].last) return c >= ranges[i].first;
    }
    return 0;
}

static const char *entity_of(unsigned long c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* In an attribute an odd character cannot be marked, and is replaced. */
static void put_escaped(cdist_report_t *report, const char *text, apr_size_t text_length, int in_attribute, apr_pool_t *pool)
{
    const char *decoded = cdist_text_decode(text, text_length, pool), *start = decoded;
    apr_size_t length;
    char number[sizeof "<span class=\"odd\">U+10FFFF</span>"];

    for (; *decoded; decoded += length) {
        unsigned long c = decode(&length, decoded);
        const char *entity = entity_of(c);

        if (!entity && !is_odd(c)) continue;
        put_bytes(report, start, (apr_size_t)(decoded - start));
        start = decoded + length;
        if (entity) cdist_report_put(report, entity);
        else if (in_attribute) cdist_report_put(report, "\xEF\xBF\xBD");
        if (entity || in_attribute) continue;
        apr_snprintf(number, sizeof number, "<span class=\"odd\">U+%04lX</span>", c);
        cdist_report_put(report, number);
    }
    put_bytes(report, start, (apr_size_t)(decoded - start));
}

void cdist_report_text(cdist_report_t *report, const char *text, apr_size_t length, apr_pool_t *scratch_pool)
{
    put_escaped(report, text, length, 0, scratch_pool);
}

void cdist_report_string(cdist_report_t *report, const char *text, apr_pool_t *scratch_pool)
{
    put_escaped(report, text, strlen(text), 0, scratch_pool);
}

void cdist_report_names(cdist_report_t *report, const char *russian, const char *english, apr_pool_t *scratch_pool)
{
    cdist_report_put(report, "<span class=\"name\" data-ru=\"");
    put_escaped(report, russian, strlen(russian), 1, scratch_pool);
    cdist_report_put(report, "\">");
    put_escaped(report, english, strlen(english), 0, scratch_pool);
    cdist_report_put(report, "</span>");
}

/* NB: both texts are ours, and have nothing in them that would have to be escaped but apostrophes, which may stand. */
void cdist_report_word(cdist_report_t *report, const char *english)
{
    const char *russian = cdist_report_russian(english);

    cdist_report_put(report, russian ? "<span data-ru=\"" : "<span>");
    if (russian) cdist_report_put(report, russian);
    if (russian) cdist_report_put(report, "\">");
    cdist_report_put(report, english);
    cdist_report_put(report, "</span>");
}

int cdist_report_is_full(const cdist_report_t *report)
{
    return report->written >= CDIST_REPORT_BYTES;
}

void cdist_report_left_out(cdist_report_t *report)
{
    cdist_report_put(report, "<p>");
    cdist_report_word(report, "Not shown: the page would become too large. 1cdist compare --level property --json tells "
                              "everything.");
    cdist_report_put(report, "</p>\n");
}

/* ---- the head -------------------------------------------------------------------------------------------------- */

static const char *digest_of(const char *text, apr_pool_t *pool)
{
    cdist_sha256_t *sha256 = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update(sha256, text, strlen(text));
    cdist_sha256_final(&digest, sha256);
    return cdist_digest_base64(&digest, pool);
}

static void put_start(cdist_report_t *report, apr_pool_t *pool)
{
    cdist_report_put(report, CDIST_REPORT_START " content=\"default-src 'none'; base-uri 'none'; "
                             "form-action 'none'; style-src 'sha256-");
    cdist_report_put(report, digest_of(cdist_report_style, pool));
    cdist_report_put(report, "'; script-src 'sha256-");
    cdist_report_put(report, digest_of(cdist_report_script, pool));
    cdist_report_put(report, "'\"><meta name=\"viewport\" content=\"width=device-width\"><title data-ru=\"");
    cdist_report_put(report, cdist_report_russian("Comparison of configurations"));
    cdist_report_put(report, "\">Comparison of configurations</title><style>");
    cdist_report_put(report, cdist_report_style);
    cdist_report_put(report, "</style></head>\n<body>\n<header><h1>");
    cdist_report_word(report, "Comparison of configurations");
    cdist_report_put(report, "</h1><div><button type=\"button\" data-lang=\"ru\">Русский</button> "
                             "<button type=\"button\" data-lang=\"en\">English</button></div></header>\n");
}

static void put_sides(cdist_report_t *report, const apr_array_header_t *sides, apr_pool_t *pool)
{
    int i;

    report->two_way = 1;
    cdist_report_put(report, "<dl>");
    for (i = 0; i < sides->nelts; i++) {
        const cdist_report_side_t *side = &APR_ARRAY_IDX(sides, i, cdist_report_side_t);
        const char *title = apr_pstrcat(pool, side->name, " ", side->version, *side->vendor ? ", " : "", side->vendor, NULL);

        if (strcmp(side->role, "base") == 0) report->two_way = 0;
        cdist_report_put(report, "<dt>");
        cdist_report_word(report, strcmp(side->role, "mine") == 0     ? "my configuration"
                                  : strcmp(side->role, "theirs") == 0 ? "the vendor's new release"
                                                                      : "the release that mine was made from");
        cdist_report_put(report, "</dt><dd>");
        cdist_report_string(report, title, pool);
        cdist_report_put(report, " <span class=\"quiet\">");
        cdist_report_string(report, side->file, pool);
        if (side->embedded) cdist_report_put(report, ": ");
        if (side->embedded) cdist_report_word(report, "the vendor's configuration in it");
        cdist_report_put(report, "</span></dd>\n");
    }
    cdist_report_put(report, "</dl>\n");
}

static void put_notes(cdist_report_t *report, const apr_array_header_t *notes, apr_pool_t *pool)
{
    int i;

    if (notes->nelts == 0) return;
    cdist_report_put(report, "<ul class=\"notes\">");
    for (i = 0; i < notes->nelts; i++) {
        const cdist_compare_note_t *note = &APR_ARRAY_IDX(notes, i, cdist_compare_note_t);

        cdist_report_put(report, "<li><span data-ru=\"");
        put_escaped(report, note->russian, strlen(note->russian), 1, pool);
        cdist_report_put(report, "\">");
        cdist_report_string(report, note->text, pool);
        cdist_report_put(report, "</span></li>\n");
    }
    cdist_report_put(report, "</ul>\n");
}

static void put_counts(cdist_report_t *report, const apr_uint64_t *counts, apr_pool_t *pool)
{
    int i;

    cdist_report_put(report, "<ul class=\"counts\">");
    for (i = 0; i < CDIST_CLASSES; i++) {
        const char *name = cdist_class_name((cdist_class_t)i);

        cdist_report_put(report, apr_psprintf(pool, "<li class=\"%s\"><b>%" APR_UINT64_T_FMT "</b> ", name, counts[i]));
        cdist_report_word(report, name);
        cdist_report_put(report, "</li>");
    }
    cdist_report_put(report, "</ul>\n");
}

/* Hidden until the script shows it: without one it could do nothing. */
static void put_tools(cdist_report_t *report)
{
    int i;

    cdist_report_put(report, "<div class=\"tools hidden\"><label>");
    cdist_report_word(report, "Search");
    cdist_report_put(report, " <input type=\"search\" id=\"search\"></label> <label><input type=\"checkbox\" id=\"twice\"> ");
    cdist_report_word(report, "Changed twice only");
    cdist_report_put(report, "</label> <select id=\"class\"><option value=\"\">—</option>");
    for (i = CDIST_CLASS_MINE; i < CDIST_CLASSES; i++) {
        const char *name = cdist_class_name((cdist_class_t)i);

        cdist_report_put(report, "<option value=\"");
        cdist_report_put(report, name);
        cdist_report_put(report, "\" data-ru=\"");
        cdist_report_put(report, cdist_report_russian(name));
        cdist_report_put(report, "\">");
        cdist_report_put(report, name);
        cdist_report_put(report, "</option>");
    }
    cdist_report_put(report, "</select> <button type=\"button\" id=\"open\">");
    cdist_report_word(report, "Open all");
    cdist_report_put(report, "</button> <button type=\"button\" id=\"close\">");
    cdist_report_word(report, "Close all");
    cdist_report_put(report, "</button> <span class=\"quiet\">");
    cdist_report_word(report, "Shown");
    cdist_report_put(report, ": <output id=\"shown\"></output></span></div>\n");
}

static void put_columns(cdist_report_t *report, const cdist_report_head_t *head)
{
    static const char *const columns[] = {"Object", "Change", "Support", "Action"};
    int i, differs = 0;

    for (i = CDIST_CLASS_MINE; i < CDIST_CLASSES; i++) differs |= head->counts[i] > 0;
    cdist_report_put(report, "<main>\n");
    if (!differs) {
        cdist_report_put(report, "<p>");
        cdist_report_word(report, "Nothing differs.");
        cdist_report_put(report, "</p>\n");
        return;
    }
    cdist_report_put(report, "<div class=\"columns\"><span></span>");
    for (i = 0; i < 4; i++) cdist_report_word(report, columns[i]);
    cdist_report_put(report, "</div>\n");
}

static cdist_err_t *result_of(const cdist_report_t *report)
{
    if (report->status == APR_SUCCESS) return NULL;
    return cdist_err_create(report->pool, CDIST_E_STORE, report->status, "%s: cannot be written",
                            cdist_text_printable(report->path, report->pool));
}

cdist_err_t *cdist_report_open(cdist_report_t **report, const char *path, const cdist_report_head_t *head, apr_pool_t *pool)
{
    cdist_report_t *made = apr_pcalloc(pool, sizeof *made);

    *report = made;
    made->path = apr_pstrdup(pool, path);
    made->pool = pool;
    made->status = cdist_os_temp_open(&made->temp, cdist_path_folder(path, pool), pool);
    if (made->status == APR_SUCCESS) {
        apr_file_buffer_set(made->temp->file, apr_palloc(pool, BUFFER_BYTES), BUFFER_BYTES);
        put_start(made, pool);
        put_sides(made, head->sides, pool);
        put_notes(made, head->notes, pool);
        put_counts(made, head->counts, pool);
        put_tools(made);
        put_columns(made, head);
    }
    return result_of(made);
}

/* ---- items ----------------------------------------------------------------------------------------------------- */

static void put_change(cdist_report_t *report, cdist_class_t cls, cdist_side_t mine, cdist_side_t theirs)
{
    cdist_report_put(report, "<span class=\"mark ");
    cdist_report_put(report, cdist_class_name(cls));
    cdist_report_put(report, "\">");
    cdist_report_word(report, cdist_class_name(cls));
    cdist_report_put(report, "</span> <span class=\"quiet\">");
    cdist_report_word(report, cdist_side_name(mine));
    cdist_report_put(report, " / ");
    cdist_report_word(report, cdist_side_name(theirs));
    cdist_report_put(report, "</span>");
}

static void put_summary(cdist_report_t *report, const cdist_report_item_t *item, apr_pool_t *pool)
{
    const cdist_verdict_t *verdict = item->verdict;
    const cdist_difference_t *difference = verdict->difference;

    cdist_report_put(report, "<summary><span>");
    if (*item->name_en) {
        cdist_report_names(report, item->name_ru, item->name_en, pool);
        cdist_report_put(report, "<br>");
    }
    cdist_report_put(report, "<span class=\"id\">");
    cdist_report_string(report, item->id, pool);
    cdist_report_put(report, "</span></span><span>");
    put_change(report, difference->cls, difference->mine_side, difference->theirs_side);
    cdist_report_put(report, "</span><span>");
    cdist_report_word(report, cdist_rule_name(verdict->rule));
    cdist_report_put(report, "</span><span>");
    cdist_report_word(report, cdist_action_name(verdict->decision->action));
    cdist_report_put(report, "</span></summary>\n<p>");
    cdist_report_word(report, verdict->decision->row);
    if (verdict->decision->confirm) {
        cdist_report_put(report, "; ");
        cdist_report_word(report, "a person has to confirm");
    }
    if (verdict->warning) {
        cdist_report_put(report, "<br><strong>");
        cdist_report_word(report, verdict->warning);
        cdist_report_put(report, "</strong>");
    }
    cdist_report_put(report, "</p>\n");
    if (!difference->error) return;
    cdist_report_put(report, "<p><strong>");
    cdist_report_string(report, difference->error, pool);
    cdist_report_put(report, "</strong></p>\n");
}

static void put_part(cdist_report_t *report, const cdist_report_part_t *part, apr_pool_t *pool)
{
    cdist_report_put(report, "<h3>");
    if (*part->name_en) cdist_report_names(report, part->name_ru, part->name_en, pool);
    cdist_report_put(report, " <span class=\"id\">");
    cdist_report_string(report, part->id, pool);
    cdist_report_put(report, "</span> — ");
    put_change(report, part->cls, part->mine, part->theirs);
    cdist_report_put(report, "</h3>\n");
    if (part->problem) {
        cdist_report_put(report, "<p><strong>");
        cdist_report_string(report, part->problem, pool);
        cdist_report_put(report, "</strong></p>\n");
    }
    if (!part->details) return;
    cdist_report_details(report, part->details, pool);
    if (cdist_report_is_full(report)) cdist_report_left_out(report);
}

cdist_err_t *cdist_report_item(cdist_report_t *report, const cdist_report_item_t *item, apr_pool_t *scratch_pool)
{
    const char *cls = cdist_class_name(item->verdict->difference->cls);
    int i;

    cdist_report_put(report, "<details class=\"item\" data-class=\"");
    cdist_report_put(report, cls);
    cdist_report_put(report, "\">");
    put_summary(report, item, scratch_pool);
    for (i = 0; item->parts && i < item->parts->nelts; i++) {
        put_part(report, &APR_ARRAY_IDX(item->parts, i, cdist_report_part_t), scratch_pool);
    }
    cdist_report_put(report, "</details>\n");
    return result_of(report);
}

cdist_err_t *cdist_report_close(cdist_report_t *report)
{
    cdist_report_put(report, "</main>\n<p class=\"quiet\">");
    cdist_report_word(report, "A file of 1cdist: it needs no network.");
    cdist_report_put(report, "</p>\n<script>");
    cdist_report_put(report, cdist_report_script);
    cdist_report_put(report, "</script>\n</body>\n</html>\n");
    if (report->status == APR_SUCCESS) report->status = apr_file_flush(report->temp->file);
    if (report->status == APR_SUCCESS) report->status = cdist_os_temp_publish(report->temp, report->path, report->pool);
    return result_of(report);
}
