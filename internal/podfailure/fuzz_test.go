// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// FuzzOf: whatever a kubelet reports, there is an answer, and it is the same in whatever order the containers stand.
func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}, {"name": "a", "state": {"waiting": {"reason": "ErrImagePull"}}}]}`))
	f.Add([]byte(`{"containerStatuses": [{"name": "web", "state": {"terminated": {"exitCode": 139, "reason": "Error"}}, "lastState": {"terminated": {"exitCode": 1}}}]}`))
	f.Add([]byte(`{"initContainerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-02T03:04:05Z"}}}], "containerStatuses": [{"name": "web", "restartCount": 3, "state": {"running": {}}}]}`))
	f.Add([]byte(`{"containerStatuses": [{}, {"state": {"waiting": {}}}, {"state": {"terminated": {}}}]}`))
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		pod := &corev1.Pod{}
		if json.Unmarshal(text, &pod.Status) != nil || haveDoubles(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			return
		}
		first := Of(pod, "web", now)
		if first != nil && first.Class == None {
			t.Fatalf("a failure without a class: %+v", first)
		}
		slices.Reverse(pod.Status.ContainerStatuses)
		slices.Reverse(pod.Status.InitContainerStatuses)
		if second := Of(pod, "web", now); (first == nil) != (second == nil) || first != nil && *first != *second {
			t.Fatalf("%+v, and in another order %+v", first, second)
		}
	})
}

// haveDoubles reports whether two containers have one name, which the API server accepts of no pod.
func haveDoubles(lists ...[]corev1.ContainerStatus) bool {
	names := map[string]bool{}
	for _, status := range slices.Concat(lists...) {
		if names[status.Name] {
			return true
		}
		names[status.Name] = true
	}
	return false
}
