// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// create asks the API server for a benchmark with the spec, a JSON object, beside an image.
func create(t *testing.T, name, spec string) (*v1alpha1.ElasticWebBenchmark, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs an API server")
	}
	fields := map[string]any{"image": "nginx:1.27"}
	if err := json.Unmarshal([]byte(spec), &fields); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "ElasticWebBenchmark",
		"metadata": map[string]any{"namespace": "default", "name": name}, "spec": fields,
	}}
	if err := k8s.Create(t.Context(), object, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
		return nil, err
	}
	benchmark := &v1alpha1.ElasticWebBenchmark{}
	if err := k8s.Get(t.Context(), client.ObjectKeyFromObject(object), benchmark); err != nil {
		t.Fatal(err)
	}
	return benchmark, nil
}

func TestDefaults(t *testing.T) {
	benchmark, err := create(t, "defaults", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	spec := benchmark.Spec
	got := fmt.Sprint(spec.Path, " ", spec.LatencyTarget, " ", spec.ErrorRateTarget, " ", spec.Duration, " ", *spec.MaxQPS)
	if want := "/ 500ms 1% 5m 100000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if benchmark.Status.ObservedGeneration != -1 {
		t.Errorf("observedGeneration %d: a tool would take it for looked at", benchmark.Status.ObservedGeneration)
	}
}

func TestAcceptedSpecs(t *testing.T) {
	for name, spec := range map[string]string{
		"shortest":       `{"duration": "10s", "latencyTarget": "1ms", "errorRateTarget": "0%", "maxQPS": 1}`,
		"longest":        `{"duration": "1h", "latencyTarget": "1m", "errorRateTarget": "99.999%", "maxQPS": 10000000}`,
		"mixed-units":    `{"duration": "1m30s", "latencyTarget": "1.5s"}`,
		"query":          `{"path": "/search?q=a%20b&n=1"}`,
		"architectures":  `{"architectures": ["arm64", "s390x"]}`,
		"pod-settings":   `{"resources": {"limits": {"cpu": "1"}}, "env": [{"name": "A", "value": "1"}], "nodeSelector": {"pool": "web"}}`,
		"image-digested": `{"image": "registry.example.com:5000/a/b@sha256:` + strings.Repeat("a", 64) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := create(t, name, spec); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusedSpecs(t *testing.T) {
	for name, test := range map[string]struct{ spec, field, message string }{
		"no image":             {`{"image": null}`, "spec.image", "Required value"},
		"image with a scheme":  {`{"image": "https://nginx"}`, "spec.image", "without a scheme"},
		"port 0":               {`{"containerPort": 0}`, "spec.containerPort", "greater than or equal to 1"},
		"path without slash":   {`{"path": "search"}`, "spec.path", "must begin with a slash"},
		"path with a blank":    {`{"path": "/a b"}`, "spec.path", "neither blanks"},
		"path with a fragment": {`{"path": "/a#b"}`, "spec.path", "fragment"},
		"no architectures":     {`{"architectures": []}`, "spec.architectures", "at least 1"},
		"unknown architecture": {`{"architectures": ["x86_64"]}`, "spec.architectures[0]", "Unsupported value"},
		"architecture twice":   {`{"architectures": ["arm64", "arm64"]}`, "spec.architectures[1]", "Duplicate value"},
		"duration no time":     {`{"duration": "long"}`, "spec.duration", "should match"},
		"duration a number":    {`{"duration": 60}`, "spec.duration", "must be of type string"},
		"duration too short":   {`{"duration": "9s"}`, "spec.duration", "from 10s to 1h"},
		"duration too long":    {`{"duration": "61m"}`, "spec.duration", "from 10s to 1h"},
		"duration overflows":   {`{"duration": "9999999999999999999h"}`, "spec.duration", ""},
		"latency 0":            {`{"latencyTarget": "0s"}`, "spec.latencyTarget", "from 1ms to 1m"},
		"latency over run":     {`{"latencyTarget": "20s", "duration": "10s"}`, "spec.latencyTarget", "not below duration"},
		"errors 100%":          {`{"errorRateTarget": "100%"}`, "spec.errorRateTarget", "from 0% to 99.999%"},
		"errors a fraction":    {`{"errorRateTarget": "0.01"}`, "spec.errorRateTarget", "percentage"},
		"maxQPS 0":             {`{"maxQPS": 0}`, "spec.maxQPS", "greater than or equal to 1"},
		"maxQPS too high":      {`{"maxQPS": 10000001}`, "spec.maxQPS", "less than or equal to"},
		"arch in nodeSelector": {`{"nodeSelector": {"kubernetes.io/arch": "arm64"}}`, "spec.nodeSelector", "restrict them with architectures"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := create(t, "refused", test.spec)
			status := apierrors.APIStatus(nil)
			if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
				t.Fatalf("not refused as invalid: %v", err)
			}
			for _, cause := range status.Status().Details.Causes {
				if cause.Field == test.field && strings.Contains(cause.Message, test.message) {
					return
				}
			}
			t.Errorf("no refusal of %s that says %q: %v", test.field, test.message, err)
		})
	}
}

func TestRefusedNames(t *testing.T) {
	for _, name := range []string{strings.Repeat("a", 54), "a.b"} {
		if _, err := create(t, name, `{}`); err == nil || !strings.Contains(err.Error(), "name of a Helm release") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := create(t, strings.Repeat("a", 53), `{}`); err != nil {
		t.Error(err)
	}
}
