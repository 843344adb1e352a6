// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// 100 pods that flap change the weights at each look: few of them are written, the wait ends within a second, and the last ones are.
func TestWeightsOfPodsThatFlapAreFewWrites(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))
	r, web := &Reconciler{Clock: clock}, &elasticwebv1.ElasticWeb{}
	web.Namespace, web.Name = "dev", "shop"
	backends := func(weight int32) []way.Backend { return []way.Backend{{Service: "shop-arm64", Weight: weight}} }
	remembered := r.memory.of(web)
	remembered.backends = backends(0)
	const seconds = 60
	writes := 0
	for i := range 100 * seconds {
		clock.SetTime(clock.Now().Add(time.Second / 100))
		wanted := backends(1 + int32(i%100)) //nolint:gosec // below 100.
		wait, tooSoon := r.isTooSoon(web, wanted)
		switch {
		case tooSoon && (wait <= 0 || wait > time.Second):
			t.Fatalf("it is to wait for %s", wait)
		case !tooSoon:
			remembered.backends = wanted
			writes++
		}
	}
	if perSecond := float64(writes) / seconds; perSecond > 3 || perSecond < 2 {
		t.Errorf("%.1f writes a second", perSecond)
	}
	if wait, tooSoon := r.isTooSoon(web, remembered.backends); tooSoon {
		t.Errorf("what was written is held back for %s", wait)
	}
	last := backends(1000)
	if wait, tooSoon := r.isTooSoon(web, last); tooSoon {
		clock.SetTime(clock.Now().Add(wait))
		if _, tooSoon = r.isTooSoon(web, last); tooSoon {
			t.Error("the last state is held back for longer than was said")
		}
	}
}
