# A file over 400 lines wants a reason, which stands here.
: "${srcdir:?}"
cd "$srcdir" || exit 1
allowed='
'
bad=0
files=$(find core mod_1cdist tools tests -name '*.c' -o -name '*.h' -o -name '*.py' -o -name '*.sh') || exit 1
[ -n "$files" ] || { echo "no source found"; exit 1; }
for file in $files; do
    lines=$(($(wc -l <"$file"))) || exit 1
    [ "$lines" -le 400 ] && continue
    echo "$allowed" | grep -q "^$file: " && continue
    echo "$file: $lines lines; split it, or give a reason in tests/guards/file_length.sh"
    bad=1
done
exit $bad
