// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// web is an ElasticWeb of a scenario.
type web struct {
	*scenario
	key client.ObjectKey
}

func (w web) get(ctx context.Context, g Gomega) *elasticwebv1.ElasticWeb {
	object := &elasticwebv1.ElasticWeb{}
	g.ExpectWithOffset(1, w.admin.Get(ctx, w.key, object)).To(Succeed())
	return object
}

// eventuallyServes waits until an ElasticWeb is ready with a number of pods, and nothing of it is on the way out.
func (w web) eventuallyServes(ctx context.Context, pods int, qps int32) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		object := w.get(ctx, g)
		ready := meta.FindStatusCondition(object.Status.Conditions, elasticwebv1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Status).To(BeEquivalentTo("True"), ready.Message)
		g.Expect(ready.ObservedGeneration).To(Equal(object.Generation))
		g.Expect(ptr.Deref(object.Status.RealQPS, -1)).To(Equal(qps))
		g.Expect(w.pods(ctx, g)).To(HaveLen(pods))
	}).Should(Succeed())
}

// pods are all of the ElasticWeb, with those that are ending.
func (w web) pods(ctx context.Context, g Gomega) []corev1.Pod {
	var list corev1.PodList
	g.ExpectWithOffset(1, w.admin.List(ctx, &list, client.InNamespace(w.key.Namespace),
		client.MatchingLabels{"app.kubernetes.io/name": "elasticweb", "app.kubernetes.io/instance": w.key.Name})).To(Succeed())
	return list.Items
}

// podNames are those of its pods.
func (w web) podNames(ctx context.Context) []string {
	GinkgoHelper()
	var names []string
	for _, pod := range w.pods(ctx, Default) {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	return names
}

// watchReadyPods counts the pods to which the Service sends requests, until it is asked for the lowest count.
func (w web) watchReadyPods(ctx context.Context) (fewest func() int) {
	GinkgoHelper()
	watching, err := w.admin.Watch(ctx, &discoveryv1.EndpointSliceList{}, client.InNamespace(w.key.Namespace),
		client.MatchingLabels{discoveryv1.LabelServiceName: w.key.Name})
	Expect(err).NotTo(HaveOccurred())
	lowest := make(chan int)
	go func() {
		least := math.MaxInt
		for event := range watching.ResultChan() {
			slice, isSlice := event.Object.(*discoveryv1.EndpointSlice)
			if !isSlice {
				continue
			}
			ready := 0
			for _, endpoint := range slice.Endpoints {
				if ptr.Deref(endpoint.Conditions.Ready, true) {
					ready++
				}
			}
			least = min(least, ready)
		}
		lowest <- least
	}()
	return func() int {
		watching.Stop()
		return <-lowest
	}
}

// patch changes the spec.
func (w web) patch(ctx context.Context, spec string) {
	GinkgoHelper()
	w.kubectl(ctx, "patch", "elasticweb", w.key.Name, "--namespace="+w.key.Namespace, "--type=merge", `--patch={"spec": `+spec+`}`)
}

// answer is what the web server told of itself.
type answer struct{ pod, architecture, version string }

// ask makes a request over a connection of its own.
func ask(ctx context.Context, url string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fields := append(strings.Fields(string(body)), "", "", "")
	return answer{pod: fields[0], architecture: fields[1], version: fields[2]}, err
}

// eventuallyAnswer asks until all the pods have answered, and returns what they said.
func eventuallyAnswer(ctx context.Context, url string, pods []string) []answer {
	GinkgoHelper()
	seen := map[string]answer{}
	Eventually(ctx, func(g Gomega) {
		got, err := ask(ctx, url)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pods).To(ContainElement(got.pod))
		seen[got.pod] = got
		g.Expect(seen).To(HaveLen(len(pods)))
	}).WithPolling(10 * time.Millisecond).Should(Succeed())
	var answers []answer
	for _, pod := range pods {
		answers = append(answers, seen[pod])
	}
	return answers
}
