// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build preflight

package bundle

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/elasticweb/elasticweb-operator/hack/catalog/bundleimage"
)

var (
	// preflightHere are the checks of openshift-preflight that need the bundle alone.
	preflightHere = []string{
		"AllImageRefsInRelatedImages", "FollowsRestrictedNetworkEnablementGuidelines", "RequiredAnnotations",
		"SecurityContextConstraintsInCSV", "ValidateOperatorBundle",
	}
	// preflightElsewhere need an OpenShift cluster with pods, or Red Hat's catalog of certified images.
	preflightElsewhere = []string{
		"BundleImageRefsAreCertified", "DeployableByOLM", "ScorecardBasicSpecCheck", "ScorecardOlmSuiteCheck",
	}
)

// nowhere is the kubeconfig of a cluster that does not answer.
const nowhere = `apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
users: [{name: nobody, user: {}}]
current-context: nowhere
`

// preflight returns the checks by their result: passed, failed, error.
func preflight(t *testing.T, s *scene) map[string][]string {
	t.Helper()
	command := tool(t, "preflight")
	folder := t.TempDir()
	kubeconfig := filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(nowhere), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(command, "check", "operator", serveBundle(t, s))
	run.Dir = folder
	run.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "PFLT_INDEXIMAGE=127.0.0.1:1/catalog:latest", "PFLT_ARTIFACTS="+folder)
	output, failed := run.CombinedOutput()
	// results.json leaves out what is not enforced yet; the log has every check.
	result := map[string][]string{}
	for _, line := range preflightResult.FindAllStringSubmatch(string(output), -1) {
		state := strings.ToLower(line[2])
		result[state] = append(result[state], line[1])
	}
	if len(result) == 0 {
		t.Fatalf("preflight said nothing of its checks: %v\n%s", failed, output)
	}
	return result
}

var preflightResult = regexp.MustCompile(`(?m)msg="check completed" check=(\w+) .*result=(\w+)$`)

func serveBundle(t *testing.T, s *scene) (reference string) {
	t.Helper()
	image, err := bundleimage.From(filepath.Join(s.root, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	target, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/bundle:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(target, image); err != nil {
		t.Fatal(err)
	}
	return target.Name()
}

// preflightMistakes wants all checks that can be run here to pass, and no other to be left out than those known.
func preflightMistakes(results map[string][]string) []string {
	var mistakes []string
	for _, check := range preflightHere {
		if !slices.Contains(results["passed"], check) {
			mistakes = append(mistakes, check+" does not pass")
		}
	}
	for state, checks := range results {
		for _, check := range checks {
			if !slices.Contains(preflightHere, check) && !slices.Contains(preflightElsewhere, check) {
				mistakes = append(mistakes, fmt.Sprintf("%s is %s, and nobody decided about it", check, state))
			}
		}
	}
	return mistakes
}

func TestPreflight(t *testing.T) {
	s, _ := newRelease(t)
	for _, mistake := range preflightMistakes(preflight(t, s)) {
		t.Error(mistake)
	}
	t.Run("finds", func(t *testing.T) {
		s.edit(t, annotate(featurePrefix+"proxy-aware", nil))
		s.edit(t, specField("relatedImages", nil))
		mistakes := preflightMistakes(preflight(t, s))
		expectMistake(t, mistakes, "RequiredAnnotations")
		expectMistake(t, mistakes, "FollowsRestrictedNetworkEnablementGuidelines")
	})
}
