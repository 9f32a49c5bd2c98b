/* Texts of clients and proxies: what is taken, and what is not. */
#include "fixture.h"
#include "client_text_int.h"

#include <apr_strings.h>

#include <string.h>

static const char *const hosts[] = {
    "update.example.com", "update", "localhost:8080", "10.0.0.1", "10.0.0.1:80", "a.b.", "srv_1c.local", "1c",
    "xn--80ak6aa92e.com:443", "[::1]", "[::]", "[::1]:8080", "[2001:db8::1]", "[2001:db8:0:0:0:0:0:1]", "[fe80::1:2]:65535",
    "[::ffff:10.0.0.1]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1:2:3:4:5:6:10.0.0.1]", "[ABCD::ef01]"};

START_TEST(a_host_is_taken)
{
    ck_assert_msg(cdist_host_valid(hosts[_i]), "%s", hosts[_i]);
}
END_TEST

static const char *const no_hosts[] = {
    "", ".", ":", ":80", "-a", "a-", "a-.b", "a..b", ".a", "a:", "a:0", "a:080", "a:65536", "a:123456", "a:+1", "a:1x",
    "a:80:80", "a:80/x", "a/b", "a@b", "u:p@h", "a b", "a?b", "a#b", "a%41", "a\\b", "\"a", "a<b", "\xD1\x81", "a\x01", "[",
    "]", "[]", "[::1", "::1", "::1]", "[::1]x", "[::1]:", "[::1]80", "[::1]]", "[[::1]]", "[1:2:3:4:5:6:7:8:9]",
    "[1:2:3:4:5:6:7]", "[1::2::3]", "[:1]", "[1:]", "[:::]", "[12345::]", "[g::]", "[fe80::1%eth0]", "[v1.x]", "[::10.0.0]",
    "[::10.0.0.256]", "[::10.0.0.01]", "[1:2:3:4:5:6:7:10.0.0.1]", "[10.0.0.1]", "[1:2:3:4:5:6:7:8::]", "a]", "[a]"};

START_TEST(what_could_mean_more_than_a_host_is_not_taken)
{
    ck_assert_msg(!cdist_host_valid(no_hosts[_i]), "%s", no_hosts[_i]);
}
END_TEST

START_TEST(names_are_as_long_as_dns_allows)
{
    char label[65], name[300];

    memset(label, 'a', 64);
    label[64] = '\0';
    ck_assert(!cdist_host_valid(label));
    ck_assert(cdist_host_valid(label + 1));
    apr_snprintf(name, sizeof name, "%s.%s.%s.%s", label + 1, label + 1, label + 1, label + 3);
    ck_assert_uint_eq(strlen(name), 253);
    ck_assert(cdist_host_valid(name));
    apr_snprintf(name, sizeof name, "%s.%s.%s.%s", label + 1, label + 1, label + 1, label + 2);
    ck_assert(!cdist_host_valid(name));
}
END_TEST

static const struct {
    const char *agent, *version; /* NULL: none */
} agents[] = {{"1C+Enterprise/8.3.22.1750", "8.3.22.1750"},
              {"1C+Enterprise/8.3", "8.3"},
              {"Mozilla/5.0 (1CV8C/8.3.25.1286; x)", "8.3.25.1286"},
              {"1CV8C 1C+Enterprise/8.3.22", "8.3.22"},
              {"1CV8C", NULL},
              {"A1C/8.3.22.1750", NULL},
              {"1C/8.3.22.1750.1", NULL},
              {"1C/latest 1C/8.5", "8.5"},
              {"1C/", NULL},
              {"", NULL},
              {NULL, NULL}};

START_TEST(a_user_agent_tells_the_version_of_its_first_product_of_1c)
{
    const char *version = cdist_agent_version(agents[_i].agent, fx_pool);

    if (agents[_i].version) ck_assert_str_eq(version, agents[_i].version);
    else ck_assert_ptr_null(version);
}
END_TEST

START_TEST(a_guid_is_taken_in_its_one_form)
{
    static const char *const wrong[] = {"", "f0e1d2c3-0000-4000-8000-00000000000", "f0e1d2c3-0000-4000-8000-0000000000011",
                                        "f0e1d2c3-0000-4000-8000-00000000000g", "f0e1d2c300004000800000000000000001234",
                                        "{f0e1d2c3-0000-4000-8000-000000000001}", "f0e1d2c3-0000-4000-800-00000000000012"};
    apr_uint64_t half[2];
    int i;

    ck_assert(cdist_guid_parse(half, "F0E1D2C3-b4a5-4000-8000-00000000001f"));
    ck_assert(half[0] == APR_UINT64_C(0xf0e1d2c3b4a54000) && half[1] == APR_UINT64_C(0x800000000000001f));
    ck_assert_str_eq(cdist_guid_format(half, fx_pool), "f0e1d2c3-b4a5-4000-8000-00000000001f");
    for (i = 0; i < FX_COUNT(wrong); i++) ck_assert_msg(!cdist_guid_parse(half, wrong[i]), "%s", wrong[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("client_text");
    TCase *tcase = fx_case(suite, "client_text", 10);

    tcase_add_loop_test(tcase, a_host_is_taken, 0, FX_COUNT(hosts));
    tcase_add_loop_test(tcase, what_could_mean_more_than_a_host_is_not_taken, 0, FX_COUNT(no_hosts));
    tcase_add_test(tcase, names_are_as_long_as_dns_allows);
    tcase_add_loop_test(tcase, a_user_agent_tells_the_version_of_its_first_product_of_1c, 0, FX_COUNT(agents));
    tcase_add_test(tcase, a_guid_is_taken_in_its_one_form);
    return suite;
}
