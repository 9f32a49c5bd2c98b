/* The page for people: what is published here, and the lines for the 1C server's conf.cfg. Plain HTML without scripts, in
 * Russian and English. All that comes from outside (names of components, the client's idea of our host) is escaped. */
#include "index_int.h"

#include "publication/cdist_publication.h"

#include <apr_strings.h>

#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------------------- */

enum { TITLE, CURRENT, NO_CURRENT, NOTHING, NAMED_CURRENT, LACKS, SLOT, ARCHIVE, SIZE, FROM, DIGEST, NOT_BUILT, READY, DISTRIBUTION,
       INSTALLED, CONTENTS, CONF, CONF_HELP, INSTALLED_HELP, BY_HAND, BY_HAND_HELP, PROBLEMS, DATA, UNREAD,
       CONFLICTS, CONFLICT_OPEN, CONFLICT_TAKEN, AWAY, AWAY_SINCE, UPDATES, WORDS };

static const char *const words[2][WORDS] = {
    {"1C:Enterprise client updates", "Current version", "There is no current version", "Nothing is published here yet",
     "current", "This release is not complete yet, it lacks", "Client", "Archive", "Size", "Made from", "SHA-256",
     "is built when it is asked for first", "ready archive", "distribution", "installed platform", "contents",
     "For the 1C server",
     "These lines in conf.cfg of the 1C server let its thin clients update themselves:",
     "An installed platform holds no installer: the platform's own updater can do nothing with such an archive.",
     "Put here by hand",
     "These archives lie in the published folder. At the URL without a version they go before the releases.",
     "Folders and files that cannot be offered (the server's log tells why, CD0020)",
     "The same for programs",
     "Not all folders with releases can be read now, so something may be missing here, and nobody is told which release is the "
     "newest. What cannot be read, counted as CDistRoot and then CDistSource name it",
     "Customised files that the vendor changed too", "no rule decides: what is handed out stays as it is until somebody does",
     "the vendor's file is handed out",
     "The server that this one takes updates from does not answer; what is here is handed out all the same", "since",
     "Configuration updates"},
    {"Обновление клиентов 1С:Предприятия", "Текущая версия", "Текущей версии нет", "Пока ничего не опубликовано",
     "текущая", "Выпуск ещё не полон, не хватает", "Клиент", "Архив", "Размер", "Источник", "SHA-256",
     "будет собран при первом обращении", "готовый архив", "дистрибутив", "установленная платформа", "состав",
     "Для сервера 1С", "С этими строками в conf.cfg сервера 1С тонкие клиенты обновляются сами:",
     "В установленной платформе нет программы установки: обновить себя из такого архива платформа не может.",
     "Положено сюда вручную",
     "Эти архивы лежат в папке публикации. По адресу без версии отдаются они, а не выпуски.",
     "Папок и файлов, которые нельзя предложить (причины — в журнале сервера, CD0020)",
     "То же для программ",
     "Сейчас читаются не все папки с версиями: чего-то здесь может не хватать, и новейшая версия неизвестна. Не читаются, по "
     "порядку в CDistRoot и затем в CDistSource",
     "Свои файлы, которые изменил и поставщик", "правила решения не дают: пока его нет, раздаётся то, что было",
     "раздаётся файл поставщика",
     "Сервер, от которого обновляется этот, не отвечает; то, что есть здесь, раздаётся по-прежнему", "с",
     "Обновления конфигураций"}};

static const char *const units[2][5] = {{"bytes", "KB", "MB", "GB", "TB"}, {"байт", "КБ", "МБ", "ГБ", "ТБ"}};

/* NB: fixed columns, so that the tables of all releases stand under each other. What a column cannot show of a digest is cut
 * off on the screen alone: who selects it copies all of it. A narrow screen shows each row as a paragraph. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--mark:#1a7f37}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.6rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}"
    "table{border-collapse:collapse;table-layout:fixed;width:100%}"
    "th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;"
    "overflow-wrap:anywhere}"
    "th{font-weight:600;overflow-wrap:normal}th::first-letter{text-transform:uppercase}"
    ".slot{width:6.5rem}.file{width:9rem}.size{width:5.5rem}.from{width:8rem}.contents{width:5rem}"
    ".size,.number{text-align:right}.number{white-space:nowrap;font-variant-numeric:tabular-nums}"
    "code,pre{font:.85em/1.5 ui-monospace,monospace}"
    "td code{display:block;font-size:.7rem;line-height:1.5rem;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}"
    "pre{padding:.8rem;border:1px solid var(--line);border-radius:.4rem;overflow-x:auto}"
    ".mark{font-size:.8rem;font-weight:600;color:#fff;background:var(--mark);border-radius:1rem;padding:.1rem .6rem}"
    ".quiet{opacity:.75}.problems{border-left:.2rem solid #bf8700;padding-left:.8rem}"
    "@media(max-width:50rem){thead{display:none}table,tbody{display:block}"
    "tr{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.5rem 0;border-bottom:1px solid var(--line)}"
    "td{padding:0;border:0;min-width:0}td:empty{display:none}}";

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct {
    apr_array_header_t *parts; /* const char * */
    const char *const *words;
    int russian;
    const char *url, *here;
    apr_pool_t *pool;
} page_t;

static void put(page_t *page, const char *html)
{
    APR_ARRAY_PUSH(page->parts, const char *) = html;
}

static void put_text(page_t *page, const char *text)
{
    put(page, ap_escape_html(page->pool, text));
}

static void put_word(page_t *page, int word)
{
    put(page, page->words[word]);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* "31.0 MB", "31,0 МБ" */
static const char *size_text(const page_t *page, json_int_t bytes)
{
    double size = (double)bytes;
    char *text, *dot;
    int unit = 0;

    for (; size >= 1000 && unit < 4; unit++) size /= 1000;
    text = apr_psprintf(page->pool, unit ? "%.1f" : "%.0f", size);
    dot = strchr(text, '.');
    if (page->russian && dot) *dot = ',';
    return apr_pstrcat(page->pool, text, "\302\240", units[page->russian][unit], NULL);
}

/* ---- parts of the page ------------------------------------------------------------------------------------------- */

static void put_slot(page_t *page, const json_t *slot)
{
    const char *source = text_of(slot, "source"), *digest = text_of(slot, "sha256");
    const char *link = apr_pstrcat(page->pool, page->here, text_of(slot, "url"), NULL);
    int built = json_is_true(json_object_get(slot, "built"));

    put(page, "<tr><td>");
    put_text(page, text_of(slot, "slot"));
    put(page, "</td><td><a href=\"");
    put_text(page, link);
    put(page, "\">");
    put_text(page, text_of(slot, "file"));
    put(page, "</a></td><td class=\"number\">");
    put(page, built ? size_text(page, json_integer_value(json_object_get(slot, "archive_bytes"))) : "—");
    put(page, "</td><td>");
    put_word(page, strcmp(source, "ready") == 0 ? READY : strcmp(source, "installed") == 0 ? INSTALLED : DISTRIBUTION);
    put(page, "</td><td>");
    if (built) {
        put(page, "<code title=\"");
        put_text(page, digest);
        put(page, "\">");
        put_text(page, digest);
        put(page, "</code></td><td><a href=\"");
        put_text(page, link);
        put(page, ".manifest\">");
        put_word(page, CONTENTS);
        put(page, "</a>");
    } else {
        put(page, "<span class=\"quiet\">");
        put_word(page, NOT_BUILT);
        put(page, "</span></td><td>");
    }
    put(page, "</td></tr>\n");
}

static void put_missing(page_t *page, const json_t *missing)
{
    size_t i;

    if (json_array_size(missing) == 0) return;
    put(page, "<p>");
    put_word(page, LACKS);
    for (i = 0; i < json_array_size(missing); i++) {
        put(page, i ? ", " : ": ");
        put_text(page, json_string_value(json_array_get(missing, i)));
    }
    put(page, "</p>\n");
}

/* All tables have the same columns, whatever is in them. */
static void put_slots(page_t *page, const json_t *slots)
{
    static const struct {
        int word;
        const char *class;
    } heads[] = {{SLOT, "slot"}, {ARCHIVE, "file"}, {SIZE, "size"}, {FROM, "from"}, {DIGEST, "digest"}, {CONTENTS, "contents"}};
    size_t i;

    put(page, "<table><thead><tr>");
    for (i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        put(page, "<th scope=\"col\" class=\"");
        put(page, heads[i].class);
        put(page, "\">");
        put_word(page, heads[i].word);
        put(page, "</th>");
    }
    put(page, "</tr></thead><tbody>\n");
    for (i = 0; i < json_array_size(slots); i++) put_slot(page, json_array_get(slots, i));
    put(page, "</tbody></table>\n");
}

static void put_release(page_t *page, const json_t *release)
{
    const json_t *slots = json_object_get(release, "slots");
    int installed = 0;
    size_t i;

    put(page, "<h2>");
    put_text(page, text_of(release, "version"));
    if (json_is_true(json_object_get(release, "current"))) {
        put(page, " <span class=\"mark\">");
        put_word(page, NAMED_CURRENT);
        put(page, "</span>");
    }
    put(page, "</h2>\n");
    put_missing(page, json_object_get(release, "missing"));
    put_slots(page, slots);
    for (i = 0; i < json_array_size(slots); i++) {
        if (strcmp(text_of(json_array_get(slots, i), "source"), "installed") == 0) installed = 1;
    }
    if (!installed) return;
    put(page, "<p class=\"quiet\">");
    put_word(page, INSTALLED_HELP);
    put(page, "</p>\n");
}

static void put_by_hand(page_t *page, const json_t *slots)
{
    if (json_array_size(slots) == 0) return;
    put(page, "<h2>");
    put_word(page, BY_HAND);
    put(page, "</h2>\n<p>");
    put_word(page, BY_HAND_HELP);
    put(page, "</p>\n");
    put_slots(page, slots);
}

/* Whether the URL without a version has the slot: the current release holds an installer of it (NULL: there is none), or an
 * archive lies there by hand. */
static int answers(const char *slot, const json_t *current, const json_t *by_hand)
{
    const json_t *slots = json_object_get(current, "slots");
    size_t i;

    for (i = 0; i < json_array_size(slots); i++) {
        const json_t *one = json_array_get(slots, i);
        if (strcmp(text_of(one, "slot"), slot) == 0 && json_is_true(json_object_get(one, "installable"))) return 1;
    }
    for (i = 0; i < json_array_size(by_hand); i++) {
        const json_t *one = json_array_get(by_hand, i);
        if (strcmp(text_of(one, "slot"), slot) == 0 && strcmp(text_of(one, "url"), text_of(one, "file")) == 0) return 1;
    }
    return 0;
}

/* The lines of conf.cfg for what the URL without a version answers. */
static void put_conf(page_t *page, const json_t *current, const json_t *by_hand)
{
    const char *lines = "";
    size_t k;

    for (k = 0; k < CDIST_LOCATIONS; k++) {
        if (!answers(cdist_locations[k].slot, current, by_hand)) continue;
        lines = apr_pstrcat(page->pool, lines, cdist_locations[k].key, "=", page->url, "/",
                            cdist_slot_parse(cdist_locations[k].slot)->file, "\n", NULL);
    }
    if (!*lines) return;
    put(page, "<h2>");
    put_word(page, CONF);
    put(page, "</h2>\n<p>");
    put_word(page, CONF_HELP);
    put(page, "</p>\n<pre>");
    put_text(page, lines);
    put(page, "</pre>\n");
}

static void put_unread(page_t *page, const json_t *unread)
{
    size_t i;

    if (json_array_size(unread) == 0) return;
    put(page, "<p><strong>");
    put_word(page, UNREAD);
    for (i = 0; i < json_array_size(unread); i++) {
        put(page, i ? ", " : ": ");
        put(page, apr_itoa(page->pool, (int)json_integer_value(json_array_get(unread, i))));
    }
    put(page, "</strong></p>\n");
}

static void put_conflicts(page_t *page, const json_t *conflicts)
{
    size_t i;

    if (json_array_size(conflicts) == 0) return;
    put(page, "<div class=\"problems\"><p>");
    put_word(page, CONFLICTS);
    put(page, ":</p>\n<ul>");
    for (i = 0; i < json_array_size(conflicts); i++) {
        const json_t *conflict = json_array_get(conflicts, i);
        int open = json_is_true(json_object_get(conflict, "open"));

        put(page, "<li>");
        put_text(page, apr_pstrcat(page->pool, text_of(conflict, "slot"), " ", text_of(conflict, "version"), ": ", NULL));
        put(page, "<code>");
        put_text(page, text_of(conflict, "path"));
        put(page, open ? "</code>: <strong>" : "</code>: ");
        put_word(page, open ? CONFLICT_OPEN : CONFLICT_TAKEN);
        put(page, open ? "</strong></li>\n" : "</li>\n");
    }
    put(page, "</ul></div>\n");
}

static void put_upstream(page_t *page, const json_t *upstream)
{
    const char *since = text_of(upstream, "away_since");

    if (!*since) return;
    put(page, "<p class=\"problems\"><strong>");
    put_word(page, AWAY);
    put(page, "</strong>: ");
    put_text(page, text_of(upstream, "url"));
    put(page, ", ");
    put_word(page, AWAY_SINCE);
    put_text(page, apr_pstrcat(page->pool, " ", since, NULL));
    put(page, "</p>\n");
}

/* A line that leads on. */
static void put_link(page_t *page, int word, const char *to)
{
    put(page, "<p class=\"quiet\">");
    put_word(page, word);
    put(page, ": <a href=\"");
    put_text(page, apr_pstrcat(page->pool, page->here, to, NULL));
    put(page, "\">");
    put_text(page, to);
    put(page, "</a></p>\n");
}

static void put_current(page_t *page, const json_t *index)
{
    const char *current = text_of(index, "current"), *problem = text_of(index, "no_current");

    put(page, "<p>");
    put_word(page, *current ? CURRENT : NO_CURRENT);
    put(page, *current ? ": <strong>" : *problem ? ": " : "");
    put_text(page, *current ? current : problem);
    put(page, *current ? "</strong></p>\n" : "</p>\n");
}

/* What lies here, and how much of it cannot be offered. */
static void put_body(page_t *page, const json_t *index)
{
    const json_t *releases = json_object_get(index, "releases"), *by_hand = json_object_get(index, "by_hand");
    const json_t *current = NULL;
    json_int_t problems = json_integer_value(json_object_get(index, "problems"));
    size_t i;

    put_current(page, index);
    put_conflicts(page, json_object_get(index, "conflicts"));
    for (i = 0; i < json_array_size(releases); i++) {
        if (json_is_true(json_object_get(json_array_get(releases, i), "current"))) current = json_array_get(releases, i);
    }
    put_conf(page, current, by_hand);
    if (json_array_size(releases) + json_array_size(by_hand) == 0) {
        put(page, "<p>");
        put_word(page, NOTHING);
        put(page, "</p>\n");
    }
    put_by_hand(page, by_hand);
    for (i = 0; i < json_array_size(releases); i++) put_release(page, json_array_get(releases, i));
    if (problems == 0) return;
    put(page, "<p class=\"problems\">");
    put_word(page, PROBLEMS);
    put(page, apr_psprintf(page->pool, ": %d</p>\n", (int)problems));
}

const char *cdist_page_make(const json_t *index, int russian, const char *url, const char *here, apr_pool_t *pool)
{
    page_t page = {apr_array_make(pool, 256, sizeof(const char *)), words[russian], russian, url, here, pool};

    put(&page, russian ? "<!DOCTYPE html>\n<html lang=\"ru\">\n" : "<!DOCTYPE html>\n<html lang=\"en\">\n");
    put(&page, "<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    put_word(&page, TITLE);
    put(&page, "</title><style>");
    put(&page, style);
    put(&page, "</style></head>\n<body><main>\n<h1>");
    put_word(&page, TITLE);
    put(&page, "</h1>\n");
    put_unread(&page, json_object_get(index, "unread"));
    put_upstream(&page, json_object_get(index, "upstream"));
    put_body(&page, index);
    if (json_is_true(json_object_get(index, "updates"))) put_link(&page, UPDATES, "updates/");
    put_link(&page, DATA, "index.json");
    put(&page, "</main></body>\n</html>\n");
    return apr_array_pstrcat(pool, page.parts, '\0');
}
