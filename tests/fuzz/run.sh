#!/bin/sh
# Fuzzes every target with libFuzzer: tests/fuzz/run.sh SECONDS [BUILD-FOLDER]
# BUILD-FOLDER is where configure was run (default: the current one); it has config.h, and Makefile has the flags.
# Findings and the grown corpus stay in BUILD-FOLDER/fuzz.
set -eu
seconds=${1:?usage: run.sh SECONDS [BUILD-FOLDER]}
build=${2:-.}
top=$(cd "$(dirname "$0")/../.." && pwd)
[ -r "$build/config.h" ] || { echo "$build: run configure there first" >&2; exit 1; }
value() { sed -n "s/^$1 = //p" "$build/Makefile"; }
flags="-g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
includes="-I$build -I$top/core -I$top/core/archive -I$top/core/mirror -I$top/core/packages -I$top/core/updates -I$top/core/templates -I$top/mod_1cdist $(value APR_CFLAGS) $(value APU_CFLAGS) $(value ARCHIVE_CFLAGS) $(value CURL_CFLAGS)"
libs="$(value APU_LIBS) $(value APR_LIBS) $(value ZLIB_LIBS)"
libs="$libs $(value CRYPTO_LIBS) $(value JANSSON_LIBS) $(value EXPAT_LIBS) $(value DEFLATE_LIBS) $(value ARCHIVE_LIBS) $(value CURL_LIBS)"
mkdir -p "$build/fuzz/seeds"
python3 -B "$top/tests/fuzz/make_seeds.py" "$build/fuzz/seeds"
failed=0
for folder in "$build"/fuzz/seeds/*/; do
    target=$(basename "$folder")
    mkdir -p "$build/fuzz/corpus-$target"
    # shellcheck disable=SC2086
    clang $flags -D_GNU_SOURCE -DHAVE_CONFIG_H $includes -o "$build/fuzz/$target" "$top/tests/fuzz/fuzz_$target.c" \
        "$top"/core/*/*.c "$top/mod_1cdist/route.c" "$top/mod_1cdist/client_text.c" "$top/mod_1cdist/upstream_text.c" $libs
    echo "== $target, $seconds s"
    "$build/fuzz/$target" -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$build/fuzz/$target-" "$build/fuzz/corpus-$target" "$build/fuzz/seeds/$target" \
        >"$build/fuzz/$target.log" 2>&1 || {
        failed=1
        grep -E 'ERROR|SUMMARY|runtime error|Test unit' "$build/fuzz/$target.log" || true
    }
    grep -E 'number_of_executed_units|new_units_added' "$build/fuzz/$target.log" || true
done
exit $failed
