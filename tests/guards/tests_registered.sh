# Every START_TEST of a file is registered in it: Check does not run what nobody adds.
: "${srcdir:?}"
cd "$srcdir" || exit 1
bad=0 seen=0
for file in tests/unit/test_*.c; do
    [ -r "$file" ] || { echo "$file: no unit tests found"; exit 1; }
    names=$(sed -n 's/^START_TEST(\([a-z0-9_]*\)).*/\1/p' "$file")
    [ -n "$names" ] || { echo "$file: no START_TEST in it"; bad=1; }
    for name in $names; do
        seen=$((seen + 1))
        grep -Eq "^ *tcase_add_[a-z_]*test(_[a-z_]+)?\([a-z_]+, $name[,)]" "$file" && continue
        echo "$file: $name is never registered"
        bad=1
    done
done
[ "$seen" -gt 0 ] || { echo "no test found"; exit 1; }
exit $bad
