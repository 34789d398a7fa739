# Sourced by the scripts beside it: a machine, and the files that it starts with.
# shellcheck shell=bash

# entry NAME MODE [FILE [MAJOR MINOR]]: one entry of a cpio archive (the kernel's
# Documentation/driver-api/early-userspace/buffer-format.rst): thirteen numbers, the name and the
# contents, the last two filled up to four bytes. $inode is the number of the last one.
entry() {
    local name=$1 mode=$2 file=${3:-/dev/null} size
    size=$(stat -Lc %s "$file")
    inode=$((inode + 1))
    printf 070701
    printf %08X "$inode" "$mode" 0 0 1 0 "$size" 0 0 "${4:-0}" "${5:-0}" $((${#name} + 1)) 0
    printf '%s\0' "$name"
    fill $((110 + ${#name} + 1))
    cat "$file"
    fill "$size"
}

# fill LENGTH: the zero bytes from there to a multiple of four.
fill() {
    head -c $((-$1 & 3)) /dev/zero
}

directory=$((8#040755)) program=$((8#100755)) text=$((8#100644)) device=$((8#020600))

# boot INITRAMFS SECONDS MEGABYTES PROCESSORS: boots the kernel of the architecture that `arch` has
# chosen, or of the suite CROSS_KERNEL, one of its others, and shows what its console shows. A machine that
# says nothing for so many seconds is ended: 124.
boot() {
    # A panic ends the machine: the kernel restarts at once, and the emulator takes that as the end.
    local options=(
        -m "$3" -smp "$4" -nographic -nic none -no-reboot
        -kernel "$base/kernel${CROSS_KERNEL:+-$CROSS_KERNEL}" -initrd "$1"
        -append "console=$console quiet panic=-1"
    )
    local part line status=0
    for part in qemu seabios slof qemu-efi openbios; do
        [ ! -d "$host/tools/usr/share/$part" ] || options+=(-L "$host/tools/usr/share/$part")
    done
    coproc {
        LD_LIBRARY_PATH=$(libraries "$host/tools") exec "$host/tools/usr/bin/${machine[0]}" \
            "${machine[@]:1}" "${options[@]}" </dev/null 2>&1
    }
    local emulator_pid=$COPROC_PID output
    # A copy: bash closes its own when the machine has ended, read or not.
    exec {output}<&"${COPROC[0]}"
    while [ "$status" = 0 ]; do
        IFS= read -r -t "$2" line <&"$output" || status=$?
        [ "$status$line" = 1 ] || printf '%s\n' "${line//$'\r'/}"
    done
    exec {output}<&-
    if [ "$status" -gt 128 ]; then
        kill -KILL "$emulator_pid"
        wait "$emulator_pid" 2>/dev/null || return 124
    fi
    wait "$emulator_pid"
}
