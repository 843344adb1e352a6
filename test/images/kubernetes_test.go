// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images && product

package images

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestKubernetes has the real buildx make builders, with the rights of config/buildx. The pods are simulated: builds are
// not, they end where buildx talks to BuildKit.
func TestKubernetes(t *testing.T) {
	y := newYard(t)
	t.Run("a native node per architecture", func(t *testing.T) { y.in(t).native() })
	t.Run("docker-buildx takes the builder", func(t *testing.T) { y.in(t).build() })
	t.Run("a builder with root is refused", func(t *testing.T) { y.in(t).refused() })
	t.Run("emulation", func(t *testing.T) { y.in(t).emulated() })
	t.Run("the role grants what is used", func(t *testing.T) { y.in(t).rights() })
}

func (y *yard) in(t *testing.T) *yard {
	sub := *y
	sub.t = t
	return &sub
}

func (y *yard) native() {
	config := filepath.Join(y.t.TempDir(), "buildkitd.toml")
	y.must(os.WriteFile(config, []byte("[registry.\"mirror.example.com\"]\n  http = true\n"), 0o600))
	out, err := y.make("buildx-kubernetes", "BUILDKIT_REPLICAS=2", "BUILDKIT_LOADBALANCE=random", "BUILDKIT_CONFIG="+config,
		"BUILDKIT_REQUESTS_CPU=250m", "BUILDKIT_REQUESTS_MEMORY=512Mi", "BUILDKIT_LIMITS_CPU=3", "BUILDKIT_LIMITS_MEMORY=2Gi",
		"BUILDKIT_IMAGE=registry.example.com/buildkit:rootless")
	if err != nil {
		y.t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, `loadbalance="random"`) {
		y.t.Errorf("the builder does not choose its pods at random:\n%s", out)
	}
	for _, architecture := range architectures {
		y.checkNode("kube-"+architecture, architecture)
	}
	configs, err := y.admin.CoreV1().ConfigMaps(buildNamespace).List(y.t.Context(), metav1.ListOptions{})
	y.must(err)
	if !slices.ContainsFunc(configs.Items, func(c corev1.ConfigMap) bool { return strings.Contains(c.Data["buildkitd.toml"], "mirror.example.com") }) {
		y.t.Error("no ConfigMap holds BUILDKIT_CONFIG")
	}
}

// checkNode looks at a Deployment and where its pods are.
func (y *yard) checkNode(name, architecture string) {
	y.t.Helper()
	deployment := y.deployment(name)
	if platform := deployment.Annotations["buildx.docker.com/platform"]; platform != "linux/"+architecture {
		y.t.Errorf("%s builds for %s", name, platform)
	}
	if deployment.Status.ReadyReplicas != 2 {
		y.t.Errorf("%s has %d ready pods, want 2", name, deployment.Status.ReadyReplicas)
	}
	pod := deployment.Spec.Template.Spec
	if diff := cmp.Diff(map[string]string{corev1.LabelArchStable: architecture, corev1.LabelOSStable: "linux"}, pod.NodeSelector); diff != "" {
		y.t.Errorf("%s: node selector (-want +got):\n%s", name, diff)
	}
	got := []string{
		pod.ServiceAccountName, pod.Containers[0].Image,
		pod.Containers[0].Resources.Requests.Cpu().String(), pod.Containers[0].Resources.Requests.Memory().String(),
		pod.Containers[0].Resources.Limits.Cpu().String(), pod.Containers[0].Resources.Limits.Memory().String(),
	}
	if diff := cmp.Diff([]string{"buildkit", "registry.example.com/buildkit:rootless", "250m", "512Mi", "3", "2Gi"}, got); diff != "" {
		y.t.Errorf("%s: (-want +got):\n%s", name, diff)
	}
	if privileged := pod.Containers[0].SecurityContext.Privileged; privileged != nil && *privileged {
		y.t.Errorf("%s is privileged", name)
	}
	pods, err := y.admin.CoreV1().Pods(buildNamespace).List(y.t.Context(), metav1.ListOptions{LabelSelector: "app=" + name})
	y.must(err)
	for _, pod := range pods.Items {
		if !strings.HasPrefix(pod.Spec.NodeName, architecture+"-") {
			y.t.Errorf("%s runs on %q", pod.Name, pod.Spec.NodeName)
		}
		if len(pod.Spec.Containers[0].VolumeMounts) != 2 { // BuildKit's folder and its configuration
			y.t.Errorf("%s mounts %v: it should have no token", pod.Name, pod.Spec.Containers[0].VolumeMounts)
		}
	}
}

// build ends where the simulated pod would have to answer.
func (y *yard) build() {
	out, err := y.make("docker-buildx", "BUILDER=kube", "IMG=registry.example.com/operator:1")
	if err == nil || !strings.Contains(out, "unable to upgrade connection") {
		y.t.Errorf("got %v, want a build that cannot reach BuildKit in the pod:\n%s", err, out)
	}
	var asked []string
	for _, event := range y.requests() {
		if event.ObjectRef.Subresource == "exec" {
			asked = append(asked, event.ObjectRef.Name)
		}
	}
	for _, architecture := range architectures {
		if !slices.ContainsFunc(asked, func(pod string) bool { return strings.HasPrefix(pod, "kube-"+architecture+"-") }) {
			y.t.Errorf("the build did not turn to a pod for %s, only to %v", architecture, asked)
		}
	}
}

func (y *yard) refused() {
	_, err := y.make("buildx-kubernetes", "BUILDKIT_BUILDER=root", "PLATFORMS=linux/amd64", "BUILDKIT_ROOTLESS=false", "BUILDKIT_TIMEOUT=5s")
	if err == nil {
		y.t.Error("a privileged pod was let in")
	}
	deployment := y.deployment("root-amd64")
	if image := deployment.Spec.Template.Spec.Containers[0].Image; strings.Contains(image, "rootless") {
		y.t.Errorf("the builder with root has the image %s", image)
	}
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && strings.Contains(condition.Message, "config/buildx-privileged") {
			return
		}
	}
	y.t.Errorf("the refusal does not name the remedy: %v", deployment.Status.Conditions)
}

func (y *yard) emulated() {
	y.apply("config/buildx-privileged")
	out, err := y.make("buildx-kubernetes", "BUILDKIT_QEMU=true", "BUILDKIT_QEMU_ARCH=amd64", "BUILDKIT_QEMU_IMAGE=registry.example.com/binfmt:1")
	if err != nil {
		y.t.Fatalf("%v\n%s", err, out)
	}
	deployment := y.deployment("kube-qemu")
	if got := deployment.Annotations["buildx.docker.com/platform"]; got != "linux/amd64,linux/arm64,linux/s390x,linux/ppc64le" {
		y.t.Errorf("it builds for %s", got)
	}
	if deployment.Status.ReadyReplicas != 1 {
		y.t.Errorf("got %d ready pods, want 1", deployment.Status.ReadyReplicas)
	}
	install := deployment.Spec.Template.Spec.InitContainers
	if len(install) != 1 || install[0].Image != "registry.example.com/binfmt:1" {
		y.t.Errorf("got init containers %v, want one that installs the emulator", install)
	}
	all, err := y.admin.AppsV1().Deployments(buildNamespace).List(y.t.Context(), metav1.ListOptions{LabelSelector: "app=kube-arm64"})
	y.must(err)
	if len(all.Items) > 0 {
		y.t.Error("the native nodes of the builder's last form are still there")
	}
}

// rights compares what the role grants with what buildx asked for, which were refused otherwise.
func (y *yard) rights() {
	role, err := y.admin.RbacV1().Roles(buildNamespace).Get(y.t.Context(), "buildx", metav1.GetOptions{})
	y.must(err)
	var granted, used []string
	for _, rule := range role.Rules {
		for _, verb := range rule.Verbs {
			granted = append(granted, verb+" "+rule.Resources[0])
		}
	}
	// Asked for only where the ConfigMap outlived its Deployment.
	granted = slices.DeleteFunc(granted, func(right string) bool { return right == "update configmaps" })
	for _, event := range y.requests() {
		resource := strings.TrimSuffix(event.ObjectRef.Resource+"/"+event.ObjectRef.Subresource, "/")
		used = append(used, event.Verb+" "+resource)
		if event.ResponseStatus.Code == 403 && event.ObjectRef.Subresource == "" {
			y.t.Errorf("buildx may not %s %s", event.Verb, resource)
		}
	}
	slices.Sort(granted)
	slices.Sort(used)
	if diff := cmp.Diff(granted, slices.Compact(used)); diff != "" {
		y.t.Errorf("(-granted +used):\n%s", diff)
	}
}

func (y *yard) deployment(name string) *appsv1.Deployment {
	y.t.Helper()
	deployment, err := y.admin.AppsV1().Deployments(buildNamespace).Get(y.t.Context(), name, metav1.GetOptions{})
	y.must(err)
	return deployment
}

// request is a line of the audit log.
type request struct {
	Verb           string
	User           struct{ Username string }
	ObjectRef      *struct{ Resource, Subresource, Name string }
	ResponseStatus struct{ Code int }
}

// requests are those that the service account of buildx made.
func (y *yard) requests() []request {
	y.t.Helper()
	log, err := os.Open(y.cluster.AuditLogPath())
	y.must(err)
	defer log.Close()
	var events []request
	for decoder := json.NewDecoder(log); decoder.More(); {
		var event request
		y.must(decoder.Decode(&event))
		if event.User.Username == "system:serviceaccount:"+buildNamespace+":buildx" && event.ObjectRef != nil {
			events = append(events, event)
		}
	}
	return events
}
