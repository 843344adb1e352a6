// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

// secretOfProxy is the password that the operator's own proxy takes. No tenant may read it.
const secretOfProxy = "proxy-password"

// hostile are strings that YAML, templates or Helm read as something else, or not at all.
var hostile = []string{
	"plain", " ", "\n", "\r\n", "\t", "\u0085", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\x00", "\x07", "\x1b", "\x7f", "\u009b",
	"\U0001F600", "\xff\xfe", "'", `"`, `\`, `\\u2028`, "`", "{{ .Values }}", "{{", "}}", "- a", "a: b", ": ", "# a", " #", "---", "\n---\n", "...",
	"&a", "*a", "!!binary", "!<tag>", "%YAML 1.1", "%", "@", "|", ">", "?", "? a", "[", "]", "{", "}", ",", "~", "null", "true", "no", "1e3", "0x1", "012",
	"2001-01-01", "<<", "=", ".nan", "<no value>", "$(HOME)", "$$", "kubernetes.io/arch ",
	"x\u2028spec:\u2028  hostNetwork: true", "x\u2028      hostNetwork: true\u2028      serviceAccountName: admin\u2028      a: b",
	"\u0085---\u0085apiVersion: v1", "x\n---\napiVersion: v1\nkind: Pod", "a\u2029- b\u2028- c", "line\nline\u2028line\nend",
	"helm.sh/hook: pre-install", strings.Repeat("long ", 300), strings.Repeat("\u2028", 50),
}

// What is applied is what the types say, whatever stands in the strings of a benchmark.
func FuzzWhatIsAppliedIsWhatTheSpecSays(f *testing.F) {
	f.Setenv("HTTP_PROXY", "http://user:"+secretOfProxy+"@proxy.example.com:3128")
	made := loadChart(f)
	for i, words := range hostile {
		f.Add(words, hostile[(i+7)%len(hostile)], uint8(1+i%3))
	}
	f.Fuzz(func(t *testing.T, one, other string, count uint8) {
		b := withStrings(t, one, other, int(1+count%2))
		applied, err := install(t, made, b)
		if err != nil {
			t.Fatalf("refused: %s", err)
		}
		if len(applied.Hooks) > 0 {
			t.Errorf("%d hooks", len(applied.Hooks))
		}
		if strings.Contains(applied.Manifest, secretOfProxy) {
			t.Errorf("the password of the proxy is in %s", applied.Manifest)
		}
		got := read(t, applied.Manifest)
		for i := range got {
			if job := &got[i]; !metav1.IsControlledBy(job, b) {
				t.Errorf("%s is owned by %v", job.Name, job.OwnerReferences)
			}
			got[i].Name, got[i].OwnerReferences = "", nil
		}
		want, err := benchmark.Jobs(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			target := &got[i].Spec.Template.Spec.InitContainers[0]
			for _, variable := range target.Env[:2] {
				if !strings.EqualFold(variable.Name, "HTTP_PROXY") || variable.Value != "http://proxy.example.com:3128" {
					t.Errorf("the proxy is %v", variable)
				}
			}
			target.Env = target.Env[2:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the types say another (-want +applied):\n%s", diff)
		}
	})
}

// Names longer than YAML's keys may be, which is more than Kubernetes takes anywhere, are refused and not cut.
func TestKeysThatYAMLCannotHoldAreRefused(t *testing.T) {
	b := withStrings(t, "a", "b", 1)
	b.Spec.NodeSelector = map[string]string{strings.Repeat("k", 2000): "v"}
	if _, err := install(t, loadChart(t), b); err == nil {
		t.Error("it is applied")
	}
}

// A chart that renders anything but the Jobs of the run is not applied, and the error names the field.
func TestAChartThatRendersAnythingElseIsNotApplied(t *testing.T) {
	for name, test := range map[string]struct{ old, replacement, words string }{
		"another object":          {"---\napiVersion: batch/v1", "---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\n---\napiVersion: batch/v1", "it holds a Pod of v1"},
		"another Job":             {"{{- range .Values.architectures }}", "{{- range append .Values.architectures \"s390x\" }}", "3 Jobs, and the run has 2"},
		"no Job":                  {"{{- range .Values.architectures }}", "{{- range list }}", "0 Jobs, and the run has 2"},
		"a field that Jobs lack":  {"completions: 1", "completions: 1\n  completion: 1", "unknown field"},
		"a field twice":           {"completions: 1", "completions: 1\n  completions: 1", "already set"},
		"the host's network":      {"spec:\n      {{- include", "spec:\n      hostNetwork: true\n      {{- include", "Job.spec.template.spec.hostNetwork for amd64"},
		"another namespace":       {"$.Release.Namespace", `"kube-system"`, "Job.metadata.namespace"},
		"another name":            {`include "elasticwebbenchmark.name" $of`, `"kube-proxy"`, "Job.metadata.name"},
		"another label":           {"{{- range $key, $value", "a: b\n        {{- range $key, $value", "Job.spec.template.metadata.labels"},
		"an annotation":           {"  labels:\n    {{- include", "  annotations: {a: b}\n  labels:\n    {{- include", "Job.metadata.annotations"},
		"an owner":                {"  labels:\n    {{- include", "  ownerReferences: [{apiVersion: v1, kind: Pod, name: a, uid: b}]\n  labels:\n    {{- include", "Job.metadata.ownerReferences"},
		"a hook":                  {"  labels:\n    {{- include", "  annotations: {helm.sh/hook: pre-install}\n  labels:\n    {{- include", "0 Jobs, and the run has 2"},
		"more pods than one":      {"parallelism: 1", "parallelism: 2", "Job.spec.parallelism"},
		"another service account": {"serviceAccountName: {{", "serviceAccountName: x{{", "Job.spec.template.spec.serviceAccountName"},
	} {
		t.Run(name, func(t *testing.T) {
			changed, replaced := loadChart(t), false
			for _, file := range changed.Templates {
				text := strings.Replace(string(file.Data), test.old, test.replacement, 1)
				replaced = replaced || text != string(file.Data)
				file.Data = []byte(text)
			}
			if !replaced {
				t.Fatalf("no template holds %q", test.old)
			}
			if _, err := install(t, changed, withStrings(t, "a", "b", 1)); err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v, want an error that says %q", err, test.words)
			}
		})
	}
}

func loadChart(t testing.TB) *chart.Chart {
	t.Helper()
	made, err := loader.Load("../../helm-charts/elasticwebbenchmark")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// install does all of an installation but the applying, as the reconciler would have Helm do it where there are no Jobs.
func install(t *testing.T, made *chart.Chart, b *v1alpha1.ElasticWebBenchmark) (*release.Release, error) {
	t.Helper()
	return installWith(t, &ReleaseReconciler{Live: reader{}}, made, b)
}

func installWith(t *testing.T, r *ReleaseReconciler, made *chart.Chart, b *v1alpha1.ElasticWebBenchmark) (*release.Release, error) {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(b)
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{Object: content}
	values, err := translate(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	if values, err = chartutil.CoalesceValues(made, values); err != nil {
		t.Fatal(err)
	}
	command := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	command.ReleaseName, command.Namespace = b.Name, b.Namespace
	command.DryRun, command.ClientOnly, command.Replace = true, true, true
	command.KubeVersion = &chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}
	command.PostRenderer = helmclient.PostRendererFunc(func(rendered *bytes.Buffer) (*bytes.Buffer, error) {
		text, _, err := r.look(t.Context(), object, rendered.Bytes())
		return bytes.NewBuffer(text), err
	})
	return command.Run(made, values)
}

// read reads a manifest as Helm does before it applies it.
func read(t *testing.T, manifest string) []batchv1.Job {
	t.Helper()
	var jobs []batchv1.Job
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096); ; {
		raw := runtime.RawExtension{}
		if err := decoder.Decode(&raw); err != nil {
			return jobs
		}
		if len(bytes.TrimSpace(raw.Raw)) == 0 {
			continue
		}
		job := batchv1.Job{}
		strict := json.NewDecoder(bytes.NewReader(raw.Raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&job); err != nil {
			t.Fatalf("%s: %s", err, raw.Raw)
		}
		jobs = append(jobs, job)
	}
}

// withStrings is a benchmark that holds the strings wherever a user can write one, as the API server would have stored it. count is
// how many elements its lists have.
func withStrings(t *testing.T, one, other string, count int) *v1alpha1.ElasticWebBenchmark {
	t.Helper()
	calls := 0
	next := func() string {
		calls++
		words := one
		if calls%2 == 0 {
			words = other
		}
		words = string([]rune(words)[:min(len([]rune(words)), 200)])
		if words == "" {
			return "x"
		}
		return words
	}
	b := &v1alpha1.ElasticWebBenchmark{}
	fill(reflect.ValueOf(&b.Spec).Elem(), next, count)
	b.Name, b.Namespace, b.UID, b.Generation = "shop", "dev", "u", 3
	b.APIVersion, b.Kind = v1alpha1.GroupVersion.String(), Kind
	b.Spec.Image, b.Spec.Architectures, b.Spec.ImagePullPolicy = "shop:1", nil, "Always"
	b.Spec.LatencyTarget, b.Spec.Duration, b.Spec.ErrorRateTarget = "1.0000000001s1ms", "1m30s", "0.05%"
	b.Spec.Path = "/" + strings.Map(func(letter rune) rune {
		if letter < '!' || letter > '~' || letter == '#' {
			return -1
		}
		return letter
	}, one+other)
	delete(b.Spec.NodeSelector, "kubernetes.io/arch")
	b.Status.Run = &v1alpha1.BenchmarkRun{
		ID: "0123456789", Image: "shop:1@sha256:" + strings.Repeat("0", 64), Port: 8080, GeneratorImage: "registry.example.com/operator:1",
		Architectures: []v1alpha1.ArchitectureRun{{Architecture: "amd64"}, {Architecture: "arm64"}},
	}
	encoded, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	stored := &v1alpha1.ElasticWebBenchmark{}
	if err := json.Unmarshal(encoded, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

// fill writes into all that a value holds.
func fill(value reflect.Value, next func() string, count int) {
	switch value.Interface().(type) {
	case resource.Quantity:
		value.Set(reflect.ValueOf(resource.MustParse("1500m")))
		return
	case intstr.IntOrString:
		value.Set(reflect.ValueOf(intstr.FromString(next())))
		return
	case metav1.ObjectMeta:
		value.Set(reflect.ValueOf(metav1.ObjectMeta{Labels: map[string]string{next(): next()}, Annotations: map[string]string{next(): next()}}))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(next())
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32, reflect.Int64:
		value.SetInt(7)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), next, count)
	case reflect.Struct:
		for i := range value.NumField() {
			fill(value.Field(i), next, count)
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), count, count))
		for i := range count {
			fill(value.Index(i), next, count)
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		key, element := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
		fill(key, next, count)
		fill(element, next, count)
		value.SetMapIndex(key, element)
	}
}
