// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Board has what the page shows of the cluster. It is told of changes, and wakes the streams of those who look.
type Board struct {
	now func() time.Time

	mu      sync.Mutex
	webs    map[types.NamespacedName]*entry
	state   ClusterState
	streams map[*stream]struct{}
}

// entry is what is known of an ElasticWeb.
type entry struct {
	web     *elasticwebv1.ElasticWeb
	row     Row
	samples []Sample
	changes []Change
}

// ClusterState is whether the cluster answers, and what of it may not be read.
type ClusterState struct {
	// Name of the cluster, as the kubeconfig has it.
	Name string `json:"name"`
	// Loaded is false until the cluster was read for the first time.
	Loaded bool `json:"loaded"`
	// Away says why the cluster does not answer; "" where it does. AwaySince is when it answered last.
	Away      string `json:"away,omitempty"`
	AwaySince int64  `json:"awaySince,omitempty"`
	// Refused says what may not be read.
	Refused []string `json:"refused,omitempty"`
}

// mostRefused bounds what is named of what may not be read.
const mostRefused = 20

// NewBoard is an empty one, for the cluster of that name.
func NewBoard(name string, now func() time.Time) *Board {
	return &Board{now: now, webs: map[types.NamespacedName]*entry{}, streams: map[*stream]struct{}{}, state: ClusterState{Name: screen.Name(name)}}
}

func keyOf(web *elasticwebv1.ElasticWeb) types.NamespacedName {
	return types.NamespacedName{Namespace: web.Namespace, Name: web.Name}
}

// Set has an ElasticWeb that is new or was changed. It is kept, and not to be changed.
func (b *Board) Set(web *elasticwebv1.ElasticWeb) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(web)
}

func (b *Board) set(web *elasticwebv1.ElasticWeb) {
	key, at := keyOf(web), b.now()
	known := b.webs[key]
	if known == nil || known.web.UID != web.UID {
		known = &entry{}
		b.webs[key] = known
	} else {
		for _, text := range changesOf(known.web, web) {
			known.changes = bounded(append(known.changes, Change{At: at.Unix(), Text: text}), mostChanges)
		}
	}
	known.samples = withSample(known.samples, sampleOf(web, at))
	row := rowOf(web)
	isOther := known.row != row
	known.web, known.row = web, row
	for s := range b.streams {
		if isOther {
			s.rows[key] = true
		}
		s.isStale = s.isStale || s.opened == key
		s.wakeUp()
	}
}

// Remove has an ElasticWeb that is gone.
func (b *Board) Remove(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(key)
}

func (b *Board) remove(key types.NamespacedName) {
	if b.webs[key] == nil {
		return
	}
	delete(b.webs, key)
	for s := range b.streams {
		s.rows[key], s.isStale = true, s.isStale || s.opened == key
		s.wakeUp()
	}
}

// Replace has all that there are: the cluster was read anew, and answers.
func (b *Board) Replace(all []*elasticwebv1.ElasticWeb) {
	b.mu.Lock()
	defer b.mu.Unlock()
	isThere := map[types.NamespacedName]bool{}
	for _, web := range all {
		isThere[keyOf(web)] = true
		b.set(web)
	}
	for key := range b.webs {
		if !isThere[key] {
			b.remove(key)
		}
	}
	b.tell(func(state *ClusterState) { state.Loaded, state.Away, state.AwaySince = true, "", 0 })
	for s := range b.streams {
		s.isStale = true
	}
}

// Touch has something of what was made for an ElasticWeb that changed: a pod, the Deployment.
func (b *Board) Touch(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.streams {
		if s.opened == key {
			s.isStale = true
			s.wakeUp()
		}
	}
}

// TouchAll has something that changed which may count for any of them: a node.
func (b *Board) TouchAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.streams {
		s.isStale = true
		s.wakeUp()
	}
}

// Away has the cluster not answer, and says why.
func (b *Board) Away(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell(func(state *ClusterState) {
		if state.Away == "" {
			state.AwaySince = b.now().Unix()
		}
		state.Away = screen.Line(why, longestMessage)
	})
}

// Refused has all that may not be read.
func (b *Board) Refused(texts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, text := range texts[:min(len(texts), mostRefused)] {
		lines = append(lines, screen.Line(text, 2*longestShort))
	}
	b.tell(func(state *ClusterState) { state.Refused = lines })
}

func (b *Board) tell(change func(*ClusterState)) {
	before := b.state
	change(&b.state)
	if b.state.Loaded == before.Loaded && b.state.Away == before.Away && slices.Equal(b.state.Refused, before.Refused) {
		return
	}
	for s := range b.streams {
		s.isClusterNews = true
		s.wakeUp()
	}
}

// IsWatched reports whether anybody looks.
func (b *Board) IsWatched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.streams) > 0
}

// past is what was seen of an ElasticWeb, the oldest first.
func (b *Board) past(key types.NamespacedName) (samples []Sample, changes []Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.webs[key]; known != nil {
		return lastOf(known.samples, mostSamples), lastOf(known.changes, mostChanges)
	}
	return nil, nil
}
