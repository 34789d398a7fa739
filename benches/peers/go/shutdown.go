// Works until SIGINT asks it to stop.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT)
	fmt.Println("Working...")
	fmt.Println(<-stop, "asked to stop")
	fmt.Println("Program exited safely")
}
