// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func node(name, architecture string, cordoned bool) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelArchStable: architecture}},
		Spec:       corev1.NodeSpec{Unschedulable: cordoned},
	}
}

func pod(web, node string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{elasticwebv1.LabelInstance: web}},
		Spec:       corev1.PodSpec{NodeName: node},
	}
}

func ending(pod corev1.Pod) corev1.Pod {
	pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	return pod
}

func TestPodTable(t *testing.T) {
	nodes := []corev1.Node{node("s390x-0", "s390x", false), node("arm64-0", "arm64", false), node("arm64-1", "arm64", true)}
	for name, test := range map[string]struct {
		nodes []corev1.Node
		pods  []corev1.Pod
		want  string
	}{
		"nothing": {nil, nil, `
nodes that take pods
`},
		"no pods": {nodes[:2], nil, `
                       arm64   s390x
nodes that take pods       1       1
`},
		"pods": {nodes, []corev1.Pod{
			pod("shop", "arm64-0"), pod("shop", "arm64-1"), pod("blog", "s390x-0"),
			ending(pod("shop", "arm64-0")), pod("shop", ""), pod("", "arm64-0"),
		}, `
                       arm64   s390x
nodes that take pods       1       1
nodes cordoned             1       0
pods of blog               0       1
pods of shop               2       0
`},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := strings.TrimPrefix(test.want, "\n"), strings.TrimLeft(podTable(test.nodes, test.pods), "\n")
			if name == "nothing" {
				got = strings.TrimLeft(got, " \n")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPadded(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 " " + strings.Repeat(".", textColumns),
		"short":                            "short " + strings.Repeat(".", textColumns-5),
		strings.Repeat("x", 200):           strings.Repeat("x", 200) + " ..",
		strings.Repeat("é", textColumns-2): strings.Repeat("é", textColumns-2) + " ..",
	} {
		if got := padded(text); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0.0 s", 1540 * time.Millisecond: "1.5 s", 10 * time.Minute: "600.0 s",
	} {
		if got := seconds(duration); got != want {
			t.Errorf("%v: got %q, want %q", duration, got, want)
		}
	}
}
