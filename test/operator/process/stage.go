// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package process has the operator run as a process, with its own rights, on a local control plane, for tests of what is beside it.
package process

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const (
	operatorNamespace = "elasticweb-system"
	operatorAccount   = "elasticweb-controller-manager"
	// patience bounds what a loaded machine needs for a step.
	patience = 5 * time.Minute
	interval = 50 * time.Millisecond
)

// Root is the folder of this module.
var Root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../..")
}()

// Stage is a cluster, and the test that it is for: what fails on it ends the test.
type Stage struct {
	*testing.T
	Plane *cluster.Cluster
	// Client has all rights, and knows ElasticWebs.
	Client client.WithWatch
}

// New starts a control plane with nodes until the test ends, and has controller-runtime log nothing in the whole process.
func New(t *testing.T, nodes ...cluster.NodePool) *Stage {
	t.Helper()
	plane, err := cluster.Start(t.Context(), cluster.Options{Nodes: nodes, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	ctrl.SetLogger(logr.Discard())
	scheme := k8sruntime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(elasticwebv1.AddToScheme(scheme))
	s := &Stage{T: t, Plane: plane}
	if s.Client, err = client.NewWithWatch(plane.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	return s
}

// Install makes what config/default has, with bin/kustomize; the operator's own pods are none: it runs as a process.
func (s *Stage) Install() {
	s.Helper()
	s.Apply(s.Output(exec.Command(filepath.Join(Root, "bin/kustomize"), "build", filepath.Join(Root, "config/default"))), "--server-side") //nolint:gosec // of this tree.
	s.Kubectl("scale", "deployment/"+operatorAccount, "-n", operatorNamespace, "--replicas=0")
	s.Kubectl("wait", "--for=condition=Established", "crd", "elasticwebs.elasticweb.example.com", "elasticwebbenchmarks.elasticweb.example.com")
}

// StartOperator runs the manager of a file with the rights that Install gave it, until the test ends.
func (s *Stage) StartOperator(manager string, arguments ...string) (*cluster.Program, *os.Process) {
	s.Helper()
	kubeconfig := filepath.Join(s.TempDir(), "kubeconfig")
	if err := s.Plane.WriteServiceAccountKubeconfig(s.Ctx(), kubeconfig, operatorNamespace, operatorAccount); err != nil {
		s.Fatal(err)
	}
	command := exec.Command(manager, append([]string{"--leader-election-namespace=" + operatorNamespace, "--health-probe-bind-address=0"}, arguments...)...)
	command.Dir = Root // for watches.yaml.
	return s.StartProgram("manager", command, kubeconfig, "RELATED_IMAGE_LOADTEST=loadtest:1", "WATCH_NAMESPACE="), command.Process
}

// StartProgram runs a command with a kubeconfig until the test ends, and shows the end of its log where that fails.
func (s *Stage) StartProgram(name string, command *exec.Cmd, kubeconfig string, environment ...string) *cluster.Program {
	s.Helper()
	command.Env = append(append(os.Environ(), "KUBECONFIG="+kubeconfig), environment...)
	program, err := s.Plane.StartProgram(name, command)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		program.Stop()
		if s.Failed() {
			s.Logf("the end of the log of %s:\n%s", name, program.LogTail())
		}
	})
	return program
}

// Ctx lasts through cleanups, too.
func (s *Stage) Ctx() context.Context { return context.WithoutCancel(s.Context()) }

// Kubectl returns what it says.
func (s *Stage) Kubectl(arguments ...string) string {
	s.Helper()
	return s.Output(s.KubectlCommand(arguments...))
}

// KubectlCommand is kubectl with all rights.
func (s *Stage) KubectlCommand(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.Ctx(), s.Plane.KubectlPath(), arguments...) //nolint:gosec // of the control plane.
	command.Env = append(os.Environ(), "KUBECONFIG="+s.Plane.Kubeconfig())
	return command
}

// Apply applies manifests.
func (s *Stage) Apply(text string, flags ...string) {
	s.Helper()
	command := s.KubectlCommand(append([]string{"apply", "-f", "-"}, flags...)...)
	command.Stdin = strings.NewReader(text)
	s.Output(command)
}

// Output runs a command, and returns what it says.
func (s *Stage) Output(command *exec.Cmd) string {
	s.Helper()
	var complaints strings.Builder
	command.Stderr = &complaints
	text, err := command.Output()
	if err != nil {
		s.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, complaints.String())
	}
	return string(text)
}

// Eventually waits until check finds nothing wrong, and shows the objects of kinds where that takes too long.
func (s *Stage) Eventually(what, kinds string, check func() error) {
	s.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(interval) {
		if err = check(); err == nil {
			return
		}
	}
	s.Fatalf("%s: %v\n%s", what, err, s.Kubectl("get", kinds, "-A", "-o", "wide"))
}
