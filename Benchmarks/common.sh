# What the benchmarks share: sourced by them, inside scripts/with-server.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # what measure sets they read; scale is theirs

benchmarks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$benchmarks")
cache=$benchmarks/.build-python
seed=42

die() {
    echo "$(basename "$0"): $1" >&2
    exit 1
}

skip() { echo "======== SKIPPED: $1 ========" >&2; }

# Runs the script that sourced this beside a private server, its data in memory, and the program.
with_server() {
    [[ -z ${BENCH_SERVER:-} ]] || return 0
    if [[ -z ${PGSLUICE:-} ]]; then
        # As `make build` does it: with Swift's libraries in the program, which starts faster.
        local build=(swift build --package-path "$repository" -c release --static-swift-stdlib)
        "${build[@]}" --product pgsluice >&2
        PGSLUICE=$("${build[@]}" --show-bin-path)/pgsluice
    fi
    [[ -x $PGSLUICE ]] || die "PGSLUICE=$PGSLUICE is no program"
    PGSLUICE=$(cd "$(dirname "$PGSLUICE")" && pwd)/$(basename "$PGSLUICE")
    export PGSLUICE
    exec "$repository/scripts/with-server.sh" --memory env BENCH_SERVER=1 "$benchmarks/$(basename "$0")" "$@"
}

# A folder for the data, gone at the end; the server's own programs first in PATH, since Debian's psql
# is a wrapper that takes its time.
set_up() {
    PATH=$PGSLUICE_TEST_PGBIN:$PATH
    work=$(mktemp -d "${TMPDIR:-/tmp}/pgsluice-bench.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    sql -c 'CREATE SCHEMA bench'
    # Their pages are read from the disk before the first race.
    "$PGSLUICE" --version >/dev/null
}

# read_flags ARG...: sets $rounds and $scale from --rounds and --rows-scale.
read_flags() {
    while [[ $# -gt 0 ]]; do
        [[ $# -ge 2 ]] || die "$1 takes a value"
        case $1 in
            --rounds) rounds=$2 ;;
            --rows-scale) scale=$2 ;;
            *) echo "$(basename "$0"): unknown flag $1" >&2; exit 64 ;;
        esac
        shift 2
    done
}

# median FILE NAME COLUMN: of a column's values, where the first column is NAME.
median() {
    awk -F '\t' -v n="$2" -v c="$3" '$1 == n { print $c }' "$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# fetch NAME REQUIREMENT...: the packages from PyPI, in a folder of the cache, which is $fetched then.
fetch() {
    fetched=$cache/$1
    [[ ! -d $fetched ]] || return 0
    mkdir -p "$cache"
    if PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install \
        --quiet --target "$fetched.$$" "${@:2}" >"$fetched.log" 2>&1 </dev/null; then
        mv "$fetched.$$" "$fetched"
        rm -f "$fetched.log"
    else
        rm -rf "$fetched.$$"
        return 1
    fi
}

# scaled COUNT: COUNT times --rows-scale, at least 1.
scaled() { awk -v n="$1" -v f="$scale" 'BEGIN { n = int(n * f); print n < 1 ? 1 : n }'; }

# Sets $table and the rows of a whole run in $rows (of lineitem: the scale factor).
describe_set() {
    table=bench.$1
    case $1 in
        typed) rows=1000000 ;;
        quoted) rows=600000 ;;
        narrow) rows=3000000 ;;
        lineitem) rows=0.3 ;;
        wide) rows=20000 ;;
        tiny) rows=1 ;;
        indexed) rows=400000 ;;
        dirty) rows=400000 ;;
        demo) rows=1000000 table=demo.orders ;;
        *) die "no data set is called $1" ;;
    esac
}

make_table() {
    local folder=$benchmarks/sets/$1
    if [[ $1 == demo ]]; then folder=$repository/sql/demo; fi
    sql -v table="$table" -f "$folder/table.sql"
}

# make_csv SET SHARE FILE: SHARE of the set's rows; 1 for all.
make_csv() {
    local folder=$benchmarks/sets/$1 count
    if [[ $1 == demo ]]; then folder=$repository/sql/demo; fi
    if [[ $1 == lineitem ]]; then
        fetch tpchgen-cli 'tpchgen-cli==4.*' || { skip "lineitem: PyPI has no tpchgen-cli 4 for this machine"; return 1; }
        count=$(awk -v n="$rows" -v f="$scale" -v s="$2" 'BEGIN { print n * f * s }')
        "$fetched/bin/tpchgen-cli" csv --quiet --overwrite -s "$count" --tables lineitem --output-dir "$work" >&2
        mv "$work/lineitem.csv" "$3"
    else
        count=$(awk -v n="$(scaled "$rows")" -v s="$2" 'BEGIN { n = int(n * s); print n < 1 ? 1 : n }')
        if [[ $1 == tiny ]]; then count=1; fi
        sql -v seed="$seed" -v rows="$count" -f "$folder/rows.sql" >"$3"
    fi
}

file_size() { wc -c <"$1" | tr -d ' '; }

# measure COMMAND...: sets $seconds, $cpu and $peak, in bytes; its standard output is in $work/output.
measure() {
    local figures status=0
    figures=$(python3 "$benchmarks/measure.py" "$work/output" "$@") || status=$?
    # pgsluice ends with 3 where it has rejected records.
    [[ $status -eq 0 || $status -eq 3 ]] || return 1
    IFS=$'\t' read -r seconds cpu peak <<<"$figures"
}

# import ARG...: measures pgsluice, which knows its own peak best.
import() {
    measure "$PGSLUICE" import --quiet --report json -t "$table" "$@" || return 1
    peak=$(sed -n 's/.*"peak_memory_bytes" *: *\([0-9]*\).*/\1/p' "$work/output" | head -n 1)
}

empty_table() { sql -c "TRUNCATE $table" -c CHECKPOINT; }

# check_count ROWS: whether the table has so many.
check_count() {
    local loaded
    loaded=$(sql -c "SELECT count(*) FROM $table")
    [[ $loaded == "$1" ]] || { echo "$table has $loaded rows instead of $1" >&2; return 1; }
}

describe_hardware() {
    local cpu_model memory
    cpu_model=$(lscpu 2>/dev/null | sed -n 's/^Model name: *//p' | head -n 1)
    memory=$(awk '/^MemTotal/ { printf "%.0f GiB of memory", $2 / 1048576 }' /proc/meminfo 2>/dev/null)
    printf 'machine\t%s, %s cores, %s, %s %s\n' "${cpu_model:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)" \
        "${memory:-?}" "$(uname -s)" "$(uname -r)"
}

# Tells on what and with what the figures were measured, for the tables' foot.
describe_machine() {
    local revision
    describe_hardware
    printf 'server\tPostgreSQL %s\n' "$(sql -c 'SHOW server_version')"
    printf 'settings\t%s\n' "$(sql -c "SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name)
        FROM pg_settings WHERE name IN ('shared_buffers', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_level')")"
    printf 'data\t%s\n' "$([[ $PGSLUICE_TEST_SERVER_DIR == /dev/shm/* ]] && echo 'in memory' || echo 'on disk')"
    revision=$(git -C "$repository" describe --always --dirty 2>/dev/null) || revision=
    # Of a program from elsewhere, its version is all that is known.
    if [[ $PGSLUICE != "$repository"/* ]]; then revision=; fi
    printf 'program\t%s\n' "$("$PGSLUICE" --version)${revision:+ at $revision}"
    printf 'command\t%s\n' "$1"
    printf 'day\t%s\n' "$(date -u +%F)"
}

# publish KIND WHOLE: shows the tables; what a whole run measured goes to results/ and README.md.
publish() {
    local into=$benchmarks/.build-results
    if $2; then into=$benchmarks/results; fi
    mkdir -p "$into"
    mv "$work/$1.tsv" "$work/$1-machine.tsv" "$into"
    if [[ $1 == micro ]]; then
        : # has no picture
    elif fetch matplotlib 'matplotlib==3.*'; then
        export PYTHONPATH=$fetched
    else
        skip "the picture: PyPI has no matplotlib 3 for this machine"
    fi
    if $2; then
        python3 "$benchmarks/report.py" --readme "$benchmarks/README.md" "$1" "$into"
    else
        python3 "$benchmarks/report.py" "$1" "$into"
        echo "Not a whole run: README.md and results/ are as they were; figures and picture: Benchmarks/.build-results" >&2
    fi
}
