// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"
)

// atRest counts the requests of an operator over a time, with resyncs. Watches that reconnect are not among them on a time
// below the API server's least watch timeout of 5 minutes or so.
func (s *scene) atRest(ctx context.Context) error {
	if s.rest == 0 {
		return nil
	}
	if err := s.start(ctx, max(s.rest/3, time.Second)); err != nil {
		return err
	}
	if _, err := s.operator.quiet(ctx, s.n); err != nil {
		return err
	}
	before, err := s.operator.activity(ctx)
	if err != nil {
		return err
	}
	if err := sleep(ctx, s.rest); err != nil {
		return err
	}
	after, err := s.operator.activity(ctx)
	if err != nil {
		return err
	}
	s.note("rest", "reads", after.reads-before.reads)
	s.note("rest", "writes", after.writes-before.writes)
	s.note("rest", "reconciles per ElasticWeb", (after.reconciles-before.reconciles)/float64(s.n))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// restart counts what a new process asks for until it knows that there is nothing to do.
func (s *scene) restart(ctx context.Context) error {
	if err := s.start(ctx, noResync); err != nil {
		return err
	}
	var quiet time.Time
	err := s.profiled(ctx, "restart", func(ctx context.Context) (err error) {
		quiet, err = s.operator.quiet(ctx, s.n)
		return err
	})
	if err != nil {
		return err
	}
	done, err := s.operator.activity(ctx)
	if err != nil {
		return err
	}
	busy, err := processorTime(s.operator.pid)
	if err != nil {
		return err
	}
	s.note("restart", "CPU, s", busy.Seconds())
	s.note("restart", "s from start to quiet", quiet.Sub(s.operator.started).Seconds())
	s.note("restart", "ms per ElasticWeb", quiet.Sub(s.operator.started).Seconds()*1000/float64(s.n))
	s.note("restart", "reads", done.reads)
	s.note("restart", "writes", done.writes)
	s.note("restart", "reconciles per ElasticWeb", done.reconciles/float64(s.n))
	return nil
}

// memory is what the operator takes after a restart, beyond what one without ElasticWebs and pods does.
func (s *scene) memory(ctx context.Context) error {
	taken, err := s.operator.memory(ctx)
	if err != nil {
		return err
	}
	if s.profile != "" {
		if err := s.saveProfile(ctx, "heap", "memory", "heap"); err != nil {
			return err
		}
	}
	weight, err := s.weigh(ctx)
	if err != nil {
		return err
	}
	const mebibyte = 1 << 20
	s.note("memory", "idle heap, MiB", s.idle.heap/mebibyte)
	s.note("memory", "idle RSS, MiB", s.idle.rss/mebibyte)
	s.note("memory", "heap, MiB", taken.heap/mebibyte)
	s.note("memory", "RSS, MiB", taken.rss/mebibyte)
	s.note("memory", "of it the program's file, MiB", taken.file/mebibyte)
	s.note("memory", "highest RSS, MiB", taken.peak/mebibyte)
	s.note("memory", "heap, KiB per ElasticWeb", (taken.heap-s.idle.heap)/1024/float64(s.n))
	s.note("memory", "heap of the objects, KiB per ElasticWeb", weight/1024/float64(s.n))
	s.note("memory", "heap beyond them, KiB per ElasticWeb", (taken.heap-s.idle.heap-weight)/1024/float64(s.n))
	s.note("memory", "RSS, KiB per ElasticWeb", (taken.rss-s.idle.rss)/1024/float64(s.n))
	return nil
}
