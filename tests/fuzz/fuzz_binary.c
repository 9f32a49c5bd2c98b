/* Any bytes as the start of an executable. */
#include "fuzz.h"
#include "platform/cdist_platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cdist_slot_t *slot = cdist_binary_slot(data, size);

    FUZZ_REQUIRE(slot == NULL || cdist_slot_parse(slot->name) == slot);
    return 0;
}
