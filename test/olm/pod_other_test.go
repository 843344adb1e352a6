//go:build !linux

// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"os"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
)

// commandInPod runs a program with the rights of the pod's service account. It
// has to be told what it would find in the files of a pod.
func commandInPod(ctx SpecContext, pod *corev1.Pod, program string, arguments ...string) *exec.Cmd {
	GinkgoHelper()
	command := exec.Command(program, append(arguments, "--leader-election-namespace="+pod.Namespace)...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + GinkgoT().TempDir(),
		"KUBECONFIG=" + serviceAccountKubeconfig(ctx, pod.Namespace, pod.Spec.ServiceAccountName),
	}
	return command
}

// expectUpgradeable has nothing to hold: outside of a pod the manager does not
// know its namespace, and with that its OperatorCondition.
func (i *installation) expectUpgradeable(SpecContext, string) {}
