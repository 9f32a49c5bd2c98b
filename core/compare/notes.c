/* What an administrator must know of the sides before the result is believed: in English for the terminal and for programs, in
 * both languages for the page. Nothing here ends a comparison: a base that was renamed is a base all the same. */
#include "compare_int.h"

#include <apr_strings.h>

#include <string.h>

void cdist_sides_note(cdist_sides_t *sides, const char *code, const char *text, const char *russian)
{
    cdist_compare_note_t *made = apr_array_push(sides->notes);

    made->code = code;
    made->text = text;
    made->russian = russian;
}

/* ---- support --------------------------------------------------------------------------------------------------- */

static void note_locked_vendors(cdist_sides_t *sides, const char *file, apr_pool_t *pool)
{
    const apr_array_header_t *vendors = sides->support_data->vendors;
    int i;

    for (i = 0; i < vendors->nelts; i++) {
        const cdist_support_vendor_t *vendor = &APR_ARRAY_IDX(vendors, i, cdist_support_vendor_t);
        const char *name = cdist_text_printable(vendor->id.name, pool);

        if (!vendor->locked) continue;
        cdist_sides_note(sides, "vendor_locked",
                         apr_psprintf(pool, "%s: changes are forbidden for all objects of %s: they count as not editable, "
                                            "whatever their own rules", file, name),
                         apr_psprintf(pool, "%s: изменения запрещены для всех объектов конфигурации %s: они считаются "
                                            "нередактируемыми, каковы бы ни были их собственные правила", file, name));
    }
}

static void note_support(cdist_sides_t *sides, const char *file, apr_pool_t *pool)
{
    switch (cdist_support_index_state(sides->support)) {
    case CDIST_SUPPORT_NONE:
        cdist_sides_note(sides, "not_on_support",
                         apr_psprintf(pool, "%s: is not on support: no rules are known, what both changed is for a person to "
                                            "decide", file),
                         apr_psprintf(pool, "%s: не на поддержке: правила неизвестны, о дважды изменённом решает человек",
                                            file));
        break;
    case CDIST_SUPPORT_REMOVED:
        cdist_sides_note(sides, "support_removed",
                         apr_psprintf(pool, "%s: support was removed: nothing is taken from the vendor", file),
                         apr_psprintf(pool, "%s: снята с поддержки: у поставщика ничего не берётся", file));
        break;
    case CDIST_SUPPORT_LOCKED:
        cdist_sides_note(sides, "locked",
                         apr_psprintf(pool, "%s: changes are forbidden for the whole configuration: an update replaces it by "
                                            "the new release as a whole. What is listed as changed by mine was changed past "
                                            "that lock; actions are those for objects that are not editable, and a "
                                            "replacement does not keep it", file),
                         apr_psprintf(pool, "%s: изменения запрещены для всей конфигурации: обновление заменяет её новым "
                                            "выпуском целиком. То, что указано как изменённое мной, изменено в обход запрета; "
                                            "действия указаны как для нередактируемых объектов, а замена этого не сохранит",
                                            file));
        break;
    case CDIST_SUPPORT_RULES: note_locked_vendors(sides, file, pool); break;
    }
}

void cdist_sides_note_support_data(cdist_sides_t *sides, const cdist_comparison_t *entries)
{
    int i, found = 0;

    for (i = 0; i < entries->differences->nelts && !found; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(entries->differences, i, cdist_difference_t);

        found = difference->mine && cdist_config_is_of_support(sides->mine, difference->mine->name);
    }
    if (!found) return;
    cdist_sides_note(sides, "support_data",
                     apr_pstrcat(sides->pool, sides->mine->name, ": the support data (entry .4) and the embedded "
                                                                 "configurations are entries like others here, and always "
                                                                 "differ from the vendor's: the platform itself cares for "
                                                                 "them, and nobody need decide about them; --level object "
                                                                 "leaves them out", NULL),
                     apr_pstrcat(sides->pool, sides->mine->name, ": данные поддержки (запись .4) и вложенные конфигурации "
                                                                 "здесь такие же записи, как прочие, и всегда отличаются от "
                                                                 "поставщика: о них заботится сама платформа, решать о них "
                                                                 "нечего; --level object их не показывает", NULL));
}

/* ---- what belongs together ------------------------------------------------------------------------------------- */

static const char *show(const char *name, const char *vendor, const char *version, const char *version_id, apr_pool_t *pool)
{
    return cdist_text_printable(apr_psprintf(pool, "%s (%s) %s%s%s", name, vendor, version, *version_id ? ", id " : "",
                                             version_id), pool);
}

static const char *show_facts(const cdist_file_facts_t *facts, apr_pool_t *pool)
{
    return show(facts->name, facts->vendor, facts->version, facts->version_id, pool);
}

static const char *show_vendors(const cdist_support_t *support, apr_pool_t *pool)
{
    const cdist_support_vendor_t *first = &APR_ARRAY_IDX(support->vendors, 0, cdist_support_vendor_t);
    const char *shown = show(first->id.name, first->id.vendor, first->id.version, first->id.version_id, pool);

    return support->vendors->nelts == 1 ? shown : apr_pstrcat(pool, shown, ", …", NULL);
}

static int is_same_product(const cdist_file_facts_t *a, const cdist_file_facts_t *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->vendor, b->vendor) == 0;
}

/* 1 if one of the vendors is of that release, by the id of its version; where `exact` is 0 or the id is not known, of that
 * product. */
static int is_supported_by(const cdist_support_t *support, const cdist_file_facts_t *facts, int exact)
{
    int i;

    for (i = 0; i < support->vendors->nelts; i++) {
        const cdist_configuration_id_t *id = &APR_ARRAY_IDX(support->vendors, i, cdist_support_vendor_t).id;

        if (exact && *facts->version_id && *id->version_id) {
            if (strcmp(id->version_id, facts->version_id) == 0) return 1;
        } else if (strcmp(id->name, facts->name) == 0 && strcmp(id->vendor, facts->vendor) == 0) {
            return 1;
        }
    }
    return 0;
}

static void note_other_support(cdist_sides_t *sides, const char *file, const cdist_config_t *other, apr_pool_t *pool)
{
    const char *vendors = show_vendors(sides->support_data, pool), *shown = show_facts(other->facts, pool);

    cdist_sides_note(sides, "support_of_other",
                     apr_psprintf(pool, "%s: the rules of support are those for %s, while %s is %s: rules may be missing or "
                                        "be those of another release", file, vendors, other->name, shown),
                     apr_psprintf(pool, "%s: правила поддержки относятся к %s, а %s — это %s: правил может не хватать, или "
                                        "они от другого выпуска", file, vendors, other->name, shown));
}

static void note_other_base(cdist_sides_t *sides, const char *expected, apr_pool_t *pool)
{
    const char *base = show_facts(sides->base->facts, pool);

    cdist_sides_note(sides, "base_not_of_mine",
                     apr_psprintf(pool, "%s: is %s, while %s comes from %s: what these releases do not have in common seems "
                                        "changed by mine", sides->base->name, base, sides->mine->name, expected),
                     apr_psprintf(pool, "%s: это %s, а %s происходит от %s: то, чем эти выпуски отличаются, кажется "
                                        "изменённым мной",
                                  sides->base->name, base, sides->mine->name, expected));
}

static void note_belonging(cdist_sides_t *sides, const char *support_file, apr_pool_t *pool)
{
    const cdist_config_t *other = sides->base ? sides->base : sides->theirs;
    const cdist_support_t *support = sides->support_data;
    int of_file = sides->base_origin == CDIST_BASE_FILE;

    if (support && support->vendors->nelts == 0) support = NULL;
    if (support && (support_file || !of_file) && other && !is_supported_by(support, other->facts, sides->base != NULL)) {
        note_other_support(sides, support_file ? support_file : sides->mine->name, other, pool);
    }
    if (!of_file) return;
    if (support && !support_file) {
        if (!is_supported_by(support, sides->base->facts, 1)) note_other_base(sides, show_vendors(support, pool), pool);
    } else if (!is_same_product(sides->base->facts, sides->mine->facts)) {
        note_other_base(sides, show_facts(sides->mine->facts, pool), pool);
    }
}

/* ---- releases -------------------------------------------------------------------------------------------------- */

static void note_distribution(cdist_sides_t *sides, const cdist_config_t *config, const char *code, apr_pool_t *pool)
{
    if (config->facts->distribution) return;
    cdist_sides_note(sides, code,
                     apr_psprintf(pool, "%s: is no vendor's distribution, so the platform would not take it for an update",
                                  config->name),
                     apr_psprintf(pool, "%s: не файл поставки, платформа не приняла бы его для обновления", config->name));
}

static void note_product(cdist_sides_t *sides, apr_pool_t *pool)
{
    const cdist_config_t *base = sides->base, *theirs = sides->theirs;
    const char *new = show_facts(theirs->facts, pool), *old = show_facts(base->facts, pool);
    cdist_version_t from, to;

    if (!is_same_product(base->facts, theirs->facts)) {
        cdist_sides_note(sides, "other_product", apr_psprintf(pool, "%s: is %s, while the base is %s", theirs->name, new, old),
                         apr_psprintf(pool, "%s: это %s, а исходная — %s", theirs->name, new, old));
    } else if (cdist_version_parse(&from, base->facts->version) && cdist_version_parse(&to, theirs->facts->version) &&
               cdist_version_compare(&to, &from) <= 0) {
        cdist_sides_note(sides, "not_newer", apr_psprintf(pool, "%s: is %s, which is not newer than the base, %s",
                                                                theirs->name, new, old),
                         apr_psprintf(pool, "%s: это %s, не новее исходной, %s", theirs->name, new, old));
    }
}

static void note_theirs(cdist_sides_t *sides, apr_pool_t *pool)
{
    const cdist_config_t *theirs = sides->theirs;

    if (!theirs->update) {
        note_distribution(sides, theirs, "theirs_no_distribution", pool);
    } else if (theirs->facts->container_bits == 64) {
        cdist_sides_note(sides, "wide_update",
                         apr_psprintf(pool, "%s: experimental: an update in a container of 64 bits, of which none was seen so "
                                            "far",
                                      theirs->name),
                         apr_psprintf(pool, "%s: экспериментально: обновление в 64-битном контейнере, таких пока не "
                                            "встречалось",
                                      theirs->name));
    }
    if (sides->base) note_product(sides, pool);
}

void cdist_sides_note_all(cdist_sides_t *sides, const cdist_compare_files_t *files, apr_pool_t *pool)
{
    const char *support_file = files->support ? cdist_text_printable(files->support, pool) : NULL;

    note_support(sides, support_file ? support_file : sides->mine->name, pool);
    if (!sides->base) {
        cdist_sides_note(sides, "no_base",
                         apr_psprintf(pool, "%s: holds no vendor's configuration, and no base is named: nobody can say which "
                                            "side changed what differs", sides->mine->name),
                         apr_psprintf(pool, "%s: не содержит конфигурации поставщика, и исходная не названа: неизвестно, кто "
                                            "изменил то, что отличается", sides->mine->name));
    } else if (sides->base_origin == CDIST_BASE_FILE) {
        note_distribution(sides, sides->base, "base_no_distribution", pool);
    }
    if (sides->theirs) note_theirs(sides, pool);
    note_belonging(sides, support_file, pool);
}
