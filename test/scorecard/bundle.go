// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Labels of a CSV that say where the operator runs.
const (
	archLabelPrefix = "operatorframework.io/arch."
	osLinuxLabel    = "operatorframework.io/os.linux"
	supported       = "supported"
)

// loadBundle reads the manifests of a bundle folder.
func loadBundle(folder string) (*manifests.Bundle, error) {
	bundle, err := manifests.GetBundleFromDir(folder)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the bundle %s: %w", folder, err)
	case bundle.CSV == nil:
		return nil, fmt.Errorf("read the bundle %s: it holds no ClusterServiceVersion", folder)
	case len(bundle.V1CRDs) == 0:
		return nil, fmt.Errorf("read the bundle %s: it holds no CustomResourceDefinition", folder)
	}
	return bundle, nil
}

// claimedArchitectures are those that the labels of the CSV name, sorted.
func claimedArchitectures(csv *operatorsv1alpha1.ClusterServiceVersion) []string {
	var architectures []string
	for label, value := range csv.Labels {
		if name, ok := strings.CutPrefix(label, archLabelPrefix); ok && value == supported {
			architectures = append(architectures, name)
		}
	}
	slices.Sort(architectures)
	return architectures
}

// deployments are those that OLM makes, by name.
func deployments(csv *operatorsv1alpha1.ClusterServiceVersion) (map[string]appsv1.DeploymentSpec, error) {
	found := map[string]appsv1.DeploymentSpec{}
	for _, d := range csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs {
		found[d.Name] = d.Spec
	}
	if len(found) == 0 {
		return nil, errors.New("the CSV has no deployment")
	}
	return found, nil
}

// images are all that the CSV names: containers, settings and related images. Sorted.
func images(csv *operatorsv1alpha1.ClusterServiceVersion) ([]string, error) {
	specs, err := deployments(csv)
	if err != nil {
		return nil, err
	}
	found := map[string]struct{}{}
	for _, related := range csv.Spec.RelatedImages {
		found[related.Image] = struct{}{}
	}
	for _, spec := range specs {
		pod := spec.Template.Spec
		for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
			found[container.Image] = struct{}{}
			for _, image := range relatedImageVariables(container) {
				found[image] = struct{}{}
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func relatedImageVariables(container corev1.Container) []string {
	var images []string
	for _, variable := range container.Env {
		if strings.HasPrefix(variable.Name, "RELATED_IMAGE_") && variable.Value != "" {
			images = append(images, variable.Value)
		}
	}
	return images
}

// servedVersion is the version of a CRD that the CSV owns.
func servedVersion(bundle *manifests.Bundle, owned operatorsv1alpha1.CRDDescription) (*apiextensionsv1.CustomResourceDefinitionVersion, error) {
	for _, crd := range bundle.V1CRDs {
		if crd.Name != owned.Name {
			continue
		}
		for i, version := range crd.Spec.Versions {
			if version.Name == owned.Version && version.Schema != nil && version.Schema.OpenAPIV3Schema != nil {
				return &crd.Spec.Versions[i], nil
			}
		}
	}
	return nil, fmt.Errorf("the CSV owns %s %s, and the bundle has no CRD with a schema for it", owned.Name, owned.Version)
}
