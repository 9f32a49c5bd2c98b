# conf-examples/reference.conf describes exactly the directives that the module has.
: "${srcdir:?}"
cd "$srcdir" || exit 1
reference=conf-examples/reference.conf
for file in $reference mod_1cdist/config.c mod_1cdist/mod_1cdist_int.h; do
    [ -r $file ] || { echo "$file: not found"; exit 1; }
done
bad=0
plain=$(sed -n 's/.*AP_INIT_[A-Z0-9_]*("\(CDist[A-Za-z0-9]*\)".*/\1/p' mod_1cdist/config.c)
numbers=$(sed -n 's/^[[:space:]]*X([a-z_0-9]*, "\(CDist[A-Za-z0-9]*\)".*/\1/p' mod_1cdist/mod_1cdist_int.h)
[ -n "$plain" ] || { echo "mod_1cdist/config.c: no directive found"; exit 1; }
[ -n "$numbers" ] || { echo "mod_1cdist/mod_1cdist_int.h: no directive found"; exit 1; }
code=$(printf '%s\n%s\n' "$plain" "$numbers" | sort)
described=$(sed -n 's/^[[:space:]]*#\{0,1\}[[:space:]]*\(CDist[A-Za-z0-9]*\)[[:space:]].*/\1/p' $reference | sort -u)
[ -n "$described" ] || { echo "$reference: no directive found"; exit 1; }
for name in $(echo "$code" | uniq -d); do echo "$name: declared twice"; bad=1; done
for name in $(echo "$code" | uniq); do
    echo "$described" | grep -qx "$name" || { echo "$name: not in $reference"; bad=1; }
done
for name in $described; do
    echo "$code" | grep -qx "$name" || { echo "$name: in $reference, but the module does not have it"; bad=1; }
done
exit $bad
