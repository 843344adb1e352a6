// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	scorecardv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const bundleFolder = "../../bundle"

func TestChecksPassTheBundle(t *testing.T) {
	mirror := pushImages(t, csvOf(t, bundleFolder), nil)
	for _, name := range []string{"architectures", "affinity", "descriptors", "samples"} {
		t.Run(name, func(t *testing.T) {
			result := runCheck(t, name, bundleFolder, mirror)
			if result.State != scorecardv1alpha3.PassState {
				t.Errorf("state %s, errors:\n%s", result.State, strings.Join(result.Errors, "\n"))
			}
		})
	}
}

// Each breaks the bundle in one place.
func TestChecksFindWhatIsBroken(t *testing.T) {
	mirror := pushImages(t, csvOf(t, bundleFolder), nil)
	for name, test := range map[string]struct {
		check string
		spoil func(*operatorsv1alpha1.ClusterServiceVersion)
		want  string
	}{
		"a label less": {"architectures", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			delete(csv.Labels, archLabelPrefix+"s390x")
		}, "s390x, which no label of the CSV claims"},
		"a label too many": {"architectures", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			csv.Labels[archLabelPrefix+"riscv64"] = supported
		}, "claim riscv64, for which"},
		"no system": {"architectures", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			delete(csv.Labels, osLinuxLabel)
		}, osLinuxLabel},
		"no affinity": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			podOf(csv).Affinity = nil
		}, "has no node affinity"},
		"an architecture less required": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			arch := &requiredTerm(csv).MatchExpressions[0]
			arch.Values = arch.Values[:len(arch.Values)-1]
		}, corev1.LabelArchStable + " In ["},
		"the system not required": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			term := requiredTerm(csv)
			term.MatchExpressions = term.MatchExpressions[:1]
		}, corev1.LabelOSStable + " In []"},
		"nothing required": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			podOf(csv).Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
		}, "requires nothing"},
		"a weight less": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			affinity := podOf(csv).Affinity.NodeAffinity
			affinity.PreferredDuringSchedulingIgnoredDuringExecution = affinity.PreferredDuringSchedulingIgnoredDuringExecution[1:]
		}, "no preferred term has a weight for"},
		"equal weights": {"affinity", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			preferred := podOf(csv).Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
			preferred[0].Weight = preferred[1].Weight
		}, "have the same weight"},
		"a descriptor of spec less": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			owned := ownedElasticWeb(csv)
			owned.SpecDescriptors = owned.SpecDescriptors[1:]
		}, "has no descriptor"},
		"a descriptor of status less": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			ownedElasticWeb(csv).StatusDescriptors = nil
		}, "status.realQPS has no descriptor"},
		"a descriptor of nothing": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			ownedElasticWeb(csv).SpecDescriptors[0].Path = "totalQpS"
		}, "spec.totalQpS has a descriptor, and is not in the schema"},
		"a descriptor without words": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			ownedElasticWeb(csv).SpecDescriptors[0].Description = ""
		}, "without displayName or description"},
		"no resources": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			ownedElasticWeb(csv).Resources = nil
		}, "lists no resources"},
		"a CRD that is not owned": {"descriptors", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			csv.Spec.CustomResourceDefinitions.Owned = nil
		}, "does not own"},
		"a sample beyond the bounds": {"samples", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			replaceInSamples(csv, `"port": 30003`, `"port": 70000`)
		}, "spec.port"},
		"a sample against a rule": {"samples", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			replaceInSamples(csv, `"totalQPS": 2400`, `"totalQPS": 2400, "replicas": 3`)
		}, "totalQPS and replicas exclude each other"},
		"a sample with an unknown field": {"samples", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			replaceInSamples(csv, `"port": 30003`, `"port": 30003, "prot": 1`)
		}, "no field spec.prot"},
		"no samples": {"samples", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			csv.Annotations[examplesAnnotation] = "[]"
		}, "is a ElasticWeb v1"},
		"samples that are none": {"samples", func(csv *operatorsv1alpha1.ClusterServiceVersion) {
			csv.Annotations[examplesAnnotation] = "{"
		}, "is no list of objects"},
	} {
		t.Run(name, func(t *testing.T) {
			expectFailure(t, runCheck(t, test.check, brokenBundle(t, test.spoil), mirror), test.want)
		})
	}
}

func TestArchitecturesFindsWhatAnImageLacks(t *testing.T) {
	csv := csvOf(t, bundleFolder)
	mirror := pushImages(t, csv, []string{"ppc64le"})
	expectFailure(t, runCheck(t, "architectures", bundleFolder, mirror), "claim ppc64le, for which")
}

func TestArchitecturesDoesNotPassUnseen(t *testing.T) {
	csv := csvOf(t, bundleFolder)
	empty := "--mirror=" + registryOf(csv) + "=http://" + startRegistry(t)
	if result := runCheck(t, "architectures", bundleFolder, empty); result.State != scorecardv1alpha3.ErrorState {
		t.Errorf("without the image: state %s, want error", result.State)
	}
}

func expectFailure(t *testing.T, result scorecardv1alpha3.TestResult, want string) {
	t.Helper()
	if got := strings.Join(result.Errors, "\n"); result.State != scorecardv1alpha3.FailState || !strings.Contains(got, want) {
		t.Errorf("state %s, errors:\n%s\nwant the state fail and an error with %q", result.State, got, want)
	}
}

// runCheck runs a test as its pod would.
func runCheck(t *testing.T, name, bundle string, flags ...string) scorecardv1alpha3.TestResult {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), append(flags, "--bundle="+bundle, name), &out); err != nil {
		t.Fatal(err)
	}
	var status scorecardv1alpha3.TestStatus
	if err := json.Unmarshal(out.Bytes(), &status); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if len(status.Results) != 1 || status.Results[0].Name != name {
		t.Fatalf("results %+v, want one of %s", status.Results, name)
	}
	return status.Results[0]
}

// brokenBundle is a copy with another CSV.
func brokenBundle(t *testing.T, spoil func(*operatorsv1alpha1.ClusterServiceVersion)) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "bundle")
	if err := os.CopyFS(folder, os.DirFS(bundleFolder)); err != nil {
		t.Fatal(err)
	}
	csv := csvOf(t, folder)
	spoil(csv)
	content, err := yaml.Marshal(csv)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "manifests", "*clusterserviceversion.yaml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("CSVs %v, %v", files, err)
	}
	if err := os.WriteFile(files[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func csvOf(t *testing.T, folder string) *operatorsv1alpha1.ClusterServiceVersion {
	t.Helper()
	bundle, err := loadBundle(folder)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.CSV
}

func podOf(csv *operatorsv1alpha1.ClusterServiceVersion) *corev1.PodSpec {
	return &csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs[0].Spec.Template.Spec
}

func requiredTerm(csv *operatorsv1alpha1.ClusterServiceVersion) *corev1.NodeSelectorTerm {
	return &podOf(csv).Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0]
}

func ownedElasticWeb(csv *operatorsv1alpha1.ClusterServiceVersion) *operatorsv1alpha1.CRDDescription {
	owned := csv.Spec.CustomResourceDefinitions.Owned
	for i := range owned {
		if owned[i].Kind == "ElasticWeb" {
			return &owned[i]
		}
	}
	panic("the CSV owns no ElasticWeb")
}

func replaceInSamples(csv *operatorsv1alpha1.ClusterServiceVersion, before, after string) {
	samples := csv.Annotations[examplesAnnotation]
	if !strings.Contains(samples, before) {
		panic("no sample has " + before)
	}
	csv.Annotations[examplesAnnotation] = strings.Replace(samples, before, after, 1)
}
