// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// helms are the programs that make builds.
var helms = []string{"helm", "helm4"}

// installation is the chart, installed by one of them.
type installation struct {
	*testing.T
	helm string
	// web is the namespace of the ElasticWeb.
	web string
}

func newInstallation(t *testing.T, helm string) *installation {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	path, err := filepath.Abs(filepath.Join(root, "bin", helm))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("build it first: make bin/%s", helm)
	}
	i := &installation{T: t, helm: path, web: helm + "-web"}
	i.kubectl("create", "namespace", i.web)
	t.Cleanup(i.clear)
	return i
}

// clear leaves the cluster to the next test.
func (i *installation) clear() {
	if output, err := i.commandFor(context.Background(), "uninstall", release, "--ignore-not-found").CombinedOutput(); err != nil {
		i.Logf("%v\n%s", err, output)
	}
	for _, command := range [][]string{
		{"delete", "elasticwebs", "--all", "--all-namespaces", "--ignore-not-found", "--wait=false"},
		{"delete", "crds", "--all"},
		{"delete", "namespace", i.web, releaseNamespace, "--ignore-not-found"},
	} {
		if output, err := controlPlane.Kubectl(context.Background(), "", command...); err != nil {
			i.Logf("%v\n%s", err, output)
		}
	}
}

func (i *installation) kubectl(arguments ...string) string {
	i.Helper()
	output, err := controlPlane.Kubectl(i.Context(), "", arguments...)
	if err != nil {
		i.Fatal(err)
	}
	return strings.TrimSpace(output)
}

func (i *installation) apply(text string) {
	i.Helper()
	if _, err := controlPlane.Kubectl(i.Context(), text, "apply", "--filename=-"); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) command(arguments ...string) *exec.Cmd {
	return i.commandFor(i.Context(), arguments...)
}

func (i *installation) commandFor(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, i.helm, append(arguments, "--namespace", releaseNamespace)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+controlPlane.Kubeconfig(), "HELM_CACHE_HOME="+i.TempDir())
	return command
}

func (i *installation) run(arguments ...string) string {
	i.Helper()
	output, err := i.command(arguments...).CombinedOutput()
	if err != nil {
		i.Fatalf("helm %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

// refused is what Helm says where it must refuse.
func (i *installation) refused(says string, arguments ...string) {
	i.Helper()
	if output, err := i.command(arguments...).CombinedOutput(); err == nil || !strings.Contains(string(output), says) {
		i.Errorf("helm %s: %v, want an error that says %q:\n%s", strings.Join(arguments, " "), err, says, output)
	}
}

func (i *installation) install(chart string, arguments ...string) {
	i.Helper()
	i.run(append([]string{"install", release, chart, "--create-namespace", "--wait", "--timeout=2m"}, arguments...)...)
}

// serve runs the manager as the pod of the Deployment would, until the test stops it.
func (i *installation) serve() *cluster.Program {
	i.Helper()
	field := func(path string) string {
		return i.kubectl("get", "deployment", release+"-controller-manager", "-n", releaseNamespace, "-o", "jsonpath={.spec.template.spec."+path+"}")
	}
	// Only a pod has an address, a namespace and a registry of its own.
	arguments := append(strings.Fields(field("containers[0].args[*]")), "--metrics-bind-address=0", "--health-probe-bind-address=0",
		"--leader-election-namespace="+releaseNamespace, "--look-up-images=false")
	command := exec.Command(managerPath, arguments...)
	command.Dir = root
	command.Env = append(os.Environ(), "KUBECONFIG="+i.kubeconfigOf(field("serviceAccountName")),
		"WATCH_NAMESPACE="+field(`containers[0].env[?(@.name=="WATCH_NAMESPACE")].value`),
		"RELATED_IMAGE_LOADTEST="+field(`containers[0].env[?(@.name=="RELATED_IMAGE_LOADTEST")].value`))
	program, err := controlPlane.StartProgram("manager", command)
	if err != nil {
		i.Fatal(err)
	}
	i.Cleanup(func() {
		program.Stop()
		if i.Failed() {
			i.Logf("the end of the manager's log:\n%s", program.LogTail())
		}
	})
	return program
}

func (i *installation) kubeconfigOf(account string) string {
	i.Helper()
	path := filepath.Join(i.TempDir(), "kubeconfig")
	if err := controlPlane.WriteServiceAccountKubeconfig(i.Context(), path, releaseNamespace, account); err != nil {
		i.Fatal(err)
	}
	return path
}

// deploy makes an ElasticWeb and waits until it serves. It returns what an upgrade and an uninstallation must not change.
func (i *installation) deploy() string {
	i.Helper()
	i.apply(fmt.Sprintf(`
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop, namespace: %s}
spec: {image: shop:1, port: 80, singlePodsQPS: 100, totalQPS: 200, service: {type: ClusterIP}}
`, i.web))
	i.kubectl("wait", "elasticweb/shop", "-n", i.web, "--for=condition=Ready", "--timeout=1m")
	return i.deployed()
}

func (i *installation) deployed() string {
	i.Helper()
	return i.kubectl("get", "elasticweb/shop", "deployment/shop", "service/shop", "-n", i.web, "-o", "jsonpath={range .items[*]}{.metadata.uid} {.metadata.generation} {end}")
}

// earlier is the chart of a release before this one, whose CRDs are others.
func (i *installation) earlier() string {
	i.Helper()
	folder := filepath.Join(i.TempDir(), "elasticweb-operator")
	if err := os.CopyFS(folder, os.DirFS(chartPath)); err != nil {
		i.Fatal(err)
	}
	crds, err := filepath.Glob(filepath.Join(folder, "templates", "*customresourcedefinition*"))
	if err != nil || len(crds) != 2 {
		i.Fatalf("CRDs %v: %v", crds, err)
	}
	for path, change := range map[string][2]string{
		crds[0]: {"    - all\n", "    - earlier\n"}, crds[1]: {"    - all\n", "    - earlier\n"},
		filepath.Join(folder, "Chart.yaml"): {"version: 0.1.0\n", "version: 0.0.9\n"},
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			i.Fatal(err)
		}
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			i.Fatalf("%s has no %q", path, change[0])
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			i.Fatal(err)
		}
	}
	return folder
}

func (i *installation) categories() string {
	i.Helper()
	return i.kubectl("get", "crds", "-o", "jsonpath={.items[*].spec.names.categories[*]}")
}

const testPod = release + "-test"

// startTest begins helm test, up to where its pod runs. What it returns says that the pod ended, and waits for Helm.
func (i *installation) startTest() (end func(phase string) (output string, err error)) {
	i.Helper()
	done := make(chan error, 1)
	command := i.command("test", release, "--timeout=2m")
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	go func() { done <- command.Run() }()
	i.eventually("the test's pod runs", func() bool {
		phase, err := controlPlane.Kubectl(i.Context(), "", "get", "pod", testPod, "-n", releaseNamespace, "-o", "jsonpath={.status.phase}")
		return err == nil && phase == "Running"
	})
	return func(phase string) (string, error) {
		i.kubectl("patch", "pod", testPod, "-n", releaseNamespace, "--subresource=status", "--type=merge", "--patch", `{"status": {"phase": "`+phase+`"}}`)
		err := <-done
		return output.String(), err
	}
}

// test is helm test, with the test's program in the place of its pod.
func (i *installation) test() {
	i.Helper()
	end := i.startTest()
	arguments := strings.Fields(i.kubectl("get", "pod", testPod, "-n", releaseNamespace, "-o", "jsonpath={.spec.containers[0].args[*]}"))
	program := exec.CommandContext(i.Context(), managerPath, arguments...)
	program.Env = append(os.Environ(), "KUBECONFIG="+i.kubeconfigOf(i.kubectl("get", "pod", testPod, "-n", releaseNamespace, "-o", "jsonpath={.spec.serviceAccountName}")))
	if said, err := program.CombinedOutput(); err != nil || !strings.Contains(string(said), "The operator reported on an ElasticWeb") {
		i.Fatalf("the test's program: %v\n%s", err, said)
	}
	if output, err := end("Succeeded"); err != nil {
		i.Fatalf("helm test: %v\n%s", err, output)
	}
	if left := i.kubectl("get", "elasticwebs", "-A", "-o", "name"); left != "elasticweb.elasticweb.example.com/shop" {
		i.Errorf("after the test there are %s", left)
	}
}

func (i *installation) eventually(what string, holds func() bool) {
	i.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			i.Fatalf("not within %s: %s", patience, what)
		}
		select {
		case <-i.Context().Done():
			i.Fatal(i.Context().Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// left are the objects of the release, the CRDs aside.
func (i *installation) left() string {
	i.Helper()
	return i.kubectl("get", "deployments,services,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies,secrets,pods",
		"-A", "-l", "app.kubernetes.io/name=elasticweb-operator", "-o", "name")
}

func TestInstalledUpgradedAndRemoved(t *testing.T) {
	for _, helm := range helms {
		t.Run(helm, func(t *testing.T) {
			i := newInstallation(t, helm)
			i.refused("replicaCount", "install", release, chartPath, "--create-namespace", "--set", "replicaCount=2")
			i.install(i.earlier())
			if got := i.categories(); got != "earlier earlier" {
				t.Fatalf("the CRDs have the categories %s", got)
			}
			manager := i.serve()
			before := i.deploy()
			i.test()

			i.run("upgrade", release, chartPath, "--wait", "--timeout=2m")
			if got := i.categories(); got != "all all" {
				t.Errorf("the upgrade left the CRDs with the categories %s", got)
			}
			i.expectRoom()

			manager.Stop()
			i.run("uninstall", release, "--wait")
			if got := i.left(); got != "" {
				t.Errorf("left behind: %s", got)
			}
			if got := i.deployed(); got != before {
				t.Errorf("upgraded and uninstalled, what serves is %s, and was %s", got, before)
			}

			// The CRDs go on to belong to the release of that name, which takes them up again. Another one has to be told.
			i.refused("invalid ownership metadata", "install", "other", chartPath)
			i.install(chartPath)
			i.serve()
			i.kubectl("annotate", "elasticweb/shop", "-n", i.web, "elasticweb.example.com/paused=true")
			i.kubectl("wait", "elasticweb/shop", "-n", i.web, "--for=jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=Paused", "--timeout=1m")
		})
	}
}

// expectRoom holds that the release, with all CRDs in it, stays well within what a Secret may hold: 1 MiB.
func (i *installation) expectRoom() {
	i.Helper()
	for _, stored := range strings.Fields(i.kubectl("get", "secrets", "-n", releaseNamespace, "-l", "owner=helm", "-o", "jsonpath={.items[*].data.release}")) {
		i.Logf("a release takes %d bytes", len(stored)*3/4)
		if len(stored)*3/4 > 700_000 {
			i.Errorf("a release takes %d bytes", len(stored)*3/4)
		}
	}
}

func TestARemovedReleaseTakesTheCRDsWhereItIsTold(t *testing.T) {
	i := newInstallation(t, "helm")
	i.install(chartPath, "--set", "crds.keep=false")
	i.run("uninstall", release, "--wait")
	if got := i.kubectl("get", "crds", "-o", "name"); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestASecondOperatorInANamespaceIsRefused(t *testing.T) {
	for _, helm := range helms {
		t.Run(helm, func(t *testing.T) {
			i := newInstallation(t, helm)
			i.install(chartPath)
			i.refused("has an operator already, the Deployment "+release+"-controller-manager", "install", "other", chartPath, "--set", "crds.enabled=false")
			i.run("upgrade", release, chartPath, "--set", "fullnameOverride=renamed", "--wait", "--timeout=2m")
		})
	}
}

// Who may make and delete ElasticWebs must not outlive the test. Its pod does, for its log.
func TestAFailedTestLeavesItsPodAlone(t *testing.T) {
	for _, helm := range helms {
		t.Run(helm, func(t *testing.T) {
			i := newInstallation(t, helm)
			i.install(chartPath)
			if output, err := i.startTest()("Failed"); err == nil || !strings.Contains(output, testPod) {
				t.Fatalf("got %v, and want to be told that the test failed:\n%s", err, output)
			}
			if got := i.kubectl("get", "serviceaccounts,roles,rolebindings,pods", "-A", "--field-selector=metadata.name="+testPod, "-o", "name"); got != "pod/"+testPod {
				t.Errorf("left behind: %s", got)
			}
		})
	}
}

func TestOneNamespaceTakesOnlyItsRights(t *testing.T) {
	i := newInstallation(t, "helm")
	i.install(chartPath, "--set", "watchNamespaces={"+i.web+"}")
	i.serve()
	i.deploy()
	i.test()
	account := "--as=system:serviceaccount:" + releaseNamespace + ":" + release + "-controller-manager"
	for namespace, want := range map[string]string{i.web: "yes", releaseNamespace: "no", "default": "no"} {
		for _, right := range [][]string{{"create", "deployments.apps"}, {"get", "secrets/other"}, {"patch", "elasticwebs.elasticweb.example.com"}} {
			if namespace == releaseNamespace && right[0] == "get" {
				continue // the releases of benchmarks
			}
			output, err := controlPlane.Kubectl(t.Context(), "", append([]string{"auth", "can-i", account, "-n", namespace}, right...)...)
			if got := strings.TrimSpace(output); err == nil && got != want || err != nil && want == "yes" {
				t.Errorf("%v in %s: %s (%v), want %s", right, namespace, got, err, want)
			}
		}
	}
}

// What make deploy made becomes the release's, since both call everything the same. Helm 3 needs no --force-conflicts, and does not know it.
func TestWhatKustomizeMadeIsTakenOver(t *testing.T) {
	i := newInstallation(t, "helm4")
	i.kubectl("apply", "--kustomize", filepath.Join(root, "config", "default"))
	manager := i.serve()
	before := i.deploy()
	manager.Stop()
	const uid = "jsonpath={.items[*].metadata.uid}"
	theirs := []string{"get", "deployments,serviceaccounts,roles,rolebindings,services", "-n", releaseNamespace, "-o", uid}
	made := i.kubectl(theirs...)

	i.refused("invalid ownership metadata", "install", release, chartPath)
	i.install(chartPath, "--take-ownership", "--force-conflicts")
	if got := i.kubectl(theirs...); got != made {
		t.Errorf("taken over, the objects are %s, and were %s", got, made)
	}
	i.serve()
	i.kubectl("patch", "elasticweb/shop", "-n", i.web, "--type=merge", "--patch", `{"spec": {"headroomPercent": 1}}`)
	i.eventually("the operator has seen the new spec", func() bool {
		return i.kubectl("get", "elasticweb/shop", "-n", i.web, "-o", "jsonpath={.metadata.generation}-{.status.observedGeneration}") == "2-2"
	})
	i.run("uninstall", release, "--wait")
	if got := i.left(); got != "" {
		t.Errorf("left behind: %s", got)
	}
	if got := i.kubectl("get", "deployment/shop", "-n", i.web, "-o", "jsonpath={.metadata.uid}"); !strings.Contains(before, got) {
		t.Errorf("what serves is another Deployment: %s", got)
	}
}
