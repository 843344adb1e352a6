// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package olm installs the bundle with the real Operator Lifecycle Manager, in
// every install mode, upgrades it and uninstalls it.
//
// OLM runs as processes beside a control plane without containers. The pod of
// the operator is simulated; in its place runs the manager, as a process with
// the settings of that pod, and the rights of its service account and no others.
package olm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	operatorsv2 "github.com/operator-framework/api/pkg/operators/v2"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
)

// root of the repository, seen from here.
const root = "../.."

// Programs that the suite builds, or wants to be built, and what it installs.
var (
	controlPlane  *cluster.Cluster
	admin         client.Client
	managerPath   string
	scorecardPath string
	images        *imageRegistry
	released      release
)

func TestOLM(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "OLM")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(3 * time.Minute)
	SetDefaultEventuallyPollingInterval(250 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()

	var err error
	controlPlane, err = cluster.Start(ctx, cluster.Options{
		Nodes:    []cluster.NodePool{{Arch: "amd64", Count: 2}, {Arch: "arm64", Count: 2}},
		Progress: GinkgoWriter,
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(controlPlane.Stop)
	admin, err = client.New(controlPlane.RESTConfig(), client.Options{Scheme: newScheme()})
	Expect(err).NotTo(HaveOccurred())

	folder := GinkgoT().TempDir()
	managerPath, scorecardPath = filepath.Join(folder, "manager"), filepath.Join(folder, "scorecard")
	Expect(compile.Native(ctx, "cmd/manager", managerPath, "-ldflags=-s -w")).To(Succeed())
	Expect(compile.Native(ctx, "test/scorecard", scorecardPath, "-ldflags=-s -w")).To(Succeed())
	images = startRegistry()
	released = newRelease(folder)
	startOLM(ctx, folder)
	serveCatalog(ctx, folder)
}, NodeTimeout(20*time.Minute))

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme,
		operatorsv1.AddToScheme, operatorsv1alpha1.AddToScheme, operatorsv2.AddToScheme, elasticwebv1.AddToScheme,
	} {
		Expect(add(scheme)).To(Succeed())
	}
	return scheme
}

// programs are those that run, by name.
var programs = map[string]*cluster.Program{}

func start(name string, command *exec.Cmd) *cluster.Program {
	GinkgoHelper()
	program, err := controlPlane.StartProgram(name, command)
	Expect(err).NotTo(HaveOccurred())
	programs[name] = program
	return program
}

// What they logged explains most failures.
var _ = JustAfterEach(func() {
	if !CurrentSpecReport().Failed() {
		return
	}
	for name, program := range programs {
		GinkgoWriter.Printf("the end of the log of %s:\n%s\n\n", name, program.LogTail())
	}
})

// tool is the path of a program that make builds.
func tool(name string) string {
	GinkgoHelper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	Expect(err).NotTo(HaveOccurred())
	_, err = os.Stat(path)
	Expect(err).NotTo(HaveOccurred(), "build it first: make bin/%s", name)
	return path
}
