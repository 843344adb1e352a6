// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	elasticwebv1alpha1 "github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// scenario is a clean cluster for some specs, and what is done to it.
type scenario struct {
	*nodes.Cluster

	name  string
	admin client.WithWatch
}

// startScenario brings up a cluster that goes at the end of the specs. Its logs stay if one of them fails.
func startScenario(ctx context.Context, name string, pools ...nodes.Pool) *scenario {
	GinkgoHelper()
	logs := filepath.Join(logFolder(), name)
	Expect(os.RemoveAll(logs)).To(Succeed())
	Expect(os.MkdirAll(logs, 0o755)).To(Succeed())
	c, err := nodes.Start(ctx, nodes.Options{Nodes: pools, LogDir: logs, AuditLog: true, Progress: GinkgoWriter})
	Expect(err).NotTo(HaveOccurred())
	s := &scenario{Cluster: c, name: name}
	DeferCleanup(func() {
		Expect(c.Stop()).To(Succeed())
		if !CurrentSpecReport().Failed() {
			Expect(os.RemoveAll(logs)).To(Succeed())
		}
	})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, elasticwebv1.AddToScheme, elasticwebv1alpha1.AddToScheme, operatorsv1alpha1.AddToScheme,
	} {
		Expect(add(scheme)).To(Succeed())
	}
	s.admin, err = client.NewWithWatch(c.RESTConfig(), client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return s
}

// logFolder is where the logs of scenarios that fail stay.
func logFolder() string {
	GinkgoHelper()
	folder := os.Getenv("E2E_LOGS")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "elasticweb-e2e-logs")
	}
	folder, err := filepath.Abs(folder)
	Expect(err).NotTo(HaveOccurred())
	return folder
}

// keepLogs is called after each spec. After one that failed it adds to the logs what the cluster was like.
func (s *scenario) keepLogs() {
	if s == nil || !CurrentSpecReport().Failed() { // nil: there is no cluster, and the failure says why.
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for file, args := range map[string][]string{
		"objects.txt":  {"get", "nodes,all,poddisruptionbudgets,elasticwebs,elasticwebbenchmarks", "--all-namespaces", "--output=wide"},
		"objects.yaml": {"get", "pods,deployments,services,elasticwebs,elasticwebbenchmarks", "--all-namespaces", "--output=yaml"},
		"events.txt":   {"get", "events.events.k8s.io", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"},
		"pods.txt":     {"describe", "pods", "--all-namespaces"},
	} {
		output, err := s.Kubectl(ctx, "", args...)
		if err != nil {
			output = err.Error()
		}
		_ = os.WriteFile(filepath.Join(s.LogDir(), file), []byte(output), 0o600)
	}
	GinkgoWriter.Printf("the logs of the scenario are in %s\n", s.LogDir())
}

// kubectl runs a command in the root of the repository.
func (s *scenario) kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	output, err := s.Kubectl(ctx, "", args...)
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(output)
}

// make runs a target as a user does, and returns what it wrote.
func (s *scenario) make(ctx context.Context, target string, variables ...string) string {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "make", append([]string{"--no-print-directory", "-C", root, target, "KUBECTL=" + s.KubectlPath()}, variables...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig(), "MAKEFLAGS=", "MAKELEVEL=", "MAKEOVERRIDES=")
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return string(output)
}

// nodeAddresses are those at which node ports answer.
func (s *scenario) nodeAddresses(ctx context.Context) []string {
	GinkgoHelper()
	return strings.Fields(s.kubectl(ctx, "get", "nodes", "--output=jsonpath={.items[*].status.addresses[?(@.type=='InternalIP')].address}"))
}
