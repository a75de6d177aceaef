#!/usr/bin/env bash
# usage: Benchmarks/sizes.sh [--rounds N] [--rows-scale F]
#
# Loads the typed set, over and over in one file, with 2 jobs: 0.1, 1 and 5 GB of CSV. Prints a table of the
# time and of the program's CPU per byte and of the peak memory, which are not to depend on the size. What the
# server's time does is told by the same rows in COPY BINARY, from a pipe for each of two psql: that is no limit,
# since cat and the pipe take their part, but that part does not depend on the size either. Takes 11 GB of disk
# and, while the server's data are in memory, as much of that; so much is taken once before the first round, since
# a virtual machine is slow to give memory that it has not given before.
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

# copies SIZE: of a twentieth of the set's rows, 11 MB, in a file of so many GB.
copies() { case $1 in 0.1) echo 9 ;; 1) echo 90 ;; 5) echo 450 ;; esac; }

describe_set typed
make_table typed
make_csv typed 0.05 part.csv
sql -c "\\copy $table FROM part.csv (FORMAT csv, HEADER)" -c "\\copy $table TO part.bin (FORMAT binary)"
# COPY BINARY's header and trailer stand around the rows.
head -c 19 part.bin >header.bin
tail -c 2 part.bin >trailer.bin
tail -c +20 part.bin | head -c -2 >rows.bin
head -n 1 part.csv >5.csv
sed -i 1d part.csv
for ((copy = 1; copy <= $(copies 5); copy++)); do
    cat part.csv >>5.csv
    for size in 0.1 1; do
        if [[ $copy -eq $(copies $size) ]]; then cp 5.csv "$size.csv"; fi
    done
done
sync

load() {
    empty_table
    import --jobs 2 "$1.csv" || die "$1.csv failed"
}

copy_rows() {
    { cat header.bin; for ((copy = 0; copy < $1; copy++)); do cat rows.bin; done; cat trailer.bin; } |
        psql -X -q -v ON_ERROR_STOP=1 -c "\\copy $table FROM pstdin (FORMAT binary)"
}
export -f copy_rows
export table

# Half of the copies from each pipe.
load_binary() {
    local half=$(($(copies "$1") / 2)) rest
    rest=$(($(copies "$1") - half))
    empty_table
    measure bash -c "set -o pipefail; copy_rows $half & copy_rows $rest && wait \$!" || die "COPY BINARY failed"
}

load 5
for ((round = 1; round <= rounds; round++)); do
    for size in $(shuf -e 0.1 1 5); do
        load "$size"
        figures=$seconds$'\t'$cpu$'\t'$peak
        load_binary "$size"
        printf '%s\t%s\t%s\n' "$(file_size "$size.csv")" "$figures" "$seconds" >>times
    done
done

printf '| size | seconds | ns per byte | CPU, ns per byte | peak memory | the rows in binary, seconds | ratio |\n'
printf '| --: | --: | --: | --: | --: | --: | --: |\n'
cut -f 1 times | sort -un | while read -r bytes; do
    awk -v b="$bytes" -v s="$(median times "$bytes" 2)" -v c="$(median times "$bytes" 3)" \
        -v p="$(median times "$bytes" 4)" -v l="$(median times "$bytes" 5)" 'BEGIN {
            g = b / 1e9
            printf "| %.2f GB | %.2f | %.2f | %.2f | %.0f MB | %.2f | %.2f |\n", g, s, s / g, c / g, p / 1e6, l, s / l
        }'
done
