// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/test/golden"
)

// A golden file that changes restarts the pods of every ElasticWeb of that kind when the operator is
// upgraded. Write new ones with go test ./internal/resources -update, and never a changed one without a need.
type sample struct {
	spec     elasticwebv1.ElasticWebSpec
	observed plan.Observed
}

// minimal is the walk-through's sample.
func minimal(changes ...func(*elasticwebv1.ElasticWebSpec)) elasticwebv1.ElasticWebSpec {
	spec := elasticwebv1.ElasticWebSpec{
		Image: "nginx:1.17.1", Port: ptr.To[int32](30003),
		SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
	}
	for _, change := range changes {
		change(&spec)
	}
	return spec
}

func resolved(facts plan.ImageFacts) plan.Observed {
	return plan.Observed{
		Image: plan.Image{State: plan.ImageResolved, Facts: &facts},
		Nodes: &plan.Nodes{
			All:         map[string]int{"amd64": 3, "arm64": 3},
			Schedulable: map[string]int{"amd64": 3, "arm64": 3},
		},
	}
}

var manyArchitectures = plan.ImageFacts{
	Reference: "nginx:1.17.1", Digest: "sha256:0123",
	Platforms: []string{"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "windows/amd64", "unknown/unknown"},
}

var goldens = map[string]sample{
	"minimal":          {spec: minimal()},
	"minimal-resolved": {spec: minimal(), observed: resolved(manyArchitectures)},
	"preferred-architectures": {spec: minimal(func(s *elasticwebv1.ElasticWebSpec) {
		s.Architectures = []elasticwebv1.ArchitectureSpec{
			{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, {Name: "amd64"}, {Name: "s390x", Weight: ptr.To[int32](5)},
		}
	}), observed: resolved(manyArchitectures)},
	"without-a-token": {spec: minimal(func(s *elasticwebv1.ElasticWebSpec) { s.AutomountServiceAccountToken = ptr.To(false) })},
	"private-non-root": {spec: minimal(func(s *elasticwebv1.ElasticWebSpec) {
		s.Image = "registry.example.com/team/shop:1.4"
		s.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
		s.ServiceAccountName = "shop"
	}), observed: resolved(plan.ImageFacts{
		Reference: "registry.example.com/team/shop:1.4", Platforms: []string{"linux/amd64"},
		Port: ptr.To[int32](8443), User: ptr.To[int64](65532),
	})},
	"pinned-node-selector": {spec: minimal(func(s *elasticwebv1.ElasticWebSpec) {
		s.NodeSelector = map[string]string{corev1.LabelArchStable: "arm64", "disk": "fast"}
	}), observed: resolved(manyArchitectures)},
	"with-a-pod-template": {spec: minimal(func(s *elasticwebv1.ElasticWebSpec) {
		s.PodTemplate = &runtime.RawExtension{Raw: []byte(`{"metadata": {"labels": {"tier": "front"}}, "spec": {
			"runtimeClassName": "kata", "dnsConfig": {}, "nodeSelector": {"disk": "fast"}, "volumes": [{"name": "logs", "emptyDir": {}}],
			"initContainers": [{"name": "prepare", "image": "busybox:1", "securityContext": {}}, {"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"}],
			"containers": [{"name": "tail", "image": "busybox:1", "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]},
				{"name": "web", "lifecycle": null, "ports": [{"name": "metrics", "containerPort": 9090}], "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]}]}}`)}
	}), observed: resolved(manyArchitectures)},
	"full": {spec: minimal(full), observed: resolved(manyArchitectures)},
}

// full sets every field that shapes a pod.
func full(s *elasticwebv1.ElasticWebSpec) {
	s.ContainerPort = ptr.To[int32](80)
	s.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")}}
	s.Env = []corev1.EnvVar{{Name: "MODE", Value: "shop"}, {Name: "EMPTY"}}
	s.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}}
	s.Command, s.Args = []string{"/shop"}, []string{"--serve"}
	s.ImagePullPolicy = corev1.PullAlways
	s.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http")}}}
	s.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}}}
	s.StartupProbe = &corev1.Probe{FailureThreshold: 30, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/check"}}}}
	s.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 20}}}
	s.TerminationGracePeriodSeconds = ptr.To[int64](60)
	s.SecurityContext = &corev1.SecurityContext{ReadOnlyRootFilesystem: ptr.To(true)}
	s.PodSecurityContext = &corev1.PodSecurityContext{FSGroup: ptr.To[int64](1000)}
	s.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	s.VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/tmp"}}
	s.NodeSelector = map[string]string{"disk": "fast"}
	s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "pool", Operator: corev1.NodeSelectorOpIn, Values: []string{"web"}}},
		}}},
	}}
	s.Tolerations = []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpEqual, Value: "web", Effect: corev1.TaintEffectNoSchedule}}
	s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: plan.Selector("shop")},
	}}
	s.PriorityClassName = "high"
	s.PodLabels = map[string]string{"tier": "front"}
	s.PodAnnotations = map[string]string{"example.com/scrape": "true"}
}

// joinedLine is the label that a template has since 0021: its key comes last, or before one of the user's.
var joinedLine = regexp.MustCompile(`,\n *"elasticweb.example.com/joined": "true"`)

func TestTemplatesAreTheSameInEveryVersion(t *testing.T) {
	for name, wanted := range goldens {
		t.Run(name, func(t *testing.T) {
			web := &elasticwebv1.ElasticWeb{
				ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "1-2-3", Generation: 1}, Spec: wanted.spec,
			}
			before, made := template(t, web, older(t, web, wanted.observed)), template(t, web, wanted.observed)
			path := filepath.Join("testdata", "template-"+name+".json")
			golden.Check(t, path, before, "an upgrade of the operator would restart these pods")
			if bare := joinedLine.ReplaceAllString(made, ""); bare != before || bare == made {
				t.Errorf("a new template is another one but for the label (-older +new):\n%s", cmp.Diff(before, made))
			}
		})
	}
}

// older is what is observed where an older operator made the Deployment: its template lacks the label of pods that joined.
func older(t *testing.T, web *elasticwebv1.ElasticWeb, observed plan.Observed) plan.Observed {
	t.Helper()
	spec, err := podtemplate.Resolve(&web.Spec)
	if err != nil {
		t.Fatal(err)
	}
	first := plan.Make(&elasticwebv1.ElasticWeb{ObjectMeta: web.ObjectMeta, Spec: *spec}, observed)
	first.Record.Joins = false
	observed.Deployment = &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: first.Record.String()}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(first.Replicas)},
	}
	return observed
}

// Older releases let spec.podLabels hold labels that are the operator's now: they leave the template with the user's next rollout alone.
func TestLabelsThatAreTheOperatorsNow(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "1-2-3", Generation: 1}, Spec: minimal(),
	}
	web.Spec.PodLabels = map[string]string{
		elasticwebv1.LabelJoined: "yes", elasticwebv1.LabelArchitecture: "any", elasticwebv1.LabelTierPrefix + "arm64": "yes", "tier": "front",
	}
	observed := older(t, web, resolved(manyArchitectures))
	record := plan.RecordOf(observed.Deployment)
	if record.Pod != "0d6ffd2afe467315" {
		t.Errorf("the hash of the pods is %s", record.Pod)
	}
	path := filepath.Join("testdata", "template-with-labels-that-are-the-operators-now.json")
	golden.Check(t, path, template(t, web, observed), "an upgrade of the operator would restart these pods")
	record.Pod = "0123456789abcdef"
	observed.Deployment.Annotations[plan.AnnotationRecord] = record.String()
	rolled := template(t, web, observed)
	if strings.Contains(rolled, `"yes"`) || strings.Contains(rolled, `"any"`) || !strings.Contains(rolled, `"elasticweb.example.com/joined": "true"`) || !strings.Contains(rolled, `"tier": "front"`) {
		t.Errorf("the user's next rollout leaves them in:\n%s", rolled)
	}
}

// Older operators had maxSkew follow the number of pods, and no constraint on the operating system: their templates stay until the user's
// next rollout.
func TestTemplatesOfOlderOperatorsAreTheSame(t *testing.T) {
	wanted := goldens["preferred-architectures"]
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "1-2-3", Generation: 1}, Spec: wanted.spec,
	}
	path := filepath.Join("testdata", "template-preferred-architectures-of-an-older-operator.json")
	record := plan.Make(web, wanted.observed).Record
	record.MaxSkew, record.WholeSkew, record.Joins = 7, 0, false
	deployment := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: ptr.To(record.Replicas)}}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &deployment.Spec.Template); err != nil {
		t.Fatal(err)
	}
	for name, annotations := range map[string]map[string]string{"with its record": {plan.AnnotationRecord: record.String()}, "without it": nil} {
		deployment.Annotations = annotations
		observed := wanted.observed
		observed.Deployment, observed.KnownFacts = deployment, observed.Image.Facts
		t.Run(name, func(t *testing.T) {
			golden.Check(t, path, template(t, web, observed), "an upgrade of the operator would restart these pods")
		})
	}
}

// The record is all that the next version of the operator has, while no registry answers and the nodes changed.
func TestTemplatesAreTheSameFromTheRecord(t *testing.T) {
	for name, wanted := range goldens {
		t.Run(name, func(t *testing.T) {
			web := &elasticwebv1.ElasticWeb{
				ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "1-2-3", Generation: 1}, Spec: wanted.spec,
			}
			made := template(t, web, wanted.observed)
			spec, err := podtemplate.Resolve(&web.Spec)
			if err != nil {
				t.Fatal(err)
			}
			web.Spec = *spec
			first := plan.Make(web, wanted.observed)
			web.Generation, web.Spec.TotalQPS = 2, ptr.To[int32](80_000)
			again := template(t, web, plan.Observed{
				Deployment: &appsv1.Deployment{
					ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: first.Record.String()}},
					Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(first.Replicas)},
				},
				Nodes: &plan.Nodes{All: map[string]int{"amd64": 1}, Schedulable: map[string]int{"amd64": 1}},
				Image: plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable},
			})
			if diff := cmp.Diff(made, again); diff != "" {
				t.Errorf("a restart of the operator would restart these pods (-before +after):\n%s", diff)
			}
		})
	}
}

func template(t *testing.T, web *elasticwebv1.ElasticWeb, observed plan.Observed) string {
	t.Helper()
	spec, err := podtemplate.Resolve(&web.Spec)
	if err != nil {
		t.Fatal(err)
	}
	web = &elasticwebv1.ElasticWeb{ObjectMeta: web.ObjectMeta, Spec: *spec}
	p := plan.Make(web, observed)
	deployment, err := resources.Deployment(web, &p)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(deployment.Spec.Template, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}
