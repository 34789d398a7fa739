// Waits for SIGINT as Go does it, and writes the time at which it came out of the channel.
package main

import (
	"encoding/binary"
	"os"
	"os/signal"
	"syscall"
	"unsafe"
)

// The clock that the sender reads, too.
func now() uint64 {
	var time syscall.Timespec
	const monotonic = 1
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&time)), 0)
	return uint64(time.Nano())
}

func tell(time uint64) {
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], time)
	if _, err := os.Stdout.Write(bytes[:]); err != nil {
		os.Exit(1)
	}
}

func main() {
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGINT)
	tell(0)
	for {
		<-came
		tell(now())
	}
}
