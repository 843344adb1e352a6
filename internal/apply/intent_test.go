// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// The body has what the intent has, and what is not compared. The intent stays as it was.
func TestBody(t *testing.T) {
	label := map[string]string{"a": "1"}
	for name, tc := range map[string]struct {
		configuration runtime.ApplyConfiguration
		want          string
	}{
		"no annotations": {corev1ac.ConfigMap("a", "b"),
			`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"b","resourceVersion":"7","annotations":{"elasticweb.example.com/intent":"HASH","note":"2"}}}`},
		"annotations": {
			corev1ac.Service("a", "b").WithAnnotations(map[string]string{"x": "<1>", "note": "1"}).WithSpec(corev1ac.ServiceSpec().WithClusterIP("None")),
			`{"kind":"Service","apiVersion":"v1","metadata":{"name":"a","namespace":"b","resourceVersion":"7","annotations":` +
				`{"elasticweb.example.com/intent":"HASH","note":"2","x":"\u003c1\u003e"}},"spec":{"clusterIP":"None"}}`,
		},
		"metadata of others": {
			appsv1ac.Deployment("a", "b").WithLabels(label).
				WithSpec(appsv1ac.DeploymentSpec().WithTemplate(corev1ac.PodTemplateSpec().WithLabels(label))),
			`{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a","namespace":"b","resourceVersion":"7","labels":{"a":"1"},"annotations":` +
				`{"elasticweb.example.com/intent":"HASH","note":"2"}},"spec":{"template":{"metadata":{"labels":{"a":"1"}}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := json.Marshal(tc.configuration)
			if err != nil {
				t.Fatal(err)
			}
			wanted := preparedOf(t, Intent{Kind: "A", Name: "a", Configuration: tc.configuration, Notes: map[string]string{"note": "2"}})
			body, err := wanted.body("7")
			if want := strings.ReplaceAll(tc.want, "HASH", wanted.hash); string(body) != want || err != nil {
				t.Errorf("got  %s\nwant %s\nerror %v", body, want, err)
			}
			if after, err := json.Marshal(tc.configuration); string(after) != string(before) || err != nil {
				t.Errorf("the intent is %s, and was %s, error %v", after, before, err)
			}
		})
	}
}
