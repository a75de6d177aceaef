#!/usr/bin/env bash
# usage: Benchmarks/dirty.sh [--rounds N] [--rows-scale F]
#
# What bad records cost, and what the care for them costs a clean file: loads the dirty set with none, 0.5 %,
# 5 % and all of its records bad, and the clean one with --on-error reject and with --resume. Prints a table of
# medians, times as long as the plain load of the clean file.
#
#   --rounds N      rounds in which the loads alternate (5)
#   --rows-scale F  times the rows (1)
#
#   PGSLUICE        the program; without it the release build is made and used
set -euo pipefail
# shellcheck source=SCRIPTDIR/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

with_server "$@"

rounds=5 scale=1
read_flags "$@"
set_up
cd "$work"

sql -c 'CREATE TABLE bench.customer (id integer PRIMARY KEY)' \
    -c 'INSERT INTO bench.customer SELECT generate_series(1, 1000)'
describe_set dirty
make_table dirty
for share in 0 0.005 0.05 1; do
    sql -v seed="$seed" -v rows="$(scaled "$rows")" -v share="$share" -f "$benchmarks/sets/dirty/rows.sql" |
        LC_ALL=C sed 's/not@UTF8/not\xffUTF8/' >"$share.csv"
done
sync

# load NAME ARG...: one load of a table that is empty; its seconds go to the list.
load() {
    local name=$1
    shift
    rm -rf ./*.rejects.csv* && sql -c 'DROP SCHEMA IF EXISTS pgsluice CASCADE' 2>/dev/null
    empty_table
    import --jobs 2 "$@" || die "$name failed"
    printf '%s\t%s\n' "$name" "$seconds" >>"$work/times"
}

# Each round in another order: the first load after a long one is slower than the others.
for ((round = 1; round <= rounds; round++)); do
    for kind in $(shuf -e clean careful resumable 0.005 0.05 1); do
        case $kind in
            clean) load 'clean' 0.csv ;;
            careful) load 'clean, `--on-error reject`' --on-error reject 0.csv ;;
            resumable) load 'clean, `--resume`' --resume 0.csv ;;
            *) load "$(awk -v s="$kind" 'BEGIN { print 100 * s }') % bad, \`--on-error reject\`" \
                --on-error reject --reject-ratio 1 "$kind.csv" ;;
        esac
    done
done

plain=$(median times clean 2)
printf '| file | seconds | ÷ clean |\n| --- | --: | --: |\n'
cut -f 1 times | sort -uV | while read -r name; do
    seconds=$(median times "$name" 2)
    awk -v n="$name" -v s="$seconds" -v p="$plain" 'BEGIN { printf "| %s | %.2f | %.2f |\n", n, s, s / p }'
done
