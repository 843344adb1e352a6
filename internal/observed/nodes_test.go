// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Who changes the terms of a spec again and again, on a cluster whose nodes stay as they are, must not fill the memory.
func TestCountsAreRememberedForSoManyTerms(t *testing.T) {
	nodes := CountNodes([]corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{corev1.LabelArchStable: "arm64", "disk": "7"}}}})
	found := 0
	for i := range mostCounts + 10 {
		found += nodes.For(NodeTerms{NodeSelector: map[string]string{"disk": strconv.Itoa(i)}}).All["arm64"]
	}
	if most := nodes.counted.Len(); found != 1 || most > mostCounts {
		t.Errorf("%d nodes were found, and %d counts are remembered", found, most)
	}
	before := nodes.For(NodeTerms{NodeSelector: map[string]string{"disk": "7"}})
	if after := nodes.For(NodeTerms{NodeSelector: map[string]string{"disk": "7"}}); before != after || after.All["arm64"] != 1 {
		t.Errorf("counted again, it is %+v", after)
	}
}

// Where pods keep apart from their own, each ElasticWeb has other affinities, which say nothing of nodes.
func TestCountsAreRememberedByWhatSaysSomethingOfNodes(t *testing.T) {
	nodes := CountNodes([]corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{corev1.LabelArchStable: "arm64"}}}})
	for _, name := range []string{"shop", "blog"} {
		apart := &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, TopologyKey: corev1.LabelHostname,
		}}}
		terms := NodeTerms{
			NodeSelector: map[string]string{"disk": "fast", corev1.LabelHostname: name}, Affinity: &corev1.Affinity{PodAntiAffinity: apart},
		}
		if got := nodes.For(terms); len(got.All) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		terms.NodeSelector = nil
		if got := nodes.For(terms); got.All["arm64"] != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if number := nodes.counted.Len(); number != 1 {
		t.Errorf("%d counts are remembered", number)
	}
}
