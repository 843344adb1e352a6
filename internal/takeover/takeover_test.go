// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/golden"
)

// shop is as the API server gives it, with its defaults.
func shop() Input {
	labels := map[string]string{"app": "shop"}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev", Labels: labels}}
	deployment.Spec = appsv1.DeploymentSpec{Replicas: ptr.To[int32](3), Selector: &metav1.LabelSelector{MatchLabels: labels}, RevisionHistoryLimit: ptr.To[int32](10),
		ProgressDeadlineSeconds: ptr.To[int32](600),
		Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: ptr.To(intstr.FromString("25%")), MaxUnavailable: ptr.To(intstr.FromString("25%"))}}}
	deployment.Spec.Template.Labels = labels
	deployment.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z", "team": "web"}
	deployment.Spec.Template.Spec = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst, SchedulerName: corev1.DefaultSchedulerName,
		ServiceAccountName: "shop", DeprecatedServiceAccount: "shop", TerminationGracePeriodSeconds: ptr.To[int64](30), SecurityContext: &corev1.PodSecurityContext{},
		HostAliases: []corev1.HostAlias{{IP: "10.0.0.1", Hostnames: []string{"db"}}},
		Containers: []corev1.Container{
			{Name: "shop", Image: "shop:1", TerminationMessagePath: corev1.TerminationMessagePathDefault, TerminationMessagePolicy: corev1.TerminationMessageReadFile,
				Ports:          []corev1.ContainerPort{{Name: "web", ContainerPort: 8000, Protocol: corev1.ProtocolTCP}, {Name: "metrics", ContainerPort: 9000, Protocol: corev1.ProtocolTCP}},
				Env:            []corev1.EnvVar{{Name: "A", Value: "b"}},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("web")}}}},
			{Name: "logs", Image: "logs:1", TerminationMessagePath: corev1.TerminationMessagePathDefault},
		},
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: labels,
		Ports: []corev1.ServicePort{{Port: 80, NodePort: 30080, TargetPort: intstr.FromString("web")}}}}
	return Input{Deployment: deployment, Service: service, Name: "shop-elastic", SinglePodsQPS: 800, Where: "-n dev --context=prod"}
}

func TestMake(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"shop": func(in *Input) { in.Autoscalers = []string{"shop"} },
		"labels": func(in *Input) {
			in.TotalQPS, in.Autoscalers = 2400, []string{"shop"}
			in.Deployment.Spec.Template.Labels = map[string]string{"app.kubernetes.io/name": "shop", "tier": "front"}
			in.Service.Spec.Selector = map[string]string{"app.kubernetes.io/name": "shop"}
			in.Deployment.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		},
		"no-service": func(in *Input) { in.Service = nil },
		"web-sidecar": func(in *Input) {
			in.Deployment.Spec.Template.Spec.Containers[1].Name = "web"
			in.Service.Spec.Ports[0].TargetPort = intstr.FromInt32(8000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := shop()
			change(&in)
			result, err := Make(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := result.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".yaml")
			golden.Check(t, path, got, "go test ./internal/takeover -update takes it over")
			read := &elasticwebv1.ElasticWeb{}
			if err := yaml.UnmarshalStrict([]byte(got), read); err != nil || cmp.Diff(result.Web.Spec, read.Spec) != "" {
				t.Errorf("it is not what was made: %v %s", err, cmp.Diff(result.Web.Spec, read.Spec))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		says   string
	}{
		"no port":      {func(in *Input) { in.Service.Spec.Ports[0].TargetPort = intstr.FromString("other") }, "no container has the port"},
		"no container": {func(in *Input) { in.Deployment.Spec.Template.Spec.Containers = nil }, "no container"},
		"no way in": {func(in *Input) {
			in.Service = nil
			for i := range in.Deployment.Spec.Template.Spec.Containers {
				in.Deployment.Spec.Template.Spec.Containers[i].Ports = nil
			}
		}, "--service"},
	} {
		in := shop()
		tc.change(&in)
		if _, err := Make(in); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
