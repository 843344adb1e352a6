// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// script answers look-ups with what it holds at the moment.
type script struct{ result platforms.Result }

func (s *script) Lookup(platforms.Request) platforms.Result { return s.result }
func (*script) Forget(platforms.Waiter)                     {}

func TestWaits(t *testing.T) {
	const wait = 10 * time.Second
	began := time.Unix(1_000_000, 0)
	at := func(after time.Duration) time.Time { return began.Add(after) }
	queued := platforms.Result{Pending: true}
	askedAt := func(after time.Duration) platforms.Result { return platforms.Result{Pending: true, Asked: at(after)} }
	failed := func(isTransient bool, retryAt time.Duration) platforms.Result {
		return platforms.Result{
			Err:     &platforms.Error{Reason: platforms.ReasonRegistryUnreachable, Message: "down", Transient: isTransient},
			RetryAt: at(retryAt),
		}
	}
	again := func(result platforms.Result, asked time.Duration) platforms.Result {
		result.Pending, result.Asked, result.RetryAt = true, at(asked), time.Time{}
		return result
	}
	old := func(result platforms.Result) platforms.Result { result.Facts = &platforms.Facts{}; return result }
	known := platforms.Result{Facts: &platforms.Facts{}}
	type step struct {
		after  time.Duration
		result platforms.Result
		state  plan.ImageState
		// retry is when the next step must come at the latest; 0 for never.
		retry time.Duration
	}
	for name, steps := range map[string][]step{
		"the clock starts when the registry is asked": {
			{0, queued, plan.ImagePending, wait},
			{wait, queued, plan.ImagePending, wait},
			{60 * time.Second, askedAt(58 * time.Second), plan.ImagePending, 8 * time.Second},
			{68 * time.Second, askedAt(58 * time.Second), plan.ImageFailed, 0},
			{70 * time.Second, known, plan.ImageResolved, 0},
		},
		"no queue is for ever": {
			{0, queued, plan.ImagePending, wait},
			{observed.QueueWait - time.Second, queued, plan.ImagePending, time.Second},
			{observed.QueueWait, queued, plan.ImageFailed, 0},
			{observed.QueueWait + time.Second, askedAt(observed.QueueWait + time.Second), plan.ImageFailed, 0},
		},
		"no place in the queue is a queue as well": {
			{0, platforms.Result{Pending: true, RetryAt: at(20 * time.Second)}, plan.ImagePending, wait},
			{observed.QueueWait, platforms.Result{Pending: true, RetryAt: at(observed.QueueWait + 20*time.Second)}, plan.ImageFailed, 20 * time.Second},
		},
		"what others asked for is waited for in full": {
			{0, askedAt(-30 * time.Second), plan.ImagePending, wait},
			{wait, askedAt(-30 * time.Second), plan.ImageFailed, 0},
		},
		"what may pass is tried again": {
			{0, askedAt(0), plan.ImagePending, wait},
			{time.Second, failed(true, 2*time.Second), plan.ImagePending, time.Second},
			{2 * time.Second, again(failed(true, 0), 2*time.Second), plan.ImagePending, 8 * time.Second},
			{3 * time.Second, known, plan.ImageResolved, 0},
		},
		"and stays a failure once the wait is over": {
			{0, askedAt(0), plan.ImagePending, wait},
			{9 * time.Second, failed(true, 11*time.Second), plan.ImageFailed, 2 * time.Second},
			{11 * time.Second, again(failed(true, 0), 11*time.Second), plan.ImageFailed, 0},
			{12 * time.Second, failed(true, 20*time.Second), plan.ImageFailed, 8 * time.Second},
		},
		"what lasts decides at once": {
			{0, askedAt(0), plan.ImagePending, wait},
			{time.Second, failed(false, 5*time.Second), plan.ImageFailed, 4 * time.Second},
			{5 * time.Second, again(failed(false, 0), 5*time.Second), plan.ImageFailed, 0},
		},
		"a registry that is known to be down is none to wait for": {
			{0, failed(true, time.Minute), plan.ImageFailed, time.Minute},
		},
		"older facts wait for newer ones, and are told apart": {
			{0, old(queued), plan.ImagePending, wait},
			{time.Second, old(failed(true, 3*time.Second)), plan.ImagePending, 2 * time.Second},
			{3 * time.Second, old(failed(true, time.Minute)), plan.ImageFailed, 57 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock, answers := testingclock.NewFakeClock(began), &script{}
			o := &Observer{Kind: "ElasticWeb", Images: answers, Wait: wait, Clock: clock}
			for i, step := range steps {
				clock.SetTime(at(step.after))
				answers.result = step.result
				image, retry := o.Observe(types.NamespacedName{Namespace: "dev", Name: "shop"}, Pod{Image: "shop:1"}, true)
				if image.State != step.state || retry != step.retry || (image.Facts != nil) != (step.state != plan.ImagePending && step.result.Facts != nil) {
					t.Errorf("step %d: %+v, retry after %v, want state %d, retry %v", i+1, image, retry, step.state, step.retry)
				}
			}
			o.Forget(types.NamespacedName{Namespace: "dev", Name: "shop"})
			if len(o.waits) > 0 {
				t.Error("a deleted object is remembered")
			}
		})
	}
}
