// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"slices"
	"time"
)

const progressInterval = 30 * time.Second

// run runs the command, and reports progress from the events that it writes to the file.
func run(command []string, file string) error {
	if err := os.RemoveAll(file); err != nil {
		return err
	}
	// Ctrl-C reaches the command as well: its end is awaited, for what it has to tear down.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()

	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case now := <-ticker.C:
			// The last line may be half written; the next tick reads it whole.
			events, _ := readEvents(file)
			for _, line := range progress(events, now) {
				fmt.Println(line)
			}
		}
	}
}

// progress says which packages are running, for how long, and which test of theirs began last.
func progress(events []event, now time.Time) []string {
	started := map[string]time.Time{}
	latest := map[string]string{}
	for _, e := range events {
		switch {
		case e.Action == "start":
			started[e.Package] = e.Time
		case e.Action == "run":
			latest[e.Package] = e.Test
		case e.ends() && e.Test == "":
			delete(started, e.Package)
		}
	}
	var lines []string
	for name, since := range started {
		lines = append(lines, fmt.Sprintf("…  %s, %s, for %s",
			path.Base(name), latest[name], now.Sub(since).Round(time.Second)))
	}
	slices.Sort(lines)
	return lines
}
