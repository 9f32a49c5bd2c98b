# Replays the seeds of every fuzz target; they are made anew each time.
: "${srcdir:?}" "${top_builddir:?}"
seeds=$(mktemp -d "${TMPDIR:-/tmp}/cdist-seeds-XXXXXX") || exit 1
trap 'rm -rf "$seeds"' EXIT
for python in ${PYTHON:-} python3 /usr/bin/python3 ''; do
    [ -z "$python" ] && { echo "Python 3 is missing: the seeds cannot be made"; exit 77; }
    "$python" -c 'import zipfile, sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null && break
done
"$python" -B "$srcdir/tests/fuzz/make_seeds.py" "$seeds" || exit 1
for folder in "$seeds"/*/; do
    target=$(basename "$folder")
    echo "fuzz_$target:"
    "$top_builddir/tests/fuzz/fuzz_$target" "$seeds/$target" || { echo "fuzz_$target failed"; exit 1; }
done
