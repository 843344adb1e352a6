// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// What is a text stays one, also where YAML would read a number, a truth or nothing.
func TestTextsStayTexts(t *testing.T) {
	const texts = `
fullnameOverride: web
image: {repository: "1e5"}
serviceAccount: {name: "true"}
priorityClassName: "1e8"
metrics: {serviceMonitor: {labels: {a: "1e6"}}}
imagePullSecrets: [{name: "1e7"}]
podLabels: {b: "yes"}
nodeSelector: {c: "0x1"}
`
	for watched, want := range map[string][]string{
		"":                         {"Role web-test 123"},
		`watchNamespaces: ["1e4"]`: {"Role web-manager-role 1e4", "RoleBinding web-manager-rolebinding 1e4", "Role web-test 1e4"},
	} {
		made, err := renderIn(t, "123", "1e3", everything, texts, watched)
		if err != nil {
			t.Fatal(err)
		}
		text := made.Manifest
		for _, hook := range made.Hooks {
			text += "---\n" + hook.Manifest + "\n"
		}
		objects := byName(t, text)
		for _, name := range append(want, "Deployment web-controller-manager 123", "ServiceAccount true 123", "Pod web-test 123",
			"Service web-controller-manager-metrics-service 123", "ServiceMonitor web-controller-manager-metrics-monitor 123") {
			if objects[name] == nil {
				t.Errorf("%q: no %s", watched, name)
			}
		}
		for name, object := range objects {
			if got := object.GetLabels()["app.kubernetes.io/instance"]; got != "1e3" {
				t.Errorf("%s is of the release %q", name, got)
			}
			expectTyped(t, name, object)
		}
	}
}

// expectTyped reads an object into its Go type, which takes no number for a text.
func expectTyped(t *testing.T, name string, object *unstructured.Unstructured) {
	t.Helper()
	typed, err := scheme.Scheme.New(object.GroupVersionKind())
	if runtime.IsNotRegisteredError(err) { // CRDs and monitors
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// A key without a value takes the default away. What then stands for nothing is what an empty value stands for, or is refused by its name:
// a switch must not be turned off so, and all namespaces not be watched.
func TestAKeyWithoutAValue(t *testing.T) {
	loaded, err := loader.Load(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	for path, standard := range paths("", loaded.Values) {
		made, err := render(t, release, at(path, nil))
		if err != nil {
			if missing := "missing property '" + path[strings.LastIndex(path, ".")+1:] + "'"; !strings.Contains(err.Error(), missing) {
				t.Errorf("%s: got %v, want an error that says %s", path, err, missing)
			}
			continue
		}
		if _, isSwitch := standard.(bool); isSwitch || path == "watchNamespaces" {
			t.Errorf("%s is taken without a value", path)
		}
		want, err := render(t, release, at(path, empty(standard)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if diff := cmp.Diff(byName(t, want.Manifest), byName(t, made.Manifest)); diff != "" {
			t.Errorf("%s, empty -, without a value +\n%s", path, diff)
		}
	}
}

// paths of all values, and of the maps that group them, with what they are by default.
func paths(prefix string, group map[string]any) map[string]any {
	result := map[string]any{}
	for name, value := range group {
		result[prefix+name] = value
		if inner, isMap := value.(map[string]any); isMap && !isWhole(prefix+name) {
			maps.Copy(result, paths(prefix+name+".", inner))
		}
	}
	return result
}

// isWhole tells values from groups of values: what is in these maps is of Kubernetes.
func isWhole(path string) bool { return path == "resources" || path == "affinity" }

// at is a document with a value at a path.
func at(path string, value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	document := strings.ReplaceAll(path, ".", ": {") + ": " + string(text) + strings.Repeat("}", strings.Count(path, "."))
	if !strings.HasPrefix(path, "crds") { // which take most of the time.
		document += "\ncrds: {enabled: false}"
	}
	return document
}

// empty is the value of its type that says nothing. Helm merges an empty map with the default: to say nothing takes null.
func empty(value any) any {
	switch value.(type) {
	case string:
		return ""
	case []any:
		return []any{}
	}
	return nil
}
