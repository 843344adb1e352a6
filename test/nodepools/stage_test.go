// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepools

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
)

const (
	namespace         = "default"
	operatorNamespace = "elasticweb-system"
	// patience bounds what a loaded machine needs for a step.
	patience = 5 * time.Minute
	interval = 200 * time.Millisecond
)

var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}()

// stage is a cluster without nodes, with Karpenter and the operator as processes.
type stage struct {
	*testing.T
	plane  *cluster.Cluster
	client client.WithWatch
	types  map[string]instanceType
	// asked is when the demand was changed last.
	asked time.Time
}

func newStage(t *testing.T, nodes ...cluster.NodePool) *stage {
	t.Helper()
	if os.Getenv("NODEPOOLS") == "" {
		t.Skip("needs Karpenter: make nodepools")
	}
	s := &stage{T: t}
	plane, err := cluster.Start(t.Context(), cluster.Options{Nodes: nodes, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.plane = plane
	ctrl.SetLogger(logr.Discard())
	scheme := k8sruntime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(elasticwebv1.AddToScheme(scheme))
	if s.client, err = client.NewWithWatch(plane.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	s.startKarpenter()
	s.startOperator()
	return s
}

// startOperator runs the manager with its own rights.
func (s *stage) startOperator() {
	s.Helper()
	manager := filepath.Join(s.TempDir(), "manager")
	if err := compile.Native(s.Context(), "cmd/manager", manager, "-ldflags=-s -w"); err != nil {
		s.Fatal(err)
	}
	s.apply(s.output(exec.Command(filepath.Join(root, "bin/kustomize"), "build", filepath.Join(root, "config/default"))), "--server-side")
	s.kubectl("scale", "deployment/elasticweb-controller-manager", "-n", operatorNamespace, "--replicas=0") // it runs as a process.
	s.kubectl("wait", "--for=condition=Established", "crd", "elasticwebs.elasticweb.example.com")
	config, err := s.plane.ServiceAccountConfig(s.Context(), operatorNamespace, "elasticweb-controller-manager")
	if err != nil {
		s.Fatal(err)
	}
	kubeconfig := filepath.Join(s.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, config); err != nil {
		s.Fatal(err)
	}
	command := exec.Command(manager, "--leader-election-namespace="+operatorNamespace, //nolint:gosec // compiled above.
		"--metrics-bind-address=0", "--health-probe-bind-address=0", "--look-up-images=false", "--enable-benchmarks=false")
	command.Dir = root // for watches.yaml.
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "RELATED_IMAGE_LOADTEST=loadtest:1", "WATCH_NAMESPACE=")
	program, err := s.plane.StartProgram("manager", command)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		program.Stop()
		if s.Failed() {
			s.Logf("the end of the manager's log:\n%s", program.LogTail())
		}
	})
}

func (s *stage) kubectl(arguments ...string) string {
	s.Helper()
	return s.output(s.kubectlCommand(arguments...))
}

func (s *stage) kubectlCommand(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.Context(), s.plane.KubectlPath(), arguments...) //nolint:gosec // of the control plane.
	command.Env = append(os.Environ(), "KUBECONFIG="+s.plane.Kubeconfig())
	return command
}

func (s *stage) apply(text string, flags ...string) {
	s.Helper()
	command := s.kubectlCommand(append([]string{"apply", "-f", "-"}, flags...)...)
	command.Stdin = strings.NewReader(text)
	s.output(command)
}

func (s *stage) output(command *exec.Cmd) string {
	s.Helper()
	var complaints strings.Builder
	command.Stderr = &complaints
	text, err := command.Output()
	if err != nil {
		s.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, complaints.String())
	}
	return string(text)
}

// eventually waits until check finds nothing wrong.
func (s *stage) eventually(what string, check func() error) {
	s.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(interval) {
		if err = check(); err == nil {
			return
		}
	}
	s.Fatalf("%s: %v\n%s", what, err, s.kubectl("get", "elasticweb,deployment,nodeclaim,node,pods", "-A", "-o", "wide"))
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
		if err := s.client.List(s.Context(), list); err != nil {
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
