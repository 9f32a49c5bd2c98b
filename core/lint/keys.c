/* The keys that the platform knows, and which one a misspelt key was meant to be. Sources: administrator guide of 8.3.23, App.
 * 3.3 (.v8i), 3.5 and 3.7 (1cestart.cfg, 1cescmn.cfg), 3.14 (conf.cfg, ClientUpdate.cfg).
 *
 * NB: the lists are not complete and never will be. A key that is in none of them and near none of them is nobody's business;
 * the platform keeps such keys, and so do we. */
#include "lint_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

typedef struct {
    lint_kind_t kind;
    const char *name;
    int list; /* may stand there several times */
} known_key_t;

static const known_key_t keys[] = {
    {KIND_CONF, "PublishDistributiveLocationWindows32", 0}, {KIND_CONF, "PublishDistributiveLocationWindows64", 0},
    {KIND_CONF, "PublishDistributiveLocationMacOS64", 0},   {KIND_CONF, "PublishDistributiveLocationLinux32", 0},
    {KIND_CONF, "PublishDistributiveLocationLinux64", 0},   {KIND_CONF, "SystemLanguage", 0},
    {KIND_CONF, "DisableUnsafeActionProtection", 0},        {KIND_CONF, "ConfLocation", 0},

    {KIND_UPDATE, "Version", 0},                              {KIND_UPDATE, "UpdateDate", 0},
    {KIND_UPDATE, "PublishDistributiveLocationWindows32", 0}, {KIND_UPDATE, "PublishDistributiveLocationWindows64", 0},
    {KIND_UPDATE, "PublishDistributiveLocationMacOS64", 0},   {KIND_UPDATE, "PublishDistributiveLocationLinux32", 0},
    {KIND_UPDATE, "PublishDistributiveLocationLinux64", 0},

    {KIND_START, "InstalledLocation", 1},             {KIND_START, "DistributiveLocation", 1},
    {KIND_START, "CommonCfgLocation", 1},             {KIND_START, "CommonInfoBases", 1},
    {KIND_START, "InternetService", 1},               {KIND_START, "WebCommonInfoBases", 1},
    {KIND_START, "WebDistributiveLocation", 1},       {KIND_START, "ConfigurationTemplatesLocation", 1},
    {KIND_START, "DefaultVersion", 1},                {KIND_START, "DontUninstallVersion", 1},
    {KIND_START, "InstallComponents", 0},             {KIND_START, "AppAutoInstallLastVersion", 0},
    {KIND_START, "AutoUninstall", 0},                 {KIND_START, "AutoUninstallVersionsAfter", 0},
    {KIND_START, "UseHwLicenses", 0},                 {KIND_START, "DisableInstallerVerification", 0},
    {KIND_START, "InstallForUsers", 0},               {KIND_START, "Locale", 0},
    {KIND_START, "DisplayAuthDialog", 0},

    {KIND_INFOBASES, "Connect", 0},                {KIND_INFOBASES, "ID", 0},
    {KIND_INFOBASES, "OrderInList", 0},            {KIND_INFOBASES, "OrderInTree", 0},
    {KIND_INFOBASES, "Folder", 0},                 {KIND_INFOBASES, "External", 0},
    {KIND_INFOBASES, "ClientConnectionSpeed", 0},  {KIND_INFOBASES, "App", 0},
    {KIND_INFOBASES, "DefaultApp", 0},             {KIND_INFOBASES, "AppArch", 0},
    {KIND_INFOBASES, "WA", 0},                     {KIND_INFOBASES, "WSA", 0},
    {KIND_INFOBASES, "Version", 0},                {KIND_INFOBASES, "DefaultVersion", 0},
    {KIND_INFOBASES, "AdditionalParameters", 0},   {KIND_INFOBASES, "UseProxy", 0},
    {KIND_INFOBASES, "PSrv", 0},                   {KIND_INFOBASES, "PPort", 0},
    {KIND_INFOBASES, "PUser", 0},                  {KIND_INFOBASES, "PPasswd", 0},
    {KIND_INFOBASES, "WebCommonInfoBaseURL", 0},   {KIND_INFOBASES, "WebCommonInfoBases", 0},
    {KIND_INFOBASES, "HttpsCA", 0},                {KIND_INFOBASES, "HttpsCert", 0},
    {KIND_INFOBASES, "HttpsCAFile", 0},            {KIND_INFOBASES, "HttpsCertFile", 0},
    {KIND_INFOBASES, "HttpsCertSelect", 0},        {KIND_INFOBASES, "ShowInList", 0},
    {KIND_INFOBASES, "MobilePublicKey", 0},        {KIND_INFOBASES, "DisableLocalSpeechToText", 0},
    {KIND_INFOBASES, "StartupErrorHelpURL", 0},    {KIND_INFOBASES, "StartupErrorHelpText", 0},

    {KIND_VRD, "pubdst32", 0},    {KIND_VRD, "pubdst64", 0},    {KIND_VRD, "pubdstmac64", 0},
    {KIND_VRD, "pubdstlin32", 0}, {KIND_VRD, "pubdstlin64", 0}};

#define KEY_COUNT (sizeof keys / sizeof keys[0])
#define KEY_MAX 64

/* 1cescmn.cfg has the keys of 1cestart.cfg. */
static lint_kind_t keys_of(lint_kind_t kind)
{
    return kind == KIND_COMMON ? KIND_START : kind;
}

const char *lint_key_known(int *list, lint_kind_t kind, const char *key)
{
    size_t i;

    for (i = 0; i < KEY_COUNT; i++) {
        if (keys[i].kind != keys_of(kind) || strcasecmp(keys[i].name, key) != 0) continue;
        *list = keys[i].list;
        return keys[i].name;
    }
    return NULL;
}

/* ---- distances ------------------------------------------------------------------------------------------------- */

static int least(int a, int b, int c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* How many letters must be put in, left out, changed, or swapped with their neighbour, without regard to case. Both are at most
 * KEY_MAX long. */
static int distance(const char *a, const char *b)
{
    int rows[3][KEY_MAX + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2], *spare;
    int n = (int)strlen(a), m = (int)strlen(b), i, j;

    for (j = 0; j <= m; j++) last[j] = j;
    for (i = 1; i <= n; i++) {
        row[0] = i;
        for (j = 1; j <= m; j++) {
            int here = apr_tolower(a[i - 1]), there = apr_tolower(b[j - 1]);

            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (here != there));
            if (i > 1 && j > 1 && here == apr_tolower(b[j - 2]) && there == apr_tolower(a[i - 2]) && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        spare = before, before = last, last = row, row = spare;
    }
    return last[m];
}

/* How far a key may be from the one it was meant to be: a short one is soon another word. */
static int tolerance(apr_size_t length)
{
    return length < 5 ? 0 : length < 8 ? 1 : length < 16 ? 2 : 3;
}

/* PublishDistributiveLocationWin64, pubdstmac and the like: the slot is told by a synonym. Returns 1 if it is, with *meant NULL
 * for a slot that the platform does not update. */
static int names_slot(const char **meant, lint_kind_t kind, const char *key)
{
    const char *start = kind == KIND_VRD ? "pubdst" : "PublishDistributiveLocation";
    const cdist_slot_t *slot;
    int location;

    if (kind != KIND_CONF && kind != KIND_UPDATE && kind != KIND_VRD) return 0;
    if (strncasecmp(key, start, strlen(start)) != 0) return 0;
    slot = cdist_slot_parse(key + strlen(start));
    location = cdist_location_by_slot(slot);
    *meant = location < 0 ? NULL : kind == KIND_VRD ? cdist_locations[location].attribute : cdist_locations[location].key;
    return slot != NULL;
}

/* NB: a key that is as near to two others could be either: no advice is better than a wrong one. */
const char *lint_key_meant(lint_kind_t kind, const char *key)
{
    apr_size_t length = strlen(key);
    const char *meant = NULL;
    int nearest = tolerance(length) + 1;
    size_t i;

    if (length > KEY_MAX || names_slot(&meant, kind, key)) return meant;
    for (i = 0; i < KEY_COUNT; i++) {
        int far;

        if (keys[i].kind != keys_of(kind) || abs((int)length - (int)strlen(keys[i].name)) > nearest) continue;
        if ((far = distance(key, keys[i].name)) > nearest) continue;
        if (far < nearest) meant = keys[i].name;
        else if (far < tolerance(length) + 1) meant = NULL;
        nearest = far;
    }
    return meant;
}

const char *lint_word_meant(const char *text, const char *const *words)
{
    apr_size_t length = strlen(text);
    const char *meant = NULL;
    int nearest = tolerance(length) + 1;

    for (; length <= KEY_MAX && *words; words++) {
        int far = abs((int)length - (int)strlen(*words)) > nearest ? nearest + 1 : distance(text, *words);

        if (far > nearest) continue;
        meant = far < nearest ? *words : NULL;
        nearest = far;
    }
    return nearest <= tolerance(length) ? meant : NULL;
}
