#!/usr/bin/env bash
# The whole job on real files: two releases made of this machine's own programs, a private httpd, and a client that
# fetches, is cut off, resumes, and sees an upgrade. Every step prints the command that a user could type.
# Usage: demo.sh BUILD_FOLDER; writes below BUILD_FOLDER/demo only.
set -euo pipefail

build=$1
demo=$build/demo
old=8.3.22.1750
new=8.3.23.1900
httpd=$(sed -n 's/^HTTPD = //p' "$build/Makefile")
modules=$(sed -n 's/^HTTPD_MODULES = //p' "$build/Makefile")
server_pid=

say() { printf '%s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

stop() {
    [ -z "$server_pid" ] || { kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null; } || true
    server_pid=
}
trap stop EXIT
trap 'exit 0' INT TERM

# ---- releases ---------------------------------------------------------------------------------------------------------

# Programs and libraries of this machine, at most 4 MB each, in a fixed order.
list_binaries() {
    find /usr/bin /usr/sbin /usr/lib -xdev -type f -size +7k -size -4096k -print0 2>/dev/null | sort -z |
        LC_ALL=C xargs -0 grep -laP -m1 '^\x7fELF' 2>/dev/null || true
}

setup_ini() {
    printf '[Startup]\r\nProductVersion=%s\r\nPackageName=1CEnterprise 8 Thin client (x86-64).msi\r\n' "$1"
}

# Fills $1 with files from standard input, until there are 320 of them and 64 MB.
take_files() {
    local file count=0 bytes=0
    while IFS= read -r file; do
        cp -- "$file" "$1/$(basename "$file")" 2>/dev/null || continue
        count=$((count + 1))
        bytes=$((bytes + $(stat -c %s "$file")))
        if [ "$count" -ge 320 ] && [ "$bytes" -ge 67108864 ]; then break; fi
    done
}

make_releases() {
    local first=$demo/releases/$old/windows64 second=$demo/incoming/$new/windows64
    mkdir -p "$first" "$demo/incoming/$new" "$demo/published" "$demo/store" "$demo/client"
    list_binaries >"$demo/binaries"
    take_files "$first" <"$demo/binaries"
    [ "$(find "$first" -type f | wc -l)" -ge 300 ] || die "this machine has fewer than 300 programs and libraries"
    setup_ini "$old" >"$first/Setup.ini"
    # The next release: most files are the same, some are new, some are gone.
    cp -r "$first" "$second"
    find "$second" -type f -name '[d-e]*' | sort | head -n 10 | xargs -r rm -f
    tail -n 12 "$demo/binaries" | while IFS= read -r file; do cp -- "$file" "$second/new-$(basename "$file")"; done
    setup_ini "$new" >"$second/Setup.ini"
}

# ---- the server -------------------------------------------------------------------------------------------------------

# Started by root, httpd serves as www-data, who may not be able to reach the build folder (below /root, say). Then it
# is started as that user from the beginning, with the right to pass by folder permissions.
choose_user() {
    as_user=()
    user_lines=
    [ "$(id -u)" = 0 ] || return 0
    local user=www-data
    id "$user" >/dev/null 2>&1 || user=nobody
    local group
    group=$(id -gn "$user")
    chown -R "$user:$group" "$demo"
    if setpriv --reuid="$user" --regid="$group" --clear-groups test -w "$demo/store" 2>/dev/null; then
        user_lines="User $user
Group $group"
    else
        as_user=(setpriv --reuid="$user" --regid="$group" --clear-groups --inh-caps=+dac_override
            --ambient-caps=+dac_override)
    fi
}

write_conf() {
    local module
    {
        say "ServerRoot \"$demo\""
        say "ServerName localhost"
        say "Listen 127.0.0.1:$port"
        say "PidFile \"$demo/httpd.pid\""
        say "DefaultRuntimeDir \"$demo\""
        say "ErrorLog \"$demo/error_log\""
        say "$user_lines"
        for module in mpm_event authz_core alias; do
            [ ! -f "$modules/mod_$module.so" ] || say "LoadModule ${module}_module \"$modules/mod_$module.so\""
        done
        cat <<CONF
LogFormat "%h \"%r\" %>s %b cdist-cache=%{cdist-cache}n cdist-version=%{cdist-version}n cdist-build-ms=%{cdist-build-ms}n" cdist
CustomLog "$demo/access_log" cdist
LogLevel warn cdist:info
<Directory />
    Require all denied
</Directory>

LoadModule cdist_module "$build/.libs/mod_1cdist.so"
CDistStore "$demo/store"
# Short, so that the demonstration need not wait; the defaults are 30 and 10.
CDistSettle 3
CDistScanInterval 1
# Off, so that a cold build can be shown.
CDistPrebuild Off
Alias "/update" "$demo/published"
<Directory "$demo/published">
    SetHandler 1cdist
    CDistRoot "$demo/releases"
    Require all granted
</Directory>
CONF
    } >"$demo/httpd.conf"
}

start_server() {
    local try
    choose_user
    for try in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + RANDOM % 20000))
        write_conf
        "${as_user[@]}" "$httpd" -f "$demo/httpd.conf" -DFOREGROUND >"$demo/httpd.out" 2>&1 &
        server_pid=$!
        base=http://127.0.0.1:$port/update
        for _ in $(seq 100); do
            curl -s -o /dev/null "$base/index.json" && return 0
            kill -0 "$server_pid" 2>/dev/null || break
            sleep 0.1
        done
        stop
    done
    cat "$demo/httpd.out" "$demo/error_log" >&2 2>/dev/null || true
    die "httpd did not start"
}

# ---- the client -------------------------------------------------------------------------------------------------------

step() { printf '\n== %s\n' "$*"; }

# Runs and shows a curl command; what came back is status, bytes, time and version.
show_curl() {
    say "\$ curl $*"
    curl -sS -D "$demo/client/headers" -w '%{http_code} %{size_download} %{time_total}\n' "$@" >"$demo/client/result"
    local status bytes seconds
    read -r status bytes seconds <"$demo/client/result"
    say "  status $status, $bytes bytes, $seconds s, version $(answer_version), $(last_outcome)"
    [ "$status" = "$expected_status" ] || die "expected status $expected_status"
}

answer_version() { tr -d '\r' <"$demo/client/headers" | sed -n 's/^1C-Version: //p'; }

# The access log is written when the answer is through.
last_outcome() {
    sleep 0.2
    sed -n '$s/.*\(cdist-cache=[a-z-]*\).*cdist-build-ms=\(.*\)/\1 cdist-build-ms=\2/p' "$demo/access_log"
}

same_file() { cmp -s "$1" "$2" || die "$1 and $2 differ"; }

rm -rf "$demo"
mkdir -p "$demo"
step "Two releases out of the programs of this machine"
make_releases
start_server
say "\$ $build/1cdist scan $demo/releases"
"$build/1cdist" scan "$demo/releases"
say "  $new waits in $demo/incoming"

url=$base/windows64tc.zip
expected_status=200
cd "$demo/client"
step "A cold fetch: nobody has built the archive yet"
say "  waiting until the release folder has been still for CDistSettle (3 s)"
until curl -s "$base/index.json" | grep -q "\"current\": \"$old\""; do sleep 0.2; done
show_curl -o cold.zip "$url"
grep -q 'cdist-cache=built' "$demo/access_log" || die "the first fetch should have built the archive"

step "A warm fetch: the archive lies in the store"
show_curl -o warm.zip "$url"
same_file cold.zip warm.zip
say "\$ unzip -tq warm.zip"
unzip -tq warm.zip
say "\$ sha256sum warm.zip"
sha256sum warm.zip

step "A fetch cut in the middle, and resumed"
size=$(stat -c %s cold.zip)
say "\$ timeout 1 curl --limit-rate $((size / 2)) -o cut.zip $url"
timeout 1 curl -sS --limit-rate $((size / 2)) -o cut.zip "$url" || true
say "  cut off after $(stat -c %s cut.zip) of $size bytes"
expected_status=206
show_curl -C - -o cut.zip "$url"
same_file cold.zip cut.zip
say "  the resumed file has the same $(stat -c %s cut.zip) bytes, SHA-256 $(sha256sum <cut.zip | cut -c1-16)…"

step "The upgrade: the administrator puts the next release into the folder, and does nothing else"
say "\$ mv $demo/incoming/$new $demo/releases/"
mv "$demo/incoming/$new" "$demo/releases/"
expected_status=200
show_curl -o while-settling.zip "$url"
say "  (the folder must be still for CDistSettle first: until then clients get what was current)"
until curl -s "$base/index.json" | grep -q "\"current\": \"$new\""; do sleep 0.2; done
show_curl -o upgraded.zip "$url"
[ "$(answer_version)" = "$new" ] || die "the upgrade did not show"
show_curl -o pinned.zip "$base/$old/windows64tc.zip"
same_file cold.zip pinned.zip
say "  a client that asks for $old still gets exactly $old"

step "Done"
say "The line for the server's conf.cfg:"
say "  PublishDistributiveLocationWindows64=$url"
say "Configuration: $demo/httpd.conf   Log: $demo/error_log   Releases: $demo/releases"
serving=
[ -t 0 ] && [ -t 1 ] && serving=yes
if [ -n "$serving" ]; then
    say "URL: $base/"
    say "Serving until Ctrl-C. To start the server again after that:"
else
    stop
    say "The server is stopped now. To start it again, until Ctrl-C:"
fi
restart=$(printf "%q " "${as_user[@]}" "$httpd" -f "$demo/httpd.conf" -DFOREGROUND)
say "  ${restart% }"
[ -n "$serving" ] || say "Then it serves $base/"
[ -z "$serving" ] || wait "$server_pid"
