// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"bytes"
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// history is every value that a number took, in order, from a watch: polling would miss those that were
// passed through.
type history struct {
	mu     sync.Mutex
	values []int32
}

func (h *history) note(value int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.values) == 0 || h.values[len(h.values)-1] != value {
		h.values = append(h.values, value)
	}
}

// all is the values so far, without repetitions.
func (h *history) all() []int32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]int32{}, h.values...)
}

// restart forgets all values but the newest.
func (h *history) restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.values = h.values[max(len(h.values)-1, 0):]
}

// replicasOf records every value that spec.replicas of an ElasticWeb's Deployment takes.
func replicasOf(web *elasticwebv1.ElasticWeb) *history {
	GinkgoHelper()
	result := &history{}
	follow(&appsv1.DeploymentList{}, func(e watch.Event) {
		if deployment, isOne := e.Object.(*appsv1.Deployment); isOne && e.Type != watch.Deleted {
			result.note(*deployment.Spec.Replicas)
		}
	}, client.InNamespace(web.Namespace), client.MatchingFields{"metadata.name": web.Name})
	return result
}

// readyPodsOf records every number of ready pods of an ElasticWeb. A pod that is to end counts no more,
// though it still serves.
func readyPodsOf(web *elasticwebv1.ElasticWeb) *history {
	GinkgoHelper()
	result, ready := &history{}, map[string]struct{}{}
	follow(&corev1.PodList{}, func(e watch.Event) {
		pod, isPod := e.Object.(*corev1.Pod)
		if !isPod {
			return
		}
		if e.Type != watch.Deleted && pod.DeletionTimestamp == nil && isReady(pod) {
			ready[pod.Name] = struct{}{}
		} else {
			delete(ready, pod.Name)
		}
		result.note(int32(len(ready)))
	}, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name})
	return result
}

// owners names the field managers of a field.
func owners(object client.Object, path ...any) []string {
	var names []string
	for _, entry := range object.GetManagedFields() {
		fields := fieldpath.Set{}
		if entry.FieldsV1 != nil && fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) == nil &&
			fields.Has(fieldpath.MakePathOrDie(path...)) {
			names = append(names, entry.Manager)
		}
	}
	return names
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// follow watches until the spec ends.
func follow(list client.ObjectList, note func(watch.Event), options ...client.ListOption) {
	GinkgoHelper()
	watcher, err := client.NewWithWatch(controlPlane.RESTConfig(), client.Options{Scheme: newScheme()})
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	longest := client.ListOptions{Raw: &metav1.ListOptions{TimeoutSeconds: ptr.To[int64](6 * 60 * 60)}} // else the API server ends it after half an hour.
	events, err := watcher.Watch(ctx, list, append(options, &longest)...)
	Expect(err).NotTo(HaveOccurred())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events.ResultChan() {
			note(e)
		}
	}()
	DeferCleanup(func() {
		cancel()
		events.Stop()
		<-done
	})
}
