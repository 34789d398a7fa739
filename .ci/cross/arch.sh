# Sourced by the scripts beside it: where things are kept, and one block for each architecture.
# shellcheck shell=bash disable=SC2034 # the variables are for those scripts

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(realpath -m "${SIGLATCH_CACHE:-$scripts/../../target/cross}")

# skip WHY…: ends with the status that means "could not be tried here", which is not "passed".
skip() {
    echo "skipped: $*"
    exit 77
}

# arch ARCH: sets
#   base      the folder where everything for ARCH is kept
#   triple    rustc's name of the target
#   debian    Debian's name of the architecture
#   kernel    the meta package that depends on the newest kernel image
#   emulator  the package of the emulator
#   machine   the emulator's command, with a machine and a processor that the kernel knows
#   console   the machine's serial port as the kernel calls it
#   flags     what else rustc needs to be told for a program without a libc
arch() {
    base=$cache/$1
    case $1 in
        aarch64)
            triple=aarch64-unknown-linux-gnu
            debian=arm64
            # A third of the full image's size, and it still knows this machine's serial port.
            kernel=linux-image-cloud-arm64
            emulator=qemu-system-arm
            machine=(qemu-system-aarch64 -M virt -cpu cortex-a57 -m 256)
            console=ttyAMA0
            # Outlined atomics ask getauxval, a function of libc, which instructions there are.
            flags=(-Ctarget-feature=-outline-atomics)
            ;;
        *)
            echo "no architecture '$1' in .ci/cross/arch.sh" >&2
            exit 2
            ;;
    esac
}

# libraries FOLDER: where packages that are unpacked there have their shared libraries.
libraries() {
    echo "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
}

# The linker that is part of the Rust toolchain in use. It links for every architecture.
rust_lld() {
    echo "$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld"
}
