/* Names and passwords of sources: each is for the addresses it was written for, and for no other. */
#include "fixture.h"
#include "mirror_int.h"

#include <string.h>

#define CENTRE "https://centre.example:8443/update"

static const char lines[] = "# branches\r\n"
                            "\n"
                            "only:centre\r\n"
                            "https://mirror.example/1c/ mirror:one two\n"
                            "https://mirror.example/1c/own\tother:pass:word\n"
                            "http://plain.example plain:text";

static const struct {
    const char *url, *user; /* NULL: none */
} rows[] = {{CENTRE "/index.json", "only:centre"},
            {"https://centre.example:8443/elsewhere", "only:centre"},
            {"HTTPS://CENTRE.example:8443", "only:centre"},
            {"https://centre.example:8443?x", "only:centre"},
            {"http://centre.example:8443/update", NULL},
            {"https://centre.example/update", NULL},
            {"https://centre.example:443/update", NULL},
            {"https://centre.example:84430/update", NULL},
            {"https://centre.example:084430/update", NULL},
            {"https://centre.example.evil:8443/update", NULL},
            {"https://evil/https://centre.example:8443/update", NULL},
            {"https://centre.example:8443@evil/update", NULL},
            {"https://evil@centre.example:8443/update", NULL},
            {"https://centre.example:8443\\@evil/update", NULL},
            {"ftp://centre.example:8443/update", NULL},
            {"https://", NULL},
            {"", NULL},
            {"https://mirror.example/1c", "mirror:one two"},
            {"https://mirror.example:443/1c/8.3.25.1286/windows64tc.zip", "mirror:one two"},
            {"https://mirror.example/1c/own/index.json", "other:pass:word"},
            {"https://mirror.example/1c/owner", "mirror:one two"},
            {"https://mirror.example/1cx", NULL},
            {"https://mirror.example/1C", NULL},
            {"https://mirror.example/", NULL},
            {"https://mirror.example/1c/../private", NULL},
            {"https://mirror.example/1c/%2e%2e/private", NULL},
            {"https://mirror.example/1c/.%2E/private", NULL},
            {"http://mirror.example/1c", NULL},
            {"http://plain.example:80/any", "plain:text"},
            {"http://plain.example:8080/any", NULL}};

START_TEST(a_password_is_for_its_own_addresses_alone)
{
    apr_array_header_t *logins;
    const char *user;

    FX_OK(cdist_logins_parse(&logins, lines, "users", CENTRE, fx_pool));
    user = cdist_login_find(logins, rows[_i].url);
    ck_assert_msg((user == NULL) == (rows[_i].user == NULL), "%s: %s", rows[_i].url, user ? user : "none");
    if (user) ck_assert_str_eq(user, rows[_i].user);
}
END_TEST

/* Or the whole line would be a name and password for the server of the first source. */
static const char *const indented[] = {"\xEF\xBB\xBFhttps://other.example name:s3cret", " https://other.example name:s3cret",
                                       "\t https://other.example\tname:s3cret\r\n"};

START_TEST(an_address_behind_blanks_or_a_byte_order_mark_is_one)
{
    apr_array_header_t *logins;

    FX_OK(cdist_logins_parse(&logins, indented[_i], "users", CENTRE, fx_pool));
    ck_assert_ptr_null(cdist_login_find(logins, CENTRE));
    ck_assert_str_eq(cdist_login_find(logins, "https://other.example/update"), "name:s3cret");
}
END_TEST

START_TEST(without_any_nobody_is_asked_for)
{
    ck_assert_ptr_null(cdist_login_find(NULL, CENTRE));
}
END_TEST

static const char *const wrong[] = {"", "\n\r\n", "# name:password", "s3cret", "name:one\ns3cret", "https://centre.example",
                                    "https://centre.example ", "https://centre.example s3cret", "https:// name:s3cret",
                                    "https://name@centre.example name:s3cret", "https://centre.example/?q name:s3cret",
                                    "ftp://centre.example name:s3cret", "x https://centre.example name:s3cret"};

START_TEST(what_is_no_line_of_them_is_said_without_what_it_holds)
{
    apr_array_header_t *logins;
    cdist_err_t *err = cdist_logins_parse(&logins, wrong[_i], "users", CENTRE, fx_pool);

    ck_assert_msg(err && err->code == CDIST_E_INPUT, "row %d", _i);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "users: "));
    ck_assert_ptr_null(strstr(cdist_err_text(err, fx_pool), "s3cret"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mirror_logins");
    TCase *tests = fx_case(suite, "logins", 10);

    tcase_add_loop_test(tests, a_password_is_for_its_own_addresses_alone, 0, FX_COUNT(rows));
    tcase_add_loop_test(tests, an_address_behind_blanks_or_a_byte_order_mark_is_one, 0, FX_COUNT(indented));
    tcase_add_test(tests, without_any_nobody_is_asked_for);
    tcase_add_loop_test(tests, what_is_no_line_of_them_is_said_without_what_it_holds, 0, FX_COUNT(wrong));
    return suite;
}
