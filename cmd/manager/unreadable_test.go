// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const crds = "../../config/crd/bases/elasticweb.example.com_"

// beside is a cluster on which objects that cannot be decoded stand beside others. Its CRDs can be made as lax as an old release's.
type beside struct {
	*bench
	manager *process
}

// TestOneObjectThatCannotBeDecodedCostsOnlyItself has the CRD let pass what the Go types do not hold, as an old one would.
func TestOneObjectThatCannotBeDecodedCostsOnlyItself(t *testing.T) {
	b := &beside{bench: newBench(t)}
	b.apply(t, crds+"elasticwebbenchmarks.yaml")
	b.apply(t, "../../config/rbac/benchmark_role_binding.yaml")
	b.setCRDs(t, loosen)
	b.make(t, "ElasticWeb", "probe", `{"readinessProbe": {"httpGet": {"port": 99999999999}}}`)
	b.make(t, "ElasticWeb", "number", `{"singlePodsQPS": 99999999999}`)
	b.make(t, "ElasticWeb", "heavy", fmt.Sprintf(`{"env": [{"name": "A", "value": %q}]}`, strings.Repeat("x", 300_000)))
	b.make(t, "ElasticWeb", "template", `{"podTemplate": {"spec": {"contaners": []}}}`)
	b.make(t, "ElasticWeb", "status", `{}`)
	b.patch(t, "ElasticWeb", "status", `{"status": {"readyReplicas": 99999999999}}`, "status")
	b.make(t, "ElasticWebBenchmark", "probe", `{"startupProbe": {"tcpSocket": {"port": 99999999999}}}`)
	b.make(t, "ElasticWeb", "good", `{}`)
	// With the strict one, the rest of an object must still be writable, above all its status.
	b.setCRDs(t, func(map[string]any) {})

	b.restart(t)
	b.expectDeployment(t, "good")
	b.expectDeployment(t, "status")
	b.expectReason(t, "ElasticWeb", "probe", "Ready", "InvalidSpec", "spec.readinessProbe.httpGet.port holds")
	b.expectReason(t, "ElasticWeb", "number", "Ready", "InvalidSpec", "spec.singlePodsQPS holds")
	b.expectReason(t, "ElasticWeb", "heavy", "Stalled", "InvalidSpec", "spec has more than 262144 bytes")
	b.expectReason(t, "ElasticWeb", "template", "Ready", "InvalidSpec", "spec.podTemplate.spec.contaners: unknown field")
	b.expectReason(t, "ElasticWebBenchmark", "probe", "Complete", "InvalidSpec", "spec.startupProbe.tcpSocket.port holds")
	b.expectEvent(t, "ElasticWeb", "probe")
	b.expectEvent(t, "ElasticWebBenchmark", "probe")
	b.expectMetric(t, `elasticweb_invalid_spec{kind="ElasticWeb",name="number",namespace="default"} 1`)
	b.expectMetric(t, `elasticweb_invalid_spec{kind="ElasticWeb",name="template",namespace="default"} 1`)
	b.expectMetric(t, `elasticweb_invalid_spec{kind="ElasticWebBenchmark",name="probe",namespace="default"} 1`)

	// A restart lists all of them; then come some by the watch, and one turns bad that has pods.
	b.restart(t)
	b.setCRDs(t, loosen)
	before := b.expectDeployment(t, "good")
	b.patch(t, "ElasticWeb", "good", `{"spec": {"totalQPS": 99999999999}}`)
	b.expectReason(t, "ElasticWeb", "good", "Ready", "InvalidSpec", "spec.totalQPS holds")
	b.make(t, "ElasticWeb", "late", `{"resources": {"limits": {"cpu": "1e1.5"}}}`)
	b.expectReason(t, "ElasticWeb", "late", "Ready", "InvalidSpec", "spec.resources.limits.cpu holds")
	b.make(t, "ElasticWeb", "second", `{}`)
	b.expectDeployment(t, "second")
	if after := b.expectDeployment(t, "good"); after.Generation != before.Generation || *after.Spec.Replicas != *before.Spec.Replicas {
		t.Errorf("a spec that cannot be decoded changed the Deployment: generation %d, %d pods; before %d, %d",
			after.Generation, *after.Spec.Replicas, before.Generation, *before.Spec.Replicas)
	}

	// The next valid write heals, and what is bad can be removed.
	b.setCRDs(t, func(map[string]any) {})
	b.patch(t, "ElasticWeb", "probe", `{"spec": {"readinessProbe": {"httpGet": {"port": 8080}}}}`)
	b.expectDeployment(t, "probe")
	b.patch(t, "ElasticWeb", "good", `{"spec": {"totalQPS": 2401}}`)
	eventually(t, "the Deployment follows", func() error {
		if after := b.expectDeployment(t, "good"); *after.Spec.Replicas == *before.Spec.Replicas {
			return fmt.Errorf("it has %d pods as before", *after.Spec.Replicas)
		}
		return nil
	})
	b.patch(t, "ElasticWebBenchmark", "probe", `{"spec": {"startupProbe": {"tcpSocket": {"port": 8080}}}}`)
	eventually(t, "the benchmark is healed", func() error {
		if reason, _ := b.condition(t, "ElasticWebBenchmark", "probe", "Complete"); reason == "InvalidSpec" || reason == "" {
			return errors.New(reason)
		}
		list := &batchv1.JobList{}
		if err := b.client.List(t.Context(), list, client.InNamespace("default")); err != nil || len(list.Items) != 1 {
			return fmt.Errorf("%d Jobs, %v", len(list.Items), err) //nolint:errorlint // it may be nil.
		}
		return nil
	})
	for _, name := range []string{"late", "number"} {
		if err := b.client.Delete(t.Context(), b.object("ElasticWeb", name)); err != nil {
			t.Error(err)
		}
	}
	b.expectSeries(t, "good")
}

// expectSeries has the same told of an ElasticWeb again and again, and sees it counted. The ElasticWeb stays as it is meanwhile, since nobody
// follows its Deployment up.
func (b *beside) expectSeries(t *testing.T, name string) {
	t.Helper()
	if err := b.plane.StopComponent(cluster.ControllerManager); err != nil {
		t.Fatal(err)
	}
	claimed := int64(1 << 40)
	eventually(t, "the event of a damaged record is counted", func() error {
		claimed++
		deployment := b.expectDeployment(t, name)
		record := plan.RecordOf(deployment)
		record.Generation = claimed
		damage := client.MergeFrom(deployment.DeepCopy())
		deployment.Annotations[plan.AnnotationRecord] = record.String()
		if err := b.client.Patch(t.Context(), deployment, damage); err != nil {
			return err
		}
		list := &eventsv1.EventList{}
		err := b.client.List(t.Context(), list, client.InNamespace("default"))
		isCounted := func(e eventsv1.Event) bool { return e.Reason == "RecordDamaged" && e.Series != nil }
		if err == nil && !slices.ContainsFunc(list.Items, isCounted) {
			err = errors.New("it is not")
		}
		return err
	})
}

// restart runs the manager anew, with benchmarks.
func (b *beside) restart(t *testing.T) {
	t.Helper()
	if b.manager != nil {
		b.manager.stop(t)
	}
	b.manager = b.startWith(t, []string{"RELATED_IMAGE_LOADTEST=loadtest:1"},
		"--leader-elect=false", "--look-up-images=false", "--metrics-secure=false", "--watches-file=watches.yaml")
}

// loosen takes from a schema all that keeps values within the types.
func loosen(schema map[string]any) {
	for _, keyword := range []string{"minimum", "maximum", "maxLength", "pattern", "format", "x-kubernetes-validations"} {
		if _, isField := schema[keyword].(map[string]any); !isField {
			delete(schema, keyword)
		}
	}
	for _, each := range schema {
		if part, isMap := each.(map[string]any); isMap {
			loosen(part)
		}
	}
}

// setCRDs puts the CRDs as they are in the tree, with changed schemas, in the place of what there is, and waits for it to hold.
func (b *beside) setCRDs(t *testing.T, change func(schema map[string]any)) {
	t.Helper()
	for kind, file := range map[string]string{"ElasticWeb": "elasticwebs", "ElasticWebBenchmark": "elasticwebbenchmarks"} {
		text, err := os.ReadFile(crds + file + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		crd := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(text, &crd.Object); err != nil {
			t.Fatal(err)
		}
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		schema := versions[0].(map[string]any)["schema"].(map[string]any)
		change(schema)
		for _, version := range versions {
			version.(map[string]any)["schema"] = schema
		}
		patch, err := yaml.Marshal(map[string]any{"spec": map[string]any{"versions": versions}})
		if err != nil {
			t.Fatal(err)
		}
		patch, _ = yaml.YAMLToJSON(patch)
		if err := b.client.Patch(t.Context(), crd, client.RawPatch(types.MergePatchType, patch)); err != nil {
			t.Fatal(err)
		}
		_, isStrict := schema["openAPIV3Schema"].(map[string]any)["x-kubernetes-validations"]
		eventually(t, "the schema holds", func() error {
			bad := b.object(kind, "trial")
			bad.Object["spec"].(map[string]any)["containerPort"] = int64(99999999999)
			if err := b.client.Create(t.Context(), bad, client.DryRunAll); (err != nil) != isStrict {
				return fmt.Errorf("strict: %t; a bad object is refused: %t", isStrict, err != nil)
			}
			return nil
		})
	}
}

// object is one that nothing is wrong with.
func (b *beside) object(kind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "elasticweb.example.com/v1", "spec": map[string]any{
			"image": "shop:1", "port": int64(8080), "singlePodsQPS": int64(800), "totalQPS": int64(1600),
			"service": map[string]any{"type": "ClusterIP"},
		},
	}}
	if kind == "ElasticWebBenchmark" {
		object.Object = map[string]any{"apiVersion": "elasticweb.example.com/v1alpha1", "spec": map[string]any{"image": "shop:1"}}
	}
	object.SetKind(kind)
	object.SetNamespace("default")
	object.SetName(name)
	return object
}

func (b *beside) make(t *testing.T, kind, name, spec string) {
	t.Helper()
	object := b.object(kind, name)
	fields := object.Object["spec"].(map[string]any)
	changed := &unstructured.Unstructured{}
	if err := changed.UnmarshalJSON(fmt.Appendf(nil, `{"kind": "x", "apiVersion": "v1", "spec": %s}`, spec)); err != nil {
		t.Fatal(err)
	}
	for field, value := range changed.Object["spec"].(map[string]any) {
		fields[field] = value
	}
	b.create(t, object)
}

func (b *beside) patch(t *testing.T, kind, name, patch string, subresource ...string) {
	t.Helper()
	object, change := b.object(kind, name), client.RawPatch(types.MergePatchType, []byte(patch))
	err := error(nil)
	if len(subresource) > 0 {
		err = b.client.Status().Patch(t.Context(), object, change)
	} else {
		err = b.client.Patch(t.Context(), object, change)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b *beside) expectDeployment(t *testing.T, name string) *appsv1.Deployment {
	t.Helper()
	deployment := &appsv1.Deployment{}
	eventually(t, "the Deployment of "+name, func() error {
		return b.client.Get(context.Background(), client.ObjectKey{Namespace: "default", Name: name}, deployment)
	})
	return deployment
}

func (b *beside) condition(t *testing.T, kind, name, condition string) (reason, message string) {
	t.Helper()
	object := b.object(kind, name)
	if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, each := range conditions {
		if each := each.(map[string]any); each["type"] == condition {
			return fmt.Sprint(each["reason"]), fmt.Sprint(each["message"])
		}
	}
	return "", ""
}

func (b *beside) expectReason(t *testing.T, kind, name, condition, reason, message string) {
	t.Helper()
	eventually(t, kind+" "+name+" is "+reason, func() error {
		if got, said := b.condition(t, kind, name, condition); got != reason || !strings.HasPrefix(said, message) {
			return fmt.Errorf("%s: %s", got, said)
		}
		return nil
	})
}

func (b *beside) expectEvent(t *testing.T, kind, name string) {
	t.Helper()
	eventually(t, "an event of "+kind+" "+name, func() error {
		list := &eventsv1.EventList{}
		if err := b.client.List(t.Context(), list, client.InNamespace("default")); err != nil {
			return err
		}
		for _, event := range list.Items {
			if event.Reason == "InvalidSpec" && event.Regarding.Kind == kind && event.Regarding.Name == name {
				return nil
			}
		}
		return errors.New("there is none")
	})
}

func (b *beside) expectMetric(t *testing.T, metric string) {
	t.Helper()
	eventually(t, metric, func() error {
		response, err := http.Get("http://" + b.manager.metrics + "/metrics")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && !strings.Contains(string(text), metric) {
			err = errors.New("it is not there")
		}
		return err
	})
}
