/* The launcher's decisions: what the files say, what is installed, what can be installed -> version, client, origin. Each row names
 * the fact that it rests on: the administrator guide (kb.1ci.com 8.3.23), what was measured of the real launcher, or a rule of this
 * project (docs/launcher.md). */
#include "launcher_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define FILE_BASE "[b]\nConnect=File=\"C:\\b\";\n"
#define SERVER_BASE "[b]\nConnect=Srvr=\"h\";Ref=\"b\";\n"
#define WEB_BASE "[b]\nConnect=ws=\"http://h/b\";\n"

typedef struct {
    const char *fact;
    const char *section, *user, *all, *common; /* files */
    const char *builds;
    const char *arch;
    cdist_rules_t rules;
    const char *decision; /* required|chosen|arch|client|origin */
    const char *step;     /* in one of the steps; NULL: any */
} row_t;

static const row_t rows[] = {
    /* ---- a full version: 4.3.7; installed, then distribution, else an error ---- */
    {"4.3.7: a full version is taken where it is installed", FILE_BASE "Version=8.3.22.1750\n", NULL, NULL, NULL,
     "i 8.3.22.1750 x86_64 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3.22.1750|8.3.22.1750|x86_64|thin|installed",
     "ib.v8i:3: Version=8.3.22.1750: exactly this version"},
    {"4.3.7: a full version that is not installed comes from a distribution", FILE_BASE "Version=8.3.22.1750\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; d 8.3.22.1750 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.22.1750|8.3.22.1750|x86_64|thin|distributive", "not installed, and can be installed from here"},
    {"project: equal versions, installed wins", FILE_BASE "Version=8.3.22.1750\n", NULL, NULL, NULL,
     "d 8.3.22.1750 x86 tk; i 8.3.22.1750 x86_64 tk", NULL, CDIST_RULES_83, "8.3.22.1750|8.3.22.1750|x86_64|thin|installed", NULL},
    {"measured: a missing exact version falls silently to the newest installed; here it is none", FILE_BASE "Version=8.3.22.1750\n",
     NULL, NULL, NULL, "i 8.3.25.1394 x86_64 tk; i 8.3.22.1749 x86_64 tk", NULL, CDIST_RULES_83, "8.3.22.1750|-|-|thin|-",
     "the real launcher would start 8.3.25.1394"},
    {"project: no version at all", FILE_BASE "Version=8.3.22.1750\n", NULL, NULL, NULL, "", NULL, CDIST_RULES_83,
     "8.3.22.1750|-|-|thin|-", "no other version is installed"},
    {"4.3.7: a full version beats the section's DefaultVersion (measured)",
     FILE_BASE "Version=8.3.22.1750\nDefaultVersion=8.3.25.1394\n", NULL, NULL, NULL,
     "i 8.3.22.1750 x86_64 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3.22.1750|8.3.22.1750|x86_64|thin|installed",
     "ib.v8i:4: DefaultVersion=8.3.25.1394 does not count"},
    {"4.3.7: a full version beats the start files' DefaultVersion", FILE_BASE "Version=8.3.22.1750\n", "DefaultVersion=8.3-8.3.25.1394\n",
     NULL, NULL, "i 8.3.22.1750 x86_64 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.22.1750|8.3.22.1750|x86_64|thin|installed", NULL},
    {"App. 3.5: AppAutoInstallLastVersion is ignored when the required version is missing", FILE_BASE "Version=8.3.22.1750\n",
     "AppAutoInstallLastVersion=0\n", NULL, NULL, "i 8.3.25.1394 x86_64 tk; d 8.3.22.1750 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.22.1750|8.3.22.1750|x86_64|thin|distributive", NULL},
    /* ---- a part of a version: the highest of both (8.3) ---- */
    {"measured: mask 8.3.25 is the highest 8.3.25.x", FILE_BASE "Version=8.3.25\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.25.1633 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.25|8.3.25.1633|x86_64|thin|installed", "ib.v8i:3: Version=8.3.25"},
    {"4.3.7: the highest of installed and installable, here installable", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.26.1498|x86_64|thin|distributive", NULL},
    {"4.3.7: the highest of installed and installable, here installed", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.26.1498 x86_64 tk; d 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.26.1498|x86_64|thin|installed",
     "by the rules of 8.2 it would be 8.3.25.1394"},
    {"measured: numbers are compared, not texts", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.9.2233 x86 tk; i 8.3.10.2699 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.10.2699|x86|thin|installed", NULL},
    {"measured: a mask is a prefix of components: 8.3.2 is not 8.3.25", FILE_BASE "Version=8.3.2\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3.2|-|-|thin|-", NULL},
    {"measured: 8.3.25 is not a prefix of 8.3.250.1", FILE_BASE "Version=8.3.25\n", NULL, NULL, NULL, "i 8.3.250.1 x86_64 tk", NULL,
     CDIST_RULES_83, "8.3.25|-|-|thin|-", NULL},
    {"project: a mask never leads into another family", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.5.1.1529 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed", NULL},
    {"App. 3.3: Version is read in any case of the key", FILE_BASE "VERSION=8.3.25\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3.25|8.3.25.1394|x86_64|thin|installed", NULL},
    {"measured: blanks beside '=' break a key", FILE_BASE "Version = 8.3.22.1\nVersion= 8.3.22.1\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "-|8.3.25.1394|x86_64|thin|installed",
     "ib.v8i:3: blanks beside '=': the launcher does not read the line"},
    {"project: an empty Version is none", FILE_BASE "Version=\n", NULL, NULL, NULL, "i 8.3.25.1394 x86_64 tk", NULL,
     CDIST_RULES_83, "-|8.3.25.1394|x86_64|thin|installed", NULL},
    /* ---- AppAutoInstallLastVersion ---- */
    {"App. 3.5: AppAutoInstallLastVersion=0 keeps to what is installed", FILE_BASE "Version=8.3\n", "AppAutoInstallLastVersion=0\n", NULL,
     NULL, "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed",
     "user.cfg:1: AppAutoInstallLastVersion=0: only what is installed"},
    {"App. 3.5: with nothing installed that matches it does not count", FILE_BASE "Version=8.3.26\n", "AppAutoInstallLastVersion=0\n", NULL,
     NULL, "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.26|8.3.26.1498|x86_64|thin|distributive", "does not count, since nothing that matches is installed"},
    {"App. 3.5: AppAutoInstallLastVersion: the user's goes before that of all users", FILE_BASE "Version=8.3\n",
     "AppAutoInstallLastVersion=1\n", "AppAutoInstallLastVersion=0\n", NULL,
     "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.26.1498|x86_64|thin|distributive", NULL},
    {"App. 3.5: AppAutoInstallLastVersion: all users' goes before the common one", FILE_BASE "Version=8.3\n", NULL,
     "AppAutoInstallLastVersion=0\n", "AppAutoInstallLastVersion=1\n",
     "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed", NULL},
    {"App. 3.5: AppAutoInstallLastVersion: the common one counts alone too", FILE_BASE "Version=8.3\n", "X=1\n", NULL,
     "AppAutoInstallLastVersion=0\n", "i 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3|8.3.25.1394|x86_64|thin|installed", "1cescmn.cfg:1"},
    /* ---- the section's DefaultVersion ---- */
    {"measured: the section's DefaultVersion overrides the mask", FILE_BASE "Version=8.3\nDefaultVersion=8.3.25.1394\n", NULL, NULL,
     NULL, "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.25.1394|8.3.25.1394|x86_64|thin|installed", "ib.v8i:4: DefaultVersion=8.3.25.1394"},
    {"measured and real (ibases-ldap): even outside of the mask", FILE_BASE "Version=8.3\nDefaultVersion=8.2.14.540\n", NULL, NULL,
     NULL, "i 8.2.14.540 x86 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.2.14.540|8.2.14.540|x86|thin|installed",
     "ib.v8i:3: it goes before Version=8.3, which it does not match"},
    {"project: the section's full DefaultVersion is exact", FILE_BASE "Version=8.3\nDefaultVersion=8.3.25.1394\n", NULL, NULL, NULL,
     "i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3.25.1394|-|-|thin|-", "the real launcher would start 8.3.26.1498"},
    {"real (ibases-atma): DefaultVersion without Version", SERVER_BASE "DefaultVersion=8.3.25.1560\n", NULL, NULL, NULL,
     "i 8.3.25.1560 x86_64 tk; i 8.3.25.1633 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.25.1560|8.3.25.1560|x86_64|thin|installed", "the real launcher asks it"},
    {"App. 3.5: the section's DefaultVersion may be a part", FILE_BASE "Version=8.3\nDefaultVersion=8.3.25\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3.25|8.3.25.1394|x86_64|thin|installed", NULL},
    {"App. 3.5: the section's DefaultVersion goes before the start files'", FILE_BASE "Version=8.3\nDefaultVersion=8.3.25\n",
     "DefaultVersion=8.3-8.3.26\n", NULL, NULL, "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.25|8.3.25.1394|x86_64|thin|installed", NULL},
    {"App. 3.5: the section's DefaultVersion may name an architecture", FILE_BASE "DefaultVersion=8.3.25.1394;x86\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; d 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3.25.1394|8.3.25.1394|x86|thin|distributive", NULL},
    {"project: a replacement in the section that is about another version says nothing",
     FILE_BASE "Version=8.3.26\nDefaultVersion=8.3-8.3.25.1394\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3.26|8.3.26.1498|x86_64|thin|installed",
     "says nothing about 8.3.26"},
    /* ---- DefaultVersion of the start files ---- */
    {"App. 3.5: DefaultVersion=8.3-8.3.22.1750 replaces 8.3", FILE_BASE "Version=8.3\n", "DefaultVersion=8.3-8.3.22.1750\n", NULL, NULL,
     "i 8.3.22.1750 x86_64 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.22.1750|8.3.22.1750|x86_64|thin|installed", "user.cfg:1: DefaultVersion=8.3-8.3.22.1750"},
    {"App. 3.5: the documented shorter form 8.3-8.3.3", FILE_BASE "Version=8.3\n", "DefaultVersion=8.3-8.3.3\n", NULL, NULL,
     "i 8.3.3.721 x86 tk; i 8.3.3.658 x86 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.3|8.3.3.721|x86|thin|installed", NULL},
    {"App. 3.5: several lines, each for its own mask", FILE_BASE "Version=8.2\n", "DefaultVersion=8.3-8.3.22\nDefaultVersion=8.2-8.2.19\n", NULL,
     NULL, "i 8.2.19.130 x86 tk; i 8.2.20.1 x86 tk; i 8.3.22.1750 x86 tk", NULL, CDIST_RULES_83,
     "8.2.19|8.2.19.130|x86|thin|installed", "user.cfg:2"},
    {"project: a line about 8.3 says nothing about 8.3.26", FILE_BASE "Version=8.3.26\n", "DefaultVersion=8.3-8.3.22.1750\n", NULL,
     NULL, "i 8.3.22.1750 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.26|8.3.26.1498|x86_64|thin|installed", NULL},
    {"App. 3.5: merged, the user's lines first", FILE_BASE "Version=8.3\n", "DefaultVersion=8.3-8.3.22\n", "DefaultVersion=8.3-8.3.25\n",
     "DefaultVersion=8.3-8.3.26\n", "i 8.3.22.1750 x86 tk; i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 tk", NULL, CDIST_RULES_83,
     "8.3.22|8.3.22.1750|x86|thin|installed", NULL},
    {"App. 3.5: merged, all users' before the common ones", FILE_BASE "Version=8.3\n", "DefaultVersion=8.2-8.2.19\n",
     "DefaultVersion=8.3-8.3.25\n", "DefaultVersion=8.3-8.3.26\n", "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 tk", NULL,
     CDIST_RULES_83, "8.3.25|8.3.25.1394|x86|thin|installed", "all.cfg:1"},
    {"App. 3.5: merged, a common line counts where no other speaks", FILE_BASE "Version=8.3\n", "DefaultVersion=8.2-8.2.19\n", NULL,
     "DefaultVersion=8.3-8.3.25\n", "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 tk", NULL, CDIST_RULES_83,
     "8.3.25|8.3.25.1394|x86|thin|installed", "1cescmn.cfg:1"},
    {"project: without Version the default version is required", FILE_BASE, "DefaultVersion=8.3.22\n", NULL, NULL,
     "i 8.3.22.1750 x86 tk; i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3.22|8.3.22.1750|x86|thin|installed",
     "user.cfg:1: DefaultVersion=8.3.22: 8.3.22 is required"},
    {"project: without Version a default goes before a replacement", FILE_BASE, "DefaultVersion=8.2-8.2.19\nDefaultVersion=8.3.22\n",
     NULL, NULL, "i 8.2.19.130 x86 tk; i 8.3.22.1750 x86 tk", NULL, CDIST_RULES_83, "8.3.22|8.3.22.1750|x86|thin|installed", NULL},
    {"project: without Version a replacement is better than nothing", FILE_BASE, "DefaultVersion=8.3-8.3.22.1750\n", NULL, NULL,
     "i 8.3.22.1750 x86 tk; i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3.22.1750|8.3.22.1750|x86|thin|installed", NULL},
    {"project: nothing names a version: the newest, and that is said", FILE_BASE, NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.5.1.1529 x86_64 tk", NULL, CDIST_RULES_83, "-|8.5.1.1529|x86_64|thin|installed",
     "ib.v8i:1: neither the infobase nor the start files name a version"},
    {"project: a line that cannot be understood does not count", FILE_BASE "Version=8.3\n",
     "DefaultVersion=8.3-newest\nDefaultVersion=8.3-8.3.25;x87\n", NULL, NULL, "i 8.3.26.1498 x86 tk", NULL, CDIST_RULES_83,
     "8.3|8.3.26.1498|x86|thin|installed", "user.cfg:2: DefaultVersion=8.3-8.3.25;x87 cannot be understood"},
    {"project: a full version of the start files is exact too", FILE_BASE "Version=8.3\n", "DefaultVersion=8.3-8.3.22.1750\n", NULL,
     NULL, "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3.22.1750|-|-|thin|-", "the real launcher would start 8.3.25.1394"},
    /* ---- architectures ---- */
    {"App. 3.5: x86_prt is the default: 32 bits of equal versions", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed", NULL},
    {"App. 3.5: prt prefers, and excludes nothing", FILE_BASE "Version=8.3\nAppArch=x86_prt\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed", NULL},
    {"project: a higher version goes before the preferred architecture", FILE_BASE "Version=8.3\nAppArch=x86_prt\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.26.1498|x86_64|thin|installed", NULL},
    {"App. 3.3: AppArch=x86 alone", FILE_BASE "Version=8.3\nAppArch=x86\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed",
     "/inst/8.3.26.1498: 8.3.26.1498 is for x86_64, not x86"},
    {"App. 3.3: AppArch=x86_64 alone", FILE_BASE "Version=8.3\nAppArch=x86_64\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed",
     "ib.v8i:4: architecture x86_64"},
    {"App. 3.3: AppArch=x86_64_prt prefers 64 bits", FILE_BASE "Version=8.3\nAppArch=X86_64_PRT\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed", NULL},
    {"project: an unknown AppArch does not count", FILE_BASE "Version=8.3\nAppArch=arm\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed", "ib.v8i:4: AppArch=arm is none of"},
    {"project: --arch goes before AppArch", FILE_BASE "Version=8.3\nAppArch=x86\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.25.1394 x86_64 tk", "x86_64", CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed",
     "AppArch=x86 does not count"},
    {"App. 3.5: DefaultVersion's architecture counts", FILE_BASE "Version=8.3\n", "DefaultVersion=8.3-8.3.25.1394;x86_64\n", NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83, "8.3.25.1394|8.3.25.1394|x86_64|thin|installed", NULL},
    {"App. 3.5: a line for each architecture: AppArch picks", FILE_BASE "Version=8.3\nAppArch=x86_64\n",
     "DefaultVersion=8.3-8.3.25.1394;x86\nDefaultVersion=8.3-8.3.26.1498;x86_64\n", NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86_64 tk; i 8.3.25.1394 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.26.1498|8.3.26.1498|x86_64|thin|installed", "user.cfg:2"},
    {"App. 3.5: a line for another architecture does not count", FILE_BASE "Version=8.3\nAppArch=x86_64\n",
     "DefaultVersion=8.3-8.3.25.1394;x86\n", NULL, NULL, "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3|8.3.26.1498|x86_64|thin|installed", NULL},
    {"App. 3.5: a line with prt overlaps", FILE_BASE "Version=8.3\nAppArch=x86_64\n", "DefaultVersion=8.3-8.3.25.1394;x86_prt\n", NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.25.1394|8.3.25.1394|x86_64|thin|installed", NULL},
    {"project: of several lines that could be met, the one for the same architecture", FILE_BASE "Version=8.3\nAppArch=x86_64\n",
     "DefaultVersion=8.3-8.3.25.1394;x86_prt\nDefaultVersion=8.3-8.3.26.1498;x86_64_prt\n", NULL, NULL,
     "i 8.3.25.1394 x86_64 tk; i 8.3.26.1498 x86_64 tk", NULL, CDIST_RULES_83,
     "8.3.26.1498|8.3.26.1498|x86_64|thin|installed", "user.cfg:2"},
    {"project: a build that tells no architecture may be taken", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.25.1394 - tk", "x86_64", CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thin|installed", "nothing tells its architecture"},
    {"project: what is asked for exactly is not there in that architecture", FILE_BASE "Version=8.3.25.1394\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tk", "x86", CDIST_RULES_83, "8.3.25.1394|-|-|thin|-", "version 8.3.25.1394 with a thin client for x86 is neither"},
    {"project: a distribution for another system is none", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86_64 tkw; d 8.3.26.1498 x86_64 tku; d 8.3.25.1633 x86_64 tkw", NULL, CDIST_RULES_83,
     "8.3|8.3.25.1633|x86_64|thin|distributive", "is for linux, and what is installed is for windows"},
    /* ---- kinds of client: App, DefaultApp, automatic ---- */
    {"App. 3.3: App=ThinClient needs 1cv8c", FILE_BASE "Version=8.3\nApp=ThinClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 k", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed",
     "8.3.26.1498 has no thin client (1cv8c)"},
    {"App. 3.3: App=ThickClient needs 1cv8", FILE_BASE "Version=8.3\nApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 t", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thick|installed",
     "8.3.26.1498 has no thick client (1cv8)"},
    {"App. 3.3: App=WebClient needs nothing", WEB_BASE "Version=8.3\nApp=WebClient\n", NULL, NULL, NULL, "", NULL, CDIST_RULES_83,
     "8.3|-|-|web|-", "the web client needs no platform"},
    {"project: a web client's version is told where there is one", WEB_BASE "Version=8.3\nApp=WebClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 0", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|web|installed", NULL},
    {"project: no web client without a web server", FILE_BASE "Version=8.3\nApp=WebClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|web|installed", "needs an infobase that is published"},
    {"project: no thick client for a web server", WEB_BASE "Version=8.3\nApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thick|installed", "cannot open an infobase"},
    {"App. 3.3: DefaultApp counts where App is missing", FILE_BASE "Version=8.3\nDefaultApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 k", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thick|installed", "ib.v8i:4: DefaultApp=ThickClient"},
    {"App. 3.3: DefaultApp counts where App is Auto", FILE_BASE "Version=8.3\nApp=Auto\nDefaultApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 k", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thick|installed", NULL},
    {"App. 3.3: App goes before DefaultApp", FILE_BASE "Version=8.3\nApp=thinclient\nDefaultApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed", NULL},
    {"project: neither: thin, as the automatic choice begins", FILE_BASE "Version=8.3\nApp=Auto\n", NULL, NULL, NULL,
     "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed", "with /AppAutoCheckMode"},
    {"project: an unknown App does not count", FILE_BASE "Version=8.3\nApp=Mobile\n", NULL, NULL, NULL, "i 8.3.25.1394 x86 tk",
     NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86|thin|installed", "ib.v8i:4: App=Mobile is none of"},
    {"project: the distribution of a thin client installs no thick one", FILE_BASE "Version=8.3\nApp=ThickClient\n", NULL, NULL, NULL,
     "d 8.3.25.1394 x86_64 tk; d 8.3.26.1498 x86_64 t", NULL, CDIST_RULES_83, "8.3|8.3.25.1394|x86_64|thick|distributive", NULL},
    {"4.3.10: after distributions services are asked, for infobases on a web server", WEB_BASE "Version=8.3.22.1750\n",
     "X=1\nWebDistributiveLocation=http://u:S3cret@h/s\n", NULL, NULL, "i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83,
     "8.3.22.1750|-|-|thin|-", "user.cfg:2: WebDistributiveLocation: the real launcher asks this service"},
    /* ---- the older description (8.2): places one after the other ---- */
    {"8.2: what can be installed goes first", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "i 8.3.26.1498 x86 tk; d 8.3.25.1394 x86 tk", NULL, CDIST_RULES_82, "8.3|8.3.25.1394|x86|thin|distributive",
     "by the rules of 8.3 it would be 8.3.26.1498"},
    {"8.2: installed only where nothing can be installed", FILE_BASE "Version=8.3.26\n", NULL, NULL, NULL,
     "i 8.3.26.1498 x86 tk; d 8.3.25.1394 x86 tk", NULL, CDIST_RULES_82, "8.3.26|8.3.26.1498|x86|thin|installed", NULL},
    {"8.2: own places before shared ones", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "d 8.3.26.1498 x86 tks; d 8.3.25.1394 x86 tk", NULL, CDIST_RULES_82, "8.3|8.3.25.1394|x86|thin|distributive", NULL},
    {"8.3: own and shared places alike", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "d 8.3.26.1498 x86 tks; d 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.3|8.3.26.1498|x86|thin|distributive", NULL},
    {"8.2: a version that is installed already is not installed again", FILE_BASE "Version=8.3\n", NULL, NULL, NULL,
     "d 8.3.25.1394 x86 tk; i 8.3.25.1394 x86 tk; i 8.3.26.1498 x86 tk", NULL, CDIST_RULES_82,
     "8.3|8.3.25.1394|x86|thin|installed", NULL},
    {"8.2: a full version is found installed first all the same", FILE_BASE "Version=8.3.25.1394\n", NULL, NULL, NULL,
     "d 8.3.25.1394 x86 tk; i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_82, "8.3.25.1394|8.3.25.1394|x86|thin|installed", NULL},
    {"8.2: AppAutoInstallLastVersion=0 keeps to what is installed", FILE_BASE "Version=8.3\n", "AppAutoInstallLastVersion=0\n", NULL,
     NULL, "i 8.3.25.1394 x86 tk; d 8.3.26.1498 x86 tk", NULL, CDIST_RULES_82, "8.3|8.3.25.1394|x86|thin|installed", NULL},
    /* ---- 8.0 and 8.1 ---- */
    {"project: 8.1 from its own folder, with the thick client it has", FILE_BASE "Version=8.1\n", NULL, NULL, NULL,
     "i 8.1.15.14 x86 kl; i 8.3.25.1394 x86 tk", NULL, CDIST_RULES_83, "8.1|8.1.15.14|x86|thick|installed",
     "platforms before 8.2 have the thick client alone"},
    {"project: a folder that tells its family alone serves the family", FILE_BASE "Version=8.1\nApp=ThickClient\n", NULL, NULL, NULL,
     "i 8.1 x86 kl", NULL, CDIST_RULES_83, "8.1|8.1|x86|thick|installed", NULL},
    {"project: but no full version", FILE_BASE "Version=8.1.15.14\n", NULL, NULL, NULL, "i 8.1 x86 kl", NULL, CDIST_RULES_83,
     "8.1.15.14|-|-|thick|-", "--legacy 8.1=FOLDER"},
    {"project: 8.0 is not 8.1", FILE_BASE "Version=8.0\n", NULL, NULL, NULL, "i 8.1.15.14 x86 kl", NULL, CDIST_RULES_83,
     "8.0|-|-|thick|-", NULL},
    {"project: a legacy folder answers nothing else", FILE_BASE, NULL, NULL, NULL, "i 8.1.15.14 x86 tkl", NULL, CDIST_RULES_83,
     "-|-|-|thin|-", NULL},
    {"App. 3.5: a DefaultVersion may lead to 8.1", FILE_BASE "Version=8.1\n", "DefaultVersion=8.1-8.1.15\n", NULL, NULL,
     "i 8.1.15.14 x86 kl; i 8.1.8.73 x86 kl", NULL, CDIST_RULES_83, "8.1.15|8.1.15.14|x86|thick|installed", NULL},
};

START_TEST(the_launcher_decides)
{
    const row_t *row = &rows[_i];
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const cdist_resolution_t *resolution;
    const char *steps;

    fx_list_add(launcher, row->section);
    /* NB: the order in which files are added says nothing about which one counts. */
    fx_start_add(launcher, row->common, CDIST_START_COMMON);
    fx_start_add(launcher, row->all, CDIST_START_ALL_USERS);
    fx_start_add(launcher, row->user, CDIST_START_USER);
    fx_builds_add(launcher, row->builds);
    launcher->arch = row->arch;
    launcher->rules = row->rules;
    resolution = fx_resolve(launcher);
    steps = fx_join(resolution->steps, "\n");
    ck_assert_msg(strcmp(fx_decision(resolution), row->decision) == 0, "%s: %s instead of %s\n%s", row->fact,
                  fx_decision(resolution), row->decision, steps);
    ck_assert_msg(!row->step || strstr(steps, row->step), "%s: no step \"%s\" in\n%s", row->fact, row->step, steps);
}
END_TEST

START_TEST(an_infobase_that_asks_for_no_version_at_all_is_an_error_with_its_line)
{
    static const char *const sections[] = {FILE_BASE "Version=newest\n", FILE_BASE "Version=8\n", FILE_BASE "DefaultVersion=8.3;arm\n"};
    size_t i;

    for (i = 0; i < 3; i++) {
        cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
        const cdist_infobase_list_t *list = fx_list_add(launcher, sections[i]);
        cdist_resolution_t *resolution;
        cdist_err_t *err = cdist_resolve(&resolution, launcher, &APR_ARRAY_IDX(list->infobases, 0, cdist_infobase_t), fx_pool);

        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(err->code, CDIST_E_INPUT);
        ck_assert_msg(strncmp(err->message, "ib.v8i:3: ", 10) == 0, "%s", err->message);
    }
}
END_TEST

/* The orders of precedence of the guide's appendix 3.5, seen from outside. */
static const struct {
    const char *key, *values; /* which file's values count, in this order: u a c */
} orders[] = {{"AppAutoInstallLastVersion", "u"}, {"UseHwLicenses", "u"}, {"InstallComponents", "a"}, {"AutoUninstall", "c"},
              {"AutoUninstallVersionsAfter", "c"}, {"InstalledLocation", "c"}, {"CommonCfgLocation", "uac"},
              {"CommonInfoBases", "uac"}, {"ConfigurationTemplatesLocation", "uac"}, {"DefaultVersion", "uac"},
              {"DistributiveLocation", "uac"}, {"DontUninstallVersion", "uac"}, {"distributivelocation", "uac"}, {"Locale", "u"}};

START_TEST(each_key_has_its_own_order_of_files)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const char *key = orders[_i].key, *text = "";
    const apr_array_header_t *values;
    int i;

    fx_start_add(launcher, apr_pstrcat(fx_pool, key, "=c\n", NULL), CDIST_START_COMMON);
    fx_start_add(launcher, apr_pstrcat(fx_pool, key, "=a\n", NULL), CDIST_START_ALL_USERS);
    fx_start_add(launcher, apr_pstrcat(fx_pool, "X=1\n", key, "=\n", key, "=u\n", NULL), CDIST_START_USER);
    values = cdist_start_values(launcher, key, fx_pool);
    for (i = 0; i < values->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, APR_ARRAY_IDX(values, i, cdist_start_value_t).setting->value, NULL);
    }
    ck_assert_str_eq(text, orders[_i].values);
    ck_assert_int_eq(values->nelts, (int)strlen(orders[_i].values)); /* an empty value is none */
}
END_TEST

/* Where the first file of an order has no value, the next one counts. */
static const struct {
    const char *key;
    cdist_start_scope_t missing;
    const char *value;
} gaps[] = {{"AppAutoInstallLastVersion", CDIST_START_USER, "a"}, {"InstallComponents", CDIST_START_ALL_USERS, "u"},
            {"AutoUninstall", CDIST_START_COMMON, "u"}, {"InstalledLocation", CDIST_START_COMMON, "a"}};

START_TEST(where_the_first_file_says_nothing_the_next_one_counts)
{
    static const char *const letters[] = {"u", "a", "c"};
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    const apr_array_header_t *values;
    int scope;

    for (scope = CDIST_START_USER; scope <= CDIST_START_COMMON; scope++) {
        if (scope == (int)gaps[_i].missing) continue;
        fx_start_add(launcher, apr_pstrcat(fx_pool, gaps[_i].key, "=", letters[scope], "\n", NULL), (cdist_start_scope_t)scope);
    }
    values = cdist_start_values(launcher, gaps[_i].key, fx_pool);
    ck_assert_int_eq(values->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(values, 0, cdist_start_value_t).setting->value, gaps[_i].value);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("resolve");
    TCase *tcase = fx_case(suite, "resolve", 20);

    tcase_add_loop_test(tcase, the_launcher_decides, 0, FX_COUNT(rows));
    tcase_add_test(tcase, an_infobase_that_asks_for_no_version_at_all_is_an_error_with_its_line);
    tcase_add_loop_test(tcase, each_key_has_its_own_order_of_files, 0, FX_COUNT(orders));
    tcase_add_loop_test(tcase, where_the_first_file_says_nothing_the_next_one_counts, 0, FX_COUNT(gaps));
    return suite;
}
