/* The page's words in Russian. English is what the page is written in; its script changes one for the other. */
#include "report_int.h"

#include <string.h>

static const struct {
    const char *english, *russian;
} words[] = {
    {"Comparison of configurations", "Сравнение конфигураций"},
    {"Search", "Поиск"},
    {"Changed twice only", "Только дважды изменённые"},
    {"Open all", "Раскрыть всё"},
    {"Close all", "Свернуть всё"},
    {"Shown", "Показано"},
    {"Nothing differs.", "Различий нет."},
    {"Object", "Объект"},
    {"Change", "Изменение"},
    {"Support", "Поддержка"},
    {"Action", "Действие"},
    {"Mine", "Моё"},
    {"Theirs", "Поставщика"},
    {"Base", "Исходное"},
    {"Property", "Свойство"},
    {"order of items", "порядок элементов"},
    {"of", "объекта"},
    {"is not there", "отсутствует"},
    {"bytes", "байт"},
    {"lines more", "строк ещё"},
    {"lines unchanged", "строк без изменений"},
    {"Only the ends of lines differ here.", "Отличаются только концы строк."},
    {"The texts differ too much to be compared to the end: regions are larger than they had to be.",
     "Тексты слишком различны, чтобы сравнить их до конца: участки крупнее, чем могли бы быть."},
    {"There are more differences than are listed here.", "Различий больше, чем перечислено здесь."},
    {"Not shown: the page would become too large. 1cdist compare --level property --json tells everything.",
     "Не показано: страница стала бы слишком большой. Всё выводит 1cdist compare --level property --json."},
    {"A file of 1cdist: it needs no network.", "Файл 1cdist: сеть ему не нужна."},
    {"base", "исходная"},
    {"mine", "только моё"},
    {"theirs", "только поставщик"},
    {"my configuration", "моя конфигурация"},
    {"the vendor's new release", "новый выпуск поставщика"},
    {"the release that mine was made from", "выпуск, от которого сделана моя"},
    {"unchanged", "не изменено"},
    {"identical", "одинаково"},
    {"conflict", "дважды изменено"},
    {"added", "добавлено"},
    {"changed", "изменено"},
    {"deleted", "удалено"},
    {"unknown", "неизвестно"},
    {"ObjectNotEditable", "объект поставщика не редактируется"},
    {"ObjectIsEditableSupportEnabled", "объект редактируется с сохранением поддержки"},
    {"ObjectNotSupported", "объект снят с поддержки"},
    {"keep_mine", "оставить моё"},
    {"take_theirs", "взять у поставщика"},
    {"no_update", "не обновлять"},
    {"ask", "решает человек"},
    {"a person has to confirm", "требуется подтверждение"},
    {"changed by nobody: keep mine", "никем не изменён: оставить моё"},
    {"changed by the customer only: keep mine", "изменён только мной: оставить моё"},
    {"changed by the vendor only, no rule known: take theirs", "изменён только поставщиком, правило неизвестно: взять у поставщика"},
    {"changed by the vendor only, not editable: take theirs", "изменён только поставщиком, не редактируется: взять у поставщика"},
    {"changed by the vendor only, editable: take theirs", "изменён только поставщиком, редактируется: взять у поставщика"},
    {"changed by the vendor only, support removed: keep mine", "изменён только поставщиком, снят с поддержки: оставить моё"},
    {"changed by both alike: nothing is left to do", "изменён обоими одинаково: делать ничего не нужно"},
    {"changed by both, no rule known: ask", "изменён дважды, правило неизвестно: решает человек"},
    {"changed by both, not editable: no update", "изменён дважды, не редактируется: не обновлять"},
    {"changed by both, editable: take theirs, for a person to decide",
     "изменён дважды, редактируется: взять у поставщика, решает человек"},
    {"changed by both, support removed: keep mine", "изменён дважды, снят с поддержки: оставить моё"},
    {"differs, and without a base nobody knows who changed it: ask", "отличается, а без исходной неизвестно, кто изменил: решает человек"},
    {"differs, support removed: keep mine", "отличается, снят с поддержки: оставить моё"},
    {"cannot be read: ask", "не читается: решает человек"},
    {"a vendor's object is deleted: that needs its support removed first",
     "объект поставщика удалён: для этого его нужно сначала снять с поддержки"},
    {"the vendor does not recommend to make it editable", "поставщик не рекомендует делать объект редактируемым"},
    {"the vendor does not allow to make it editable", "поставщик не разрешает делать объект редактируемым"},
    {"name", "имя"},
    {"synonym", "синоним"},
    {"comment", "комментарий"},
    {"module", "модуль"},
    {"vendor", "поставщик"},
    {"version", "версия"},
    {"update address", "адрес обновлений"},
    {"default language", "основной язык"},
    {"compatibility mode", "режим совместимости"},
    {"extension compatibility mode", "режим совместимости расширения"},
    {"name prefix", "префикс имён"}};

const char *cdist_report_russian(const char *english)
{
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].english, english) == 0) return words[i].russian;
    }
    return NULL;
}
