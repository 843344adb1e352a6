// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	scorecardv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/yaml"
)

// The program of operator-sdk's image, and the name of it in the configuration.
const (
	stockProgram    = "../../bin/scorecard-test"
	stockEntrypoint = "scorecard-test"
)

// Every test that the bundle configures passes, without a suggestion. The one
// that takes an operator, capacity, is run in test/olm.
func TestConfiguredTestsPass(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/scorecard-test, which takes minutes to compile")
	}
	mirror := pushImages(t, csvOf(t, bundleFolder), nil)
	suites := map[string]int{}
	for _, test := range configuredTests(t) {
		suites[test.Labels["suite"]]++
		if test.Entrypoint[1] == "capacity" {
			continue
		}
		t.Run(test.Labels["suite"]+"/"+test.Entrypoint[1], func(t *testing.T) {
			var result scorecardv1alpha3.TestResult
			if test.Entrypoint[0] == stockEntrypoint {
				result = runStock(t, bundleFolder, test.Entrypoint[1])
			} else {
				result = runCheck(t, test.Entrypoint[1], bundleFolder, mirror)
			}
			suggestions := slices.DeleteFunc(result.Suggestions, wantsStatusInSample)
			if result.State != scorecardv1alpha3.PassState || len(suggestions) > 0 {
				t.Errorf("state %s, errors:\n%s\nsuggestions:\n%s", result.State,
					strings.Join(result.Errors, "\n"), strings.Join(suggestions, "\n"))
			}
		})
	}
	if suites["basic"] != 1 || suites["olm"] != 5 || suites["elasticweb"] != len(checks) {
		t.Errorf("configured tests by suite: %v, want 1 basic, 5 olm, %d elasticweb", suites, len(checks))
	}
}

// wantsStatusInSample is about every sample: users apply them, and a status is not theirs to write.
func wantsStatusInSample(suggestion string) bool {
	return strings.Contains(suggestion, " does not have status spec.")
}

func TestStockTestsFindWhatIsBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/scorecard-test, which takes minutes to compile")
	}
	for name, spoil := range map[string]func(*operatorsv1alpha1.ClusterServiceVersion){
		"olm-crds-have-resources": func(csv *operatorsv1alpha1.ClusterServiceVersion) { ownedElasticWeb(csv).Resources = nil },
		"olm-spec-descriptors":    func(csv *operatorsv1alpha1.ClusterServiceVersion) { ownedElasticWeb(csv).SpecDescriptors = nil },
		"olm-bundle-validation":   func(csv *operatorsv1alpha1.ClusterServiceVersion) { csv.Spec.InstallModes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			if result := runStock(t, brokenBundle(t, spoil), name); result.State != scorecardv1alpha3.FailState {
				t.Errorf("state %s, want fail", result.State)
			}
		})
	}
}

func configuredTests(t *testing.T) []scorecardv1alpha3.TestConfiguration {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(bundleFolder, "tests/scorecard/config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var configuration scorecardv1alpha3.Configuration
	if err := yaml.UnmarshalStrict(content, &configuration); err != nil {
		t.Fatal(err)
	}
	var tests []scorecardv1alpha3.TestConfiguration
	for _, stage := range configuration.Stages {
		tests = slices.Concat(tests, stage.Tests)
	}
	return tests
}

// runStock runs a test of operator-sdk with the bundle at /bundle, where a pod
// would have it, as the only files of the program. That takes no container:
// root may change the root folder, and others in a user namespace of their own.
func runStock(t *testing.T, bundle, name string) scorecardv1alpha3.TestResult {
	t.Helper()
	root := t.TempDir()
	if err := copyProgram(filepath.Join(root, stockEntrypoint)); err != nil {
		t.Fatalf("%v\nbuild it first: make bin/scorecard-test", err)
	}
	if err := os.CopyFS(filepath.Join(root, "bundle"), os.DirFS(bundle)); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("/"+stockEntrypoint, name)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	command.Dir = "/"
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if errors.Is(err, os.ErrPermission) {
		t.Fatalf("%v: this machine lets nobody but root have a user namespace; run the tests as root, "+
			"or allow it, on Ubuntu by sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	var status scorecardv1alpha3.TestStatus
	if err := json.Unmarshal(output, &status); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if len(status.Results) != 1 || status.Results[0].Name != name {
		t.Fatalf("results %+v, want one of %s", status.Results, name)
	}
	return status.Results[0]
}

func copyProgram(path string) error {
	from, err := os.Open(stockProgram)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
