// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

var (
	changes = flag.Int("changes", 8, "how many random changes TestPlansComeTrue makes")
	seed    = flag.Uint64("seed", 1, "of the random changes")
)

// anyChange is one that a user could make, as --set.
func anyChange(random *rand.Rand) []string {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	all := map[string][]string{
		"totalQPS":          {"800", "2400", "2401", "9000", "0", "1"},
		"headroomPercent":   {"0", "25", "100"},
		"image":             {shared.image("1"), shared.image("2"), shared.image("amd64"), shared.image("arm64")},
		"singlePodsQPS":     {"500", "800", "1200"},
		"minReplicas":       {"null", "2", "6"},
		"maxReplicas":       {"null", "8", "15"},
		"architectures":     {"null", `[{"name":"amd64"},{"name":"arm64","singlePodsQPS":1000}]`, `[{"name":"amd64","singlePodsQPS":1000},{"name":"arm64"}]`, `[{"name":"arm64"},{"name":"amd64","weight":90}]`},
		"podLabels":         {"null", `{"a":"b"}`, `{"a":"c"}`},
		"env":               {"null", `[{"name":"A","value":"1"}]`},
		"rollout":           {"null", `{"maxSurge":"50%"}`, `{"minReadySeconds":1}`},
		"priorityClassName": {"null", "system-cluster-critical"},
		"podTemplate":       {"null", `{"spec":{"terminationGracePeriodSeconds":20}}`, `{"spec":{"hostAliases":[{"ip":"10.0.0.1","hostnames":["db"]}]}}`, `{"metadata":{"labels":{"team":"web"}}}`},
		"lifecycle":         {"null", "{}"},
	}
	names := []string{}
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var set []string
	for _, at := range random.Perm(len(names))[:1+random.IntN(2)] {
		set = append(set, names[at]+"="+pick(all[names[at]]...))
	}
	return set
}

// TestPlansComeTrue: what plan says of a change is what comes of it: the pods, the architectures, whether they are restarted.
func TestPlansComeTrue(t *testing.T) {
	b := newBench(t)
	random := rand.New(rand.NewPCG(*seed, 1)) //nolint:gosec // no secret.
	b.create(b.shop())
	b.settle()
	told := 0
	for round := range *changes {
		set := anyChange(random)
		args := []string{"plan", "shop", "-o", "json", "--plain-http-registries", shared.Host}
		spec := map[string]any{}
		for _, assignment := range set {
			args = append(args, "--set", assignment)
			if err := setPath(spec, assignment); err != nil {
				t.Fatal(err)
			}
		}
		out, errOut, code := b.run(args...)
		if code == exitError && out == "" {
			t.Logf("%d: %v is refused by the API server: %s", round, set, errOut)
			continue
		}
		var want whatif.Outcome
		decode(t, out, &want)
		before, unchanged := b.deployment(), b.read()
		patch, _ := json.Marshal(map[string]any{"spec": spec})
		if err := shared.Client.Patch(t.Context(), b.read(), client.RawPatch(types.MergePatchType, patch)); err != nil {
			t.Fatal(err)
		}
		if told++; len(want.Refused) > 0 {
			b.awaitRefusal(set)
			if !isSameTemplate(before, b.deployment()) {
				t.Errorf("%d: %v: is refused, and the pods are others", round, set)
			}
			b.undo(unchanged)
			continue
		}
		b.settle()
		after := b.deployment()
		got := fmt.Sprintf("pods %d, restarts %t, on %v", *after.Spec.Replicas, !isSameTemplate(before, after), plan.RecordOf(after).Levels)
		said := fmt.Sprintf("pods %d, restarts %t, on %v", want.PodsSettled, want.Restarts, want.Architectures)
		if want.PodsNow == 0 { // nothing runs that could be restarted.
			got = fmt.Sprintf("pods %d, restarts %t, on %v", *after.Spec.Replicas, false, plan.RecordOf(after).Levels)
		}
		if got != said {
			t.Errorf("%d: %v: plan said %s, and there are %s; with -seed=%d\n%s", round, set, said, got, *seed, want.Diff)
		}
	}
	t.Logf("%d of %d changes were planned, made, and compared", told, *changes)
}

// awaitRefusal waits until the operator says that it refuses a spec.
func (b *bench) awaitRefusal(set []string) {
	b.Helper()
	b.eventually(fmt.Sprintf("%v is refused", set), func() (bool, string) {
		web := b.read()
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		isRefused := slices.Contains([]string{elasticwebv1.ReasonInvalidSpec, elasticwebv1.ReasonInvalidPod, elasticwebv1.ReasonNoCompatibleNodes}, ready.Reason)
		return web.Status.ObservedGeneration == web.Generation && isRefused, ready.Message
	})
}

func (b *bench) undo(to *elasticwebv1.ElasticWeb) {
	b.Helper()
	b.eventually("undo", func() (bool, string) {
		web := b.read()
		web.Spec = to.Spec
		err := shared.Client.Update(b.Context(), web)
		return err == nil, fmt.Sprint(err)
	})
	b.settle()
}

func (b *bench) deployment() *appsv1.Deployment {
	b.Helper()
	deployment := &appsv1.Deployment{}
	if err := shared.Client.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop"}, deployment); err != nil {
		b.Fatal(err)
	}
	return deployment
}

func isSameTemplate(a, b *appsv1.Deployment) bool {
	return cmp.Diff(a.Spec.Template, b.Spec.Template) == ""
}
