# Sourced by the scripts beside it: where things are kept, and one block for each architecture.
# shellcheck shell=bash disable=SC2034 # the variables are for those scripts

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(realpath -m "${SIGLATCH_CACHE:-$scripts/../../target/cross}")
# What runs on this machine, for all of them: a compiler, linkers, emulators.
host=$cache/host

# Those with a kernel here, and those with an emulator of processes only, for which core is built from its
# source.
architectures=(x86_64 x86 aarch64 arm riscv64 s390x powerpc64le)
without_kernel=(riscv32 loongarch64 powerpc64)

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
#   on        whose kernel that is, where it is another architecture's
#   kernels   Debian's suites whose kernels it is tried on as well: an old one, a new one
#   emulator  the package of the emulator
#   user      its command, where it emulates processes and there is no kernel
#   machine   the emulator's command, with a machine and a processor that the kernel knows
#   console   the machine's serial port as the kernel calls it
#   linker    the C compiler that links programs with a libc, and
#   compiler  the packages that it takes
#   flags     what else rustc needs to be told for a program without a libc, and
#   libc_flags  for one with it
#   libc      where its shared libraries are
arch() {
    base=$cache/$1
    flags=() linker='' compiler=() on='' kernels=() user=''
    case $1 in
        x86_64)
            triple=x86_64-unknown-linux-gnu debian=amd64
            kernel=linux-image-cloud-amd64 kernels=(bullseye trixie-backports)
            emulator=qemu-system-x86
            machine=(qemu-system-x86_64 -accel tcg)
            console=ttyS0
            linker=cc
            ;;
        x86)
            triple=i686-unknown-linux-gnu debian=i386
            kernel=linux-image-cloud-amd64 on=amd64
            emulator=qemu-system-x86
            machine=(qemu-system-x86_64 -accel tcg)
            console=ttyS0
            linker=i686-linux-gnu-gcc compiler=(gcc-i686-linux-gnu libc6-dev-i386-cross)
            ;;
        aarch64)
            triple=aarch64-unknown-linux-gnu debian=arm64
            # A third of the full image's size, and it still knows this machine's serial port.
            kernel=linux-image-cloud-arm64
            emulator=qemu-system-arm
            machine=(qemu-system-aarch64 -M virt -cpu "${CROSS_CPU:-cortex-a57}")
            console=ttyAMA0
            linker=aarch64-linux-gnu-gcc compiler=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
            # Outlined atomics ask getauxval, a function of libc, which instructions there are.
            flags=(-Ctarget-feature=-outline-atomics)
            ;;
        arm)
            triple=armv7-unknown-linux-gnueabihf debian=armhf
            kernel=linux-image-armmp
            emulator=qemu-system-arm
            machine=(qemu-system-arm -M "virt,highmem=off" -cpu cortex-a15)
            console=ttyAMA0
            linker=arm-linux-gnueabihf-gcc compiler=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross)
            # As programs for size are built; the tests are in ARM code.
            flags=(-Ctarget-feature=+thumb-mode)
            ;;
        riscv64)
            triple=riscv64gc-unknown-linux-gnu debian=riscv64
            kernel=linux-image-riscv64
            emulator=qemu-system-misc
            machine=(qemu-system-riscv64 -M virt)
            console=ttyS0
            linker=riscv64-linux-gnu-gcc compiler=(gcc-riscv64-linux-gnu libc6-dev-riscv64-cross)
            ;;
        s390x)
            triple=s390x-unknown-linux-gnu debian=s390x
            kernel=linux-image-s390x
            emulator=qemu-system-misc
            machine=(qemu-system-s390x -M s390-ccw-virtio)
            console=ttysclp0
            linker=s390x-linux-gnu-gcc compiler=(gcc-s390x-linux-gnu libc6-dev-s390x-cross)
            ;;
        powerpc64le)
            triple=powerpc64le-unknown-linux-gnu debian=ppc64el
            kernel=linux-image-powerpc64le
            emulator=qemu-system-ppc
            machine=(qemu-system-ppc64 -M pseries -cpu power9 -vga none)
            console=hvc0
            linker=powerpc64le-linux-gnu-gcc
            compiler=(gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross)
            ;;
        riscv32)
            triple=riscv32gc-unknown-linux-gnu
            user=qemu-riscv32
            ;;
        loongarch64)
            triple=loongarch64-unknown-linux-gnu
            user=qemu-loongarch64
            ;;
        powerpc64)
            # With glibc functions are descriptors, for which there is no linker here.
            triple=powerpc64-unknown-linux-musl
            user=qemu-ppc64
            ;;
        *)
            echo "no architecture '$1' in .ci/cross/arch.sh" >&2
            exit 2
            ;;
    esac
    [ -z "$user" ] || emulator=qemu-user debian='' kernel=''
    on=${on:-$debian}
    libc=/lib/x86_64-linux-gnu libc_flags=()
    if [ "$linker" != cc ]; then
        libc=$host/tools/usr/${linker%-gcc}/lib
        libc_flags=("-Clink-arg=-Wl,-rpath,$libc" "-Clink-arg=-Wl,--dynamic-linker=$(echo "$libc"/ld*.so.?)")
    fi
}

# Where packages that are unpacked in FOLDER have their shared libraries.
libraries() {
    echo "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
}

# The linker that is part of the Rust toolchain in use. It links for every architecture.
rust_lld() {
    echo "$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld"
}
