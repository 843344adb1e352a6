// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// BenchmarkMake is what a status costs that is as it was, by the number of pods.
func BenchmarkMake(b *testing.B) {
	for _, number := range []int{3, 100, 1000} {
		in := planned()
		in.Observed.Pods = nil
		for i := range number {
			in.Observed.Pods = append(in.Observed.Pods, plan.Pod{
				Name: fmt.Sprintf("shop-%d", i), Node: "n", Architecture: []string{"arm64", "s390x"}[i%2], Ready: true,
			})
		}
		in.Web.Status = statusOf(in)
		if again := statusOf(in); !equality.Semantic.DeepEqual(again, in.Web.Status) {
			b.Fatalf("the status changes from %+v to %+v", in.Web.Status, again)
		}
		b.Run(fmt.Sprintf("%d pods", number), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				statusOf(in)
			}
		})
	}
}

// BenchmarkMakeOfFailures is what a status of 2,000 pods costs that fail, and how many times that of as many ready pods it is. What
// they say is as long as what an application may leave behind when it ends.
func BenchmarkMakeOfFailures(b *testing.B) {
	const number = 2000
	said := func(i int) string { return strings.Repeat(fmt.Sprintf("attempt %d at 10.0.0.1:443 ", i), 150) }
	for _, tc := range []struct {
		name string
		pod  func(i int) plan.Pod
	}{
		{"crashes", func(i int) plan.Pod { return pods(1, own("Error", said(i), 1), "")[0] }},
		{"pulls, one message", func(int) plan.Pod { return pods(1, own("ErrImagePull", said(0), 0), "")[0] }},
		{"pulls, another message of each", func(i int) plan.Pod { return pods(1, own("ErrImagePull", said(i), 0), "")[0] }},
		{"another container of each", func(i int) plan.Pod {
			return pods(1, &podfailure.Failure{Class: podfailure.Crash, Container: fmt.Sprint(i)}, "")[0]
		}},
		{"pods that wait, another message of each", func(i int) plan.Pod { return pods(1, nil, nodes+said(i))[0] }},
	} {
		in := planned()
		in.Observed.Pods = pods(number, nil, "")
		for i := range in.Observed.Pods {
			in.Observed.Pods[i].Ready = true
		}
		began, rounds := time.Now(), 0
		for ; time.Since(began) < 100*time.Millisecond; rounds++ {
			statusOf(in)
		}
		ready := time.Since(began) / time.Duration(rounds)
		for i := range in.Observed.Pods {
			in.Observed.Pods[i] = tc.pod(i)
		}
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				statusOf(in)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(ready), "x-ready")
		})
	}
}
