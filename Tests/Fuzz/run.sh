#!/usr/bin/env bash
# usage: Tests/Fuzz/run.sh SECONDS TARGET...
#
# Runs libFuzzer on each target (scan, text, binary) for so long, under AddressSanitizer. Inputs that
# reach new code stay in .build-corpus/, those that fail in .build-findings/: give one as an argument to
# the target's program, and it fails again.
set -euo pipefail

fuzz=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -ge 2 ]] || { echo 'usage: run.sh SECONDS TARGET...' >&2; exit 64; }
# Of several -sanitize= the compiler takes the last alone, and SwiftPM puts its own in any order.
# Clang compiles CKernels, even inside of Swift, and has to be told too: else no one watches its reads.
build=(--package-path "$fuzz" -c release --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address
    -Xcc -fsanitize=address)
# Swift's own memory is never freed, and that is no leak.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

for target in "${@:2}"; do
    case $target in
        scan | text | binary) ;;
        *) echo "run.sh: no target is called $target" >&2; exit 64 ;;
    esac
    name=${target^}Fuzz corpus=$fuzz/.build-corpus/$target
    swift build "${build[@]}" --product "$name" >&2
    program=$(swift build "${build[@]}" --show-bin-path)/$name
    mkdir -p "$corpus" "$fuzz/.build-findings"
    PGSLUICE_FUZZ_SEEDS=$corpus "$program"
    "$program" -max_total_time="$1" -max_len=4096 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$fuzz/.build-findings/$target-" "$corpus"
done
