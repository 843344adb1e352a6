// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// transforms are those of all kinds that anybody may make in a namespace.
func transforms() map[client.Object]toolscache.TransformFunc {
	all := map[client.Object]toolscache.TransformFunc{}
	for object, by := range WithBenchmarks(Options(nil)).ByObject {
		if _, isNode := object.(*corev1.Node); !isNode {
			all[object] = by.Transform
		}
	}
	for kind, of := range WaysIn {
		all[of.Object] = transformOfWayIn(kind)
	}
	all[&metav1.PartialObjectMetadata{}] = Ownership // of what is in the way.
	return all
}

// fill puts into an object what its metadata and its content take.
func fill(object client.Object) {
	many := map[string]string{}
	for i := range 4096 {
		many[fmt.Sprintf("example.com/%d", i)] = strings.Repeat("x", 63)
	}
	object.SetName("shop")
	object.SetLabels(maps.Clone(many))
	object.SetAnnotations(map[string]string{"a": strings.Repeat("x", 200<<10)})
	object.SetFinalizers(strings.Split(strings.Repeat("example.com/hold ", 4096), " "))
	object.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(fmt.Sprintf("{%q:{}}", strings.Repeat("x", 200<<10)))}})
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Args: []string{strings.Repeat("x", 1<<20)}}}}}
	switch object := object.(type) {
	case *appsv1.Deployment:
		object.Spec.Template = template
	case *batchv1.Job:
		object.Spec.Template = template
	case *corev1.Pod:
		object.Spec = template.Spec
	case *corev1.Service:
		object.Spec.Selector = many
		for port := range int32(10_000) {
			object.Spec.Ports = append(object.Spec.Ports, corev1.ServicePort{Name: fmt.Sprint(port), Port: 1 + port})
		}
	case *policyv1.PodDisruptionBudget:
		object.Spec.Selector = &metav1.LabelSelector{MatchLabels: many}
	case *networkingv1.Ingress:
		object.Spec.Rules = make([]networkingv1.IngressRule, 10_000)
	case *way.HTTPRoute:
		object.Spec = packed.JSON(`"` + strings.Repeat("x", 100<<10) + `"`)
	case *way.Route:
		object.Spec = packed.JSON(`"` + strings.Repeat("x", 100<<10) + `"`)
	}
}

func kept(t *testing.T, transform toolscache.TransformFunc, object client.Object) client.Object {
	t.Helper()
	result, err := transform(object)
	if err != nil {
		t.Fatal(err)
	}
	return packed.Whole(result.(client.Object))
}

// Whoever may make such objects in one namespace must not fill the memory of the operator with them.
func TestWhatIsNoElasticWebsWeighsLittle(t *testing.T) {
	const most = 1 << 10
	owners := map[string][]metav1.OwnerReference{
		"nobody's":                 nil,
		"somebody else's":          {{APIVersion: "apps/v1", Kind: "ElasticWeb", Name: "shop", UID: "1", Controller: ptr.To(true)}},
		"an ElasticWeb's beside":   {{APIVersion: "elasticweb.example.com/v1", Kind: "ElasticWeb", Name: "shop", UID: "1"}},
		"of another name":          {{APIVersion: "elasticweb.example.com/v1", Kind: "ElasticWeb", Name: "shoe", UID: "1", Controller: ptr.To(true)}},
		"that of what cannot be":   {{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: strings.Repeat("x", 1<<20), UID: "1", Controller: ptr.To(true)}},
		"with a UID of any length": {{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "x", UID: types.UID(strings.Repeat("x", 1<<20)), Controller: ptr.To(true)}},
	}
	for object, transform := range transforms() {
		if _, isBenchmark := object.(*v1alpha1.ElasticWebBenchmark); isBenchmark {
			continue // its labels are read, and a quota bounds how many there are.
		}
		for name, of := range owners {
			object := object.DeepCopyObject().(client.Object)
			fill(object)
			object.SetOwnerReferences(of)
			text, err := json.Marshal(kept(t, transform, object))
			if err != nil {
				t.Fatal(err)
			}
			if len(text) > most {
				t.Errorf("of %T, %s, %d bytes are kept: %.300s", object, name, len(text), text)
			}
		}
	}
}

func TestWhatIsAnElasticWebsIsKept(t *testing.T) {
	for object, transform := range transforms() {
		isService := reflect.TypeOf(object) == reflect.TypeFor[*corev1.Service]()
		switch object.(type) {
		case *corev1.Pod, *batchv1.Job, *metav1.PartialObjectMetadata, *elasticwebv1.ElasticWeb, *v1alpha1.ElasticWebBenchmark:
			continue
		}
		for _, name := range []string{"shop", resources.TierServiceName("shop", "arm64")} {
			if name != "shop" && !isService {
				continue
			}
			object := object.DeepCopyObject().(client.Object)
			fill(object)
			object.SetName(name)
			object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "elasticweb.example.com/v1", Kind: "ElasticWeb", Name: "shop", UID: "1", Controller: ptr.To(true)}})
			want := object.DeepCopyObject().(client.Object)
			want.SetManagedFields(nil)
			if got := kept(t, transform, object); !reflect.DeepEqual(got, want) {
				t.Errorf("of %T %s something is missing", object, name)
			}
		}
	}
}

func TestOfWhatIsInTheWayThatIsKeptWhichDecides(t *testing.T) {
	controller := []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Shop", Name: "a", UID: "2", Controller: ptr.To(true)}}
	deleted := metav1.Unix(2, 0)
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "dev", Name: "shop", UID: "1", ResourceVersion: "7", CreationTimestamp: metav1.Unix(1, 0), DeletionTimestamp: &deleted, OwnerReferences: controller,
			Labels: map[string]string{elasticwebv1.LabelManagedBy: "x", "a": "b"}, Annotations: map[string]string{apply.AnnotationIntent: "x", "a": "b"},
		},
		Spec: corev1.ServiceSpec{HealthCheckNodePort: 30001, Ports: []corev1.ServicePort{{Name: "a", Port: 80, NodePort: 30002}, {Name: "b", Port: 81}}},
	}
	want := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "dev", Name: "shop", UID: "1", ResourceVersion: "7", CreationTimestamp: metav1.Unix(1, 0), DeletionTimestamp: &deleted, OwnerReferences: controller,
			Labels: map[string]string{elasticwebv1.LabelManagedBy: "x"}, Annotations: map[string]string{apply.AnnotationIntent: ""},
		},
		Spec: corev1.ServiceSpec{HealthCheckNodePort: 30001, Ports: []corev1.ServicePort{{Port: 80, NodePort: 30002}}},
	}
	if got := kept(t, packed.Transform(ofAnElasticWebOrPorts), service); !reflect.DeepEqual(got, want) {
		t.Errorf("kept:\n%+v\nwant:\n%+v", got, want)
	}
}

func TestOfJobsThatIsKeptWhichIsRead(t *testing.T) {
	controller := []metav1.OwnerReference{{APIVersion: "elasticweb.example.com/v1alpha1", Kind: "ElasticWebBenchmark", Name: "shop", UID: "2", Controller: ptr.To(true)}}
	labels := map[string]string{elasticwebv1.LabelName: v1alpha1.NameValue, elasticwebv1.LabelInstance: "shop", v1alpha1.LabelRun: "1", v1alpha1.LabelArchitecture: "arm64"}
	failed := batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "DeadlineExceeded"}
	complete := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionFalse}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop-arm64", UID: "1", ResourceVersion: "7", Labels: maps.Clone(labels), OwnerReferences: controller},
		Spec:       batchv1.JobSpec{Parallelism: ptr.To[int32](1)},
		Status:     batchv1.JobStatus{Active: 1, Conditions: []batchv1.JobCondition{{Type: batchv1.JobSuspended}, failed, complete}},
	}
	job.Labels["a"] = "b"
	want := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop-arm64", UID: "1", ResourceVersion: "7", Labels: labels, OwnerReferences: controller},
		Status:     batchv1.JobStatus{Conditions: []batchv1.JobCondition{failed, complete}},
	}
	if got := projectJob(job); !reflect.DeepEqual(got, want) {
		t.Errorf("kept:\n%+v\nwant:\n%+v", got, want)
	}
}
