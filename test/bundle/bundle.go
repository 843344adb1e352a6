// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bundle holds the gates that the OLM bundle must pass. A gate returns what is wrong, warnings included, and an
// error where it could not look: neither passes.
package bundle

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// packageName is the operator's name in catalogs.
const packageName = "elasticweb-operator"

// Bundle is a bundle with what belongs to it: root holds bundle/ and bundle.Dockerfile.
type Bundle struct {
	*manifests.Bundle
	root string
	// annotations are those of metadata/annotations.yaml, labels those of bundle.Dockerfile.
	annotations, labels map[string]string
}

var dockerfileLabel = regexp.MustCompile(`(?m)^LABEL ([^=\s]+)=(\S+)$`)

// Load reads the bundle in the folder.
func Load(root string) (*Bundle, error) {
	inner, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
	if err != nil {
		return nil, fmt.Errorf("read the bundle: %w", err)
	}
	if inner.CSV == nil {
		return nil, errors.New("read the bundle: it has no ClusterServiceVersion")
	}
	result := &Bundle{Bundle: inner, root: root, labels: map[string]string{}}
	text, err := os.ReadFile(filepath.Join(root, "bundle", "metadata", "annotations.yaml"))
	if err != nil {
		return nil, err
	}
	var metadata struct{ Annotations map[string]string }
	if err := yaml.Unmarshal(text, &metadata); err != nil {
		return nil, fmt.Errorf("read the annotations of the bundle: %w", err)
	}
	result.annotations = metadata.Annotations
	if text, err = os.ReadFile(filepath.Join(root, "bundle.Dockerfile")); err != nil {
		return nil, err
	}
	for _, label := range dockerfileLabel.FindAllStringSubmatch(string(text), -1) {
		result.labels[label[1]] = label[2]
	}
	return result, nil
}

// containers are those of the CSV's deployments.
func (b *Bundle) containers() []corev1.Container {
	var result []corev1.Container
	for _, deployment := range b.CSV.Spec.InstallStrategy.StrategySpec.DeploymentSpecs {
		result = slices.Concat(result, deployment.Spec.Template.Spec.InitContainers, deployment.Spec.Template.Spec.Containers)
	}
	return result
}

// images are those that the containers run, and those that they make pods of.
func (b *Bundle) images() []string {
	var result []string
	for _, container := range b.containers() {
		result = append(result, container.Image)
		for _, variable := range container.Env {
			if strings.HasPrefix(variable.Name, "RELATED_IMAGE_") {
				result = append(result, variable.Value)
			}
		}
	}
	slices.Sort(result)
	return slices.Compact(result)
}

// wellFormed says whether the text is XML.
func wellFormed(text []byte) error {
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
