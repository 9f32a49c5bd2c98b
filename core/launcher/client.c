/* Which kind of client: App, else DefaultApp, else the thin one, as the launcher's automatic choice begins
 * (/AppAutoCheckMode lets the client look again). Platforms 8.0 and 8.1 have the thick client alone. */
#include "launcher_int.h"

#include <string.h>

static const char *client_of(const char *app)
{
    static const char *const names[][2] = {{"ThinClient", "thin"}, {"ThickClient", "thick"}, {"WebClient", "web"}};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(app, names[i][0]) == 0) return names[i][1];
    }
    return NULL;
}

/* The client that a key names; NULL without the key, for Auto, and for what is none. */
static const char *named_client(cdist_decision_t *decision, const char *key)
{
    const cdist_setting_t *setting = cdist_infobase_get(decision->infobase, key);
    const char *client = setting ? client_of(setting->value) : NULL;

    if (client) {
        cdist_step_own(decision, setting, "%s=%s: %s client", setting->key,
                       cdist_settings_shown(setting->value, decision->pool), client);
    } else if (setting && strcasecmp(setting->value, "Auto") != 0) {
        cdist_step_own(decision, setting, "%s=%s is none of Auto, ThinClient, ThickClient, WebClient, and does not count",
                       setting->key, cdist_settings_shown(setting->value, decision->pool));
    }
    return client;
}

static void check_connection(cdist_decision_t *decision)
{
    const cdist_lines_t *lines = decision->infobase->list->lines;
    int on_web = decision->connect.kind == CDIST_CONNECT_WEB, line = decision->infobase->line;

    if (on_web && strcmp(decision->result->client, "thick") == 0) {
        cdist_step(decision, lines, line, "the thick client cannot open an infobase that is published on a web server");
    } else if (!on_web && strcmp(decision->result->client, "web") == 0) {
        cdist_step(decision, lines, line, "the web client needs an infobase that is published on a web server");
    }
}

void cdist_decide_client(cdist_decision_t *decision)
{
    cdist_resolution_t *result = decision->result;
    const char *app = named_client(decision, "App"), *client = app ? app : named_client(decision, "DefaultApp");

    /* `automatic` is about DefaultApp: whether there is something to remember. */
    result->automatic = !client;
    result->client = client ? client : "thin";
    if (!client) {
        cdist_step(decision, decision->infobase->list->lines, decision->infobase->line,
                   "no App or DefaultApp says which client: thin first, with /AppAutoCheckMode");
    }
    if (!app) APR_ARRAY_PUSH(result->args, const char *) = "/AppAutoCheckMode";
    if (cdist_version_is_legacy(&decision->required) && strcmp(result->client, "thick") != 0) {
        cdist_step(decision, NULL, 0, "platforms before 8.2 have the thick client alone");
        result->client = "thick";
    }
    check_connection(decision);
}
