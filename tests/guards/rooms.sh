# Rooms: each includes only the public headers of rooms below it, none of them httpd, the module or the tools; these two do not
# include each other. No room but its own includes a private header. Two files include libarchive, two libcurl, and the module nothing
# of their rooms.
: "${srcdir:?}"
cd "$srcdir" || exit 1
bad=0

# A room of core/, then those below it that it may include.
rooms='base:
archive: base
updates: base
templates: base updates
compare: base updates
platform: base archive compare
launcher: base archive platform
packages: base archive platform
mirror: base archive platform
publication: base archive platform
lint: base archive platform publication'
all=$(echo "$rooms" | sed 's/:.*//')

# check FOLDER PATTERN WHY: no #include in the folder's files may match the extended regular expression.
check() {
    set -- "$1" "$2" "$3" "$1"/*.c
    [ -r "$4" ] || { echo "$1: no source found"; exit 1; }
    if grep -En "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$2" "$1"/*.[ch]; then
        echo "$1: $3"
        bad=1
    fi
}

# The private headers of all rooms but the one given.
private() {
    for room in $all zip_reader chain; do
        case $room in
        "$1") ;;
        zip_reader) [ "$1" = archive ] || printf 'zip_reader|' ;;
        chain) [ "$1" = templates ] || printf 'chain|' ;;
        *) printf '%s|' "$room" ;;
        esac
    done
    printf none
}

httpd='(httpd|http_[a-z_]*|ap_[a-z_]*|mod_[a-z0-9_]*|util_[a-z_]*|scoreboard|mpm_common|unixd)\.h'
for folder in core/*/; do
    room=$(basename "$folder")
    echo "$rooms" | grep -q "^$room:" || { echo "core/$room: is a room that this guard does not know"; bad=1; continue; }
    below=" $room$(echo "$rooms" | sed -n "s/^$room://p") "
    check "core/$room" "$httpd" "the library must not include httpd's headers"
    check "core/$room" '(.*/)?(mod_1cdist|tools)/' "the library must not include the module or the tools"
    check "core/$room" '(.*/)?(route|relay|upstream_text|index|update|client_text|tool|mod_1cdist)_int\.h' "the library must not include the module or the tools"
    check "core/$room" "(.*/)?($(private "$room"))_int\.h" "the private header of another room"
    for other in $all; do
        case $below in *" $other "*) continue ;; esac
        check "core/$room" "((.*/)?$other/|(.*/)?cdist_$other\.h)" "core/$other is not below this room"
    done
done
check mod_1cdist "((.*/)?tools/|(.*/)?tool_int\.h|(.*/)?($(private module))_int\.h)" "neither tools nor private headers here"
check mod_1cdist '(.*/)?(packages/|cdist_packages\.h)' "packages are the command line's business"
check mod_1cdist '(.*/)?(mirror/|cdist_mirror\.h)' "the cascade is the command line's business"
check tools "((.*/)?mod_1cdist/|(.*/)?(mod_1cdist|route|relay|upstream_text|index|update|client_text)_int\.h|(.*/)?($(private tools))_int\.h)" "neither the module nor private headers here"
check tools "$httpd" "the tools do without httpd"
found=$(grep -lE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<archive' core/*/*.[ch] mod_1cdist/*.[ch] tools/*.[ch])
[ "$(echo $found)" = "core/packages/reader_archive.c core/packages/stream.c" ] || { echo "libarchive is included by: $found"; bad=1; }
found=$(grep -lE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<curl/' core/*/*.[ch] mod_1cdist/*.[ch] tools/*.[ch])
[ "$(echo $found)" = "core/mirror/fetch.c tools/check_fetch.c" ] || { echo "libcurl is included by: $found"; bad=1; }
exit $bad
