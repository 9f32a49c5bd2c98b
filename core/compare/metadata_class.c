/* The classes of metadata objects, and what the entries of an object are.
 * A configuration lists its objects as {class,count,uuid…}; an object lists its forms and templates in the same way, and its
 * attributes with all they consist of. The class is one of the platform's constants. Which of them were seen in real files, and
 * which come from public descriptions, stands in docs/metadata.md; a class that is not in the list has no name, never a guess.
 * */
#include "cdist_compare.h"

#include <stdlib.h>
#include <string.h>

/* By uuid. */
static const cdist_metadata_class_t classes[] = {
    {"00867c40-06b1-11d6-a3c7-0050bae0a776", "Форма", "Form", 0},
    {"0195e80c-b157-11d4-9435-004095e12fc7", "Константа", "Constant", 0},
    {"054aa8cf-faa6-4634-aef4-1087ca0d88fc", "ТабличнаяЧасть", "TabularSection", 0},
    {"061d872a-5787-460e-95ac-ed74ea3a3e84", "Документ", "Document", 1},
    {"07ee8426-87f1-11d5-b99c-0050bae0a95d", "ОбщаяФорма", "CommonForm", 0},
    {"09736b02-9cac-4e3f-b4f7-d3e9576ab948", "Роль", "Role", 0},
    {"0c89c792-16c3-11d5-b96b-0050bae0a95d", "ОбщийМакет", "CommonTemplate", 0},
    {"0dc22ad2-476a-4794-afae-cfa7ed251752", "Реквизит", "Attribute", 0},
    {"0df30176-6865-4787-9fc8-609eb144174f", "Команда", "Command", 0},
    {"0fe48980-252d-11d6-a3c7-0050bae0a776", "ОбщийМодуль", "CommonModule", 0},
    {"0fffc09c-8f4c-47cc-b41c-8d5c5a221d79", "HTTPСервис", "HTTPService", 1},
    {"102f6202-43fa-40b0-8898-acd3876daacb", "ЦветПалитры", "PaletteColor", 0},
    {"11bdaf85-d5ad-4d91-bb24-aa0eee139052", "РегламентноеЗадание", "ScheduledJob", 0},
    {"13134201-f60b-11d5-a3c7-0050bae0a776", "РегистрСведений", "InformationRegister", 1},
    {"13134202-f60b-11d5-a3c7-0050bae0a776", "Ресурс", "Resource", 0},
    {"13134203-f60b-11d5-a3c7-0050bae0a776", "Измерение", "Dimension", 0},
    {"13134204-f60b-11d5-a3c7-0050bae0a776", "Форма", "Form", 0},
    {"15794563-ccec-41f6-a83c-ec5f7b9a5bc1", "ОбщийРеквизит", "CommonAttribute", 0},
    {"17816ebc-4068-496e-adc4-8879945a832f", "Форма", "Form", 0},
    {"1a1b4fea-e093-470d-94ff-1d2f16cda2ab", "Реквизит", "Attribute", 0},
    {"1b304502-2216-440b-960f-60decd04bb5d", "Реквизит", "Attribute", 0},
    {"1c57eabe-7349-44b3-b1de-ebfeab67b47d", "ГруппаКоманд", "CommandGroup", 0},
    {"21c53e09-8950-4b5e-a6a0-1054f1bbc274", "ТабличнаяЧасть", "TabularSection", 0},
    {"21c96ea8-c8fc-424a-a0b4-e1ffb2fa1a73", "Метод", "Method", 0},
    {"238e7e88-3c5f-48b2-8a3b-81ebbecb20ed", "ПланСчетов", "ChartOfAccounts", 1},
    {"23fa3b84-220a-40e9-8331-e588bed87f7d", "Команда", "Command", 0},
    {"24c43748-c938-45d0-8d14-01424a72b11e", "ПараметрСеанса", "SessionParameter", 0},
    {"274bf899-db0e-4df6-8ab5-67bf6371ec0b", "Перерасчет", "Recalculation", 1},
    {"2bb208ca-e441-4023-9ab9-32a7807a85d0", "Куб", "Cube", 1},
    {"2bcef0d1-0981-11d6-b9b8-0050bae0a95d", "ТабличнаяЧасть", "TabularSection", 0},
    {"2deed9b8-0056-4ffe-a473-c20a6c32a0bc", "РегистрБухгалтерии", "AccountingRegister", 1},
    {"2e90c75b-2f0c-4899-a7d4-5426eaefc96e", "Команда", "Command", 0},
    {"2f1a5187-fb0e-4b05-9489-dc5dd6412348", "ОбщаяКоманда", "CommonCommand", 0},
    {"30b100d6-b29f-47ac-aec7-cb8ca8a54767", "ПланВидовРасчета", "ChartOfCalculationTypes", 1},
    {"30d554db-541e-4f62-8970-a1c6dcfeb2bc", "ПараметрФункциональныхОпций", "FunctionalOptionsParameter", 0},
    {"31182525-9346-4595-81f8-6f91a72ebe06", "Реквизит", "Attribute", 0},
    {"33f2e54b-37ce-4a7a-a569-b648d7aa4634", "Форма", "Form", 0},
    {"3448e506-5add-4fce-a604-7305466b2d8e", "Форма", "Form", 0},
    {"35b63b9d-0adf-4625-a047-10ae874c19a3", "Измерение", "Dimension", 0},
    {"36186084-c23a-43bd-876c-a3a8ba1a9622", "Операция", "Operation", 0},
    {"36a8e346-9aaa-4af9-bdbd-83be3c177977", "НумераторДокументов", "DocumentNumerator", 0},
    {"37f2fa9a-b276-11d4-9435-004095e12fc7", "Подсистема", "Subsystem", 1},
    {"39bddf6a-0c3c-452b-921c-d99cfa1c2f1b", "Интерфейс", "Interface", 0},
    {"3c456b74-4ea5-4b22-a957-e9fad9133b54", "Измерение", "Dimension", 0},
    {"3daea016-69b7-4ed4-9453-127911372fe6", "Макет", "Template", 0},
    {"3e5404af-6ef8-4c73-ad11-91bd2dfac4c8", "Стиль", "Style", 0},
    {"3e63355c-1378-4953-be9b-1deb5fb6bec5", "Задача", "Task", 1},
    {"3e7bfcc0-067d-11d6-a3c7-0050bae0a776", "КритерийОтбора", "FilterCriterion", 1},
    {"3f58cbfb-4172-4e54-be49-561a579bb38b", "Форма", "Form", 0},
    {"3f7a8120-b71a-4265-98bf-4d9bc09b7719", "Форма", "Form", 0},
    {"437488c0-35e2-11d6-a3c7-0050bae0a776", "Измерение", "Dimension", 0},
    {"45556acb-826a-4f73-898a-6025fc9536e1", "Команда", "Command", 0},
    {"45e46cbc-3e24-4165-8b7b-cc98a6f80211", "Реквизит", "Attribute", 0},
    {"4612bd75-71b7-4a5c-8cc5-2b0b65f9fa0d", "ЖурналДокументов", "DocumentJournal", 1},
    {"46b4cd97-fd13-4eaa-aba2-3bddd7699218", "ХранилищеНастроек", "SettingsStorage", 1},
    {"4c7fec95-d1bd-4508-8a01-f1db090d9af8", "ТабличнаяЧасть", "TabularSection", 0},
    {"4e828da6-0f44-4b5b-b1c0-a2b3cfe7bdcc", "ПодпискаНаСобытие", "EventSubscription", 0},
    {"4ee40ec7-3469-439f-adb4-aa26ce2d3ec3", "Команда", "Command", 0},
    {"4fe87c89-9ad4-43f6-9fdb-9dc83b3879c6", "Команда", "Command", 0},
    {"52293f4b-f98c-43ea-a80f-41047ae7ab58", "ТабличнаяЧасть", "TabularSection", 0},
    {"5274d9fc-9c3a-4a71-8f5e-a0db8ab23de5", "ВнешнийИсточникДанных", "ExternalDataSource", 1},
    {"5372e285-03db-4f8c-8565-fe56f1aea40e", "Форма", "Form", 0},
    {"54e36536-7863-42fd-bea3-c5edd3122fdc", "ТабличнаяЧасть", "TabularSection", 0},
    {"58848766-36ea-4076-8800-e91eb49590d7", "ЭлементСтиля", "StyleItem", 0},
    {"5aee69df-0513-4c6c-9815-103102471712", "Графа", "Column", 0},
    {"5bb6f09e-5d80-41f6-8070-9faa4d15b69b", "Команда", "Command", 0},
    {"5d24a9d1-098e-11d6-b9b8-0050bae0a95d", "Реквизит", "Attribute", 0},
    {"631b75a0-29e2-11d6-a3c7-0050bae0a776", "Отчет", "Report", 1},
    {"63405499-7491-4ce3-ac72-43433cbe4112", "Ресурс", "Resource", 0},
    {"6d8d73a7-ba29-401d-9032-3872ec2d6433", "Команда", "Command", 0},
    {"6e65cbf5-daa8-4d8d-bef8-59723f4e5777", "Реквизит", "Attribute", 0},
    {"6e6dc072-b7ac-41e7-8f88-278d25b6da2a", "Бот", "Bot", 0},
    {"702b33ad-843e-41aa-8064-112cd38cc92c", "Ресурс", "Resource", 0},
    {"7162da60-f7fe-4d78-ad5d-e31700f9af18", "Команда", "Command", 0},
    {"78bd1243-c4df-46c3-8138-e147465cb9a4", "ПризнакУчета", "AccountingFlag", 0},
    {"7a3e533c-f232-40d5-a932-6a311d2480bf", "Команда", "Command", 0},
    {"7dcd43d9-aca5-4926-b549-1842e6a4e8cf", "ОбщаяКартинка", "CommonPicture", 0},
    {"7e7123e0-29e2-11d6-a3c7-0050bae0a776", "Реквизит", "Attribute", 0},
    {"82a1b659-b220-4d94-a9bd-14d757b95a48", "ПланВидовХарактеристик", "ChartOfCharacteristicTypes", 1},
    {"857c4a91-e5f4-4fac-86ec-787626f1c108", "ПланОбмена", "ExchangePlan", 1},
    {"8657032e-7740-4e1d-a3ba-5dd6e8afb78f", "WebСервис", "WebService", 1},
    {"87c509ab-3d38-4d67-b379-aca796298578", "Форма", "Form", 0},
    {"87c988de-ecbf-413b-87b0-b9516df05e28", "Реквизит", "Attribute", 0},
    {"888744e1-b616-11d4-9436-004095e12fc7", "Реквизит", "Attribute", 0},
    {"8ddfb495-c5fc-46b9-bdc5-bcf58341bff0", "Реквизит", "Attribute", 0},
    {"932159f9-95b2-4e76-a8dd-8849fe5c5ded", "ТабличнаяЧасть", "TabularSection", 0},
    {"95b5e1d4-abfa-4a16-818d-a5b07b7d3f73", "Команда", "Command", 0},
    {"99f328af-a77f-4572-a2d8-80ed20c81890", "Команда", "Command", 0},
    {"9cd510cd-abfc-11d4-9434-004095e12fc7", "Конфигурация", "Configuration", 0},
    {"9cd510ce-abfc-11d4-9434-004095e12fc7", "Язык", "Language", 0},
    {"9d28ee33-9c7e-4a1b-8f13-50aa9b36607b", "Реквизит", "Attribute", 0},
    {"a2207540-1400-11d6-a3c7-0050bae0a776", "Реквизит", "Attribute", 0},
    {"a2cb086c-db98-43e4-a1a9-0760ab048f8d", "Форма", "Form", 0},
    {"a3b368c0-29e2-11d6-a3c7-0050bae0a776", "Форма", "Form", 0},
    {"a3fe6537-d787-40f7-8a06-419d2f0c1cfd", "ТабличнаяЧасть", "TabularSection", 0},
    {"a49a35ce-120a-4c80-8eea-b0618479cd70", "Команда", "Command", 0},
    {"a7641777-7813-45c6-96ef-9d51587a6ac6", "WebSocketКлиент", "WebSocketClient", 0},
    {"a7f8f92a-7a4b-484b-937e-42d242e64144", "Форма", "Form", 0},
    {"acb7e81f-0637-4ebd-88ff-954ba075ae51", "КаналСервисаИнтеграции", "IntegrationServiceChannel", 0},
    {"acdf0f11-2d59-4e37-9945-c6721871a8fe", "Команда", "Command", 0},
    {"af547940-3268-434f-a3e7-e47d6d2638c3", "ФункциональнаяОпция", "FunctionalOption", 0},
    {"b077d780-29e2-11d6-a3c7-0050bae0a776", "ТабличнаяЧасть", "TabularSection", 0},
    {"b12fc850-8210-43c8-ae05-89567e698fbb", "Измерение", "Dimension", 0},
    {"b44ba719-945c-445c-8aab-1088fa4df16e", "Команда", "Command", 0},
    {"b544fc6a-2ba3-4885-8fb2-cb289fb6d65e", "Команда", "Command", 0},
    {"b64d9a40-1642-11d6-a3c7-0050bae0a776", "РегистрНакопления", "AccumulationRegister", 1},
    {"b64d9a41-1642-11d6-a3c7-0050bae0a776", "Ресурс", "Resource", 0},
    {"b64d9a42-1642-11d6-a3c7-0050bae0a776", "Реквизит", "Attribute", 0},
    {"b64d9a43-1642-11d6-a3c7-0050bae0a776", "Измерение", "Dimension", 0},
    {"b64d9a44-1642-11d6-a3c7-0050bae0a776", "Форма", "Form", 0},
    {"b78a00b2-2260-4ef5-a70c-17889cfee695", "Параметр", "Parameter", 0},
    {"b8533c0c-2342-4db3-91a2-c2b08cbf6b23", "Форма", "Form", 0},
    {"bc587f20-35d9-11d6-a3c7-0050bae0a776", "Последовательность", "Sequence", 1},
    {"bee0a08c-07eb-40c0-8544-5c364c171465", "ЗначениеПеречисления", "EnumValue", 0},
    {"bf3420b0-f6f9-41a0-b83a-fe9d4ab0b65d", "СервисИнтеграции", "IntegrationService", 1},
    {"bf845118-327b-4682-b5c6-285d2a0eb296", "Обработка", "DataProcessor", 1},
    {"c045099e-13b9-4fb6-9d50-fca00202971e", "ОпределяемыйТип", "DefinedType", 0},
    {"c70ca527-5042-4cad-a315-dcb4007e32a3", "ПризнакУчетаСубконто", "ExtDimensionAccountingFlag", 0},
    {"cc9df798-7c94-4616-97d2-7aa0b7bc515e", "ПакетXDTO", "XDTOPackage", 0},
    {"cf4abea6-37b2-11d4-940f-008048da11f9", "Справочник", "Catalog", 1},
    {"cf4abea7-37b2-11d4-940f-008048da11f9", "Реквизит", "Attribute", 0},
    {"d26096fb-7a5d-4df9-af63-47d04771fa9b", "WSСсылка", "WSReference", 0},
    {"d3b5d6eb-4ea2-4610-a3e2-624d4e815934", "Форма", "Form", 0},
    {"d5207c64-11d5-4d46-bba2-55b7b07ff4eb", "Команда", "Command", 0},
    {"d5b0e5ed-256d-401c-9c36-f630cafd8a62", "Форма", "Form", 0},
    {"e3403acd-1c95-421b-87e4-4dfa29d38b52", "Таблица", "Table", 1},
    {"e7ff38c0-ec3c-47a0-ae90-20c73ca72246", "Команда", "Command", 0},
    {"e97c0570-251c-4566-b0f1-10686820f143", "РеквизитАдресации", "AddressingAttribute", 0},
    {"eb2b78a8-40a6-4b7e-b1b3-6ca9966cbc94", "Форма", "Form", 0},
    {"ec6896c2-9b28-42d8-9140-48491146b8ea", "ШаблонURL", "URLTemplate", 0},
    {"ec6bb5e5-b7a8-4d75-bec9-658107a699cf", "Реквизит", "Attribute", 0},
    {"ec81ad10-ca07-11d5-b9a5-0050bae0a95d", "Форма", "Form", 0},
    {"ee865d4b-a458-48a0-b38f-5a26898feeb0", "ТабличнаяЧасть", "TabularSection", 0},
    {"f27c2152-a2c9-4c30-adb1-130f5eb2590f", "Команда", "Command", 0},
    {"f2de87a8-64e5-45eb-a22d-b3aedab050e7", "РегистрРасчета", "CalculationRegister", 1},
    {"f6a80749-5ad7-400b-8519-39dc5dff2542", "Перечисление", "Enum", 1},
    {"fb880e93-47d7-4127-9357-a20e69c17545", "Форма", "Form", 0},
    {"fcd3404e-1523-48ce-9bc0-ecdb822684a1", "БизнесПроцесс", "BusinessProcess", 1},
    {"fdf816d2-1ead-11d5-b975-0050bae0a95d", "Форма", "Form", 0},
};

static int compare_class(const void *uuid, const void *cls)
{
    return strcmp(uuid, ((const cdist_metadata_class_t *)cls)->uuid);
}

const cdist_metadata_class_t *cdist_metadata_class(const char *uuid)
{
    return bsearch(uuid, classes, sizeof classes / sizeof classes[0], sizeof classes[0], compare_class);
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

static const cdist_part_name_t metadata = {"описание", "metadata"};
static const cdist_part_name_t module = {"модуль", "module"};
static const cdist_part_name_t object_module = {"модуль объекта", "object module"};
static const cdist_part_name_t manager_module = {"модуль менеджера", "manager module"};
static const cdist_part_name_t value_module = {"модуль менеджера значения", "value manager module"};
static const cdist_part_name_t records_module = {"модуль набора записей", "record set module"};
static const cdist_part_name_t command_module = {"модуль команды", "command module"};
static const cdist_part_name_t ordinary_module = {"модуль обычного приложения", "ordinary application module"};
static const cdist_part_name_t connection_module = {"модуль внешнего соединения", "external connection module"};
static const cdist_part_name_t managed_module = {"модуль управляемого приложения", "managed application module"};
static const cdist_part_name_t session_module = {"модуль сеанса", "session module"};
static const cdist_part_name_t form = {"форма", "form"};
static const cdist_part_name_t template = {"макет", "template"};
static const cdist_part_name_t help = {"справка", "help"};
static const cdist_part_name_t rights = {"права", "rights"};
static const cdist_part_name_t predefined = {"предопределённые данные", "predefined data"};
static const cdist_part_name_t picture = {"картинка", "picture"};
static const cdist_part_name_t schedule = {"расписание", "schedule"};
static const cdist_part_name_t style = {"стиль", "style"};
static const cdist_part_name_t interface = {"интерфейс", "interface"};
static const cdist_part_name_t command_interface = {"командный интерфейс", "command interface"};
static const cdist_part_name_t flowchart = {"карта маршрута", "flowchart"};
static const cdist_part_name_t splash = {"заставка", "splash"};
static const cdist_part_name_t support = {"данные поддержки", "support data"};

/* Only what was seen in real files: by the kind of content, and by the names of event handlers in modules. */
static const struct {
    const char *type, *suffix;
    const cdist_part_name_t *part;
} parts[] = {
    {"BusinessProcess", ".6", &object_module},
    {"BusinessProcess", ".7", &flowchart},
    {"Catalog", ".0", &object_module},
    {"Catalog", ".1", &help},
    {"Catalog", ".1c", &predefined},
    {"Catalog", ".3", &manager_module},
    {"ChartOfAccounts", ".9", &predefined},
    {"ChartOfCalculationTypes", ".2", &predefined},
    {"ChartOfCharacteristicTypes", ".15", &object_module},
    {"ChartOfCharacteristicTypes", ".5", &help},
    {"ChartOfCharacteristicTypes", ".7", &predefined},
    {"Command", ".2", &command_module},
    {"CommonCommand", ".2", &command_module},
    {"CommonForm", ".0", &form},
    {"CommonForm", ".1", &help},
    {"CommonModule", ".0", &module},
    {"CommonPicture", ".0", &picture},
    {"CommonTemplate", ".0", &template},
    {"Configuration", ".0", &ordinary_module},
    {"Configuration", ".2", &splash},
    {"Configuration", ".3", &help},
    {"Configuration", ".4", &support},
    {"Configuration", ".5", &connection_module},
    {"Configuration", ".6", &managed_module},
    {"Configuration", ".7", &session_module},
    {"Constant", ".0", &value_module},
    {"Constant", ".1", &manager_module},
    {"DataProcessor", ".0", &object_module},
    {"DataProcessor", ".1", &help},
    {"DataProcessor", ".2", &manager_module},
    {"Document", ".0", &object_module},
    {"Document", ".1", &help},
    {"Document", ".2", &manager_module},
    {"Form", ".0", &form},
    {"Form", ".1", &help},
    {"InformationRegister", ".0", &help},
    {"InformationRegister", ".1", &records_module},
    {"Interface", ".0", &interface},
    {"Report", ".0", &object_module},
    {"Role", ".0", &rights},
    {"ScheduledJob", ".0", &schedule},
    {"Style", ".0", &style},
    {"Subsystem", ".1", &command_interface},
    {"Task", ".6", &object_module},
    {"Task", ".7", &manager_module},
    {"Template", ".0", &template}};

const cdist_part_name_t *cdist_metadata_part(const cdist_metadata_class_t *cls, const char *suffix)
{
    size_t i;

    if (!*suffix) return &metadata;
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].type, cls->en) == 0 && strcmp(parts[i].suffix, suffix) == 0) return parts[i].part;
    }
    return NULL;
}
