// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
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
	if _, _, err := b.try(t, intent, nil); err != nil {
		t.Fatal(err)
	}
	for range 20 { // its controller writes the Deployment's status meanwhile.
		readLive(t, b, intent, object)
		change(object)
		err := b.client.Update(t.Context(), object, client.FieldOwner(somebody))
		if err == nil {
			break
		}
		if !apierrors.IsConflict(err) {
			t.Fatal(err)
		}
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
		_, wrote, err := b.try(t, intent, cached)
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
	if _, _, err := b.try(t, intent, nil); err != nil {
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
		_, _, err := b.try(t, intent, headless.DeepCopy())
		foreign, isForeign := errors.AsType[*ForeignFieldsError](err)
		if !isForeign || !slices.Contains(foreign.Fields, "spec.clusterIP ("+somebody+")") || !apierrors.IsInvalid(err) {
			t.Fatal(err)
		}
		if said != "" && said != err.Error() {
			t.Errorf("says %q after %q", err, said)
		}
		said = err.Error()
		b.clock.SetTime(b.clock.Now().Add(lastRetry))
	}
}

// What an element of others needs of what the intent drops is named.
func foreignMount(t *testing.T, b *bench) {
	with := b.deployment("mount", 1)
	configuration, _ := with.Configuration.(*appsv1ac.DeploymentApplyConfiguration)
	configuration.Spec.Template.Spec.WithVolumes(corev1ac.Volume().WithName("data").WithEmptyDir(corev1ac.EmptyDirVolumeSource()))
	changed := edited(t, b, with, &appsv1.Deployment{}, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{
			Name: "proxy", Image: "proxy",
			VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "data", MountPath: "/more", SubPath: "x"}},
		})
	})
	const mounts = `spec.template.spec.containers[name="proxy"].volumeMounts`
	want := []string{mounts + `[mountPath="/data"].name (` + somebody + ")", mounts + `[mountPath="/more"].name (` + somebody + ")"}
	if named := stays(t, b, b.deployment("mount", 1), changed); !slices.Equal(named, want) {
		t.Errorf("named %v", named)
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

// What is not in the way stays whose it is, although the intent is refused: what would be mended by nobody's field is the intent's own.
func foreignBesides(t *testing.T, b *bench) {
	holder := b.service("holder", corev1.ServiceTypeNodePort, 80)
	if _, _, err := b.try(t, holder, nil); err != nil {
		t.Fatal(err)
	}
	held := &corev1.Service{}
	readLive(t, b, holder, held)

	service := func(name string, port int32, annotation string) Intent {
		intent := b.service(name, corev1.ServiceTypeNodePort, 80)
		configuration, _ := intent.Configuration.(*corev1ac.ServiceApplyConfiguration)
		if port != 0 {
			configuration.Spec.Ports[0].WithNodePort(port)
		}
		if annotation != "" {
			configuration.WithAnnotations(map[string]string{annotation: "x"})
		}
		return intent
	}
	annotate := func(s *corev1.Service) {
		s.Annotations["example.com/note"], s.Spec.Ports[0].AppProtocol = "theirs", ptr.To("http")
	}
	refuseService := func(name string, refused, mended Intent) {
		changed := edited(t, b, service(name, 0, ""), &corev1.Service{}, annotate)
		writes := *b.writes
		stays(t, b, refused, changed)
		if *b.writes != writes+1 {
			t.Errorf("%s: tried to claim, with %d writes", name, *b.writes-writes)
		}
		after := taken(t, b, mended, changed, &corev1.Service{})
		if after.Annotations["example.com/note"] != "theirs" || after.Spec.Ports[0].AppProtocol == nil {
			t.Errorf("%s: dropped what was not in the way: %v %+v", name, after.Annotations, after.Spec.Ports)
		}
	}
	refuseService("port-held", service("port-held", held.Spec.Ports[0].NodePort, ""), service("port-held", 0, "example.com/ours"))
	refuseService("annotated-badly", service("annotated-badly", 0, "no key"), service("annotated-badly", 0, "example.com/ours"))

	deployment := func(name, image, cpu string, replicas int32) Intent {
		intent := b.deployment(name, replicas)
		configuration, _ := intent.Configuration.(*appsv1ac.DeploymentApplyConfiguration)
		configuration.Spec.Template.Spec.Containers[0].WithImage(image).
			WithResources(corev1ac.ResourceRequirements().WithRequests(corev1.ResourceList{"cpu": resource.MustParse(cpu)}))
		return intent
	}
	for name, refused := range map[string]Intent{
		"no-image": deployment("no-image", "", "1", 1), "less-than-nothing": deployment("less-than-nothing", "nginx", "-1", 1),
	} {
		changed := edited(t, b, deployment(name, "nginx", "1", 1), &appsv1.Deployment{}, func(d *appsv1.Deployment) {
			container := &d.Spec.Template.Spec.Containers[0]
			container.TTY, container.Resources.Requests["memory"] = true, resource.MustParse("1Gi")
		})
		stays(t, b, refused, changed)
		after := taken(t, b, deployment(name, "nginx", "1", 2), changed, &appsv1.Deployment{}).Spec.Template.Spec.Containers[0]
		if !after.TTY || after.Resources.Requests.Memory().IsZero() {
			t.Errorf("%s: dropped what was not in the way: %+v", name, after)
		}
	}
}

// busy writes the status before attempts to give a claim back, as a Deployment's controller does while its pods start.
type busy struct {
	client.Client
	isClaimed bool
	attempts  int
}

func (b *busy) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if patch.Type() != types.JSONPatchType {
		return b.Client.Patch(ctx, object, patch, options...)
	}
	if b.isClaimed && b.attempts < 8 {
		b.attempts++
		status := fmt.Appendf(nil, `{"status":{"conditions":[{"type":"Busy","status":"True","reason":"Attempt%d"}]}}`, b.attempts)
		written, _ := object.DeepCopyObject().(client.Object)
		if err := b.Status().Patch(ctx, written, client.RawPatch(types.StrategicMergePatchType, status)); err != nil {
			return err
		}
	}
	err := b.Client.Patch(ctx, object, patch, options...)
	b.isClaimed = b.isClaimed || err == nil
	return err
}

// What was claimed in vain is given back, however often the object changes meanwhile.
func givesBackWhateverChanges(t *testing.T, b *bench) {
	deployment := func(cpu string) Intent {
		intent := b.deployment("busy", 0)
		configuration, _ := intent.Configuration.(*appsv1ac.DeploymentApplyConfiguration)
		configuration.Spec.Template.Spec.Containers[0].WithResources(corev1ac.ResourceRequirements().WithRequests(corev1.ResourceList{"cpu": resource.MustParse(cpu)}))
		return intent
	}
	changed := edited(t, b, deployment("1"), &appsv1.Deployment{}, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Resources.Requests["memory"] = resource.MustParse("1Gi")
	})
	writer := &busy{Client: b.client}
	b.applier.writer = writer
	stays(t, b, deployment("-1"), changed)
	if writer.attempts < 8 {
		t.Errorf("%d attempts to give back what was claimed", writer.attempts)
	}
}

// stays checks that an intent is refused, and that everything is whose it was. It gives what of others was named.
func stays(t *testing.T, b *bench, intent Intent, cached client.Object) (named []string) {
	t.Helper()
	fields := func() map[string]string {
		readLive(t, b, intent, cached)
		owned := map[string]string{}
		for _, entry := range cached.GetManagedFields() {
			if entry.Subresource == "" {
				owned[entry.Manager] = string(entry.FieldsV1.GetRawBytes())
			}
		}
		return owned
	}
	before := fields()
	for range 20 { // its controller writes the Deployment's status meanwhile.
		_, _, err := b.try(t, intent, cached)
		if isChanged(err) {
			readLive(t, b, intent, cached)
			continue
		}
		if !apierrors.IsInvalid(err) {
			t.Fatalf("%s: error %v", intent.Name, err)
		}
		if foreign, isForeign := errors.AsType[*ForeignFieldsError](err); isForeign {
			named = foreign.Fields
		}
		break
	}
	if after := fields(); !maps.Equal(before, after) {
		t.Errorf("%s: fields moved from %v to %v", intent.Name, before, after)
	}
	return named
}

// An object that is invalid as it is stored cannot be claimed from: that is a refusal. One that is newer is looked at again.
func invalidClaim(t *testing.T, b *bench) {
	invalid := error(apierrors.NewInvalid(appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind(), "stored", nil))
	intent, edit := b.deployment("stored", 2), func(d *appsv1.Deployment) {
		d.Spec.MinReadySeconds, d.Spec.ProgressDeadlineSeconds = 700, ptr.To[int32](1200)
	}
	changed := edited(t, b, b.deployment("stored", 1), &appsv1.Deployment{}, edit)
	b.applier.writer = failing{b.client, types.JSONPatchType, &invalid}
	for range 20 { // its controller writes the Deployment's status meanwhile.
		_, _, err := b.try(t, intent, changed)
		readLive(t, b, intent, changed)
		if isChanged(err) {
			continue
		}
		foreign, isForeign := errors.AsType[*ForeignFieldsError](err)
		if !isForeign || !slices.Contains(foreign.Fields, "spec.minReadySeconds ("+somebody+")") {
			t.Fatal(err)
		}
		break
	}
	if _, _, err := b.try(t, intent, changed); err == nil || isChanged(err) {
		t.Errorf("it is not remembered: %v", err)
	}
	invalid = nil
	wanted, err := prepare(intent)
	if err != nil {
		t.Fatal(err)
	}
	old := changed.DeepCopy()
	merge := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"newer":"yes"}}}`))
	if err := b.client.Patch(t.Context(), changed, merge, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	if err := b.applier.claim(t.Context(), wanted, old, old.GetManagedFields()); err == nil || !isChanged(err) {
		t.Errorf("a claim on an older version: %v", err)
	}
}
