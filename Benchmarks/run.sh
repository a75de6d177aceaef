#!/usr/bin/env bash
# usage: Benchmarks/run.sh [--rounds N] [--sets a,b] [--jobs N] [--rows-scale F]
#
# Races pgsluice, psql \copy, the peers that are to be had and the limit over every data set, and
# writes results/ and the tables and the picture of README.md. With any flag the tables are only shown.
#
#   --rounds N      rounds in which the contestants alternate (5; tiny has three times as many)
#   --sets a,b      of typed quoted narrow lineitem wide indexed tiny demo (all)
#   --jobs N        connections of the parallel contestants (2)
#   --rows-scale F  times the rows of every set (1)
#
#   PGSLUICE        the program; without it the release build is made and used
#
# The limit is what the server can take: the same rows, prepared as one COPY BINARY file for each of
# --jobs connections, copied by as many psql at once, each in one transaction.
set -euo pipefail
# shellcheck source=SCRIPTDIR/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

with_server "$@"

rounds=5 sets=typed,quoted,narrow,lineitem,wide,indexed,tiny,demo jobs=2 scale=1 whole=true
command="Benchmarks/run.sh${*:+ $*}"
while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || die "$1 takes a value"
    case $1 in
        --rounds) rounds=$2 ;;
        --sets) sets=$2 ;;
        --jobs) jobs=$2 ;;
        --rows-scale) scale=$2 ;;
        *) echo "run.sh: unknown flag $1" >&2; exit 64 ;;
    esac
    whole=false
    shift 2
done
set_up

# prepare_limit: the table's rows, from the table, in --jobs files of whole pages; sets $parts.
prepare_limit() {
    local pages job from to
    pages=$(sql -c "SELECT pg_relation_size('$table') / current_setting('block_size')::int")
    parts=()
    for ((job = 0; job < jobs && job < pages; job++)); do
        from=$((pages * job / jobs)) to=$((pages * (job + 1) / jobs))
        if [[ $pages -lt $jobs ]]; then from=$job to=$((job + 1)); fi
        parts+=("$work/part.$job")
        sql -c "\\copy (SELECT * FROM $table WHERE ctid >= '($from,0)' AND ctid < '($to,0)') TO '$work/part.$job' (FORMAT binary)"
    done
}

# shellcheck disable=SC2016  # for the shell that runs it
copy_parts='
table=$1 pids=()
for part in "${@:2}"; do
    psql -X -q -c "\\copy $table FROM '\''$part'\'' (FORMAT binary)" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || exit 1; done'

# pgloader wants every column by name, and to be told that an empty field is NULL.
describe_for_pgloader() {
    local names
    names=$(sql -c "SELECT string_agg(format('%1\$I [null if blanks]|%1\$I', attname), E'\n' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0")
    cat >"$work/pgloader.load" <<COMMAND
LOAD CSV FROM '$work/slice.csv' HAVING FIELDS ($(cut -d '|' -f 1 <<<"$names" | paste -s -d ,))
INTO postgresql://$PGUSER@unix:$PGHOST:$PGPORT/$PGDATABASE
TARGET TABLE $table TARGET COLUMNS ($(cut -d '|' -f 2 <<<"$names" | paste -s -d ,))
WITH skip header = 1, fields optionally enclosed by '"', fields escaped by double-quote, fields terminated by ',';
COMMAND
}

run_contestant() {
    case $1 in
        psql) measure psql -X -q -v ON_ERROR_STOP=1 -c "\\copy $table FROM '$work/set.csv' (FORMAT csv, HEADER)" ;;
        pgsluice-1) import --jobs 1 "$work/set.csv" ;;
        "pgsluice-$jobs") import --jobs "$jobs" "$work/set.csv" ;;
        limit) measure bash -c "$copy_parts" limit "$table" "${parts[@]}" ;;
        duckdb) measure "$duckdb/duckdb_cli/duckdb" -bail -c "LOAD '$duckdb_postgres'" -c "SET threads = $jobs" \
            -c "ATTACH '' AS pg (TYPE postgres)" -c "INSERT INTO pg.$table FROM read_csv('$work/set.csv', header = true)" ;;
        pgloader) measure pgloader --quiet --root-dir "$work/pgloader" "$work/pgloader.load" ;;
    esac
}

contestants=(psql pgsluice-1)
if [[ $jobs -gt 1 ]]; then contestants+=("pgsluice-$jobs"); fi
contestants+=(limit)

# Its extension as a package, of the very same version: it would fetch it itself otherwise.
if fetch duckdb duckdb-cli==1.5.5 duckdb-extension-postgres-scanner==1.5.5; then
    duckdb=$fetched
    duckdb_postgres=$(echo "$duckdb"/duckdb_extension_postgres_scanner/extensions/*/postgres_scanner.duckdb_extension)
    contestants+=(duckdb)
else
    skip "DuckDB: PyPI has no duckdb-cli 1.5.5 with its postgres extension for this machine"
fi
if command -v pgloader >/dev/null; then
    contestants+=(pgloader)
else
    skip "pgloader: not installed (apt-get install pgloader)"
fi

# race CONTESTANT ROUND: one run and its line in the results.
race() {
    local file=$work/set.csv expected=$count
    if [[ $1 == pgloader ]]; then file=$work/slice.csv expected=$slice_count; fi
    empty_table
    if run_contestant "$1" 2>"$work/errors" && check_count "$expected" 2>>"$work/errors"; then
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
            "$name" "$1" "$2" "$seconds" "$cpu" "$peak" "$expected" "$(file_size "$file")" | tee -a "$work/sets.tsv"
        return
    fi
    tail -n 20 "$work/errors" "$work/output" >&2
    case $1 in
        duckdb | pgloader) skip "$1 failed on $name"; failed=$failed:$1: ;;
        *) die "$1 failed on $name" ;;
    esac
}

# order_of ROUND: by chance, but alike in each race. Who always followed the same one ran in its wake.
order_of() {
    local contestant
    RANDOM=$(($1 * 1000))
    for contestant in "${contestants[@]}"; do echo "$RANDOM $contestant"; done | sort -n | cut -d ' ' -f 2
}

describe_machine "$command" >"$work/sets-machine.tsv"
printf 'set\tcontestant\tround\tseconds\tcpu_seconds\tpeak_bytes\trows\tcsv_bytes\n' | tee "$work/sets.tsv"

for name in ${sets//,/ }; do
    describe_set "$name"
    make_table "$name"
    make_csv "$name" 1 "$work/set.csv" || continue
    sql -c "\\copy $table FROM '$work/set.csv' (FORMAT csv, HEADER)"
    count=$(sql -c "SELECT count(*) FROM $table")
    prepare_limit

    # pgloader is ten to fifty times slower: a tenth of the rows, once, tells its speed well enough.
    failed=''
    if [[ " ${contestants[*]} " == *' pgloader '* ]]; then
        make_csv "$name" 0.1 "$work/slice.csv"
        empty_table
        sql -c "\\copy $table FROM '$work/slice.csv' (FORMAT csv, HEADER)"
        slice_count=$(sql -c "SELECT count(*) FROM $table")
        describe_for_pgloader
    fi
    # What was just written should not go to the disk during a race.
    sync

    turns=$rounds
    if [[ $name == tiny ]]; then turns=$((rounds * 3)); fi
    for ((round = 1; round <= turns; round++)); do
        for contestant in $(order_of "$round"); do
            if [[ $failed == *:$contestant:* ]]; then continue; fi
            if [[ $contestant == pgloader && $round -gt 1 ]]; then continue; fi
            race "$contestant" "$round"
        done
    done
    sql -c "DROP TABLE $table"
    rm -f "$work"/set.csv "$work"/slice.csv "$work"/part.*
done

publish sets "$whole"
