# What steps have in common. Read by .ci/step.
# shellcheck shell=bash

target=${CARGO_TARGET_DIR:-$PWD/target}
# What the main job says on its way out.
lines=('Stopping program...' 'asked to stop' 'Program exited safely')

# Ends a step that cannot run here.
skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "failed: $*" >&2
    exit 1
}

# need COMMAND: whether it is here. .ci/setup has done what it can.
need() {
    [ -n "$(command -v "$1")" ]
}

# component NAME PACKAGE: a part of the toolchain that a minimal installation lacks.
component() {
    cargo "$1" --version >/dev/null 2>&1 || skip "the toolchain has no $2"
}

# milliseconds SINCE: from that value of EPOCHREALTIME to now.
milliseconds() {
    local now=$EPOCHREALTIME
    local microseconds=$((${now/./} - ${1/./}))
    printf '%d.%03d' $((microseconds / 1000)) $((microseconds % 1000))
}

# ended_by SIGNAL COMMAND…: runs the main job, and ends it by SIGNAL once it works. Its pid is what
# it says, or else that of COMMAND itself.
ended_by() {
    local signal=$1 line pid='' said='' part begin status=0
    shift
    echo "+ $*, kill -$signal"
    coproc "$@"
    local command=$COPROC_PID
    # A copy: bash closes its own when the command has ended, read or not.
    exec {output}<&"${COPROC[0]}"
    until [ "${line:-}" = 'Working...' ]; do
        IFS= read -r -t 300 line <&"$output" || fail "it ended, or hangs, before it worked"
        echo "$line"
        [[ $line != 'pid '* ]] || pid=${line#pid }
    done
    begin=$EPOCHREALTIME
    kill "-$signal" "${pid:-$command}"
    while IFS= read -r -t 60 line <&"$output"; do
        echo "$line"
        said+=$line$'\n'
    done
    wait "$command" || status=$?
    echo "status $status, $(milliseconds "$begin") ms after kill -$signal"
    exec {output}<&-
    [ "$status" = 0 ] || fail "its status was to be 0"
    for part in "${lines[@]}" "SIG$signal asked to stop"; do
        [[ $said == *"$part"* ]] || fail "it does not say '$part'"
    done
}

# whole DIRECTORY RUSTC-FLAGS… -- LINKER-FLAGS…: links all of the crate, with nothing of libc's, to
# DIRECTORY/whole. The libraries that the libc crate has linked are empty ones here. Five functions of
# memory, which compilers call for copies and comparisons, and the unwinder's entry in core's tables
# are given an address by hand.
whole() {
    local build=$1 name given='' flags=(-Ccodegen-units=1 -Cpanic=abort)
    shift
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    mkdir -p "$build/empty"
    for name in c m rt pthread util dl gcc gcc_s; do
        printf '!<arch>\n' >"$build/empty/lib$name.a"
    done
    for name in memcpy memmove memset memcmp bcmp rust_eh_personality; do
        given+=" -Wl,--defsym=$name=0"
    done
    cargo rustc --release --lib --target-dir "$build" -- "${flags[@]}"
    rustc --edition 2024 -O "${flags[@]}" -Crelocation-model=static \
        -Ldependency="$build/release/deps" --extern siglatch="$build/release/libsiglatch.rlib" \
        -Lnative="$build/empty" -o "$build/whole" .ci/whole.rs \
        -Clink-args="-nostartfiles -nostdlib -static -no-pie -Wl,-e,0$given $*"
}

# unpacked DIRECTORY: packs what would be published, unpacks it there, and says where it is. It gets
# a workspace of its own: what it lies in is not it.
unpacked() {
    cargo package -q -p siglatch --no-verify --allow-dirty --target-dir "$1" >&2
    rm -rf "$1/unpacked"
    mkdir "$1/unpacked"
    tar -xf "$1"/package/siglatch-*.crate -C "$1/unpacked" --strip-components=1
    echo '[workspace]' >>"$1/unpacked/Cargo.toml"
    echo "$1/unpacked"
}
