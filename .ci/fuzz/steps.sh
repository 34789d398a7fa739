# The steps that fuzz and that run under sanitizers. Read by .ci/run, whose functions they use.

# What each target is about: all functions of these files are to be reached by its inputs.
declare -A fuzzed=(
    [names]='src/set.rs src/signal.rs src/signal/parse.rs'
    [siginfo]='src/info.rs src/info/decode.rs src/info/layout.rs src/fd/record.rs'
    [operations]='src/dispatch.rs src/delivery/latch.rs src/delivery/queue.rs src/delivery/slot.rs
        src/delivery/registry.rs src/delivery/handler.rs src/delivery/list.rs src/delivery/walk.rs
        src/delivery/under.rs src/delivery/ring.rs'
)
declare -A executions=([names]=100000 [siginfo]=200000 [operations]=100000 [delivery]=6000)

# Each target for a bounded number of executions. No other toolchain is needed: the compiler's own
# passes count what is reached, and libFuzzer is built by a C++ compiler. AddressSanitizer, which
# makes these targets fifteen times slower, has a step of its own.
step_fuzz() {
    local build=$target/fuzz work name
    need c++ g++ || skip "there is no C++ compiler for libFuzzer"
    work=$build/corpus
    rm -rf "$work"
    local flags='--cfg fuzzing -Cpasses=sancov-module -Cdebug-assertions -Coverflow-checks'
    for name in level=4 inline-8bit-counters pc-table trace-compares; do
        flags+=" -Cllvm-args=-sanitizer-coverage-$name"
    done
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    # With a target named, what runs while building is not instrumented.
    RUSTFLAGS=$flags cargo build --manifest-path fuzz/Cargo.toml --release --bins \
        --target "$host" --target-dir "$build"

    # The one that takes longest beside the others.
    local failed='' lane pid
    local -a lanes
    for lane in operations 'delivery names siginfo'; do
        for name in $lane; do
            mkdir -p "$work/$name"
            fuzz_target "$build/$host/release/$name" "$work/$name" >"$work/$name.log" 2>&1 || break
        done &
        lanes+=($!)
    done
    for pid in "${lanes[@]}"; do
        wait "$pid" || true
    done
    for name in "${!executions[@]}"; do
        echo "$name: $(fuzz_result "$work/$name")"
        if ! grep -q '^stat::number_of_executed_units' "$work/$name.log"; then
            failed+=" $name"
            tail -n 60 "$work/$name.log"
        fi
    done
    [ -z "$failed" ] || fail "there are findings:$failed; fuzz/README.md says how to replay one"
    fuzz_functions "$work"
}

# fuzz_target PROGRAM CORPUS: what is found stays beside the corpus.
fuzz_target() {
    local name
    name=$(basename "$1")
    local options=(-runs="${executions[$name]}" -max_len=49 -len_control=10 -timeout=60
        -print_final_stats=1)
    "$1" "${options[@]}" -artifact_prefix="$2-finding-" "$2" "fuzz/corpus/$name"
}

# fuzz_result CORPUS: what its run says of itself.
fuzz_result() {
    local unit
    for unit in number_of_executed_units average_exec_per_sec; do
        sed -n "s/^stat::$unit: */${unit//_/ }: /p" "$1.log" | tr '\n' ','
        echo -n ' '
    done
    echo "inputs kept: $(find "$1" -type f | wc -l), edges:" \
        "$(grep -o 'cov: [0-9]*' "$1.log" | tail -n 1 | tr -dc 0-9)"
}

# fuzz_functions WORK: replays the inputs of each target in an ordinary build, where no function is
# inlined, and tells which functions they do not reach. Of those that fork, the children of the seeds
# whose names say so are watched, too.
fuzz_functions() {
    local build=$target/fuzz-functions program name missed forking
    need gdb gdb || { echo "skipped: no functions counted: there is no gdb" && return; }
    need nm binutils || { echo "skipped: no functions counted: there is no nm" && return; }
    # At fixed addresses, and with what nobody calls.
    RUSTFLAGS='-Clink-dead-code -Crelocation-model=static' cargo build --example replay \
        --manifest-path fuzz/Cargo.toml --no-default-features --target-dir "$build"
    program=$build/debug/examples/replay
    nm --defined-only "$program" >"$build/symbols"
    for name in names siginfo operations; do
        forking=$(find "fuzz/corpus/$name" -name 'fork-*')
        FILES=${fuzzed[$name]} SYMBOLS=$build/symbols TARGET=$name FORKING=$forking \
            gdb -batch -x .ci/fuzz/functions.py --args \
            "$program" "$name" "fuzz/corpus/$name" "$1/$name" >"$1/$name.functions" 2>&1 ||
            { tail -n 20 "$1/$name.functions" && fail "gdb"; }
        echo "$name: $(grep '^functions: ' "$1/$name.functions"), of" ${fuzzed[$name]}
        missed=$(sed -n 's/^not reached: //p' "$1/$name.functions" |
            grep -vxF -f .ci/fuzz/not-reached || true)
        [ -z "$missed" ] || fail "$name does not reach: $missed"
    done
    # That child is traced already: the target tells itself where signals have landed, in what the
    # fuzzer has run, so with optimization. A function may be inlined in another.
    RUSTFLAGS='-Crelocation-model=static' cargo build --release --example replay \
        --manifest-path fuzz/Cargo.toml --no-default-features --target-dir "$build"
    program=$build/release/examples/replay
    "$program" places fuzz/corpus/delivery "$1/delivery" >"$1/delivery.places"
    need addr2line binutils
    addr2line -f -i -C -e "$program" <"$1/delivery.places" | grep -B1 "$PWD/src/" |
        grep -v '^--' | sed -n 'N; s/\n/ /p' | sed "s|$PWD/||; s/:[0-9?]*\( .*\)\?$//" |
        sort -u >"$1/delivery.functions"
    echo "delivery: signals landed at $(wc -l <"$1/delivery.places") instructions, in" \
        "$(grep -c ' src/' "$1/delivery.functions") functions of the crate," \
        "$(grep -c ' src/delivery/' "$1/delivery.functions") of src/delivery"
}

# What runs on several threads, and the inputs of the fuzz targets, under the sanitizers of a
# nightly toolchain. Its std is used as it is built, so ThreadSanitizer does not see all that std
# does: .ci/fuzz/tsan-suppressions says what follows.
step_sanitizers() {
    local host
    cargo +nightly --version >/dev/null 2>&1 || skip "there is no nightly toolchain"
    host=$(rustc -vV | sed -n 's/^host: //p')
    sanitized address latch:: dispatch_threads:: release_storm:: storm::
    cargo_sanitized address --test fuzz_corpus
    # It has a thread of its own, beside which the harness refuses to fork: a test whose child has
    # children cannot run. And a handler that was not installed through libc interrupts its runtime
    # anywhere; the tests that keep several threads taking signals hang under it now and then.
    echo 'skipped: storm and dispatch_threads under ThreadSanitizer, which has a thread of its own' \
        'and does not know of handlers that are installed without libc'
    export TSAN_OPTIONS="suppressions=$PWD/.ci/fuzz/tsan-suppressions"
    sanitized thread latch:: release_storm::
}

# sanitized SANITIZER FAMILY…
sanitized() {
    local sanitizer=$1 family
    shift
    for family in "$@"; do
        cargo_sanitized "$sanitizer" --test scenarios "$family"
    done
}

# cargo_sanitized SANITIZER TEST-ARGUMENT…
cargo_sanitized() {
    local sanitizer=$1
    shift
    echo "+ $*, under the sanitizer of this: $sanitizer"
    RUSTFLAGS="-Zsanitizer=$sanitizer -Cunsafe-allow-abi-mismatch=sanitizer" \
        cargo +nightly test --release --target "$host" --target-dir "$target/$sanitizer" "$@"
}
