package operator

import (
	"fmt"
	"sync"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// tellManager tells systemd how the daemon is, where systemd has started it and wants to know.
func tellManager(state string) {
	_, _ = systemd.SdNotify(false, state) // it notices that it is not told
}

// monotonic says when a reload began, as systemd wants it for Type=notify-reload.
func monotonic() string {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return ""
	}
	return fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000)
}

// watchdog tells systemd that the daemon is alive, as often as it wants to know, until the function it returns is
// called. A daemon that can give no generation to a request is not alive.
func watchdog(d *daemon) (stop func()) {
	interval, err := systemd.SdWatchdogEnabled(false)
	if err != nil || interval <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(interval / 2)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				d.acquire().running.Done()
				tellManager("WATCHDOG=1")
			}
		}
	})
	return func() { close(done); running.Wait() }
}
