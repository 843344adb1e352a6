// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// source has numbers.
type source interface {
	// now asks for the number of the moment.
	now(ctx context.Context, q question, at time.Time) (demand.Sample, *trouble)
	// between asks for earlier ones; none where it has no history.
	between(ctx context.Context, q question, from, to time.Time, step time.Duration) ([]demand.Sample, *trouble)
}

// flight is what is asked for a feed in one turn, for those who read it then.
type flight struct {
	feed    *feed
	readers []*subject
	at      time.Time
	// window is how far back they want to see, and isNew that one of them has seen less.
	window time.Duration
	isNew  bool
	// history is what was known of earlier days when it began.
	history *History
	period  time.Duration
	timeout time.Duration
}

// number asks for the number of now, and for those before it that are missing.
func (f *flight) number(ctx context.Context) (Answer, *trouble) {
	if mistake := f.feed.question.metric().mistake; mistake != "" {
		failed := &trouble{demand.MetricInvalid, mistake}
		return failed.answer(f.at), failed
	}
	sample, failed := f.now(ctx)
	if failed != nil {
		return failed.answer(f.at), failed
	}
	answer := Answer{Samples: append(f.missing(ctx), sample), History: f.history}
	f.feed.last = f.at
	return answer, nil
}

// missing are the numbers of the window, or since the last one. Without them the window is whole later, which takes no pod away: so
// they are not asked for again where that fails.
func (f *flight) missing(ctx context.Context) []demand.Sample {
	periods := (f.window + f.period - 1) / f.period
	if !f.isNew {
		periods = min(periods, (f.at.Sub(f.feed.last)-f.period/2)/f.period)
	}
	if periods <= 0 {
		return nil
	}
	samples, _ := f.between(ctx, f.at.Add(-periods*f.period), f.at.Add(-f.period), f.period)
	return samples
}

// remember asks for the earlier day that is due, and gives what is known then.
func (f *flight) remember(ctx context.Context, known *History) *History {
	ago := known.due(f.at)
	// Not all days at once, and not those of all applications at the same time.
	until := turnAfter(f.at, refresh, beginOf(refresh, f.feed.hash+uint64(ago)*uint64(refresh/days)))
	from, to := f.at.Add(-f.window).Truncate(step), until.Add(ahead(f.period)).Truncate(step)
	then := -time.Duration(ago) * day
	samples, failed := f.between(ctx, from.Add(then), to.Add(then), step)
	if failed != nil {
		return known.later(ago, f.at.Add(refresh/2))
	}
	return known.with(ago, from, until, samples)
}

func (f *flight) now(ctx context.Context) (sample demand.Sample, failed *trouble) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	defer survive(ctx, f.feed.question, &failed)
	return f.feed.outlet.source.now(ctx, f.feed.question, f.at)
}

func (f *flight) between(ctx context.Context, from, to time.Time, step time.Duration) (samples []demand.Sample, failed *trouble) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	defer survive(ctx, f.feed.question, &failed)
	return f.feed.outlet.source.between(ctx, f.feed.question, from, to, step)
}
