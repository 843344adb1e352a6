// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// playCampaign walks from a spec to others and back, valid ones and such that the schema refuses. Back again,
// the children are those of the first visit.
func playCampaign(r *run) {
	s, err := specSchema()
	r.must(err)
	g := generator{r.random}
	p := r.newPlace()
	// Demands go up to what a number holds.
	r.must(r.world.live.Create(r.ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "pods"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("6")}},
	}))
	o := p.startOperator()
	home := p.anyAccepted(g, s)
	fresh := p.stable(o)
	p.expectNamed(home, o)
	for range 3 {
		if r.random.IntN(3) == 0 {
			p.expectRefused(g, s)
		} else {
			away := p.anyAccepted(g, s)
			p.stable(o)
			p.expectNamed(away, o)
		}
		p.must(p.put(home))
		back := p.stable(o)
		p.expectNamed(home, o)
		p.expectSameChildren(fresh, back, home, o)
	}
}

// anyAccepted puts generated specs until the API server takes one: there are rules that no schema tells.
func (p *place) anyAccepted(g generator, s schema) map[string]any {
	p.t.Helper()
	for range 50 {
		spec := g.spec(s)
		if g.random.IntN(3) > 0 {
			spec["port"] = int64(p.firstPort)
		}
		p.injected(1)
		err := p.put(spec)
		if err == nil {
			return spec
		}
		if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
			p.t.Fatalf("%v: %v", spec, err)
		}
	}
	p.t.Fatal("no spec is accepted")
	return nil
}

// put makes a spec that of the ElasticWeb.
func (p *place) put(spec map[string]any) error {
	web := &unstructured.Unstructured{}
	web.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWeb"))
	for {
		err := p.world.live.Get(p.ctx, p.key(), web)
		web.Object["spec"] = runtime.DeepCopyJSON(spec)
		if apierrors.IsNotFound(err) {
			web.SetNamespace(p.namespace)
			web.SetName(webName)
			err = p.world.live.Create(p.ctx, web)
		} else if err == nil {
			err = p.world.live.Update(p.ctx, web)
		}
		if !apierrors.IsConflict(err) {
			return err
		}
	}
}

// expectRefused puts a spec with a mistake, which the API server must not take.
func (p *place) expectRefused(g generator, s schema) {
	p.t.Helper()
	spec := g.spec(s)
	what := g.breakSpec(s, spec)
	p.injected(1)
	if err := p.put(spec); err == nil {
		p.differ("a spec with %s is accepted: %v", what, spec)
	} else if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		p.differ("a spec with %s: %v", what, err)
	}
}

// stable waits until nothing changes any more, be it good or bad, and the status speaks of the newest spec.
func (p *place) stable(o *operator) state {
	p.t.Helper()
	const calm = 2500 * time.Millisecond
	var last state
	since := time.Now()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		now, err := p.state(p.world.cached)
		if err != nil || !cmp.Equal(now, last) {
			last, since = now, time.Now()
			continue
		}
		if time.Since(since) <= calm {
			continue
		}
		if web := p.web(p.world.live); web != nil && web.Status.ObservedGeneration == web.Generation {
			return last
		}
	}
	p.differ("it does not come to rest within %s\nrequests: %s\n%s\nlog: %s", patience, lastRequests(o), last, o.log.Tail())
	p.t.FailNow()
	return nil
}

// expectNamed: a spec is carried out, or the status says what is in the way of it.
func (p *place) expectNamed(spec map[string]any, o *operator) {
	p.t.Helper()
	figures.add(p.scenario, statesCompared, 1)
	web := p.web(p.world.live)
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	if ready == nil || ready.Message == "" {
		p.differ("no word about %v: %v", spec, web.Status.Conditions)
		return
	}
	if ready.Status != metav1.ConditionTrue {
		if !meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionStalled) &&
			!meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionReconciling) {
			p.differ("it is not Ready, and neither Stalled nor Reconciling: %v", web.Status.Conditions)
		}
		return
	}
	if ready.Reason == elasticwebv1.ReasonNoDemand {
		return
	}
	deployment := &appsv1.Deployment{}
	if err := p.world.live.Get(p.ctx, p.key(), deployment); err != nil {
		p.differ("it is Ready, and there is no Deployment: %v\nrequests: %s", err, lastRequests(o))
		return
	}
	container := deployment.Spec.Template.Spec.Containers[0]
	for field, value := range map[string]any{
		"image": container.Image, "env": container.Env, "args": container.Args, "command": container.Command,
		"nodeSelector": deployment.Spec.Template.Spec.NodeSelector, "resources": container.Resources,
		"podAnnotations": deployment.Spec.Template.Annotations, "readinessProbe": container.ReadinessProbe,
	} {
		if wanted, isThere := spec[field]; isThere && !holds(value, wanted) {
			p.differ("it is Ready, and %s is %v, not %v", field, value, wanted)
		}
	}
}

// holds reports whether a typed value has everything that a wanted one has, quantities and defaults aside.
func holds(value, wanted any) bool {
	text, err := json.Marshal(value)
	if err != nil {
		return false
	}
	var present any
	if json.Unmarshal(text, &present) != nil {
		return false
	}
	return contains(present, wanted)
}

func contains(present, wanted any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		p, _ := present.(map[string]any)
		for key, value := range w {
			if !contains(p[key], value) {
				return false
			}
		}
		return true
	case []any:
		p, _ := present.([]any)
		if len(p) != len(w) {
			return false
		}
		for i := range w {
			if !contains(p[i], w[i]) {
				return false
			}
		}
		return true
	case string:
		return w == "" && present == nil || strings.EqualFold(fmt.Sprint(present), w)
	case bool:
		return !w && present == nil || present == w
	default:
		return fmt.Sprint(w) == "0" && present == nil || fmt.Sprint(w) == fmt.Sprint(present) || fmt.Sprint(present) == fmt.Sprintf("%g", toFloat(w))
	}
}

func toFloat(number any) float64 {
	switch n := number.(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	default:
		return 0
	}
}

// expectSameChildren compares the children of two visits to a spec, those aside that it could not have.
func (p *place) expectSameChildren(fresh, back state, spec map[string]any, o *operator) {
	p.t.Helper()
	fresh, back = fresh.children(), back.children()
	for _, name := range []string{"Deployment " + webName, "Service " + webName, "PodDisruptionBudget " + webName} {
		if _, wasThere := fresh[name]; !wasThere && name != "PodDisruptionBudget "+webName {
			// Refused, or not wanted: what was there before is left to serve, or goes to 0.
			delete(back, name)
		}
	}
	if _, isServed := fresh["Deployment "+webName]; !isServed {
		delete(fresh, "PodDisruptionBudget "+webName)
		delete(back, "PodDisruptionBudget "+webName)
	}
	figures.add(p.scenario, statesCompared, 1)
	if diff := cmp.Diff(fresh, back); diff != "" {
		text, _ := json.Marshal(spec)
		p.differ("back at %s, the children are not those of the first visit:\n%s\nrequests: %s", text, diff, lastRequests(o))
	}
}
