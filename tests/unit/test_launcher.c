/* What the launcher's decision rests on beside builds: files that lead to others, several lists, the client's arguments; and what is
 * written back. */
#include "launcher_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

#define INI(version) "[Startup]\r\nProductVersion=" version "\r\n"

/* ---- files that lead to others ------------------------------------------------------------------------------------ */

START_TEST(start_files_are_told_apart_and_lead_to_what_they_name)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    fx_write_text("user.cfg", "CommonCfgLocation=share/1CESCmn.cfg\nInstalledLocation=never\n");
    fx_write_text("all.cfg", "DistributiveLocation=\\\\server\\1CEDistr\nDistributiveLocation=missing\n");
    fx_write_text("share/1CESCmn.cfg", "CommonInfoBases=common.v8i\nInstalledLocation=../inst\nDistributiveLocation=.\n"
                                       "CommonCfgLocation=../other.cfg\n");
    fx_write_text("other.cfg", "DefaultVersion=8.2\n");
    fx_write_text("share/common.v8i", "[c]\nConnect=File=x\n");
    fx_write_text("share/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750"));
    fx_write_text("inst/8.3.25.1394/1cv8c", "x");
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("user.cfg")));
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("all.cfg")));
    cdist_launcher_follow(launcher);
    ck_assert_int_eq(launcher->start->nelts, 3);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->start, 0, cdist_start_cfg_t *)->scope, CDIST_START_USER);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->start, 1, cdist_start_cfg_t *)->scope, CDIST_START_ALL_USERS);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->start, 2, cdist_start_cfg_t *)->scope, CDIST_START_COMMON);
    ck_assert_int_eq(launcher->lists->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->lists, 0, cdist_infobase_list_t *)->own, 0);
    ck_assert_str_eq(fx_builds_list(launcher), "i 8.3.25.1394 - ts share/../inst/8.3.25.1394\n"
                                       "d 8.3.22.1750 x86_64 tks share/./8.3.22.1750/Win64");
    ck_assert_ptr_nonnull(strstr(fx_join(launcher->notes, "\n"), "all.cfg:1: DistributiveLocation=\\\\server\\1CEDistr: is no path"));
    ck_assert_ptr_nonnull(strstr(fx_join(launcher->notes, "\n"), "all.cfg:2: DistributiveLocation=missing: "));
}
END_TEST

START_TEST(the_common_file_is_known_by_its_name)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    fx_write_text("1cescmn.cfg", "X=1\n");
    fx_write_text("user.cfg", "X=1\n");
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("1cescmn.cfg")));
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("user.cfg")));
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("user.cfg")));
    ck_assert_int_eq(launcher->start->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->start, 0, cdist_start_cfg_t *)->scope, CDIST_START_COMMON);
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->start, 1, cdist_start_cfg_t *)->scope, CDIST_START_USER);
}
END_TEST

START_TEST(what_could_not_be_used_stands_among_the_steps)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    fx_write_text("user.cfg", "InstalledLocation=C:\\Program Files\\1cv8\nDefaultVersion = 8.2\n");
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("user.cfg")));
    cdist_launcher_follow(launcher);
    fx_list_add(launcher, "[b]\nConnect=File=x\nVersion=8.3\n");
    ck_assert_ptr_nonnull(strstr(fx_join(fx_resolve(launcher)->steps, "\n"), "user.cfg:1: InstalledLocation=C:\\Program Files\\1cv8"));
    ck_assert_ptr_nonnull(strstr(fx_join(fx_resolve(launcher)->steps, "\n"), "user.cfg:2: blanks beside '='"));
}
END_TEST

/* ---- several lists ------------------------------------------------------------------------------------------------ */

START_TEST(an_infobase_that_an_earlier_list_has_is_left_out)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const apr_array_header_t *all;
    const char *text = "";
    int i;

    fx_list_add(launcher, "[a]\nConnect=File=x\nID=ab-1\n[f]\nID=ab-2\n[n]\nConnect=File=x\n[copy]\nConnect=File=x\nID=ab-1\n");
    fx_list_add(launcher, "[other name]\nConnect=File=x\nID=AB-1\n[c]\nConnect=File=x\nID=ab-3\n[n]\nConnect=File=y\n");
    all = cdist_launcher_infobases(launcher, fx_pool);
    for (i = 0; i < all->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, APR_ARRAY_IDX(all, i, const cdist_infobase_t *)->name, "|", NULL);
    }
    ck_assert_str_eq(text, "a|n|copy|c|n|");
}
END_TEST

START_TEST(an_infobase_is_found_by_name_as_written_and_else_without_case)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const cdist_infobase_t *found;
    cdist_err_t *err;

    fx_list_add(launcher, "[\xD0\x91\xD0\xB0\xD0\xB7\xD0\xB0]\nConnect=File=x\n[x]\nConnect=File=x\n[X]\nConnect=File=y\n[f]\n");
    FX_OK(cdist_launcher_find(&found, launcher, "\xD0\xB1\xD0\x90\xD0\x97\xD0\x90", fx_pool));
    ck_assert_int_eq(found->line, 1);
    FX_OK(cdist_launcher_find(&found, launcher, "X", fx_pool));
    ck_assert_int_eq(found->line, 5);
    FX_FAILS(cdist_launcher_find(&found, launcher, "missing", fx_pool), CDIST_E_NOTFOUND);
    err = cdist_launcher_find(&found, launcher, "f", fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(err->message, "ib.v8i:7: \"f\" is a group of the list"));
}
END_TEST

START_TEST(other_infobases_of_the_name_are_told)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const cdist_infobase_t *found;
    cdist_resolution_t *resolution;

    fx_list_add(launcher, "[a]\nConnect=File=x\n[b]\nConnect=File=x\n[A]\n[A]\nConnect=File=y\n");
    fx_list_add(launcher, "[a]\nConnect=File=z\n");
    FX_OK(cdist_launcher_find(&found, launcher, "a", fx_pool));
    FX_OK(cdist_resolve(&resolution, launcher, found, fx_pool));
    ck_assert_ptr_null(strstr(fx_join(resolution->steps, "\n"), "same name"));
    cdist_resolution_note_namesakes(resolution, launcher, found, fx_pool);
    ck_assert_ptr_nonnull(strstr(fx_join(resolution->steps, "\n"),
                                 "ib.v8i:6: [A] has the same name, and is not the one that this is about (ib.v8i:1)"));
    ck_assert_ptr_nonnull(strstr(fx_join(resolution->steps, "\n"), "ib.v8i:1: [a] has the same name"));
    FX_OK(cdist_launcher_find(&found, launcher, "b", fx_pool));
    FX_OK(cdist_resolve(&resolution, launcher, found, fx_pool));
    cdist_resolution_note_namesakes(resolution, launcher, found, fx_pool);
    ck_assert_ptr_null(strstr(fx_join(resolution->steps, "\n"), "same name"));
}
END_TEST

START_TEST(who_asks_for_no_version_is_told_of_a_publications_current_one)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const char *steps;

    fx_list_add(launcher, "[a]\nConnect=File=x\n");
    steps = fx_join(fx_resolve(launcher)->steps, "\n");
    ck_assert_ptr_nonnull(strstr(steps, "the newest is taken, of whatever family"));
    launcher->current = "8.3.22.1750";
    steps = fx_join(fx_resolve(launcher)->steps, "\n");
    ck_assert_ptr_null(strstr(steps, "whatever family"));
    ck_assert_ptr_nonnull(strstr(steps, "current here, 8.3.22.1750"));
    ck_assert_ptr_nonnull(strstr(steps, "version 8.3.22.1750, which is current here, is published without a thin client"));
}
END_TEST

/* ---- arguments and secrets ---------------------------------------------------------------------------------------- */

static const struct {
    const char *app, *additional, *args;
} arguments[] = {
    {"Auto", NULL, "ENTERPRISE|/IBName|b|/AppAutoCheckMode"},
    {"ThinClient", NULL, "ENTERPRISE|/IBName|b"},
    {"ThickClient", "/DisableStartupMessages /N\"A B\"", "ENTERPRISE|/IBName|b|/DisableStartupMessages|/NA B"},
    {"WebClient", "/x", ""},
    {"ThinClient", "/N user /PS3cret /C x", "ENTERPRISE|/IBName|b|/N|user|/C|x"},
    {"ThinClient", "/P S3cret /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/p\"S3 cret\" /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "-P \"S3 cret\" /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/P /S3cret /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/P /UC S3cret /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/UCS3cret /uc S3cret /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/WSN u /WSP S3cret /C x", "ENTERPRISE|/IBName|b|/WSN|u|/C|x"},
    {"ThinClient", "/N olga /PUser2024! /PSrv1c /Portal /C x", "ENTERPRISE|/IBName|b|/N|olga|/C|x"},
    {"ThinClient", "/Proxy -PSrv h -PPort 1 -PUser u -PPwd S3cret /C x", "ENTERPRISE|/IBName|b|/Proxy|-PSrv|h|-PPort|1|-PUser|u|/C|x"},
    {"ThinClient", "/Proxy -Psrv=h -Ppwd=S3cret", "ENTERPRISE|/IBName|b|/Proxy|-Psrv=h"},
    {"ThinClient", "/IBConnectionString\"File=\"\"x\"\";Usr=u;Pwd=S3cret;\" /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "File=x;Usr=S3cret", "ENTERPRISE|/IBName|b"},
    {"ThinClient", "/WS http://u:S3cret@h/b /WS http://h/b@c", "ENTERPRISE|/IBName|b|/WS|/WS|http://h/b@c"},
    {"ThinClient", "/AccessToken S3cret --my-secret S3cret /C x", "ENTERPRISE|/IBName|b|/C|x"},
    {"ThinClient", "/P", "ENTERPRISE|/IBName|b"},
    {"ThinClient", "/C \"\" \"", "ENTERPRISE|/IBName|b|/C||"}};

START_TEST(arguments_are_handed_on_without_their_secrets)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const cdist_resolution_t *resolution;

    fx_list_add(launcher, apr_pstrcat(fx_pool, "[b]\nConnect=File=\"x\";Usr=\"S3cret\";Pwd=\"S3cret\";\nPPasswd=S3cret\nApp=",
                                      arguments[_i].app, "\n", arguments[_i].additional ? "AdditionalParameters=" : "X=",
                                      arguments[_i].additional ? arguments[_i].additional : "", "\n", NULL));
    resolution = fx_resolve(launcher);
    ck_assert_str_eq(fx_join(resolution->args, "|"), arguments[_i].args);
    ck_assert_ptr_null(strstr(cdist_resolution_json(resolution, fx_pool), "S3"));
    ck_assert_ptr_null(strstr(cdist_resolution_json(resolution, fx_pool), "cret"));
}
END_TEST

START_TEST(the_callers_arguments_come_last_and_are_looked_at_alike)
{
    static const char *const given[] = {"/C", "x y", "/P", "S3cret", "/UCS3cret"};
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    size_t i;

    fx_list_add(launcher, "[b]\nConnect=File=x\nAdditionalParameters=/L ru\n");
    for (i = 0; i < 5; i++) APR_ARRAY_PUSH(launcher->arguments, const char *) = given[i];
    ck_assert_str_eq(fx_join(fx_resolve(launcher)->args, "|"), "ENTERPRISE|/IBName|b|/AppAutoCheckMode|/L|ru|/C|x y");
}
END_TEST

START_TEST(a_decision_is_json_whatever_the_names_are)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    cdist_build_t build = {{{8, 3, 22, 1750}, 4}, "x86", "", 1, 0, 0, "/\xFF", "/\xFF/1cv8c", NULL};

    fx_list_add(launcher, "[a\"\t\\]\nConnect=File=x\nApp=ThinClient\n");
    APR_ARRAY_PUSH(launcher->builds, cdist_build_t) = build;
    ck_assert_str_eq(cdist_resolution_json(fx_resolve(launcher), fx_pool),
                     "{\"infobase\":\"a\\\"\\t\\\\\",\"required\":\"\",\"chosen\":\"8.3.22.1750\",\"arch\":\"x86\",\"client\":\"thin\","
                     "\"origin\":\"installed\",\"path\":\"/\\\\xFF/1cv8c\",\"args\":[\"ENTERPRISE\",\"/IBName\",\"a\\\"\\t\\\\\"],"
                     "\"steps\":[\"ib.v8i:1: neither the infobase nor the start files name a version: the newest is taken, of "
                     "whatever family\",\"ib.v8i:3: App=ThinClient: thin client\",\"/\\\\xFF/1cv8c: 8.3.22.1750 is installed\"]}");
}
END_TEST

/* ---- what is written ---------------------------------------------------------------------------------------------- */

static int record(cdist_launcher_t *launcher)
{
    apr_array_header_t *infobases = cdist_launcher_infobases(launcher, fx_pool);
    apr_array_header_t *resolutions = apr_array_make(fx_pool, 4, sizeof(const cdist_resolution_t *));
    int written, i;

    for (i = 0; i < infobases->nelts; i++) {
        cdist_resolution_t *resolution;

        FX_OK(cdist_resolve(&resolution, launcher, APR_ARRAY_IDX(infobases, i, const cdist_infobase_t *), fx_pool));
        APR_ARRAY_PUSH(resolutions, const cdist_resolution_t *) = resolution;
    }
    FX_OK(cdist_launcher_record(&written, launcher, infobases, resolutions, fx_pool));
    return written;
}

static cdist_launcher_t *launcher_of_files(void)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    FX_OK(cdist_launcher_add_infobases(launcher, fx_path("own.v8i")));
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("user.cfg")));
    FX_OK(cdist_launcher_add_start_cfg(launcher, fx_path("1CEScmn.cfg")));
    cdist_launcher_follow(launcher);
    fx_builds_add(launcher, "i 8.3.22.1750 x86 tk; i 8.1.15.14 x86 kl");
    return launcher;
}

START_TEST(what_the_launcher_would_remember_is_written_once)
{
    size_t length;
    struct stat st;

    fx_write_text("own.v8i", "\xEF\xBB\xBF[a]\r\nConnect=File=x\r\nPPasswd=s\r\n[b]\r\nConnect=File=x\r\nApp=WebClient\r\n[c]\r\n"
                             "Connect=File=x\r\nVersion=8.3.99.1\r\n[d]\r\nConnect=File=x\r\nVersion=8.1\r\nDefaultApp=\r\nX=1");
    ck_assert_int_eq(chmod(fx_path("own.v8i"), 0600), 0);
    fx_write("user.cfg", "\xFF\xFE" "A\0=\0\x31\0\r\0\n\0", 12);
    fx_write_text("1CEScmn.cfg", "CommonInfoBases=common.v8i\n");
    fx_write_text("common.v8i", "[e]\nConnect=File=x\n");
    ck_assert_int_eq(record(launcher_of_files()), 2);
    ck_assert_str_eq(fx_read(&length, "own.v8i"),
                     "\xEF\xBB\xBF[a]\r\nConnect=File=x\r\nPPasswd=s\r\nDefaultApp=ThinClient\r\n[b]\r\nConnect=File=x\r\nApp=WebClient\r\n"
                     "[c]\r\nConnect=File=x\r\nVersion=8.3.99.1\r\n[d]\r\nConnect=File=x\r\nVersion=8.1\r\nDefaultApp=ThickClient\r\nX=1");
    ck_assert_int_eq(stat(fx_path("own.v8i"), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_str_eq(fx_read(&length, "common.v8i"), "[e]\nConnect=File=x\n");
    ck_assert_str_eq(cdist_text_decode(fx_read(&length, "user.cfg"), 12 + 2 * (18 + strlen(fx_path("1CEScmn.cfg"))), fx_pool),
                     apr_pstrcat(fx_pool, "A=1\r\nCommonCfgLocation=", fx_path("1CEScmn.cfg"), NULL));
    ck_assert_int_eq(record(launcher_of_files()), 0);
}
END_TEST

START_TEST(a_file_that_somebody_else_changed_is_not_written)
{
    cdist_launcher_t *launcher;
    apr_array_header_t *infobases, *resolutions = apr_array_make(fx_pool, 1, sizeof(const cdist_resolution_t *));
    size_t length;
    int written;

    fx_write_text("own.v8i", "[a]\nConnect=File=x\n");
    fx_write_text("user.cfg", "");
    fx_write_text("1CEScmn.cfg", "");
    launcher = launcher_of_files();
    APR_ARRAY_PUSH(resolutions, const cdist_resolution_t *) = fx_resolve(launcher);
    infobases = cdist_launcher_infobases(launcher, fx_pool);
    fx_append("own.v8i", "[b]\nConnect=File=y\n");
    FX_FAILS(cdist_launcher_record(&written, launcher, infobases, resolutions, fx_pool), CDIST_E_CHANGED);
    ck_assert_str_eq(fx_read(&length, "own.v8i"), "[a]\nConnect=File=x\n[b]\nConnect=File=y\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("launcher");
    TCase *tcase = fx_case(suite, "launcher", 20);

    tcase_add_test(tcase, start_files_are_told_apart_and_lead_to_what_they_name);
    tcase_add_test(tcase, the_common_file_is_known_by_its_name);
    tcase_add_test(tcase, what_could_not_be_used_stands_among_the_steps);
    tcase_add_test(tcase, an_infobase_that_an_earlier_list_has_is_left_out);
    tcase_add_test(tcase, an_infobase_is_found_by_name_as_written_and_else_without_case);
    tcase_add_test(tcase, other_infobases_of_the_name_are_told);
    tcase_add_test(tcase, who_asks_for_no_version_is_told_of_a_publications_current_one);
    tcase_add_loop_test(tcase, arguments_are_handed_on_without_their_secrets, 0, FX_COUNT(arguments));
    tcase_add_test(tcase, the_callers_arguments_come_last_and_are_looked_at_alike);
    tcase_add_test(tcase, a_decision_is_json_whatever_the_names_are);
    tcase_add_test(tcase, what_the_launcher_would_remember_is_written_once);
    tcase_add_test(tcase, a_file_that_somebody_else_changed_is_not_written);
    return suite;
}
