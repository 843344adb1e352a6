// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const (
	// mostTurns is how often the operator and the bare client take turns in a scenario.
	mostTurns = 10
	// leastTurn is how many ElasticWebs a turn has at least, so that its end, when workers have nothing left to do, does
	// not count for much.
	leastTurn = 100
)

// span is ElasticWebs by their numbers, without the end.
type span struct{ begin, end int }

func (p span) len() int { return p.end - p.begin }

// turns divides n ElasticWebs.
func turns(n int) []span {
	number := min(mostTurns, max(n/leastTurn, 1))
	spans := make([]span, number)
	for i := range spans {
		spans[i] = span{i * n / number, (i + 1) * n / number}
	}
	return spans
}

// effort is what the operator, or the bare client, took for a scenario, and its API server.
type effort struct{ took, apiServer time.Duration }

// inTurns has the operator and the bare client make a scenario, a part of the ElasticWebs at a time, and each first as often as the
// other: what else the machine does counts for both. It gives nothing for a bare client that there is not.
func (s *scene) inTurns(ctx context.Context, scenario string, change func(context.Context, int) error) (operator, bare effort, err error) {
	racers := []racer{{s.cluster, &operator, func(part span) error {
		return s.untilReported(ctx, part.len(), func() error { return forEach(ctx, part, s.concurrency, change) })
	}}}
	if s.bare != nil {
		racers = append(racers, racer{s.bare.cluster, &bare, func(part span) error {
			return s.bare.do(ctx, scenario, s.concurrency, part)
		}})
	}
	for _, part := range turns(s.n) {
		for _, r := range racers {
			if err := r.run(part); err != nil {
				return operator, bare, err
			}
		}
		slices.Reverse(racers)
	}
	return operator, bare, nil
}

type racer struct {
	cluster *cluster.Cluster
	total   *effort
	do      func(span) error
}

func (r racer) run(part span) error {
	before, err := apiServerTime(r.cluster)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := r.do(part); err != nil {
		return err
	}
	r.total.took += time.Since(begin)
	after, err := apiServerTime(r.cluster)
	r.total.apiServer += after - before
	return err
}
