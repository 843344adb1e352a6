// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepools

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/elasticweb/elasticweb-operator/test/operator/process"
)

// instanceType is what a node of Karpenter's kwok provider can be.
type instanceType struct {
	cpu, memory resource.Quantity
	price       float64 // of an hour on demand
}

// kwokReserves is what the provider takes of each node for the system, in thousandths of a CPU.
const kwokReserves = 100

// karpenterModule is the folder of the module that tools/karpenter pins.
func karpenterModule(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-C", filepath.Join(process.Root, "tools/karpenter"), "-m", "-f", "{{.Dir}}", "sigs.k8s.io/karpenter")
	text, err := command.Output()
	if err != nil {
		t.Fatalf("find Karpenter's module: %v", err)
	}
	return strings.TrimSpace(string(text))
}

// readInstanceTypes are those that are compiled into the kwok provider.
func readInstanceTypes(t *testing.T, module string) map[string]instanceType {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module, "kwok/cloudprovider/instance_types.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read []struct {
		Name      string
		Resources corev1.ResourceList
		Offerings []struct {
			Price        float64
			Requirements []corev1.NodeSelectorRequirement
		}
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	types := map[string]instanceType{}
	for _, one := range read {
		made := instanceType{cpu: one.Resources[corev1.ResourceCPU], memory: one.Resources[corev1.ResourceMemory]}
		for _, offering := range one.Offerings {
			for _, requirement := range offering.Requirements {
				if requirement.Key == "karpenter.sh/capacity-type" && requirement.Values[0] == "on-demand" {
					made.price = offering.Price
				}
			}
		}
		types[one.Name] = made
	}
	return types
}

// startKarpenter runs it as a process, with its kinds.
func (s *stage) startKarpenter() {
	s.Helper()
	module := karpenterModule(s.T)
	s.types = readInstanceTypes(s.T, module)
	for _, folder := range []string{"pkg/apis/crds", "kwok/apis/crds"} {
		s.Kubectl("apply", "--server-side", "-f", filepath.Join(module, folder))
	}
	s.Kubectl("wait", "--for=condition=Established", "crd", "nodepools.karpenter.sh", "nodeclaims.karpenter.sh", "kwoknodeclasses.karpenter.kwok.sh")
	s.StartProgram("karpenter", exec.Command(filepath.Join(process.Root, "bin/karpenter")), s.Plane.Kubeconfig(), "DISABLE_LEADER_ELECTION=true", "SYSTEM_NAMESPACE=kube-system",
		"METRICS_PORT="+strconv.Itoa(freePort(s.T)), "HEALTH_PROBE_PORT="+strconv.Itoa(freePort(s.T)))
	s.Apply("apiVersion: karpenter.kwok.sh/v1alpha1\nkind: KWOKNodeClass\nmetadata: {name: default}\n")
}

// nodePool is one of Karpenter's. CPUs is its limit, "" for none.
type nodePool struct {
	arch, cpus string
}

func (s *stage) pool(p nodePool) {
	s.Helper()
	limits := ""
	if p.cpus != "" {
		limits = fmt.Sprintf("\n  limits: {cpu: %q}", p.cpus)
	}
	s.Apply(fmt.Sprintf(`apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: %[1]s}
spec:%[2]s
  disruption:
    budgets: [{nodes: 100%%}]
    consolidationPolicy: WhenEmptyOrUnderutilized
    consolidateAfter: 5s
  template:
    spec:
      nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}
      requirements:
      - {key: kubernetes.io/arch, operator: In, values: [%[1]s]}
      - {key: kubernetes.io/os, operator: In, values: [linux]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
`, p.arch, limits))
}
