// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

// made is a pod as the operator makes it.
func made() *corev1.PodSpec {
	return &corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](30),
		Affinity:                      &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}},
		Tolerations:                   []corev1.Toleration{{Key: "kubernetes.io/arch", Value: "arm64"}},
		TopologySpreadConstraints:     []corev1.TopologySpreadConstraint{{MaxSkew: 2, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway}},
		NodeSelector:                  map[string]string{"disk": "fast"},
		Containers: []corev1.Container{{
			Name: "web", Image: "shop:1",
			Ports:     []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")}},
			Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}},
		}},
	}
}

func TestMerge(t *testing.T) {
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	for name, test := range map[string]struct {
		template string
		change   func(*corev1.PodSpec)
	}{
		"of the pod": {`{"spec": {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}], "runtimeClassName": "kata", "dnsPolicy": "None"}}`, func(s *corev1.PodSpec) {
			s.HostAliases, s.RuntimeClassName, s.DNSPolicy = []corev1.HostAlias{{IP: "10.0.0.1", Hostnames: []string{"db"}}}, ptr.To("kata"), corev1.DNSNone
		}},
		"sidecars, in their order": {`{"spec": {"containers": [{"name": "b", "image": "i"}, {"name": "a", "image": "i"}], "initContainers": [{"name": "z", "image": "i"}, {"name": "y", "image": "i", "restartPolicy": "Always"}]}}`, func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, corev1.Container{Name: "b", Image: "i"}, corev1.Container{Name: "a", Image: "i"})
			s.InitContainers = []corev1.Container{{Name: "z", Image: "i"}, {Name: "y", Image: "i", RestartPolicy: always}}
		}},
		"more of web, behind a sidecar": {`{"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "web", "ports": [{"name": "metrics", "containerPort": 9090}], "tty": true}]}}`, func(s *corev1.PodSpec) {
			s.Containers[0].Ports = append(s.Containers[0].Ports, corev1.ContainerPort{Name: "metrics", ContainerPort: 9090})
			s.Containers[0].TTY = true
			s.Containers = append(s.Containers, corev1.Container{Name: "a", Image: "i"})
		}},
		"ports of one number": {`{"spec": {"containers": [{"name": "web", "ports": [{"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"containerPort": 8080, "protocol": "UDP"}]}]}}`, func(s *corev1.PodSpec) {
			s.Containers[0].Ports = append(s.Containers[0].Ports, corev1.ContainerPort{Name: "dns-tcp", ContainerPort: 53, Protocol: corev1.ProtocolTCP},
				corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}, corev1.ContainerPort{ContainerPort: 8080, Protocol: corev1.ProtocolUDP})
		}},
		"without the defaults": {`{"spec": {"terminationGracePeriodSeconds": null, "containers": [{"name": "web", "lifecycle": null, "resources": null, "readinessProbe": null}]}}`, func(s *corev1.PodSpec) {
			s.TerminationGracePeriodSeconds, s.Containers[0].Lifecycle, s.Containers[0].Resources = nil, nil, corev1.ResourceRequirements{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := made()
			test.change(want)
			got, err := Merge(made(), &runtime.RawExtension{Raw: []byte(test.template)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	own := made()
	if got, err := Merge(own, nil); got != own || err != nil {
		t.Errorf("without a template another pod is made, %v", err)
	}
}

// Whatever a template says, and whichever way, the pods keep what the operator must hold. What Resolve refuses is not looked for again
// elsewhere, so that some of this can only be reached past it.
func TestWhatTheOperatorHoldsIsHeld(t *testing.T) {
	for template, says := range map[string]string{
		`{"spec": {"containers": null}}`:                                                                     ".spec.containers: the container web must be there, with the image of spec.image",
		`{"spec": {"containers": [{"name": "web", "$patch": "delete"}]}}`:                                    ".spec.containers: the container web must be there, with the image of spec.image",
		`{"spec": {"containers": [{"name": "web", "image": "other"}]}}`:                                      ".spec.containers: the container web must be there",
		`{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080, "name": "x"}]}]}}`:       ".spec.containers: port 8080 of the container web is the one named http, which spec.containerPort sets; leave it out",
		`{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080, "protocol": "TCP"}]}]}}`: ".spec.containers: port 8080 of the container web",
		`{"spec": {"containers": [{"name": "web", "ports": null}]}}`:                                         ".spec.containers: port 8080 of the container web",
		`{"spec": {"affinity": null}}`:                                                                       ".spec.affinity: the operator places the pods with it; give terms of your own, or leave it out",
		`{"spec": {"affinity": {"nodeAffinity": null}}}`:                                                     ".spec.affinity: the operator places the pods with it",
		`{"spec": {"tolerations": null}}`:                                                                    ".spec.tolerations: the operator places",
		`{"spec": {"nodeSelector": {"disk": null}}}`:                                                         ".spec.nodeSelector: the operator places",
		`{"spec": {"topologySpreadConstraints": null}}`:                                                      ".spec.topologySpreadConstraints: the operator places",
		`{"spec": {"containers": [{"image": "i"}]}}`:                                                         " cannot be merged: ",
		`{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": "x"}]}]}}`:                     " cannot be merged: ",
		`{"spec": {"x": 1}}`:                 " makes no pod: ",
		`{"spec": {"$patch": "unheard of"}}`: " cannot be merged: ",
	} {
		_, err := Merge(made(), &runtime.RawExtension{Raw: []byte(template)})
		if _, isUnfit := errors.AsType[*Unfit](err); !isUnfit || !strings.HasPrefix(err.Error(), "spec.podTemplate"+says) {
			t.Errorf("%s: %v, want %s", template, err, says)
		}
	}
}
