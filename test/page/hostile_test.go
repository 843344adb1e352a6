// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// hostile is a text that is code wherever a text is taken for markup, an attribute, a style or an address.
const hostile = `"'><img src=x onerror="window.owned=1"><script>window.owned=1</script><svg/onload=window.owned=1></style>` +
	`<style>*{display:none}</style><a id=bad href=javascript:window.owned=1>x</a>` + "\u202e\x07\x1b[31m</textarea></title>`${window.owned=1}`{{window.owned=1}}"

// newHostile has that text in every field that takes it, and so have its pods and events.
func newHostile(t *testing.T, namespace string) {
	t.Helper()
	web := newWeb(namespace, "hostile", 2400)
	web.Annotations = map[string]string{"note": hostile}
	web.Spec.Image = "shop:1"
	web.Spec.Args = []string{hostile}
	web.Spec.Env = []corev1.EnvVar{{Name: "HOSTILE", Value: hostile}}
	create(t, web)
	before := client.MergeFrom(web.DeepCopy())
	now := metav1.Now()
	web.Status = elasticwebv1.ElasticWebStatus{
		ObservedGeneration: web.Generation, RealQPS: ptr.To[int32](800), Replicas: 1, PodsByArchitecture: hostile, Selector: hostile,
		Image:         &elasticwebv1.ImageStatus{Reference: hostile, Digest: hostile, Platforms: []string{hostile}},
		Architectures: []elasticwebv1.ArchitectureStatus{{Name: hostile, SinglePodsQPS: 800, Source: "Measured", Benchmark: hostile}},
	}
	for _, kind := range []string{"Ready", "Stalled", "CapacityMet"} {
		web.Status.Conditions = append(web.Status.Conditions, metav1.Condition{Type: kind, Status: "False", Reason: "Hostile", Message: hostile, LastTransitionTime: now})
	}
	if err := shared.Client.Status().Patch(t.Context(), web, before); err != nil {
		t.Fatal(err)
	}

	labels := plan.Selector(web.Name)
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"note": hostile}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "shop:1", Args: []string{hostile}}}, SchedulerName: "nobody"}}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: web.Name, Labels: map[string]string{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind("ElasticWeb"))},
			Annotations:     map[string]string{plan.AnnotationRecord: hostile}},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pod},
	}
	create(t, deployment, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hostile"}, Type: "Warning", Reason: hostile[:100], Message: hostile, LastTimestamp: now,
		InvolvedObject: corev1.ObjectReference{Kind: hostile, Namespace: namespace, Name: web.Name, UID: web.UID},
	})
	refused(t, namespace, labels)
}

// refused has the scheduler say why its pod has no node.
func refused(t *testing.T, namespace string, labels map[string]string) {
	t.Helper()
	pods := &corev1.PodList{}
	eventually(t, "a pod", func() bool {
		return shared.Client.List(t.Context(), pods, client.InNamespace(namespace), client.MatchingLabels(labels)) == nil && len(pods.Items) == 1
	})
	pod := &pods.Items[0]
	before := client.MergeFrom(pod.DeepCopy())
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: hostile}}
	if err := shared.Client.Status().Patch(t.Context(), pod, before); err != nil {
		t.Fatal(err)
	}
}

// Nothing that somebody writes into the cluster is anything but text. newWindow fails the test where the page's policy had to forbid something.
func TestHostile(t *testing.T) {
	needsCluster(t)
	namespace := newNamespace(t, "hostile")
	newHostile(t, namespace)
	w := newWindow(t, serve(t, shared.Kubeconfig(), "-n", namespace), false)
	w.awaitText(".row .reason", "<img src=x onerror=")
	w.isUnharmed()
	w.look("#/web/" + namespace + "/hostile")
	for _, selector := range []string{".message", ".conditions", ".facts", ".wide-content", ".log", ".pods-card .why"} {
		w.awaitText(selector, "<img src=x onerror=")
	}
	w.slide("9600")
	w.awaitText(".whatif .verdict", "pods")
	w.awaitText(".whatif pre", "totalQPS: 9600")
	w.isUnharmed()

	// Where the page's own code took a text for markup, the browser would not.
	var said string
	w.eval(`(() => { try { document.body.innerHTML = '<b>x</b>'; return 'done'; } catch (error) { return error.name; } })()`, &said)
	if said != "TypeError" {
		t.Errorf("the page may make markup of text: %s", said)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubles = nil // the browser complains of what was tried last.
}

// isUnharmed holds that no text became an element, a style or a script.
func (w *window) isUnharmed() {
	w.Helper()
	var owned bool
	if w.eval("'owned' in window", &owned); owned {
		w.Error("a script of somebody else's ran")
	}
	for _, selector := range []string{"img", "body script", "svg", "style:not(head style)", "#bad", "iframe", "[onerror]", "[onload]", "a[href^=javascript]"} {
		if w.count(selector) > 0 {
			w.Errorf("the page has a %s", selector)
		}
	}
	if strings.ContainsAny(w.text("body"), "\u202e\x07\x1b") {
		w.Error("the page has control characters, or what changes the direction of text")
	}
}
