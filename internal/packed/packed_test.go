// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed_test

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

// object is what informers and controllers take.
type object interface {
	metav1.Object
	runtime.Object
}

func metadata() metav1.ObjectMeta {
	long := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Local())
	return metav1.ObjectMeta{
		Name: "shop", Namespace: "dev", GenerateName: "sh", UID: "0b1c7d3e", ResourceVersion: "4711", Generation: 7, SelfLink: "/self", //nolint:staticcheck // the interface still has it.
		CreationTimestamp: long, DeletionTimestamp: &long, DeletionGracePeriodSeconds: ptr.To[int64](30),
		Labels: map[string]string{"app": "shop", "empty": ""}, Annotations: map[string]string{"note": "ä"}, Finalizers: []string{"example.com/hold"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Web", Name: "shop", UID: "1", Controller: ptr.To(true)}},
	}
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{
		NodeName: "node-1", TerminationGracePeriodSeconds: ptr.To[int64](0),
		Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
			Weight: 100, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"arm64"}},
			}},
		}}}},
		Containers: []corev1.Container{{
			Name: "web", Image: "shop:1", Env: []corev1.EnvVar{{Name: "EMPTY"}},
			Resources:      corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")}},
			ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8080)}}},
		}},
	}
}

// objects are one of each kind that the operator packs, and the transform for it.
func objects() map[string]struct {
	whole     object
	transform func(any) (any, error)
} {
	type packs = struct {
		whole     object
		transform func(any) (any, error)
	}
	return map[string]packs{
		"Deployment": {&appsv1.Deployment{
			ObjectMeta: metadata(),
			Spec: appsv1.DeploymentSpec{
				Replicas: ptr.To[int32](0), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "shop"}}, Spec: podSpec()},
			},
			Status: appsv1.DeploymentStatus{ObservedGeneration: 7, Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing}}},
		}, packed.Transform(packed.WithoutManagedFields[*appsv1.Deployment])},
		"Service": {&corev1.Service{ObjectMeta: metadata(), Spec: corev1.ServiceSpec{
			Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http"), NodePort: 30003}}, Type: corev1.ServiceTypeNodePort,
		}}, packed.Transform(packed.WithoutManagedFields[*corev1.Service])},
		"PodDisruptionBudget": {&policyv1.PodDisruptionBudget{ObjectMeta: metadata(), Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: ptr.To(intstr.FromInt32(1)),
		}}, packed.Transform(packed.WithoutManagedFields[*policyv1.PodDisruptionBudget])},
		"Pod": {&corev1.Pod{ObjectMeta: metadata(), Spec: podSpec(), Status: corev1.PodStatus{
			ContainerStatuses: []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}}}},
		}}, packed.Transform(packed.WithoutManagedFields[*corev1.Pod])},
	}
}

func pack(t *testing.T, transform func(any) (any, error), whole any) *packed.Object {
	t.Helper()
	result, err := transform(whole)
	if err != nil {
		t.Fatal(err)
	}
	return result.(*packed.Object)
}

func TestTheCopyOfAPackedObjectIsTheWholeOne(t *testing.T) {
	for name, test := range objects() {
		t.Run(name, func(t *testing.T) {
			small := pack(t, test.transform, test.whole.DeepCopyObject())
			first, second := small.DeepCopyObject(), small.DeepCopyObject()
			if !reflect.DeepEqual(first, test.whole) {
				t.Errorf("unpacked:\n%+v\nwant:\n%+v", first, test.whole)
			}
			first.(object).SetLabels(nil)
			if !reflect.DeepEqual(second, test.whole) {
				t.Error("two copies share what is in them")
			}
			if whole := packed.Whole[object](small); !reflect.DeepEqual(whole, test.whole) {
				t.Errorf("the whole object is %+v, want %+v", whole, test.whole)
			}
		})
	}
}

// All that reads metadata through the interface, as predicates and event handlers do, reads the same.
func TestMetadataIsThatOfTheWholeObject(t *testing.T) {
	for name, test := range objects() {
		t.Run(name, func(t *testing.T) {
			small, whole := reflect.ValueOf(pack(t, test.transform, test.whole.DeepCopyObject())), reflect.ValueOf(test.whole)
			methods := reflect.TypeFor[metav1.Object]()
			for i := range methods.NumMethod() {
				method := methods.Method(i).Name
				if !strings.HasPrefix(method, "Get") {
					continue
				}
				got, want := small.MethodByName(method).Call(nil)[0].Interface(), whole.MethodByName(method).Call(nil)[0].Interface()
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s gives %v, want %v", method, got, want)
				}
			}
		})
	}
}

// What was decoded last is kept for the next question: it must not be taken for that of another object.
func TestMetadataIsOfTheObjectThatIsAsked(t *testing.T) {
	test := objects()["Pod"]
	const pods = 5
	small := make([]*packed.Object, pods)
	for i := range small {
		pod := test.whole.DeepCopyObject().(object)
		pod.SetUID(types.UID(strconv.Itoa(i)))
		small[i] = pack(t, test.transform, pod)
	}
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for turn := range 1000 {
				i := turn * (worker + 1) % pods
				if uid := small[i].GetUID(); uid != types.UID(strconv.Itoa(i)) {
					t.Errorf("pod %d is said to have UID %s", i, uid)
				}
			}
		})
	}
	workers.Wait()
}

func TestManagedFieldsAreDropped(t *testing.T) {
	test := objects()["Service"]
	managed := test.whole.DeepCopyObject().(object)
	managed.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl"}})
	if fields := pack(t, test.transform, managed).GetManagedFields(); len(fields) > 0 {
		t.Errorf("packed with %+v", fields)
	}
}

func TestPackedObjectsStayPacked(t *testing.T) {
	test := objects()["Pod"]
	once := pack(t, test.transform, test.whole)
	if twice := pack(t, test.transform, once); twice != once {
		t.Error("packed again")
	}
}

func TestOtherKindsAreRefused(t *testing.T) {
	if packed, err := objects()["Pod"].transform(&corev1.Service{}); err == nil {
		t.Errorf("packed a Service as a pod: %v", packed)
	}
}

func TestWholeLeavesOthersAsTheyAre(t *testing.T) {
	node := &corev1.Node{}
	if whole := packed.Whole(object(node)); whole != node {
		t.Errorf("made %v of a Node", whole)
	}
}

func TestPackedObjectsCannotBeChanged(t *testing.T) {
	test := objects()["Pod"]
	small := pack(t, test.transform, test.whole)
	for name, change := range map[string]func(){
		"name": func() { small.SetName("") }, "namespace": func() { small.SetNamespace("") }, "UID": func() { small.SetUID(types.UID("")) },
		"labels": func() { small.SetLabels(nil) }, "annotations": func() { small.SetAnnotations(nil) }, "version": func() { small.SetResourceVersion("") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the change went by without a word")
				}
			}()
			change()
		})
	}
}
