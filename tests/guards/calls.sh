# Calls that have no place here: those without bounds, and those that start a shell.
: "${srcdir:?}"
cd "$srcdir" || exit 1
for folder in core mod_1cdist tools; do
    files=$(find "$folder" -name '*.[ch]') || exit 1
    [ -n "$files" ] || { echo "$folder: no source found"; exit 1; }
    all="$all $files"
done
# The names stand between characters that no identifier has, so that apr_snprintf and the like pass.
calls='sprintf|vsprintf|strcpy|strcat|gets|system|popen|alloca|strtok|mktemp|tmpnam'
# shellcheck disable=SC2086
if grep -En "(^|[^A-Za-z0-9_])($calls)[[:space:]]*\(" $all; then
    echo "use the bounded form, or APR's"
    exit 1
fi
exit 0
