# Every message has a tag of its own, and docs/messages.md lists exactly the tags that the code has.
: "${srcdir:?}"
cd "$srcdir" || exit 1
list=docs/messages.md
[ -r "$list" ] || { echo "$list: not found"; exit 1; }
bad=0
files=$(find core mod_1cdist tools -name '*.c') || exit 1
[ -n "$files" ] || { echo "no source found"; exit 1; }
# shellcheck disable=SC2086
code=$(grep -oh '"CD[0-9][0-9][0-9][0-9][":]' $files | tr -d '":' | sort)
listed=$(sed -n 's/^|[[:space:]]*`\(CD[0-9][0-9][0-9][0-9]\)`.*/\1/p' "$list" | sort)
[ -n "$code" ] || { echo "no tag found in the code"; exit 1; }
[ -n "$listed" ] || { echo "$list: no row that starts with a tag"; exit 1; }
for tag in $(echo "$code" | uniq -d); do echo "$tag: used at more than one place"; bad=1; done
for tag in $(echo "$listed" | uniq -d); do echo "$tag: listed twice in $list"; bad=1; done
for tag in $(echo "$code" | uniq); do
    echo "$listed" | grep -qx "$tag" || { echo "$tag: not listed in $list"; bad=1; }
done
for tag in $(echo "$listed" | uniq); do
    echo "$code" | grep -qx "$tag" || { echo "$tag: listed in $list, but not in the code"; bad=1; }
done
# A message without a tag would be found by nobody.
# shellcheck disable=SC2086
if grep -n 'cdist_log(CDIST_LOG_[A-Z]*,' $files | grep -v '"CD[0-9][0-9][0-9][0-9]"'; then
    echo "a message without a tag"
    bad=1
fi
# The same for httpd's own functions; "%s" alone hands on a message of the library, which has its tag.
# shellcheck disable=SC2086
if cat $files | tr '\n' ' ' | grep -oE 'ap_log_r?error\([^"]*"[^"]*"' | grep -vE '"(CD[0-9]{4}: .*|%s)"'; then
    echo "a message without a tag"
    bad=1
fi
exit $bad
