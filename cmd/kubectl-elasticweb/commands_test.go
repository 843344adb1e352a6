// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

func TestStatusWhyAndPlan(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	b.want(0, []string{"status"}, "NAME", "shop  well", "2,400/2,400", "3/3", "AsPlanned")
	b.want(0, []string{"status", "-A"}, "NAMESPACE", b.namespace)
	b.want(0, []string{"status", "shop"}, "shop in "+b.namespace+"  Ready: True, AsPlanned", "2,400 of 2,400 QPS, 100%", "3 of 3 ready", "amd64-", "linux/amd64, linux/arm64", "port 80")
	b.want(0, []string{"status", "shop", "-o", "name"}, "elasticweb.elasticweb.example.com/shop")
	b.want(0, []string{"status", "-o", "yaml"}, "kind: ElasticWebList", "realQPS: 2400")
	b.want(0, []string{"status", "-l", "no=such"}, "No ElasticWebs found.")
	b.want(1, []string{"status", "none"}, "error: elasticwebs.elasticweb.example.com \"none\" not found")
	b.want(0, []string{"why", "shop"}, "spec.totalQPS asks for 2,400", "holds linux/amd64, linux/arm64", "2,400 / 800 makes 3", "Nothing waits.")

	b.want(0, []string{"plan", "shop"}, "nothing changes", "3, as now")
	b.want(1, []string{"plan", "shop", "--total-qps", "9000"}, "12, now 3", "no pod is restarted", "+totalQPS: 9000", "+replicas: 12")
	b.want(1, []string{"plan", "shop", "--replicas", "5"}, "5, now 3", "-totalQPS: 2400")
	b.want(1, []string{"plan", "shop", "--set", "totalQPS=null", "--set", `demand={"prometheus":{"query":"up"}}`}, "3, as now", "no pod is restarted", "+demand:")
	b.want(1, []string{"plan", "shop", "--set", "podLabels.a=b"}, "all pods are replaced, because of spec.podLabels")
	b.want(1, []string{"plan", "shop", "--image", shared.image("arm64"), "--plain-http-registries", shared.Host}, "Runs on   arm64; now amd64, arm64", "because of spec.image")
	b.want(2, []string{"plan", "shop", "--set", "minReplicas=5", "--set", "maxReplicas=2"}, "error: ", "minReplicas is above maxReplicas")
	b.want(2, []string{"plan", "shop", "--set", "nodeSelector={\"kubernetes.io/arch\": s390x}"}, "Refused")
	b.want(2, []string{"plan", "shop", "--set", `podTemplate={"spec":{"foo":1}}`}, "Refused", "spec.podTemplate.spec.foo")
	b.want(2, []string{"plan", "shop", "--set", "noSuchField=1"}, "noSuchField")
	b.want(2, []string{"plan", "shop", "--no-such-flag"}, "no-such-flag")
	b.create(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "other"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 1, NodePort: 31900}}}})
	b.want(2, []string{"plan", "shop", "--set", "port=31900"}, "Refused", "provided port is already allocated")
	b.want(2, []string{"plan", "shop", "--set", `podTemplate={"spec":{"dnsPolicy":"Nope"}}`}, "Refused", "dnsPolicy")
	b.want(2, []string{"plan", "shop", "--set", `podTemplate={"spec":{"initContainers":[{"name":"a","image":"b","volumeMounts":[{"name":"none","mountPath":"/c"}]}]}}`},
		"Refused", "volumeMounts[0].name", "Not found: \"none\"")
	if web := b.read(); *web.Spec.TotalQPS != 2400 || web.Generation != 1 {
		t.Errorf("a plan changed something: %+v", web.Spec)
	}
}

// manifest is what a user has in a file.
func manifest(name, image string, port int32, more string) string {
	return fmt.Sprintf("apiVersion: elasticweb.example.com/v1\nkind: ElasticWeb\nmetadata:\n  name: %s\nspec:\n  image: %s\n  port: %d\n  singlePodsQPS: 800\n%s", name, image, port, more)
}

func TestPlanOfAFile(t *testing.T) {
	b := newBench(t)
	given := manifest("shop", shared.image("1"), 31999, "  totalQPS: 2400\n")
	plan := func(want int, text, says string, args ...string) {
		t.Helper()
		out, errOut, code := b.runWith(t.Context(), text, append([]string{"plan", "-f", "-", "--plain-http-registries", shared.Host}, args...)...)
		if code != want || !strings.Contains(out+errOut, says) {
			t.Errorf("exit code %d, want %d and %q: %s%s", code, want, says, out, errOut)
		}
	}
	plan(1, given, "ElasticWeb shop in "+b.namespace+": new")
	if _, err := shared.Kubectl(t.Context(), given, "-n", b.namespace, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	plan(0, given, "nothing changes")
	plan(1, manifest("shop", shared.image("1"), 31999, "  replicas: 4\n"), "4, now 3") // what the file no longer says goes.
	plan(1, given+"  podLabels: {a: b}\n", "because of spec.podLabels", "--server-side", "--force-conflicts")
	plan(1, given+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n---\n"+manifest("other", shared.image("1"), 31998, ""), "ElasticWeb other in")
	plan(2, given+"  foo: bar\n", "foo")
	plan(2, manifest("other", shared.image("1"), 31998, "  totalqps: 800\n"), "totalqps")
	b.create(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "taken"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}})
	plan(2, manifest("taken", shared.image("1"), 31997, "  totalQPS: 800\n"), "there is a Service of this name that is not this ElasticWeb's")
	plan(2, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n", "there is no ElasticWeb")
}

// TestFewRights: what may not be read is said, and the rest is shown.
func TestFewRights(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	rights := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "few"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{elasticwebv1.GroupVersion.Group}, Resources: []string{"elasticwebs"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}},
	}}
	b.create(rights, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "few"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "few"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jane"}}})
	config, err := shared.UserConfig("jane")
	if err != nil {
		t.Fatal(err)
	}
	jane := b.as(config)
	jane.eventually("the rights", func() (bool, string) { _, errOut, code := jane.run("status"); return code == 0, errOut })
	jane.want(0, []string{"status", "shop"}, "2,400 of 2,400 QPS", "could not be read: list nodes", "could not be read: list pods", "could not be read: list events")
	jane.want(0, []string{"why", "shop"}, "So there are to be 3.", "may not be read: list pods")
	jane.want(1, []string{"plan", "shop", "--total-qps", "9000"}, "12, now 3", "you may not write ElasticWebs here", "may not be read: list nodes")
	jane.want(1, []string{"pause", "shop"}, "cannot patch resource")
	jane.want(0, []string{"report", "--file", filepath.Join(t.TempDir(), "r.tar.gz")}, "ElasticWeb/shop.yaml", "Not in it:", "- Node: nodes is forbidden")
}

func TestAnnotations(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	b.want(0, []string{"pause", "shop"}, "shop paused")
	b.eventually("pause", func() (bool, string) {
		out, _, _ := b.run("status", "shop")
		return strings.Contains(out, "Unknown, Paused"), out
	})
	resume := "kubectl elasticweb -n " + b.namespace + " --kubeconfig=" + b.kubeconfig + " resume shop"
	b.want(1, []string{"plan", "shop", "--total-qps", "9000"}, "it is paused", resume)
	b.want(0, []string{"why", "shop"}, resume)
	b.want(0, []string{"status", "shop"}, resume)
	b.want(0, []string{"resume", "shop", "--dry-run"}, "(dry run)")
	if b.read().Annotations[elasticwebv1.AnnotationPaused] != "true" {
		t.Error("a dry run resumed it")
	}
	b.want(0, []string{"resume", "shop"}, "shop resumed")
	b.settle()
	template := func() string {
		deployment := &appsv1.Deployment{}
		if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop"}, deployment); err != nil {
			t.Fatal(err)
		}
		return deployment.Spec.Template.Annotations[restartedAt]
	}
	b.want(0, []string{"restart", "shop"}, "shop restarted")
	if template() == "" {
		t.Error("nothing was restarted")
	}
	b.settle()
	b.want(1, []string{"restart", "none"}, "not found")
	b.want(1, []string{"pause"}, "give the name of at least one")
}

func TestFrom(t *testing.T) {
	b := newBench(t)
	labels := map[string]string{"app": "old"}
	b.create(
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				InitContainers: []corev1.Container{{Name: "prepare", Image: "busybox:1"}},
				Containers: []corev1.Container{{Name: "app", Image: shared.image("1"), Ports: []corev1.ContainerPort{{Name: "main", ContainerPort: 80}},
					LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("main")}}}}}}}}},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "way-in"}, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 8080, TargetPort: intstr.FromString("main")}}}})
	out := b.want(0, []string{"from", "deployment/old", "--single-pods-qps", "800", "--name", "shop"}, "The API server takes it", "# Not carried over:", "# To change over", "patch service way-in")
	b.want(1, []string{"from", "deployment/old"}, "--single-pods-qps")
	b.want(1, []string{"from", "old"}, "write it as deployment/NAME")
	if text, err := shared.Kubectl(t.Context(), out, "apply", "-f", "-"); err != nil {
		t.Fatal(err, text)
	}
	b.settle()
	if web := b.read(); web.Status.ReadyReplicas != 2 || *web.Spec.Port != 8080 {
		t.Errorf("%+v", web.Status)
	}
}

func TestBenchmark(t *testing.T) {
	b := newBench(t)
	web := b.shop()
	web.Spec.NodeSelector = map[string]string{"disk": "fast"}
	b.create(web)
	b.want(0, []string{"benchmark", "shop", "--detach", "--latency-target", "200ms"}, "shop-benchmark is measured", "--follow shop-benchmark")
	made := &v1alpha1.ElasticWebBenchmark{}
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop-benchmark"}, made); err != nil {
		t.Fatal(err)
	}
	if made.Spec.Image != web.Spec.Image || made.Spec.NodeSelector["disk"] != "fast" || made.Spec.LatencyTarget != "200ms" {
		t.Errorf("%+v", made.Spec)
	}
	b.want(1, []string{"benchmark", "shop", "--detach"}, "already exists", "--follow shop-benchmark")

	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second) // as Ctrl-C does.
	defer stop()
	if out, errOut, code := b.runWith(ctx, "", "benchmark", "--follow", "shop-benchmark"); code != interrupted || !strings.Contains(errOut, "It goes on. Follow it with: kubectl elasticweb benchmark -n "+b.namespace) || !strings.Contains(out, "not reported") {
		t.Errorf("exit code %d: %s%s", code, out, errOut)
	}
	made.Status = v1alpha1.ElasticWebBenchmarkStatus{ObservedGeneration: made.Generation,
		Run:     &v1alpha1.BenchmarkRun{ID: "r", Generation: made.Generation, Architectures: []v1alpha1.ArchitectureRun{{Architecture: "arm64", State: v1alpha1.RunStateFinished}}},
		Results: []v1alpha1.BenchmarkResult{{Architecture: "amd64", QPS: 640, AtLeast: true, P99: "12ms"}, {Architecture: "arm64", QPS: 1000, P99: "11ms", LimitedBy: "TooSlow"}}}
	meta.SetStatusCondition(&made.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonMeasured, Message: "all were measured"})
	if err := shared.Client.Status().Update(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	out := b.want(0, []string{"benchmark", "--follow", "shop-benchmark"}, "[████████████████████] Finished", "ARCHITECTURE", "1,000", "640+", "TooSlow")
	if strings.Index(out, "1,000") > strings.Index(out, "640+") {
		t.Errorf("the best is not the first:\n%s", out)
	}
	b.want(0, []string{"rerun", "shop-benchmark"}, "measured once more")
}

func TestReport(t *testing.T) {
	b := newBench(t)
	web := b.shop()
	web.Annotations = map[string]string{"note": "very-secret"}
	web.Spec.Env = []corev1.EnvVar{{Name: "A", Value: "very-secret"}}
	web.Spec.Args = []string{"very-secret"}
	b.create(web, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys"}, StringData: map[string]string{"a": "very-secret"}})
	b.settle()
	path := filepath.Join(t.TempDir(), "report.tar.gz")
	b.want(0, []string{"report", "--file", path}, "namespace/ElasticWeb/shop.yaml", "namespace/Deployment/shop.yaml", "namespace/Pod/", "namespace/Event/", "versions.txt", "no pod of it was found", path+" is written")
	for name, text := range unpacked(t, path) {
		if strings.Contains(text, "very-secret") || strings.Contains(name, "Secret") {
			t.Errorf("%s tells a secret:\n%s", name, text)
		}
		if strings.HasSuffix(name, "/ElasticWeb/shop.yaml") && !strings.Contains(text, "name: A") {
			t.Errorf("the ElasticWeb lacks what is no secret:\n%s", text)
		}
	}
	b.want(1, []string{"report", "--file", path}, "is there already")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
}

func TestCompletion(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.want(0, []string{"__complete", "status", ""}, "shop\n")
	b.want(0, []string{"__complete", "plan", "shop", "--out"}, "--output")
	if got := arguments([]string{"/usr/bin/kubectl_complete-elasticweb", "status", ""}); len(got) != 3 || got[0] != "__complete" {
		t.Errorf("%q", got)
	}
}
