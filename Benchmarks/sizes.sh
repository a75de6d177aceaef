#!/usr/bin/env bash
# usage: Benchmarks/sizes.sh [--rounds N] [--rows-scale F]
#
# Loads the typed set, over and over in one file, with 2 jobs: 0.1, 1 and 5 GB of CSV. Prints a table of the
# time and of the program's CPU per byte and of the peak memory, which are not to depend on the size. Takes 11 GB
# of disk and, while the server's data are in memory, as much of that; so much is taken once before the first
# round, since a virtual machine is slow to give memory that it has not given before.
#
#   --rounds N      rounds in which the sizes alternate (3)
#   --rows-scale F  times the sizes (1)
#
#   PGSLUICE        the program; without it the release build is made and used
set -euo pipefail
# shellcheck source=SCRIPTDIR/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

with_server "$@"

rounds=3 scale=1
read_flags "$@"
set_up
cd "$work"

describe_set typed
make_table typed
# A twentieth of the set's rows are 11 MB.
make_csv typed 0.05 part.csv
head -n 1 part.csv >5.csv
sed -i 1d part.csv
for ((copy = 1; copy <= 450; copy++)); do
    cat part.csv >>5.csv
    case $copy in
        9) cp 5.csv 0.1.csv ;;
        90) cp 5.csv 1.csv ;;
    esac
done
sync

load() {
    empty_table
    import --jobs 2 "$1.csv" || die "$1.csv failed"
}

load 5
for ((round = 1; round <= rounds; round++)); do
    for size in $(shuf -e 0.1 1 5); do
        load "$size"
        printf '%s\t%s\t%s\t%s\n' "$(file_size "$size.csv")" "$seconds" "$cpu" "$peak" >>times
    done
done

printf '| size | seconds | ns per byte | CPU, ns per byte | peak memory |\n| --: | --: | --: | --: | --: |\n'
cut -f 1 times | sort -un | while read -r bytes; do
    awk -v b="$bytes" -v s="$(median times "$bytes" 2)" -v c="$(median times "$bytes" 3)" \
        -v p="$(median times "$bytes" 4)" \
        'BEGIN { g = b / 1e9; printf "| %.2f GB | %.2f | %.2f | %.2f | %.0f MB |\n", g, s, s / g, c / g, p / 1e6 }'
done
