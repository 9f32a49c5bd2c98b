#!/bin/sh
# httpd for a module that was built with sanitizers: their run-time libraries must be there before httpd loads it.
# The tests take this script for httpd; $SANITIZED_HTTPD is the real one, $CC the compiler that built the module.
# A finding ends the process, and its report is in the error log, where the tests look for it. What httpd itself never
# frees is no finding.
: "${SANITIZED_HTTPD:?}"
asan=$(${CC:-gcc} -print-file-name=libasan.so) && ubsan=$(${CC:-gcc} -print-file-name=libubsan.so) || exit 1
ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
LD_PRELOAD=$asan:$ubsan
export ASAN_OPTIONS UBSAN_OPTIONS LD_PRELOAD
exec "$SANITIZED_HTTPD" "$@"
