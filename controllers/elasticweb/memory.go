// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"reflect"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/rivals"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// So many status writes of an ElasticWeb may follow one another at once, which is enough for the usual change, and
// one per interval after that: pods that flap, or hundreds that come, are told of once a second.
const (
	statusBurst    = 10
	statusInterval = time.Second
)

// memory is what is remembered of ElasticWebs as long as the process lives. Its zero value is empty, and it is safe for
// concurrent use; what it holds of one ElasticWeb is used by one reconcile at a time.
type memory struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]*remembered
	// floor is the resource version of the first ElasticWeb that this process wrote. No predecessor has seen a newer one.
	floor string
}

// remembered is what is remembered of one ElasticWeb.
type remembered struct {
	// confirmed is the spec that the API server itself gave as the newest; nil where it was not asked, the zero value where
	// somebody else was found at work since.
	confirmed *freshSpec
	contest   rivals.ReplicaContest
	stamps    rivals.Stamps
	flaps     observed.Flaps
	// damaged is the generation of a record that the ElasticWeb never had, 0 for none; nextJoin and nextStamp are the pods with
	// which stamping begins those that are to join, and the rest, where some failed.
	damaged             int64
	nextJoin, nextStamp string
	// answer is what was made of the status that was written last, where that is another one, see answerTo.
	answer string
	// demand is that of the last pass.
	demand plan.Demand
	// homecoming is nil where neither part of it is under way.
	homecoming *homecoming
	// hasNoTiers is true where the cache has no Services of the names of those by architecture, and the spec asks for none.
	hasNoTiers bool
	// backends are those that the way in was last written with, weightsPace holds back others that come too fast; nil before there were some.
	backends    []way.Backend
	weightsPace *rate.Limiter
	// weightsSince is the first version of an HTTPRoute with weights, weightsAt when a Route had some first; zero for what another operator wrote.
	weightsSince int64
	weightsAt    time.Time
	// refusedWeights is when weights were refused last.
	refusedWeights refusedWeights
	// pace holds back status writes that come too fast.
	pace *rate.Limiter
	// refusesStamps is true while pods are not stamped since that is refused.
	refusesStamps bool
	// strangers are the versions of objects of the ElasticWeb's names that looked like leftovers and were none, by childKey; unlabelled those
	// that may be some, and are in no cache. Both are nil before there were some.
	strangers, unlabelled map[string]string
}

// homecoming is how far bringing pods back is, and taking up what waits for a rollout. Most ElasticWebs have none.
type homecoming struct {
	rebalance plan.Rebalance
	restart   plan.Restart
}

func (r *remembered) home() homecoming { return ptr.Deref(r.homecoming, homecoming{}) }

func (r *remembered) setHome(to homecoming) {
	if r.homecoming = &to; reflect.ValueOf(to).IsZero() {
		r.homecoming = nil
	}
}

// of is what is remembered of an ElasticWeb, to be read and changed.
func (m *memory) of(web client.Object) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = map[types.NamespacedName]*remembered{}
	}
	name := client.ObjectKeyFromObject(web)
	if m.byName[name] == nil {
		m.byName[name] = &remembered{pace: rate.NewLimiter(rate.Every(statusInterval), statusBurst)}
	}
	return m.byName[name]
}

func (m *memory) forget(name types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byName, name)
}
