#!/usr/bin/env bash
# usage: Benchmarks/micro.sh [--filter REGEX]
#
# Measures the parts of the pipeline alone (Micro/), and writes results/ and the tables of README.md.
# With a flag the tables are only shown.
#
#   --filter REGEX  only the benchmarks whose names match
set -euo pipefail
# shellcheck source=SCRIPTDIR/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

flags=() whole=true
command="Benchmarks/micro.sh${*:+ $*}"
while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || die "$1 takes a value"
    [[ $1 == --filter ]] || { echo "micro.sh: unknown flag $1" >&2; exit 64; }
    flags+=("$1" "$2") whole=false
    shift 2
done

# Here, since what is built should not depend on whether there is a server.
package=$benchmarks/Micro
swift build --package-path "$package" -c release >&2
if [[ -z ${BENCH_SERVER:-} ]] && "$repository/scripts/postgres-bin.sh" >/dev/null; then
    exec "$repository/scripts/with-server.sh" --memory env BENCH_SERVER=1 "$benchmarks/micro.sh" "${flags[@]}"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/pgsluice-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What the server does with the rows should be as little as can be: a trigger that drops them takes longer.
make_sink() {
    sql -v table="micro.$1" -f "$benchmarks/sets/$1/table.sql" -c "ALTER TABLE micro.$1 SET UNLOGGED"
}

if [[ -n ${BENCH_SERVER:-} ]]; then
    sql -c 'CREATE SCHEMA micro'
    for name in typed quoted narrow; do make_sink "$name"; done
else
    skip 'the loads: no PostgreSQL server here'
fi

# The plugin's sandbox forbids the server's socket.
swift package --package-path "$package" --disable-sandbox benchmark "${flags[@]}" \
    --format jmh --path stdout --no-progress >"$work/output"
python3 "$benchmarks/jmh.py" <"$work/output" >"$work/micro.tsv"
{
    describe_hardware
    if [[ -n ${BENCH_SERVER:-} ]]; then printf 'server\tPostgreSQL %s\n' "$(sql -c 'SHOW server_version')"; fi
    printf 'program\tpgsluice at %s\n' "$(git -C "$repository" describe --always --dirty 2>/dev/null || echo '?')"
    printf 'command\t%s\n' "$command"
    printf 'day\t%s\n' "$(date -u +%F)"
} >"$work/micro-machine.tsv"

publish micro "$whole"
