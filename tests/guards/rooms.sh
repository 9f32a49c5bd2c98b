# Rooms: base includes nobody, archive only base, platform only archive and base, launcher these three, none of them httpd or the module; the
# module and the tools do not include each other; no room but its own includes a private header.
: "${srcdir:?}"
cd "$srcdir" || exit 1
bad=0

# check FOLDER PATTERN WHY: no #include in the folder's files may match the extended regular expression.
check() {
    set -- "$1" "$2" "$3" "$1"/*.c
    [ -r "$4" ] || { echo "$1: no source found"; exit 1; }
    if grep -En "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$2" "$1"/*.[ch]; then
        echo "$1: $3"
        bad=1
    fi
}

httpd='(httpd|http_[a-z_]*|ap_[a-z_]*|mod_[a-z0-9_]*|util_[a-z_]*|scoreboard|mpm_common|unixd)\.h'
for room in core/base core/archive core/platform core/launcher; do
    check $room "$httpd" "the library must not include httpd's headers"
    check $room '(.*/)?(mod_1cdist|tools)/' "the library must not include the module or the tools"
    check $room '(.*/)?(route|tool|mod_1cdist)_int\.h' "the library must not include the module or the tools"
done
check core/base '(.*/)?(archive|platform|launcher)/|(.*/)?cdist_(archive|platform|launcher)\.h|(.*/)?[a-z_0-9]*_int\.h' \
    "base includes no other room"
check core/archive '(.*/)?(platform|launcher)/|cdist_(platform|launcher)\.h' "archive includes base alone"
check core/platform '(.*/)?(archive|zip_reader|launcher)_int\.h' "the private header of another room"
check core/platform '(.*/)?launcher/|cdist_launcher\.h' "platform includes archive and base alone"
check core/launcher '(.*/)?(archive|zip_reader|platform)_int\.h' "the private header of another room"
check mod_1cdist '(.*/)?(tools/|tool_int\.h|archive_int\.h|zip_reader_int\.h|platform_int\.h|launcher_int\.h)' \
    "the module includes neither tools nor private headers"
check tools '(.*/)?(mod_1cdist/|mod_1cdist_int\.h|route_int\.h|archive_int\.h|zip_reader_int\.h|platform_int\.h|launcher_int\.h)' \
    "the tools include neither the module nor private headers"
check tools "$httpd" "the tools do without httpd"
exit $bad
