// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the operator at work on a real control plane with simulated nodes of four architectures:
//
//	go run ./test/demo/launch
//
// It needs nothing but Go, says what it does and how long that takes, and stays for a look around until Ctrl-C. With
// DEMO_EXIT=1 it ends after the show. Either way it leaves neither a process nor a file behind. It fails when an
// ElasticWeb does not become Ready.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const introduction = `The operator on a real Kubernetes control plane, with simulated nodes of four
architectures, on this machine alone. It takes two to four minutes.
Ctrl-C ends it at any time, and nothing stays behind.`

func main() {
	// SIGPIPE is among them for those who pipe the output into head.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	// From the first signal on, the next one has its usual effect.
	context.AfterFunc(ctx, stop)
	go stopWithParent(stop)
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// stopWithParent ends the demo when what started it is gone: "go run" does not pass a SIGTERM on.
func stopWithParent(stop context.CancelFunc) {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(time.Second)
	}
	stop()
}

func run(ctx context.Context) error {
	out := newConsole(os.Stdout)
	out.heading("ElasticWeb demo")
	out.text(introduction)
	s := &stage{out: out}
	err := s.show(ctx)
	switch {
	case ctx.Err() != nil && err != nil: // whatever it is, it comes from that
		err = errors.New("stopped before the end")
	case err != nil:
		s.explain()
	}
	return errors.Join(err, s.clear())
}

// show is everything up to the end, which is now or when the user says so.
func (s *stage) show(ctx context.Context) error {
	if err := s.set(ctx); err != nil {
		return err
	}
	if err := s.play(ctx); err != nil {
		return err
	}
	s.out.heading("That was all, in %s", s.out.elapsed())
	if exits := os.Getenv("DEMO_EXIT"); exits != "" && exits != "0" {
		return nil
	}
	s.inviteToLookAround()
	<-ctx.Done()
	s.out.text("\nCleaning up.")
	return nil
}
