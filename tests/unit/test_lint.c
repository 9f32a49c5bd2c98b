/* What lint finds, and what it must not say. */
#include "fixture.h"
#include "lint/cdist_lint.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

#define NS "xmlns=\"http://v8.1c.ru/8.2/virtual-resource-system\""
#define CONF "PublishDistributiveLocation"

static cdist_lint_options_t options;

static apr_array_header_t *lint_paths(const char *const *paths, int count)
{
    apr_array_header_t *files = apr_array_make(fx_pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < count; i++) APR_ARRAY_PUSH(files, const char *) = paths[i];
    return cdist_lint_files(files, &options, fx_pool);
}

/* "line level code suggestion;" for each finding; every message must be fit for a terminal. */
static const char *told(const apr_array_header_t *findings)
{
    const char *text = "";
    int i;

    for (i = 0; i < findings->nelts; i++) {
        const cdist_finding_t *finding = &APR_ARRAY_IDX(findings, i, cdist_finding_t);

        ck_assert_str_eq(cdist_text_printable(finding->message, fx_pool), finding->message);
        text = apr_psprintf(fx_pool, "%s%s%d %s %s%s%s", text, i ? "; " : "", finding->line, cdist_lint_level_name(finding->level),
                            finding->code, *finding->suggestion ? " " : "", finding->suggestion);
    }
    return text;
}

static const char *lint_text(const char *name, const char *text)
{
    const char *path = fx_path(name);

    fx_write_text(name, text);
    return told(lint_paths(&path, 1));
}

/* ---- one file -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text, *told;
} rows[] = {
    /* in order */
    {"conf.cfg", "", ""},
    {"conf.cfg", "\xEF\xBB\xBFSystemLanguage=System\r\nDisableUnsafeActionProtection=.*=x\r\n;c\r\n" CONF
     "Windows64=http://s/tc/windows64tc.zip", ""},
    {"conf.cfg", "SomethingNew=1\nSomethingNew=2\n", ""},
    {"ClientUpdate.cfg", "Version=8.3.22.1750\nUpdateDate=20261121160000\n", ""},
    {"1cestart.cfg", "DistributiveLocation=\\\\s\\d\nDistributiveLocation=\\\\t\\d\nUseHWLicenses=1\n"
     "DefaultVersion=8.3-8.3.22.1750;x86_64\nDefaultVersion=8.5-8.5.1.1529\nCommonCfgLocation=\\\\s\\1cescmn.cfg\n", ""},
    {"a.v8i", "[One]\nConnect=Srvr=\"h\";Ref=\"r\";\nVersion=8.3\nDefaultVersion=8.3.25.1394\n[Two=x]\nConnect=File=\"C:\\a\";\n"
     "Folder=/F/G\n[F]\nFolder=/\n[G]\nFolder=/F\n", ""},
    {"default.vrd", "<point " NS " pubdst64=\"http://s/tc/windows64tc.zip\" ib=\"Srvr=h;Ref=r;\"/>", ""},
    /* keys */
    {"1cestart.cfg", "DistrbutiveLocation=x\n", "1 warning misspelt-key DistributiveLocation"},
    {"1cestart.cfg", "distributivelocatoin=x\nCommonInfobase=y\n",
     "1 warning misspelt-key DistributiveLocation; 2 warning misspelt-key CommonInfoBases"},
    {"1cestart.cfg", "Local=ru\n", "1 warning misspelt-key Locale"},
    {"conf.cfg", CONF "Window64=http://s/windows64tc.zip\n" CONF "Win32=x\n" CONF "Mac=x\n" CONF "LinuxARM64=x\n"
     "PublishDistributionLocationLinux64=x\n",
     "1 warning misspelt-key " CONF "Windows64; 2 warning misspelt-key " CONF "Windows32; 3 warning misspelt-key " CONF
     "MacOS64; 4 warning unknown-location; 5 warning misspelt-key " CONF "Linux64"},
    {"conf.cfg", "SystemLanguage=RU\n\nsystemlanguage=EN\nSystemLanguage=DE\n",
     "3 warning duplicate-key SystemLanguage; 4 warning duplicate-key SystemLanguage"},
    {"1cestart.cfg", "AutoUninstall=1\nautouninstall=0\n", "2 warning duplicate-key AutoUninstall"},
    {"conf.cfg", "words\n=x\nSystemLanguage=RU\n[s]\n", "1 warning no-setting; 2 warning no-setting"},
    {"ClientUpdate.cfg", "UpdateDate=20261121160000\n", "0 error update-version Version"},
    {"ClientUpdate.cfg", "Version=8.3.22\nUpdateDate=tomorrow\n", "0 error update-version; 0 warning update-date"},
    {"1cescmn.cfg", "DistributiveLocation=\\\\s\\d\nCommonCfgLocation=\\\\s\\x.cfg\n", "2 warning nested-common"},
    {"1cestart.cfg", "DefaultVersion=8.3-8.2.19.130\nDefaultVersion=8.3.22-8.3.2.1;x86\n",
     "1 warning default-version; 2 warning default-version"},
    /* addresses */
    {"conf.cfg", CONF "Windows64=\\\\s\\windows64tc.zip\n", "1 warning no-address"},
    {"conf.cfg", CONF "Windows64=http://s/a b.zip\n", "1 warning no-address"},
    {"conf.cfg", CONF "Windows64=http://s/linux64tc.zip\n", "1 warning other-slot"},
    {"conf.cfg", CONF "Windows64=\n", ""},
    {"conf.cfg", CONF "Windows64=http://s/update/distr.zip?x=y\n", ""},
    {"x.vrd", "<point " NS "\n pubdst=\"http://s/distr.zip\"\n pubdst64=\"http://s/win32.zip\"\n pubdstlinux64=\"x\"\n pubdst99=\"x\"\n"
     " pudst32=\"x\"/>",
     "2 warning legacy-pubdst; 3 warning other-slot; 4 warning misspelt-key pubdstlin64; 5 warning unknown-location; "
     "6 warning misspelt-key pubdst32"},
    {"x.vrd", "<point " NS " pubdstarmhf99=\"x\"/>", "1 warning unknown-location"},
    /* infobases */
    {"a.v8i", "[One]\nConnect=File=\"a\";\n[ONE]\nConnect=File=\"b\";\n", "3 warning duplicate-infobase"},
    {"a.v8i", "[\xD0\x91\xD0\xB0\xD0\xB7\xD0\xB0]\nConnect=File=\"a\";\n[\xD0\xB1\xD0\x90\xD0\x97\xD0\xB0]\nConnect=File=\"b\";\n",
     "3 warning duplicate-infobase"},
    {"a.v8i", "[F]\nFolder=/\n[G]\nFolder=/\n[F]\nFolder=/G\n[f]\nFolder=/\n", "7 warning duplicate-infobase"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\nFolder=/f\n[F]\nFolder=/Gone\n",
     "3 warning orphan-folder; 5 warning orphan-folder"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\nVersion=8.3\nDefaultVersion=8.2.14.540\n[Two]\nVersion=8.3\n",
     "4 warning default-version"},
    {"a.v8i", "[One]\nConnect = File=\"a\";\nVersion =8.3\nFolder= /\n",
     "2 warning spaced-equals Connect; 3 warning spaced-equals Version; 4 warning spaced-equals Folder"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\nConect=x\nConnect=File=\"b\";\n[Two]\nConnect=File=\"a\";\nnothing\n",
     "3 warning misspelt-key Connect; 4 warning duplicate-key Connect; 7 warning no-setting"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\n[broken\nConnect=File=\"b\";\n[]\n[c=d\n [e]\n", "3 error broken-section; "
     "4 warning duplicate-key Connect; 5 error broken-section; 6 error broken-section"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\nID=ab-1\n[Two]\nConnect=File=\"b\";\nID=AB-1\n[G]\nID=ab-2\n[H]\nID=\n[I]\nID=\n",
     "6 warning duplicate-id"},
    {"a.v8i", "[One]\nConnect=File=\"a\";\nApp=ThinClent\nDefaultApp=thickclient\nAppArch=x86_46\nClientConnectionSpeed=Fast\n"
     "[Two]\nApp=Auto\nAppArch=x86_64_prt\nApp=\n[Three]\nApp=Browser\n",
     "3 warning unknown-value ThinClient; 5 warning unknown-value x86_64; 6 warning unknown-value; "
     "10 warning duplicate-key App; 12 warning unknown-value"},
    /* secrets */
    {"a.v8i", "[One]\nConnect=Srvr=\"h\";Ref=\"r\";Usr=\"u\";Pwd=\"hidden\";\nPPasswd=hidden\n"
     "AdditionalParameters=/S h\\r /UChidden\n[Two]\nConnect=ws=\"http://u:hidden@h/b\";\nPPasswd=\n",
     "2 warning secret; 3 warning secret; 4 warning secret; 6 warning secret"},
    {"a.v8i", "[a]\nAdditionalParameters=/N admin /Phidden\n[b]\nAdditionalParameters=/P \"hidden\"\n[c]\n"
     "AdditionalParameters=/Proxy -PSrv h -PPwd hidden\n[d]\nAdditionalParameters=/WSP hidden\n[e]\n"
     "AdditionalParameters=\"Usr=u;Pwd=hidden\"\n",
     "2 warning secret; 4 warning secret; 6 warning secret; 8 warning secret; 10 warning secret"},
    {"a.v8i", "[a]\nAdditionalParameters=/N admin /DisplayAllFunctions\n[b]\nAdditionalParameters=/Proxy -PSrv h\n[c]\n"
     "AdditionalParameters=/Out C:\\P x/P\n", ""},
    {"x.vrd", "<point " NS "\n ib=\"Srvr=h;Usr=u;Pwd=hidden;\"/>", "2 warning secret"},
    {"conf.cfg", CONF "Windows64=http://u:hidden@s/windows64tc.zip\n", "1 warning secret"},
    /* kinds */
    {"settings.cfg", "DistrbutiveLocation=x\n", "1 warning misspelt-key DistributiveLocation"},
    {"settings.cfg", "SystemLanguage=RU\nSystemLanguage=RU\n", "2 warning duplicate-key SystemLanguage"},
    {"list.txt", "[One]\nConnect = File=\"a\";\nID=x\n", "2 warning spaced-equals Connect"},
    {"preload", "Version=8.3.22.1750\n" CONF "Linux64=http://s/windows64tc.zip\n", "2 warning other-slot"},
    {"descriptor", "\xEF\xBB\xBF \n<point " NS " pubdst=\"http://x\"/>", "2 warning legacy-pubdst"},
    {"CONF.CFG", "SystemLanguag=RU\n", "1 warning misspelt-key SystemLanguage"},
    {"httpd.conf", "LoadModule a b\n", "0 note unknown-kind"},
    {"x.vrd", "", "1 error no-vrd"},
    {"x.vrd", "<point " NS ">\n<a></point>", "2 error no-vrd"},
    {"x.vrd", "<!DOCTYPE point><point " NS "/>", "1 error no-vrd"},
    {"x.vrd", "<point/>", "1 error no-vrd"},
    {"conf.cfg", "SystemLanguage=caf\xE9\n", "0 warning encoding"}};

START_TEST(lint_tells_what_is_wrong_and_nothing_else)
{
    ck_assert_str_eq(lint_text(rows[_i].name, rows[_i].text), rows[_i].told);
}
END_TEST

START_TEST(no_finding_repeats_a_secret)
{
    const char *path = fx_path(rows[_i].name);
    apr_array_header_t *findings;
    int i;

    fx_write_text(rows[_i].name, rows[_i].text);
    findings = lint_paths(&path, 1);
    for (i = 0; i < findings->nelts; i++) {
        const cdist_finding_t *finding = &APR_ARRAY_IDX(findings, i, cdist_finding_t);
        ck_assert_ptr_null(strstr(finding->message, "hidden"));
        ck_assert_ptr_null(strstr(finding->suggestion, "hidden"));
    }
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error)
{
    const char *paths[4];

    fx_write("conf.cfg", "S\0y\0", 4);
    fx_make_folder("empty");
    fx_write_noise("large.v8i", CDIST_SETTINGS_MAX + 1, 1);
    paths[0] = fx_path("conf.cfg");
    paths[1] = fx_path("missing.cfg");
    paths[2] = fx_path("empty");
    paths[3] = fx_path("large.v8i");
    ck_assert_str_eq(told(lint_paths(paths, 4)), "0 error unreadable; 0 error unreadable; 0 error unreadable; 0 error unreadable");
}
END_TEST

START_TEST(a_misspelt_key_is_near_a_known_one)
{
    /* Far from everything: not ours. */
    static const char *const others[] = {"Versions8", "Foo", "AppArchitecture", "Apps", "WAS", "IDs", "LogLevel", "Port"};
    int i;

    for (i = 0; i < FX_COUNT(others); i++) {
        const char *text = apr_pstrcat(fx_pool, "[One]\nConnect=File=\"a\";\n", others[i], "=x\n", NULL);
        if (i == 0) ck_assert_str_eq(lint_text("a.v8i", text), "3 warning misspelt-key Version");
        else ck_assert_str_eq(lint_text("a.v8i", text), "");
    }
    ck_assert_str_eq(lint_text("1cestart.cfg", apr_pstrcat(fx_pool, fx_hex(&(cdist_digest_t){{0}}), fx_hex(&(cdist_digest_t){{0}}),
                                                           "=long\n", NULL)), "");
}
END_TEST

/* ---- several files --------------------------------------------------------------------------------------------- */

START_TEST(a_line_that_never_counts_is_told)
{
    const char *paths[3];

    fx_write_text("conf.cfg", CONF "Windows32=http://s/windows32tc.zip\n" CONF "Windows64=http://s/windows64tc.zip\n" CONF
                                   "Linux64=http://s/linux64tc.zip\n" CONF "MacOS64=\n");
    fx_write_text("default.vrd", "<point " NS " pubdst64=\"http://other/windows64tc.zip\" pubdst32=\"http://s/windows32tc.zip\" "
                                 "pubdstmac64=\"http://s/macOS64tc.zip\"/>");
    fx_write_text("8.3.22.1750/distr/linux64tc.zip", "x");
    fx_write_text("8.3.22.1750/distr/readme.txt", "x");
    paths[0] = fx_path("default.vrd");
    paths[1] = fx_path("conf.cfg");
    paths[2] = fx_path("8.3.22.1750/distr");
    ck_assert_str_eq(told(lint_paths(paths, 2)), "2 warning overruled");
    ck_assert_str_eq(told(lint_paths(paths, 3)), "2 warning overruled; 3 warning overruled");
    ck_assert_str_eq(told(lint_paths(paths + 1, 1)), "");
    paths[2] = fx_path("8.3.22.1750");
    ck_assert_str_eq(told(lint_paths(paths + 1, 2)), "3 warning overruled");
}
END_TEST

START_TEST(findings_come_by_file_and_line)
{
    const char *paths[3];
    apr_array_header_t *findings;

    fx_write_text("conf.cfg", CONF "Windows64=http://s/linux64tc.zip\nSystemLanguag=RU\n");
    fx_write_text("default.vrd", "<point " NS " pubdst64=\"http://other/windows64tc.zip\"/>");
    paths[0] = fx_path("conf.cfg");
    paths[1] = fx_path("default.vrd");
    paths[2] = fx_path("conf.cfg");
    findings = lint_paths(paths, 3);
    ck_assert_str_eq(told(findings),
                     "1 warning other-slot; 1 warning overruled; 2 warning misspelt-key SystemLanguage; "
                     "1 warning other-slot; 1 warning overruled; 2 warning misspelt-key SystemLanguage");
    ck_assert_str_eq(APR_ARRAY_IDX(findings, 0, cdist_finding_t).file, paths[0]);
    ck_assert_str_eq(APR_ARRAY_IDX(findings, 5, cdist_finding_t).file, paths[2]);
}
END_TEST

/* ---- addresses against releases -------------------------------------------------------------------------------- */

static cdist_catalogue_t *make_catalogue(void)
{
    static const struct {
        const char *slot;
        cdist_source_kind_t kind;
        const char *problem;
    } sources[] = {{"windows64", CDIST_SOURCE_DISTRIBUTION, NULL}, {"linux64", CDIST_SOURCE_INSTALLED, NULL},
                   {"linux32", CDIST_SOURCE_DISTRIBUTION, "broken"}};
    cdist_catalogue_t *catalogue = apr_pcalloc(fx_pool, sizeof *catalogue);
    cdist_release_t *release;
    int i;

    catalogue->releases = apr_array_make(fx_pool, 1, sizeof(cdist_release_t));
    release = memset(apr_array_push(catalogue->releases), 0, sizeof *release);
    ck_assert(cdist_version_parse(&release->version, "8.3.22.1750"));
    release->sources = apr_array_make(fx_pool, 3, sizeof(const cdist_source_t *));
    for (i = 0; i < FX_COUNT(sources); i++) {
        cdist_source_t *source = apr_pcalloc(fx_pool, sizeof *source);
        source->slot = cdist_slot_parse(sources[i].slot);
        source->kind = sources[i].kind;
        source->problem = sources[i].problem;
        APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = source;
    }
    return catalogue;
}

#define DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct {
    const char *key, *url;
    const char *by_root, *by_base, *by_both; /* the code, "" for none */
} answer_rows[] = {
    {"Windows64", "http://s/tc/windows64tc.zip", "", "", ""},
    {"Windows64", "http://s/tc/8.3.22.1750/windows64tc.zip", "", "", ""},
    {"Windows64", "http://s/tc/8.3/win64.zip?x", "", "", ""},
    {"Windows64", "HTTP://S/tc/sha256/" DIGEST "/windows64tc.zip", "", "", ""},
    {"Windows64", "http://s/tc/8.3.22.1704/windows64tc.zip", "unanswered", "", "unanswered"},
    {"Windows64", "http://s/tc/8.3.2/windows64tc.zip", "unanswered", "", "unanswered"},
    {"MacOS64", "http://s/tc/macOS64tc.zip", "unanswered", "", "unanswered"},
    {"Linux32", "http://s/tc/linux32tc.zip", "unanswered", "", "unanswered"},
    {"Linux64", "http://s/tc/linux64tc.zip", "no-installer", "", "no-installer"},
    {"Windows64", "http://s/tc/distr.zip", "", "unanswered", "unanswered"},
    {"Windows64", "http://s/tc/x/windows64tc.zip", "", "unanswered", "unanswered"},
    {"Windows64", "http://s/TC/windows64tc.zip", "", "elsewhere", "elsewhere"},
    {"Windows64", "http://s/tc", "", "elsewhere", "elsewhere"},
    {"Windows64", "http://s/tcx/windows64tc.zip", "", "elsewhere", "elsewhere"},
    {"Windows64", "https://s/tc/windows64tc.zip", "", "elsewhere", "elsewhere"},
    {"Windows64", "http://other/8.3.1.1/windows64tc.zip", "unanswered", "elsewhere", "elsewhere"}};

START_TEST(an_address_must_be_answered)
{
    const char *expected[3] = {answer_rows[_i].by_root, answer_rows[_i].by_base, answer_rows[_i].by_both};
    const char *text = apr_pstrcat(fx_pool, CONF, answer_rows[_i].key, "=", answer_rows[_i].url, "\n", NULL);
    cdist_lint_options_t ways[3] = {{make_catalogue(), NULL}, {NULL, "http://s/tc"}, {make_catalogue(), "http://s/tc"}};
    int i;

    for (i = 0; i < 3; i++) {
        options = ways[i];
        ck_assert_str_eq(lint_text("conf.cfg", text), *expected[i] ? apr_pstrcat(fx_pool, "1 warning ", expected[i], NULL) : "");
    }
    memset(&options, 0, sizeof options);
}
END_TEST

/* ---- real files ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *told;
} real_rows[] = {{"1CEStart-ralinka.cfg", ""},
                 {"conf-epf.cfg", ""},
                 {"conf-onecwin.cfg", ""},
                 {"ibases-atma.v8i", ""},
                 {"ibases-onecstarter.v8i", "57 warning orphan-folder"},
                 {"ibases-parserv8i.v8i", ""},
                 {"ibases-salim.v8i", ""},
                 {"ibases-starter1c.v8i", ""},
                 {"vrd-asdaru-min.vrd", ""},
                 {"vrd-bigcenter-e1c.vrd", ""},
                 {"vrd-bigcenter-root.vrd", "7 warning legacy-pubdst"},
                 {"vrd-bigcenter-tk-bp30.vrd", "7 warning legacy-pubdst"},
                 {"vrd-dockeriis.vrd", ""},
                 {"vrd-iisrepo.vrd", ""},
                 {"vrd-liteexchange.vrd", ""},
                 {"vrd-vbchekhov.vrd", ""},
                 {"vrd-volodkindv-2016.vrd", ""},
                 {"httpd-bigcenter.conf", "0 note unknown-kind"}};

START_TEST(real_files_have_only_what_is_wrong_with_them)
{
    const char *path = fx_path(real_rows[_i].name), *bytes;
    apr_size_t length;

    bytes = shared_data(&length, apr_pstrcat(fx_pool, "config/", real_rows[_i].name, NULL));
    if (!bytes) return;
    fx_write(real_rows[_i].name, bytes, length);
    ck_assert_str_eq(told(lint_paths(&path, 1)), real_rows[_i].told);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lint");
    TCase *one = fx_case(suite, "one file", 30), *several = fx_case(suite, "several files", 10);
    TCase *addresses = fx_case(suite, "addresses", 10), *real = fx_case(suite, "real", 10);

    tcase_add_loop_test(one, lint_tells_what_is_wrong_and_nothing_else, 0, FX_COUNT(rows));
    tcase_add_loop_test(one, no_finding_repeats_a_secret, 0, FX_COUNT(rows));
    tcase_add_test(one, what_cannot_be_read_is_an_error);
    tcase_add_test(one, a_misspelt_key_is_near_a_known_one);
    tcase_add_test(several, a_line_that_never_counts_is_told);
    tcase_add_test(several, findings_come_by_file_and_line);
    tcase_add_loop_test(addresses, an_address_must_be_answered, 0, FX_COUNT(answer_rows));
    tcase_add_loop_test(real, real_files_have_only_what_is_wrong_with_them, 0, FX_COUNT(real_rows));
    return suite;
}
