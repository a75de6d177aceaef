#!/usr/bin/env bash
# usage: PGSLUICE=path/to/pgsluice scripts/demo.sh
#
# Loads a CSV with pgsluice and then with psql \copy, shows both times and counts, and tidies up.
#
#   DATABASE_URL   the server to use; without it a private one, gone at the end
#   CSV, TABLE     a file of your own and the existing table it belongs to; the rows stay there
#   DEMO_ROWS      rows to generate without CSV, a million by default
#   DEMO_SEED      another seed gives other rows
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sql=$(dirname "$scripts")/sql/demo
: "${PGSLUICE:?names the built program: make demo sets it}"

die() {
    echo "demo: $1" >&2
    exit 1
}

if [[ -n ${CSV:-} ]]; then
    [[ -n ${DATABASE_URL:-} && -n ${TABLE:-} ]] ||
        die 'with CSV, DATABASE_URL names a database and TABLE an existing table in it'
    [[ -r $CSV ]] || die "cannot read $CSV"
fi
if [[ -z ${DATABASE_URL:-} ]]; then
    exec "$scripts/with-server.sh" env DATABASE_URL=postgresql:///sluice "$scripts/demo.sh"
fi

# Debian's psql is a wrapper that takes its time, which the comparison should not count.
if bin=$("$scripts/postgres-bin.sh"); then PATH=$bin:$PATH; fi
psql() { command psql -X -q -v ON_ERROR_STOP=1 -P pager=off -d "$DATABASE_URL" "$@"; }

# Leaves the wall time of a command in $elapsed; the command keeps the terminal for its progress bar.
timed() {
    local TIMEFORMAT=%2R
    { time "$@" 2>&4; } 4>&2 2>"$work/time"
    elapsed=$(<"$work/time")
}

count() { psql -A -t -c "SELECT count(*) FROM $1"; }

made_schema=false
work=$(mktemp -d "${TMPDIR:-/tmp}/pgsluice-demo.XXXXXX")
tidy_up() {
    rm -rf "$work"
    if $made_schema; then
        psql -c 'SET client_min_messages = warning' -c 'DROP SCHEMA demo CASCADE'
    fi
}
trap tidy_up EXIT

exists=$(psql -A -t -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'demo'")
[[ $exists == 0 ]] || die 'the database has a schema "demo" already, which the demo would drop'
if [[ -n ${CSV:-} ]]; then
    psql -c 'CREATE SCHEMA demo'
    made_schema=true csv=$CSV table=$TABLE
else
    psql --single-transaction -f "$sql/table.sql"
    made_schema=true csv=$work/orders.csv table=demo.orders rows=${DEMO_ROWS:-1000000}
    echo "Generating $csv: $rows rows"
    psql -v rows="$rows" -v seed="${DEMO_SEED:-42}" -f "$sql/rows.sql" >"$csv"
fi
psql -c "CREATE TABLE demo.orders_copy (LIKE $table INCLUDING DEFAULTS INCLUDING GENERATED)"
before=$(count "$table")

echo
echo "\$ pgsluice import -t $table $csv"
timed "$PGSLUICE" import -d "$DATABASE_URL" -t "$table" "$csv"
ours=$elapsed
loaded=$(($(count "$table") - before))

if [[ -z ${CSV:-} ]]; then
    echo
    psql -c "
        SELECT status, count(*) AS orders, round(sum(quantity * price), 2) AS revenue,
               count(*) FILTER (WHERE note LIKE E'%\n%') AS notes_with_line_breaks
        FROM demo.orders GROUP BY status ORDER BY orders DESC"
fi

echo "\$ psql -c '\\copy demo.orders_copy FROM $csv (FORMAT csv, HEADER)'"
timed psql -c '\copy demo.orders_copy FROM pstdin (FORMAT csv, HEADER)' <"$csv"
copied=$(count demo.orders_copy)

echo
printf '%-12s %12s rows %8s s\n' pgsluice "$loaded" "$ours" 'psql \copy' "$copied" "$elapsed"
[[ $loaded == "$copied" ]] || die 'THE COUNTS DIFFER'
