// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// surging is a Deployment at rest with a Record, and its pods.
func surging(record Record, pods []Pod) Observed {
	replicas, counts := int32(len(pods)), map[string]int{"arm64": 1, "amd64": 1, "ppc64le": 1, "s390x": 1} //nolint:gosec // some dozens.
	observed := Observed{
		Image: Image{State: ImageFailed}, Nodes: &Nodes{All: counts, Schedulable: counts}, Pods: pods,
		Deployment: &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{AnnotationRecord: record.String()}},
			Spec:       appsv1.DeploymentSpec{Replicas: &replicas},
			Status:     appsv1.DeploymentStatus{Replicas: replicas, UpdatedReplicas: replicas},
		},
	}
	observed.Deployment.Spec.Template.Labels = map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}
	return observed
}

// The pods that a try to bring others back asked for are no part of what the demand calls for: else as many more would be asked for beside
// them in each pass, until they are ready.
func TestSurgeHasNoSayInWhatIsAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		// home, away and fresh are pods: those on arm64, those on s390x, and those that were asked for beside them.
		home, away, fresh int
		// ready is true where fresh pods are, and waits where they have no node; weights where both architectures have the same, and fresh pods are away, too.
		ready, waits, weights bool
		// asks is how many more are asked for on.
		demand, least, asks, want int32
	}{
		"they are not ready":                    {home: 12, away: 8, fresh: 2, demand: 12_000, least: 20, asks: 2, want: 20},
		"they are taken back, though not ready": {home: 12, away: 8, fresh: 2, demand: 12_000, least: 20, want: 20},
		"they wait":                             {home: 12, away: 8, fresh: 2, waits: true, demand: 12_000, least: 20, asks: 2, want: 20},
		"they are ready":                        {home: 12, away: 8, fresh: 2, ready: true, demand: 12_000, least: 20, asks: 2, want: 20},
		"the demand falls":                      {home: 12, away: 8, fresh: 2, ready: true, demand: 12_000, least: 15, asks: 2, want: 15},
		"the demand rises":                      {home: 12, away: 8, fresh: 2, demand: 22_000, least: 20, asks: 2, want: 30},
		"any may go, and would be missed":       {home: 12, away: 8, fresh: 2, ready: true, weights: true, demand: 12_000, least: 20, want: 22},
		"but as long as they are there, none is missed yet": {home: 12, away: 8, fresh: 2, ready: true, weights: true, demand: 12_000, least: 20, asks: 2, want: 20},
	} {
		t.Run(name, func(t *testing.T) {
			web := modelWeb(tc.demand, map[string]int32{"arm64": 1000, "s390x": 100}, "arm64", "s390x")
			web.Spec.MinReplicas = &tc.least
			if tc.weights {
				web.Spec.Architectures[0].Weight, web.Spec.Architectures[1].Weight = ptr.To[int32](50), ptr.To[int32](50)
			}
			record := Record{Generation: 1, Pod: podHash(&web.Spec), Replicas: int32(tc.home + tc.away), Surge: int32(tc.fresh), Joins: true} //nolint:gosec // some dozens.
			var pods []Pod
			for i := range tc.home + tc.away + tc.fresh {
				pod := Pod{Name: fmt.Sprintf("shop-%02d", i), Node: "a", Architecture: "arm64", Ready: i < tc.home+tc.away || tc.ready, JoinedLabel: elasticwebv1.JoinedTrue}
				switch isFresh := i >= tc.home+tc.away; {
				case isFresh && tc.waits:
					pod.Node, pod.Architecture, pod.Unschedulable = "", "", "no room"
				case i >= tc.home && (!isFresh || tc.weights):
					if pod.Architecture = "s390x"; !tc.weights {
						pod.DeletionCost = "-100"
					}
				}
				pods = append(pods, pod)
			}
			observed := surging(record, pods)
			observed.Surge = tc.asks
			if got := Make(web, observed).Replicas; got != tc.want {
				t.Errorf("%d pods, want %d", got, tc.want)
			}
		})
	}
}

// Pods that landed a moment ago do not bear their cost yet: once they do, any of those of the same level may go with the surge.
func TestSurgeThatIsNotStampedYet(t *testing.T) {
	web := modelWeb(1428, map[string]int32{"arm64": 400, "amd64": 50, "ppc64le": 400}, "arm64", "amd64", "ppc64le")
	web.Spec.Affinity = preferring("arm64")
	record := Record{Generation: 1, Pod: podHash(&web.Spec), Replicas: 5, Surge: 2, Joins: true}
	var pods []Pod
	for i, architecture := range []string{"arm64", "arm64", "arm64", "amd64", "ppc64le", "ppc64le", "ppc64le"} {
		pod := Pod{Name: fmt.Sprint("shop-", i), Node: architecture, Architecture: architecture, Ready: true, JoinedLabel: elasticwebv1.JoinedTrue}
		if i == 3 || i == 4 {
			pod.DeletionCost = "-100"
		}
		pods = append(pods, pod)
	}
	if got := Make(web, surging(record, pods)).Replicas; got != 5 {
		t.Errorf("%d pods, want 5: of 4 three may be those on arm64, and the slow one", got)
	}
}
