#!/usr/bin/env bash
# usage: scripts/prerequisites.sh [--build | --tests]
#
# Makes sure that what pgsluice is built and run with is installed: with --build only what the
# compiler needs, without a flag a PostgreSQL server as well, with --tests all that the tests use.
# Installs through apt-get where that takes no password; otherwise says in one line what is missing.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for_what=${1:-}

if ! command -v swift >/dev/null; then
    echo "swift is missing: install Swift 6.2 or newer from https://www.swift.org/install" \
        "and put it on PATH" >&2
    exit 1
fi

packages=()
command -v make >/dev/null || packages+=(make)
command -v git >/dev/null || packages+=(git)
command -v pkg-config >/dev/null || packages+=(pkg-config)
pkg-config --exists libpq 2>/dev/null || packages+=(libpq-dev)
if [[ $for_what != --build ]]; then
    "$scripts/postgres-bin.sh" >/dev/null || packages+=(postgresql)
fi
if [[ $for_what == --tests ]]; then
    command -v openssl >/dev/null || packages+=(openssl)
    # Beside the servers, where PATH may not lead.
    PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || packages+=(pgbouncer)
fi
[[ ${#packages[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing (by Debian's names): ${packages[*]}: install them and run this again" >&2
    exit 1
elif [[ $EUID -eq 0 ]]; then
    as_root() { env "$@"; }
elif sudo -n true 2>/dev/null; then
    as_root() { sudo -n env "$@"; }
else
    echo "missing: run: sudo apt-get install -y ${packages[*]}" >&2
    exit 1
fi

install() {
    as_root DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "${packages[@]}" </dev/null 2>&1
}

# Debian's package makes and starts a cluster of its own when it is first installed; a private
# server is all that is wanted here.
settings=/etc/postgresql-common/createcluster.d
policy=/usr/sbin/policy-rc.d
made=()

# shellcheck disable=SC2329  # called by the trap
clean_up() {
    for file in "${made[@]}"; do
        as_root rm -f "$file"
        as_root rmdir "$(dirname "$file")" 2>/dev/null || true
    done
}
trap clean_up EXIT

if [[ " ${packages[*]} " == *" postgresql "* ]]; then
    as_root mkdir -p "$settings"
    made+=("$settings/pgsluice.conf")
    echo 'create_main_cluster = false' | as_root tee "$settings/pgsluice.conf" >/dev/null
fi

# Nor is a pooler to run on its own.
if [[ " ${packages[*]} " == *" pgbouncer "* && ! -e $policy ]]; then
    made+=("$policy")
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
fi

echo "installing ${packages[*]}" >&2
# Package lists are missing or stale on most fresh machines; a failure tells sooner than an update.
if ! install >/dev/null && ! { as_root apt-get update -qq && log=$(install); }; then
    echo "${log:-}" >&2
    echo "apt-get install ${packages[*]} failed: install them and run this again" >&2
    exit 1
fi
