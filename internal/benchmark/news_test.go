// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

func TestWhatIsNewsOfARun(t *testing.T) {
	status := func(isComplete metav1.ConditionStatus, reason string, isStalled bool) *v1alpha1.ElasticWebBenchmarkStatus {
		s := &v1alpha1.ElasticWebBenchmarkStatus{QPSByArchitecture: "arm64: 800"}
		s.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionComplete, Status: isComplete, Reason: reason, Message: "why"}}
		if isStalled {
			s.Conditions = append(s.Conditions, metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue})
		}
		return s
	}
	none := &v1alpha1.ElasticWebBenchmarkStatus{}
	for name, test := range map[string]struct {
		before, now *v1alpha1.ElasticWebBenchmarkStatus
		want        string
	}{
		"nothing is said":     {none, none, ""},
		"a run begins":        {none, status("False", "Running", false), ""},
		"it ends":             {status("False", "Running", false), status("True", "Measured", false), "Normal Measured measured arm64: 800"},
		"it ends, as before":  {status("True", "Measured", false), status("True", "Measured", false), ""},
		"it must be mended":   {none, status("False", "NoNodes", true), "Warning NoNodes why"},
		"so it was before":    {status("False", "NoNodes", true), status("False", "NoNodes", true), ""},
		"it is for that once": {status("True", "Measured", false), status("False", "NoNodes", true), "Warning NoNodes why"},
	} {
		kind, reason, message := benchmark.News(test.before, test.now)
		got := ""
		if reason != "" {
			got = kind + " " + reason + " " + message
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
