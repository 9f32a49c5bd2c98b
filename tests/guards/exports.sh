# The module exports the one symbol that httpd looks for: anything else could meet a symbol of another module. It wants nothing
# of libarchive and libcurl, which have no business in httpd's process.
: "${top_builddir:?}"
module=$top_builddir/.libs/mod_1cdist.so
[ -r "$module" ] || { echo "$module: not built"; exit 1; }
symbols=$(${NM:-nm} -D --defined-only "$module") || exit 1
names=$(echo "$symbols" | sed 's/.* //' | sort)
wanted=$(${NM:-nm} -D --undefined-only "$module") || exit 1
if echo "$wanted" | grep ' archive_'; then echo "$module wants libarchive"; exit 1; fi
if echo "$wanted" | grep ' curl_'; then echo "$module wants libcurl"; exit 1; fi
[ "$names" = cdist_module ] && exit 0
echo "$module exports instead of cdist_module alone:"
echo "$symbols"
exit 1
