// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// somebody is the field manager of the changes that are not the Applier's.
const somebody = "kubectl-edit"

func (b *bench) ownerReference() *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().WithAPIVersion("v1").WithKind("ConfigMap").WithName(b.owner.Name).
		WithUID(b.owner.UID).WithController(true)
}

func (b *bench) deployment(name string, replicas int32) Intent {
	labels := map[string]string{"app": name}
	return Intent{
		Kind: "Deployment", Namespace: "default", Name: name, Into: &appsv1.Deployment{}, Owner: b.owner.UID,
		Configuration: appsv1ac.Deployment(name, "default").WithOwnerReferences(b.ownerReference()).
			WithSpec(appsv1ac.DeploymentSpec().WithReplicas(replicas).WithProgressDeadlineSeconds(600).
				WithSelector(metav1ac.LabelSelector().WithMatchLabels(labels)).
				WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labels).WithSpec(corev1ac.PodSpec().
					WithContainers(corev1ac.Container().WithName("web").WithImage("nginx"))))),
	}
}

func (b *bench) service(name string, of corev1.ServiceType, port int32) Intent {
	return Intent{
		Kind: "Service", Namespace: "default", Name: name, Into: &corev1.Service{}, Owner: b.owner.UID,
		Configuration: corev1ac.Service(name, "default").WithOwnerReferences(b.ownerReference()).
			WithSpec(corev1ac.ServiceSpec().WithType(of).WithSelector(map[string]string{"app": name}).
				WithPorts(corev1ac.ServicePort().WithName("http").WithProtocol(corev1.ProtocolTCP).WithPort(port))),
	}
}

// edited applies an intent, and then changes what was made as somebody else.
func edited[T client.Object](t *testing.T, b *bench, intent Intent, object T, change func(T)) T {
	t.Helper()
	if _, _, err := b.applier.Apply(t.Context(), intent, nil); err != nil {
		t.Fatal(err)
	}
	readLive(t, b, intent, object)
	change(object)
	if err := b.client.Update(t.Context(), object, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	return object
}

func readLive(t *testing.T, b *bench, intent Intent, object client.Object) {
	t.Helper()
	if err := b.client.Get(t.Context(), types.NamespacedName{Namespace: intent.Namespace, Name: intent.Name}, object); err != nil {
		t.Fatal(err)
	}
}

// taken applies an intent to what somebody else changed, and reads what came of it.
func taken[T client.Object](t *testing.T, b *bench, intent Intent, cached, object T) T {
	t.Helper()
	for range 20 { // its controller writes the Deployment's status meanwhile.
		_, wrote, err := b.applier.Apply(t.Context(), intent, cached)
		if _, hasChanged := errors.AsType[*ChangedError](err); hasChanged {
			readLive(t, b, intent, cached)
			continue
		}
		if !wrote || err != nil {
			t.Fatalf("wrote %t, error %v", wrote, err)
		}
		break
	}
	readLive(t, b, intent, object)
	return object
}

// What is named in a complaint about a field of ours is taken, and nothing beside it.
func foreignDeadline(t *testing.T, b *bench) {
	changed := edited(t, b, b.deployment("deadline", 1), &appsv1.Deployment{}, func(d *appsv1.Deployment) {
		d.Spec.MinReadySeconds, d.Spec.ProgressDeadlineSeconds, d.Spec.RevisionHistoryLimit = 700, ptr.To[int32](1200), ptr.To[int32](3)
	})
	spec := taken(t, b, b.deployment("deadline", 2), changed, &appsv1.Deployment{}).Spec
	if *spec.Replicas != 2 || spec.MinReadySeconds != 0 || *spec.ProgressDeadlineSeconds != 600 || *spec.RevisionHistoryLimit != 3 {
		t.Errorf("%d replicas, ready after %d, deadline %d, history %d", *spec.Replicas, spec.MinReadySeconds,
			*spec.ProgressDeadlineSeconds, *spec.RevisionHistoryLimit)
	}
}

// What a Service of another type may not have is taken, however the API server spells it.
func foreignSourceRanges(t *testing.T, b *bench) {
	const annotation = "service.beta.kubernetes.io/load-balancer-source-ranges"
	for name, change := range map[string]func(*corev1.Service){
		"ranges":           func(s *corev1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"} },
		"annotated-ranges": func(s *corev1.Service) { s.Annotations[annotation] = "10.0.0.0/8" },
		"class":            func(s *corev1.Service) { s.Spec.AllocateLoadBalancerNodePorts = ptr.To(false) },
		"policy":           func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal },
	} {
		changed := edited(t, b, b.service(name, corev1.ServiceTypeLoadBalancer, 80), &corev1.Service{}, func(s *corev1.Service) {
			s.Annotations["example.com/note"], s.Spec.SessionAffinity = "theirs", corev1.ServiceAffinityClientIP
			change(s)
		})
		service := taken(t, b, b.service(name, corev1.ServiceTypeClusterIP, 80), changed, &corev1.Service{})
		if service.Spec.Type != corev1.ServiceTypeClusterIP || service.Spec.LoadBalancerSourceRanges != nil || service.Annotations[annotation] != "" {
			t.Errorf("%s: %+v", name, service.Spec)
		}
		if service.Annotations["example.com/note"] != "theirs" || service.Spec.SessionAffinity != corev1.ServiceAffinityClientIP {
			t.Errorf("%s: took more than what was in the way: %v %+v", name, service.Annotations, service.Spec)
		}
	}
}

// Of a port that somebody added, the field that may not be is taken, and the port stays.
func foreignNodePort(t *testing.T, b *bench) {
	changed := edited(t, b, b.service("extra", corev1.ServiceTypeNodePort, 80), &corev1.Service{}, func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "metrics", Port: 9090, NodePort: 31234})
	})
	spec := taken(t, b, b.service("extra", corev1.ServiceTypeClusterIP, 80), changed, &corev1.Service{}).Spec
	if !slices.ContainsFunc(spec.Ports, func(p corev1.ServicePort) bool { return p.Name == "metrics" && p.Port == 9090 && p.NodePort == 0 }) {
		t.Errorf("ports %+v", spec.Ports)
	}
}

// What a policy made of our own port is nobody's, and goes when the port is put back.
func nobodysPort(t *testing.T, b *bench) {
	intent := b.service("nobodys", corev1.ServiceTypeNodePort, 80)
	if _, _, err := b.applier.Apply(t.Context(), intent, nil); err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{}
	readLive(t, b, intent, service)
	service.Spec.Ports[0].Port = 4711
	// As after an apply that was changed by admission: the fields are those that were applied.
	before := service.DeepCopy()
	if err := b.client.Update(t.Context(), service, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	service.ManagedFields = before.ManagedFields
	if err := b.client.Update(t.Context(), service, client.FieldOwner(manager)); err != nil {
		t.Fatal(err)
	}
	spec := taken(t, b, intent, service, &corev1.Service{}).Spec
	if len(spec.Ports) != 1 || spec.Ports[0].Port != 80 {
		t.Errorf("ports %+v", spec.Ports)
	}
}

// What cannot be taken is named, with who set it, in words that stay.
func foreignAddress(t *testing.T, b *bench) {
	edited(t, b, b.service("headless", corev1.ServiceTypeClusterIP, 80), &corev1.Service{}, func(s *corev1.Service) {
		s.Spec.Type, s.Spec.ExternalName, s.Spec.ClusterIP, s.Spec.ClusterIPs = corev1.ServiceTypeExternalName, "example.com", "", nil
	})
	headless := &corev1.Service{}
	readLive(t, b, b.service("headless", corev1.ServiceTypeClusterIP, 80), headless)
	headless.Spec.Type, headless.Spec.ClusterIP = corev1.ServiceTypeClusterIP, corev1.ClusterIPNone
	if err := b.client.Update(t.Context(), headless, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	intent := b.service("headless", corev1.ServiceTypeNodePort, 80)
	said := ""
	for range 3 {
		readLive(t, b, intent, headless)
		_, wrote, err := b.applier.Apply(t.Context(), intent, headless.DeepCopy())
		foreign, isForeign := errors.AsType[*ForeignFieldsError](err)
		if wrote || !isForeign || !slices.Contains(foreign.Fields, "spec.clusterIP ("+somebody+")") || !apierrors.IsInvalid(err) {
			t.Fatalf("wrote %t, error %v", wrote, err)
		}
		if said != "" && said != err.Error() {
			t.Errorf("says %q after %q", err, said)
		}
		said = err.Error()
		b.clock.SetTime(b.clock.Now().Add(lastRetry))
	}
}

// A deletion that is denied waits as an apply does.
func deniedDeletion(t *testing.T, b *bench) {
	tries, denial := 0, apierrors.NewForbidden(corev1.Resource("configmaps"), "denied", errors.New("policy 'p' denied request: no"))
	try := func() error {
		return b.applier.Try(Write{Kind: "ConfigMap", Namespace: "default", Name: "denied", What: "deletion"}, func() error { tries++; return denial })
	}
	for i := range 3 {
		refused, isRefused := errors.AsType[*RefusedError](try())
		if !isRefused || refused.Waiting != (i > 0) || refused.Passing || refused.Tries != 1 {
			t.Errorf("error %+v", refused)
		}
	}
	if tries != 1 {
		t.Errorf("%d tries before the wait was over", tries)
	}
	b.clock.SetTime(b.clock.Now().Add(firstRetry))
	if refused, _ := errors.AsType[*RefusedError](try()); refused.Tries != 2 || refused.RetryAfter != 2*firstRetry {
		t.Errorf("the second time: %+v", refused)
	}
}
