// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// playStale starts an operator whose lists are old, all of them or some, and whose watches are frozen. What
// its predecessor made of a newer spec must stay as it is.
func playStale(r *run) {
	story := []step{{"create", anySpec(r.random), true}, {"change", anySpec(r.random), true}, anyChange(r), anyChange(r)}
	later := step{"the last change", endSpec(r.random), true}
	states, _ := r.undisturbed(append(slices.Clone(story), later))
	p := r.newPlace()
	first := p.startOperator()
	var versions []string
	for i, s := range story {
		p.apply(s)
		p.expect(s.name, states[i], first)
		versions = append(versions, p.version())
	}
	first.stop()
	resources := proxy.Resources()
	if r.random.IntN(3) > 0 {
		r.random.Shuffle(len(resources), func(i, j int) { resources[i], resources[j] = resources[j], resources[i] })
		resources = resources[:1+r.random.IntN(len(resources)-1)]
	}
	at := r.random.IntN(len(versions) - 1)
	stale := proxy.StaleAt(versions[at], resources...)
	what := strings.Join(resources, ", ") + " as after step " + story[at].name
	next := p.startOperator(stale)
	r.injected(int64(len(resources)))
	p.expectUntouched(what, states[len(story)-1], next, 0)
	if r.random.IntN(2) == 0 {
		p.apply(later)
		stale.Thaw()
		p.expect("the last change, after "+what, states[len(story)], next)
	} else {
		stale.Thaw()
		p.expect(what, states[len(story)-1], next)
	}
	p.expectRest(next)
}

// TestStaleSpec has what an older spec called for differ from what a newer one made, in each of the children.
func TestStaleSpec(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	older := elasticwebv1.ElasticWebSpec{
		Image: "registry.example.com/shop:1", SinglePodsQPS: ptr.To[int32](100), TotalQPS: ptr.To[int32](300),
	}
	for name, test := range map[string]struct {
		change func(*elasticwebv1.ElasticWebSpec)
		stale  []string
	}{
		"takes no Service back": {
			func(spec *elasticwebv1.ElasticWebSpec) { *spec.Port++ }, []string{"elasticwebs"},
		},
		"takes no Service back beside an old Deployment": {
			func(spec *elasticwebv1.ElasticWebSpec) { *spec.Port++; spec.Image += "2" }, []string{"elasticwebs", "deployments"},
		},
		"makes no budget": {
			func(spec *elasticwebv1.ElasticWebSpec) { spec.TotalQPS = ptr.To[int32](100) }, []string{"elasticwebs", "deployments", "services"},
		},
		"deletes no budget": {
			func(spec *elasticwebv1.ElasticWebSpec) { spec.MinReplicas = ptr.To[int32](4) }, []string{"elasticwebs", "deployments", "services"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newRun(t, startPlain, "stale", 1).newPlace()
			first := p.startOperator()
			p.apply(step{"create", func(spec *elasticwebv1.ElasticWebSpec, port int32) {
				older.DeepCopyInto(spec)
				spec.Port = ptr.To(port)
				if name == "deletes no budget" {
					spec.TotalQPS = ptr.To[int32](100)
				}
			}, true})
			p.settle(first)
			version := p.version()
			p.apply(step{"change", func(spec *elasticwebv1.ElasticWebSpec, _ int32) { test.change(spec) }, false})
			made := p.settle(first)
			first.stop()
			stale := proxy.StaleAt(version, test.stale...)
			next := p.startOperator(stale)
			p.expectUntouched(name, made, next, 0)
			stale.Thaw()
			p.expect(name, made, next)
		})
	}
}

// anyChange is any step but the deletion.
func anyChange(r *run) step {
	story := newStory(r.random)
	return story[r.random.IntN(len(story)-1)]
}

// version is that of the API server's newest object.
func (p *place) version() string {
	p.t.Helper()
	nodes := &corev1.NodeList{}
	p.must(p.world.live.List(p.ctx, nodes))
	return nodes.ResourceVersion
}

// expectUntouched watches the children for some resyncs: they must stay as they are. What is put right again
// within a moment shows in the requests after the first n.
func (p *place) expectUntouched(what string, expected state, o *operator, n int) {
	p.t.Helper()
	figures.add(p.scenario, statesCompared, 1)
	for end := time.Now().Add(3 * resync); time.Now().Before(end); time.Sleep(pollInterval) {
		now, err := p.state(p.world.live)
		p.must(err)
		if diff := cmp.Diff(expected.children(), now.children()); diff != "" {
			p.differ("the operator took the children back in time, with %s:\n%s\nrequests: %s", what, diff, lastRequests(o))
			p.t.FailNow()
		}
	}
	for _, request := range o.proxy.Requests().Since(n) {
		isWrite := request.Method != http.MethodGet && request.Status > 0 && request.Status < http.StatusMultipleChoices
		if isWrite && !strings.Contains(request.Path, "/elasticwebs/") && !strings.Contains(request.Path, "/events") {
			p.differ("the operator changed a child, with %s: %s\nrequests: %s", what, request, lastRequests(o))
			p.t.FailNow()
		}
	}
}
