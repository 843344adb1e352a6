// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepools

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/operator/process"
)

const namespace = "default"

// stage is a cluster without nodes, with Karpenter and the operator as processes.
type stage struct {
	*process.Stage
	types map[string]instanceType
	// asked is when the demand was changed last.
	asked time.Time
}

func newStage(t *testing.T, nodes ...cluster.NodePool) *stage {
	t.Helper()
	if os.Getenv("NODEPOOLS") == "" {
		t.Skip("needs Karpenter: make nodepools")
	}
	manager := filepath.Join(t.TempDir(), "manager")
	if err := compile.Native(t.Context(), "cmd/manager", manager, "-ldflags=-s -w"); err != nil {
		t.Fatal(err)
	}
	s := &stage{Stage: process.New(t, nodes...)}
	s.startKarpenter()
	s.Install()
	s.StartOperator(manager, "--metrics-bind-address=0", "--look-up-images=false", "--enable-benchmarks=false")
	return s
}

// eventually waits until check finds nothing wrong.
func (s *stage) eventually(what string, check func() error) {
	s.Helper()
	s.Eventually(what, "elasticweb,deployment,nodeclaim,node,pods", check)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of TCP.
}

// fleet is the nodes, what they cost in an hour, and the pods on them.
type fleet struct {
	nodes int
	cpus  int64
	price float64
	// pods that are ready by architecture, and the most on a node.
	pods    map[string]int
	densest int
}

func (f fleet) String() string {
	return fmt.Sprintf("%d nodes, %d CPUs, %.3f an hour, pods %v, at most %d on a node", f.nodes, f.cpus, f.price, f.pods, f.densest)
}

// fleet looks at nodes that Karpenter made alone for what they cost.
func (s *stage) fleet() fleet {
	s.Helper()
	nodes, pods := &corev1.NodeList{}, &corev1.PodList{}
	for _, list := range []client.ObjectList{nodes, pods} {
		if err := s.Client.List(s.Context(), list); err != nil {
			s.Fatal(err)
		}
	}
	f, arch, on := fleet{pods: map[string]int{}}, map[string]string{}, map[string]int{}
	for _, node := range nodes.Items {
		arch[node.Name] = node.Labels[corev1.LabelArchStable]
		if of, isPriced := s.types[node.Labels[corev1.LabelInstanceTypeStable]]; isPriced {
			f.nodes, f.cpus, f.price = f.nodes+1, f.cpus+of.cpu.Value(), f.price+of.price
		}
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Namespace != namespace || pod.DeletionTimestamp != nil || !isReady(pod) {
			continue
		}
		f.pods[arch[pod.Spec.NodeName]]++
		on[pod.Spec.NodeName]++
		f.densest = max(f.densest, on[pod.Spec.NodeName])
	}
	return f
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
