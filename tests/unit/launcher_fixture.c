/* See launcher_fixture.h. */
#include "launcher_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

cdist_infobase_list_t *fx_list_add(cdist_launcher_t *launcher, const char *text)
{
    cdist_infobase_list_t *list;

    FX_OK(cdist_infobases_parse(&list, text, strlen(text), "ib.v8i", fx_pool));
    APR_ARRAY_PUSH(launcher->lists, cdist_infobase_list_t *) = list;
    return list;
}

void fx_start_add(cdist_launcher_t *launcher, const char *text, cdist_start_scope_t scope)
{
    static const char *const names[] = {"user.cfg", "all.cfg", "1cescmn.cfg"};
    cdist_start_cfg_t *cfg;

    if (!text) return;
    FX_OK(cdist_start_cfg_parse(&cfg, text, strlen(text), names[scope], fx_pool));
    cfg->scope = scope;
    APR_ARRAY_PUSH(launcher->start, cdist_start_cfg_t *) = cfg;
}

void fx_builds_add(cdist_launcher_t *launcher, const char *text)
{
    char *next, *item = apr_strtok(apr_pstrdup(fx_pool, text), ";", &next);

    for (; item; item = apr_strtok(NULL, ";", &next)) {
        char kind, version[40], arch[16], flags[16];
        cdist_build_t build;

        memset(&build, 0, sizeof build);
        ck_assert_msg(sscanf(item, " %c %39s %15s %15s", &kind, version, arch, flags) == 4, "\"%s\" is no build", item);
        ck_assert_msg(cdist_mask_parse(&build.version, version), "%s", version);
        build.arch = strcmp(arch, "-") ? apr_pstrdup(fx_pool, arch) : "";
        build.system = strchr(flags, 'w') ? "windows" : strchr(flags, 'm') ? "macos" : strchr(flags, 'u') ? "linux" : "";
        build.installed = kind == 'i';
        build.shared = strchr(flags, 's') != NULL;
        build.legacy = strchr(flags, 'l') != NULL;
        build.path = apr_pstrcat(fx_pool, build.installed ? "/inst/" : "/dist/", version, NULL);
        if (strchr(flags, 't')) build.thin = apr_pstrcat(fx_pool, build.path, "/1cv8c", NULL);
        if (strchr(flags, 'k')) build.thick = apr_pstrcat(fx_pool, build.path, "/1cv8", NULL);
        APR_ARRAY_PUSH(launcher->builds, cdist_build_t) = build;
    }
}

const char *fx_builds_list(const cdist_launcher_t *launcher)
{
    const char *text = "";
    int i;

    for (i = 0; i < launcher->builds->nelts; i++) {
        const cdist_build_t *build = &APR_ARRAY_IDX(launcher->builds, i, cdist_build_t);

        text = apr_psprintf(fx_pool, "%s%s%s %s %s %s%s%s %s", text, i ? "\n" : "", build->installed ? "i" : "d",
                            cdist_version_format(&build->version, fx_pool), *build->arch ? build->arch : "-",
                            build->thin ? "t" : "", build->thick ? "k" : "", build->shared ? "s" : "",
                            build->path + strlen(fx_folder) + 1);
    }
    return text;
}

cdist_resolution_t *fx_resolve(const cdist_launcher_t *launcher)
{
    const cdist_infobase_list_t *list = APR_ARRAY_IDX(launcher->lists, 0, const cdist_infobase_list_t *);
    cdist_resolution_t *resolution;

    FX_OK(cdist_resolve(&resolution, launcher, &APR_ARRAY_IDX(list->infobases, 0, cdist_infobase_t), fx_pool));
    return resolution;
}

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

const char *fx_decision(const cdist_resolution_t *resolution)
{
    ck_assert_msg(!*resolution->chosen || !resolution->problem, "chosen, and yet: %s", resolution->problem);
    return apr_pstrcat(fx_pool, or_dash(resolution->required), "|", or_dash(resolution->chosen), "|",
                       or_dash(resolution->arch), "|", resolution->client, "|", or_dash(resolution->origin), NULL);
}

const char *fx_join(const apr_array_header_t *texts, const char *between)
{
    const char *text = "";
    int i;

    for (i = 0; i < texts->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, i ? between : "", APR_ARRAY_IDX(texts, i, const char *), NULL);
    }
    return text;
}
