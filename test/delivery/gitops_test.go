// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newOperator is an operator that serves, for ElasticWebs that come in one way or another.
func newOperator(t *testing.T) *installation {
	t.Helper()
	i := newInstallation(t, "helm4")
	i.install(chartPath)
	i.serve()
	return i
}

// manifest is that of an ElasticWeb of two pods, unless more of the spec says otherwise.
func (i *installation) manifest(name, more string) string {
	return fmt.Sprintf(`
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: %s, namespace: %s, labels: {app: shop}}
spec: {image: shop:1, port: 80, singlePodsQPS: 100, service: {type: ClusterIP}, %s}
---
`, name, i.web, more)
}

const twoPods = "totalQPS: 200"

func (i *installation) awaitReady(names ...string) {
	i.Helper()
	for _, name := range names {
		i.kubectl("wait", "elasticweb/"+name, "-n", i.web, "--for=condition=Ready", "--timeout=1m")
	}
}

// owned are the objects that were made for the ElasticWebs.
func (i *installation) owned() string {
	i.Helper()
	return i.kubectl("get", "deployments,services,poddisruptionbudgets", "-n", i.web, "-o", "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}{\"\\n\"}{end}")
}

func TestElasticWebsAreDelivered(t *testing.T) {
	i := newOperator(t)
	for name, test := range map[string]func(*installation){
		"pruned by label":                 prunedByLabel,
		"pruned by an ApplySet":           prunedByApplySet,
		"by several managers":             bySeveralManagers,
		"without a difference":            withoutADifference,
		"by Helm, which waits":            waitedFor,
		"by Helm, which gives up at once": givenUp,
	} {
		t.Run(name, func(t *testing.T) {
			each := *i
			each.T, each.web = t, "web-"+strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(name), ",", ""), " ", "-")
			each.kubectl("create", "namespace", each.web)
			test(&each)
			each.kubectl("delete", "elasticwebs", "--all", "-n", each.web)
		})
	}
}

func prunedByLabel(i *installation) {
	i.prunes(func(manifests string) {
		i.pipe(nil, manifests, "apply", "-n", i.web, "-f", "-", "--prune", "-l", "app=shop", "--prune-allowlist=elasticweb.example.com/v1/ElasticWeb")
	})
	// Also where somebody lets it prune the kinds of what the operator makes.
	before := i.owned()
	i.pipe(nil, i.manifest("one", twoPods), "apply", "-n", i.web, "-f", "-", "--prune", "--all", "--prune-allowlist=apps/v1/Deployment",
		"--prune-allowlist=core/v1/Service", "--prune-allowlist=elasticweb.example.com/v1/ElasticWeb")
	if after := i.owned(); after != before {
		i.Errorf("pruned:\n%s\nwhat is left:\n%s", before, after)
	}
}

func prunedByApplySet(i *installation) {
	i.prunes(func(manifests string) {
		i.pipe([]string{"KUBECTL_APPLYSET=true"}, manifests, "apply", "-n", i.web, "-f", "-", "--prune", "--applyset=configmaps/shop")
	})
	for _, kind := range []string{"deployments", "services"} {
		if members := i.kubectl("get", kind, "-n", i.web, "-l", "applyset.kubernetes.io/part-of", "-o", "name"); members != "" {
			i.Errorf("what the operator made is a member of the ApplySet: %s", members)
		}
	}
	if members := i.kubectl("get", "elasticwebs", "-n", i.web, "-l", "applyset.kubernetes.io/part-of", "-o", "name"); members == "" {
		i.Error("no ElasticWeb is a member of the ApplySet: was it one at all?")
	}
}

// prunes holds that of two ElasticWebs one goes with what was made for it, and the other stays as it is.
func (i *installation) prunes(apply func(manifests string)) {
	i.Helper()
	apply(i.manifest("one", twoPods) + i.manifest("two", twoPods))
	i.awaitReady("one", "two")
	before := i.owned()
	apply(i.manifest("one", twoPods))
	i.eventually("what was made for the second is gone", func() bool { return !strings.Contains(i.owned(), "/two ") })
	for line := range strings.Lines(i.owned() + "\n") {
		if !strings.Contains(before, strings.TrimSpace(line)) {
			i.Errorf("not there before: %s", line)
		}
	}
	if got := i.owned(); strings.Count(got, "/one ") != 3 {
		i.Errorf("left of the first: %s", got)
	}
	i.awaitReady("one")
}

// pipe gives kubectl an input, and further variables.
func (i *installation) pipe(environment []string, input string, arguments ...string) {
	i.Helper()
	if output, err := i.tryPipe(environment, input, arguments...); err != nil {
		i.Fatalf("kubectl %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func (i *installation) tryPipe(environment []string, input string, arguments ...string) (string, error) {
	command := exec.CommandContext(i.Context(), controlPlane.KubectlPath(), arguments...)
	command.Env = append(append(os.Environ(), "KUBECONFIG="+controlPlane.Kubeconfig(), "KUBECACHEDIR="+i.TempDir()), environment...)
	command.Stdin = strings.NewReader(input)
	output, err := command.CombinedOutput()
	return string(output), err
}

func bySeveralManagers(i *installation) {
	platform := i.manifest("shop", "resources: {requests: {cpu: 50m, memory: 64Mi}}")
	pipeline := i.manifest("shop", twoPods)
	i.pipe(nil, platform, "apply", "--server-side", "--field-manager=platform", "-f", "-")
	i.pipe(nil, pipeline, "apply", "--server-side", "--field-manager=pipeline", "-f", "-")
	i.awaitReady("shop")
	// Each again, after the operator wrote.
	i.pipe(nil, platform, "apply", "--server-side", "--field-manager=platform", "-f", "-")
	i.pipe(nil, pipeline, "apply", "--server-side", "--field-manager=pipeline", "-f", "-")
	if got := i.kubectl("get", "elasticweb/shop", "-n", i.web, "-o", "jsonpath={.spec.totalQPS} {.spec.resources.requests.cpu}"); got != "200 50m" {
		i.Errorf("the spec has %s", got)
	}
	output, err := i.tryPipe(nil, i.manifest("shop", "totalQPS: 300"), "apply", "--server-side", "--field-manager=platform", "-f", "-")
	if err == nil || !strings.Contains(output, `conflict with "pipeline"`) || strings.Contains(output, "elasticweb-operator") {
		i.Errorf("another manager's field: %v\n%s", err, output)
	}
	owners := i.kubectl("get", "elasticweb/shop", "-n", i.web, "--show-managed-fields", "-o",
		`jsonpath={range .metadata.managedFields[?(@.manager=="elasticweb-operator")]}{.subresource} {.fieldsV1}{end}`)
	if !strings.HasPrefix(owners, "status ") || strings.Contains(owners, "f:spec") {
		i.Errorf("the operator owns %s", owners)
	}
}

// What is in Git is not different from what is on the cluster, whatever the operator wrote: by the three ways in which GitOps compares.
func withoutADifference(i *installation) {
	manifests := i.manifest("shop", twoPods) + i.manifest("autoscaled", "minReplicas: 2, maxReplicas: 5")
	i.pipe(nil, manifests, "apply", "-f", "-")
	i.awaitReady("shop", "autoscaled")
	if replicas := i.kubectl("get", "elasticweb/autoscaled", "-n", i.web, "-o", "jsonpath={.spec.replicas}"); replicas != "2" {
		i.Errorf("the operator wrote replicas %q: is this test still looking in the right place?", replicas)
	}
	i.kubectl("scale", "elasticweb/autoscaled", "-n", i.web, "--replicas=3")
	for _, way := range [][]string{{}, {"--server-side", "--force-conflicts", "--field-manager=argocd-controller"}} {
		if output, err := i.tryPipe(nil, manifests, append([]string{"diff", "-f", "-"}, way...)...); err != nil {
			i.Errorf("kubectl diff %v: %v\n%s", way, err, output)
		}
	}
	i.pipe(nil, manifests, "apply", "-f", "-")
	if replicas := i.kubectl("get", "elasticweb/autoscaled", "-n", i.web, "-o", "jsonpath={.spec.replicas}"); replicas != "3" {
		i.Errorf("applied again, replicas are %q", replicas)
	}
}

func waitedFor(i *installation) {
	i.deliver(twoPods, "1m")
	if ready := i.kubectl("get", "elasticweb/shop", "-n", i.web, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`); ready != "True" {
		i.Errorf("Helm waited until Ready is %s", ready)
	}
}

func givenUp(i *installation) {
	const timeout = 5 * time.Minute
	started := time.Now()
	output, err := i.tryDeliver(twoPods+", maxReplicas: 1", timeout.String())
	if err == nil || time.Since(started) > timeout/2 {
		i.Errorf("after %s Helm said %v:\n%s", time.Since(started), err, output)
	}
	if reason := i.kubectl("get", "elasticweb/shop", "-n", i.web, "-o", `jsonpath={.status.conditions[?(@.type=="Stalled")].reason}`); reason != "ReplicaLimit" {
		i.Errorf("given up for %q", reason)
	}
}

func (i *installation) deliver(more, timeout string) {
	i.Helper()
	if output, err := i.tryDeliver(more, timeout); err != nil {
		i.Fatalf("helm install: %v\n%s", err, output)
	}
}

// tryDeliver installs a chart that holds an ElasticWeb.
func (i *installation) tryDeliver(more, timeout string) (string, error) {
	i.Helper()
	folder := filepath.Join(i.TempDir(), "shop")
	if err := os.MkdirAll(filepath.Join(folder, "templates"), 0o755); err != nil {
		i.Fatal(err)
	}
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n", "templates/shop.yaml": i.manifest("shop", more),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			i.Fatal(err)
		}
	}
	output, err := i.command("install", i.web, folder, "--wait", "--timeout="+timeout).CombinedOutput()
	return string(output), err
}
