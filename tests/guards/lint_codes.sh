# docs/lint.md explains exactly the codes that lint can give.
: "${srcdir:?}"
cd "$srcdir" || exit 1
list=docs/lint.md
[ -r "$list" ] || { echo "$list: not found"; exit 1; }
bad=0
# A code stands in the call's line or the next.
code=$(cat core/lint/*.c | tr '\n' ' ' | grep -oE 'CDIST_LINT_(ERROR|WARNING|NOTE), *"[a-z-]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u)
listed=$(sed -n 's/^|[[:space:]]*`\([a-z-]*\)`.*/\1/p' "$list" | sort)
[ -n "$code" ] || { echo "core/lint: no code found"; exit 1; }
[ -n "$listed" ] || { echo "$list: no row that starts with a code"; exit 1; }
for name in $(echo "$listed" | uniq -d); do echo "$name: listed twice in $list"; bad=1; done
for name in $code; do
    echo "$listed" | grep -qx -- "$name" || { echo "$name: not listed in $list"; bad=1; }
done
for name in $(echo "$listed" | uniq); do
    echo "$code" | grep -qx -- "$name" || { echo "$name: listed in $list, but not in core/lint"; bad=1; }
done
# A finding whose level or code is not written down at its place would be missed above.
calls=$(cat core/lint/*.c | tr '\n' ' ' | grep -oE 'lint_add\([a-z]' | wc -l)
named=$(cat core/lint/*.c | tr '\n' ' ' | grep -oE 'CDIST_LINT_(ERROR|WARNING|NOTE), *"[a-z-]+"' | wc -l)
# One of them is the function itself.
[ "$calls" -eq $((named + 1)) ] || { echo "core/lint: $((calls - 1)) findings, but $named with a level and a code"; bad=1; }
exit $bad
