/* Architectures as the launcher names them (AppArch, /AppArch: administrator guide 8.3.23, appendix 3.3): one alone, or with _prt
 * one that goes before the others. */
#include "launcher_int.h"

#include <string.h>

static const struct {
    const char *text, *base;
    int only;
} wishes[] = {{"x86", "x86", 1}, {"x86_prt", "x86", 0}, {"x86_64", "x86_64", 1}, {"x86_64_prt", "x86_64", 0}};

int cdist_arch_parse(cdist_arch_wish_t *wish, const char *text)
{
    size_t i;

    for (i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (strcasecmp(text, wishes[i].text) != 0) continue;
        wish->base = wishes[i].base;
        wish->only = wishes[i].only;
        return 1;
    }
    return 0;
}

int cdist_launcher_arch_known(const char *arch)
{
    cdist_arch_wish_t wish;

    return cdist_arch_parse(&wish, arch);
}

int cdist_arch_allows(const cdist_arch_wish_t *wish, const char *arch)
{
    return !wish->only || !*arch || strcmp(arch, wish->base) == 0;
}

int cdist_arch_overlap(const cdist_arch_wish_t *a, const cdist_arch_wish_t *b)
{
    return strcmp(a->base, b->base) == 0 || !a->only || !b->only;
}

static const struct {
    const char *slot, *arch, *system;
} slots[] = {{"windows32", "x86", "windows"},  {"windows64", "x86_64", "windows"}, {"linux32", "x86", "linux"},
             {"linux64", "x86_64", "linux"},   {"macos64", "x86_64", "macos"},     {"linux-arm64", "arm64", "linux"},
             {"linux-e2k", "e2k", "linux"}};

const char *cdist_arch_of_slot(const cdist_slot_t *slot)
{
    size_t i;

    for (i = 0; slot && i < sizeof slots / sizeof slots[0]; i++) {
        if (strcmp(slot->name, slots[i].slot) == 0) return slots[i].arch;
    }
    return "";
}

const char *cdist_system_of_slot(const cdist_slot_t *slot)
{
    size_t i;

    for (i = 0; slot && i < sizeof slots / sizeof slots[0]; i++) {
        if (strcmp(slot->name, slots[i].slot) == 0) return slots[i].system;
    }
    return "";
}
