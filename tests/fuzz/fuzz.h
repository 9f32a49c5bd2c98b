/* What a fuzz target and its two drivers agree on: libFuzzer, or standalone.c, which replays files. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input. */
#define FUZZ_REQUIRE(condition) \
    do {                        \
        if (!(condition)) abort(); \
    } while (0)

#endif
