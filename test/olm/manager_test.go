// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// startManager runs the manager in the place of a simulated pod: with the
// arguments, the environment and the rights that the pod would have.
func startManager(ctx SpecContext, pod *corev1.Pod) *cluster.Program {
	GinkgoHelper()
	container := managerContainer(pod)
	Expect(container.Command).To(HaveExactElements("/manager"))
	// Only a pod has an address of its own.
	arguments := append(container.Args, "--metrics-bind-address=0", "--health-probe-bind-address=0",
		"--plain-http-registries="+images.host, "--image-wait=3s")
	command := commandInPod(ctx, pod, managerPath, arguments...)
	command.Env = append(command.Env, environment(pod, container)...)
	command.Dir = root // which has the chart, as the folder of the image does
	program := start("manager", command)
	DeferCleanup(program.Stop)
	return program
}

func managerContainer(pod *corev1.Pod) corev1.Container {
	GinkgoHelper()
	for _, container := range pod.Spec.Containers {
		if container.Name == "manager" {
			return container
		}
	}
	Fail("the pod " + pod.Name + " has no container manager")
	return corev1.Container{}
}

// environment is what a kubelet would make of the container's env.
func environment(pod *corev1.Pod, container corev1.Container) []string {
	GinkgoHelper()
	var variables []string
	for _, variable := range container.Env {
		value := variable.Value
		if variable.ValueFrom != nil {
			Expect(variable.ValueFrom.FieldRef).NotTo(BeNil(), "the variable %s is taken from something that this test does not know", variable.Name)
			value = fieldOf(pod, variable.ValueFrom.FieldRef.FieldPath)
		}
		variables = append(variables, variable.Name+"="+value)
	}
	return variables
}

func fieldOf(pod *corev1.Pod, path string) string {
	GinkgoHelper()
	switch path {
	case "metadata.name":
		return pod.Name
	case "metadata.namespace":
		return pod.Namespace
	}
	key, ok := strings.CutPrefix(path, "metadata.annotations['")
	Expect(ok).To(BeTrue(), "the field %s is one that this test does not know", path)
	return pod.Annotations[strings.TrimSuffix(key, "']")]
}

func serviceAccountKubeconfig(ctx SpecContext, namespace, name string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(controlPlane.WriteServiceAccountKubeconfig(ctx, path, namespace, name)).To(Succeed())
	return path
}

// operatorPod is the one pod of a Deployment that runs.
func operatorPod(ctx SpecContext, namespace string, labels map[string]string) *corev1.Pod {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Eventually(ctx, func(g Gomega, ctx SpecContext) {
		g.Expect(admin.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels(labels))).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(1))
		g.Expect(pods.Items[0].Status.Phase).To(Equal(corev1.PodRunning))
	}).Should(Succeed())
	return &pods.Items[0]
}
