#!/usr/bin/env bash
# usage: Benchmarks/curves.sh [--rounds N] [--rows-scale F]
#
# Loads the typed set with every pair of --batch-bytes (256 kB to 16 MB) and --jobs (1 to 4), and writes
# results/ and the curves of README.md. With any flag the table is only shown.
#
#   --rounds N      rounds in which the pairs alternate (5)
#   --rows-scale F  times the rows (1)
#
#   PGSLUICE        the program; without it the release build is made and used
set -euo pipefail
# shellcheck source=SCRIPTDIR/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

with_server "$@"

rounds=5 scale=1 whole=true
command="Benchmarks/curves.sh${*:+ $*}"
[[ $# -eq 0 ]] || whole=false
read_flags "$@"
set_up

describe_machine "$command" >"$work/curves-machine.tsv"
describe_set typed
make_table typed
make_csv typed 1 "$work/set.csv"
sync
bytes=$(file_size "$work/set.csv")

printf 'batch_kb\tjobs\tround\tseconds\tcpu_seconds\tpeak_bytes\trows\tcsv_bytes\n' | tee "$work/curves.tsv"
for ((round = 1; round <= rounds; round++)); do
    for batch in 256 512 1024 2048 4096 8192 16384; do
        for jobs in 1 2 3 4; do
            empty_table
            import --jobs "$jobs" --batch-bytes "${batch}kB" "$work/set.csv" || die 'pgsluice failed'
            check_count "$(scaled "$rows")"
            printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
                "$batch" "$jobs" "$round" "$seconds" "$cpu" "$peak" "$(scaled "$rows")" "$bytes" | tee -a "$work/curves.tsv"
        done
    done
done

publish curves "$whole"
