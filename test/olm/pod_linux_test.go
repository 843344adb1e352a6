// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv2 "github.com/operator-framework/api/pkg/operators/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// enterPod shows a program the files of a service account where a pod has them.
const enterPod = `mount -t tmpfs tmpfs /run &&
mkdir -p /run/secrets/kubernetes.io/serviceaccount &&
cp "$0"/* /run/secrets/kubernetes.io/serviceaccount/ &&
exec "$@"`

// commandInPod runs a program that finds the API server, its service account
// and its namespace as it would in the pod: in a mount namespace of its own.
// Root may have one, and others in a user namespace.
func commandInPod(ctx SpecContext, pod *corev1.Pod, program string, arguments ...string) *exec.Cmd {
	GinkgoHelper()
	config, err := controlPlane.ServiceAccountConfig(ctx, pod.Namespace, pod.Spec.ServiceAccountName)
	Expect(err).NotTo(HaveOccurred())
	folder := GinkgoT().TempDir()
	for name, content := range map[string][]byte{
		"token": []byte(config.BearerToken), "namespace": []byte(pod.Namespace), "ca.crt": config.CAData,
	} {
		Expect(os.WriteFile(filepath.Join(folder, name), content, 0o600)).To(Succeed())
	}
	server, err := url.Parse(config.Host)
	Expect(err).NotTo(HaveOccurred())

	command := exec.Command("/bin/sh", append([]string{"-c", enterPod, folder, program}, arguments...)...)
	command.Env = []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/",
		"KUBERNETES_SERVICE_HOST=" + server.Hostname(), "KUBERNETES_SERVICE_PORT=" + server.Port(),
	}
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		// Where this is refused to all but root, see docs/testing.md.
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return command
}

// expectUpgradeable holds that the manager told OLM that it may be upgraded,
// with the right that OLM gave it.
func (i *installation) expectUpgradeable(ctx SpecContext, csv string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx SpecContext) {
		condition := &operatorsv2.OperatorCondition{}
		g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: csv}, condition)).To(Succeed())
		g.Expect(meta.IsStatusConditionTrue(condition.Spec.Conditions, operatorsv2.Upgradeable)).To(BeTrue())
	}).Should(Succeed())
}
