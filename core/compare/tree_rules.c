/* Rules for the files of a folder: which glob says what, and which of them counts.
 * The order of the lines means nothing, since in other programs it means sometimes the first and sometimes the last. */
#include "cdist_compare.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define MAX_GLOBS 10000
#define MAX_GLOB_BYTES 1024

typedef struct {
    const char *glob;
    int by_path;     /* 0: for names anywhere */
    apr_size_t literal; /* characters that are no wildcards */
    cdist_rule_t rule;
    int line;
} tree_rule_t;

struct cdist_tree_rules_t {
    apr_array_header_t *rows; /* tree_rule_t */
};

/* ---- globs ----------------------------------------------------------------------------------------------------- */

/* The text behind one character of UTF-8. */
static const char *behind_character(const char *text)
{
    text++;
    while (((unsigned char)*text & 0xC0) == 0x80) text++;
    return text;
}

/* Where to go on from when the text does not match: behind a wildcard of the glob, at a later place of the text. */
typedef struct {
    const char *glob, *text;
    int folders; /* 1: only behind a "/" of the text */
} retry_t;

/* A wildcard of the glob, which starts at `start`: notes where to go on from. Returns the glob behind it, or NULL if there is
 * none. A double star between slashes is any number of folders, none too. */
static const char *take_star(retry_t *star, retry_t *double_star, const char *start, const char *glob, const char *text)
{
    const char *behind = glob + strspn(glob, "*");

    if (behind == glob) return NULL;
    if (behind == glob + 1) {
        star->glob = behind;
        star->text = text;
        return behind;
    }
    double_star->folders = *behind == '/' && (glob == start || glob[-1] == '/');
    double_star->glob = behind + double_star->folders;
    double_star->text = text;
    star->glob = NULL;
    return double_star->glob;
}

/* 1 if another place was found: a star takes one character more, but no "/"; else a double star does. */
static int go_back(const char **glob, const char **text, retry_t *star, retry_t *double_star)
{
    if (star->glob && *star->text && *star->text != '/') {
        *glob = star->glob;
        *text = ++star->text;
        return 1;
    }
    if (!double_star->glob) return 0;
    if (double_star->folders) double_star->text += strcspn(double_star->text, "/");
    if (!*double_star->text) return 0;
    *glob = double_star->glob;
    *text = ++double_star->text;
    star->glob = NULL;
    return 1;
}

/* NB: two places to go back to are enough, because a later wildcard of a kind can do all that an earlier one could. */
static int matches(const char *glob, const char *text)
{
    retry_t star = {NULL, NULL, 0}, double_star = {NULL, NULL, 0};
    const char *start = glob;

    for (;;) {
        const char *behind = take_star(&star, &double_star, start, glob, text);

        if (behind) {
            glob = behind;
        } else if (!*text && !*glob) {
            return 1;
        } else if (*glob == '?' && *text && *text != '/') {
            glob++;
            text = behind_character(text);
        } else if (*glob != '?' && *text && *glob == *text) {
            glob++;
            text++;
        } else if (!go_back(&glob, &text, &star, &double_star)) {
            return 0;
        }
    }
}

/* The path, or one of the folders that it is in: what holds for a folder holds for all in it. */
static int covers(const tree_rule_t *row, char *path)
{
    char *part = path, *end = path;

    for (;;) {
        char kept;
        int found;

        end += strcspn(end, "/");
        kept = *end;
        *end = '\0';
        found = matches(row->glob, row->by_path ? path : part);
        *end = kept;
        if (found || !kept) return found;
        part = ++end;
    }
}

cdist_rule_t cdist_tree_rules_rule(const cdist_tree_rules_t *rules, const char *path, apr_pool_t *scratch_pool)
{
    char *cut = apr_pstrdup(scratch_pool, path);
    const tree_rule_t *best = NULL;
    int i;

    for (i = 0; i < rules->rows->nelts; i++) {
        const tree_rule_t *row = &APR_ARRAY_IDX(rules->rows, i, tree_rule_t);

        if (best && (row->literal < best->literal || (row->literal == best->literal && row->rule >= best->rule))) continue;
        if (covers(row, cut)) best = row;
    }
    return best ? best->rule : CDIST_RULE_UNKNOWN;
}

static int covers_any(const tree_rule_t *row, const cdist_snapshot_t *snapshot, apr_pool_t *each)
{
    int i;

    for (i = 0; i < snapshot->elements->nelts; i++) {
        apr_pool_clear(each);
        if (covers(row, apr_pstrdup(each, APR_ARRAY_IDX(snapshot->elements, i, cdist_element_t).id))) return 1;
    }
    return 0;
}

apr_array_header_t *cdist_tree_rules_unused(const cdist_tree_rules_t *rules, const cdist_snapshot_t *const *snapshots,
                                            int count, apr_pool_t *pool)
{
    apr_array_header_t *unused = apr_array_make(pool, 2, sizeof(const char *));
    apr_pool_t *each;
    int i, j;

    apr_pool_create(&each, pool);
    for (i = 0; i < rules->rows->nelts; i++) {
        const tree_rule_t *row = &APR_ARRAY_IDX(rules->rows, i, tree_rule_t);

        for (j = 0; j < count && !covers_any(row, snapshots[j], each); ) j++;
        if (j < count) continue;
        APR_ARRAY_PUSH(unused, const char *) = apr_psprintf(pool, "line %d: %s", row->line,
                                                            cdist_text_printable(row->glob, pool));
    }
    apr_pool_destroy(each);
    return unused;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

static cdist_err_t *bad_line(const char *path, int line, const char *what, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: line %d: %s; a line is GLOB RULE, with the rule locked, editable or "
                            "removed", path, line, what);
}

static cdist_rule_t rule_of(const char *word)
{
    if (strcmp(word, "locked") == 0) return CDIST_RULE_LOCKED;
    if (strcmp(word, "editable") == 0) return CDIST_RULE_EDITABLE;
    return strcmp(word, "removed") == 0 ? CDIST_RULE_REMOVED : CDIST_RULE_UNKNOWN;
}

static apr_size_t count_literals(const char *glob)
{
    apr_size_t count = 0;

    for (; *glob; glob = behind_character(glob)) count += *glob != '*' && *glob != '?';
    return count;
}

/* "/a/b/" is the path a/b: a slash in front says only that it is a path. */
static void take_glob(tree_rule_t *row, char *glob)
{
    apr_size_t length = strlen(glob);

    while (length > 1 && glob[length - 1] == '/') glob[--length] = '\0';
    row->by_path = strchr(glob, '/') != NULL;
    row->glob = *glob == '/' ? glob + 1 : glob;
    row->literal = count_literals(row->glob);
}

static cdist_err_t *take_line(cdist_tree_rules_t *rules, const char *text, const char *path, int number, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text), *word, *end;
    tree_rule_t row;

    while (apr_isspace(*line)) line++;
    if (!*line || *line == '#') return NULL;
    for (end = line + strlen(line); apr_isspace(end[-1]); ) *--end = '\0';
    for (word = end; word > line && !apr_isspace(word[-1]); ) word--;
    if (word == line) return bad_line(path, number, "one word alone", pool);
    row.rule = rule_of(word);
    if (row.rule == CDIST_RULE_UNKNOWN) {
        return bad_line(path, number, apr_psprintf(pool, "\"%s\" is no rule", cdist_text_printable(word, pool)), pool);
    }
    for (end = word; apr_isspace(end[-1]); ) *--end = '\0';
    if (strchr(line, '\\')) return bad_line(path, number, "folders are separated by /, not by \\", pool);
    if (end - line > MAX_GLOB_BYTES) return bad_line(path, number, "the glob is too long", pool);
    take_glob(&row, line);
    row.line = number;
    if (!*row.glob) return bad_line(path, number, "the glob is empty", pool);
    if (rules->rows->nelts == MAX_GLOBS) return bad_line(path, number, "too many lines", pool);
    APR_ARRAY_PUSH(rules->rows, tree_rule_t) = row;
    return NULL;
}

cdist_err_t *cdist_tree_rules_parse(cdist_tree_rules_t **rules, const char *bytes, apr_size_t length, const char *path,
                                    apr_pool_t *pool)
{
    cdist_tree_rules_t *made = apr_palloc(pool, sizeof *made);
    cdist_lines_t *lines;
    int i;

    made->rows = apr_array_make(pool, 8, sizeof(tree_rule_t));
    CDIST_ERR(cdist_lines_parse(&lines, bytes, length, path, pool));
    for (i = 0; i < lines->lines->nelts; i++) {
        CDIST_ERR(take_line(made, APR_ARRAY_IDX(lines->lines, i, cdist_line_t).text, path, i + 1, pool));
    }
    *rules = made;
    return NULL;
}
