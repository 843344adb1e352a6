// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// releaseRights are the Role to the Secrets that hold Helm releases, and its binding. As rights of the CSV, OLM would grant them in each
// namespace that is watched, or in all: so they are objects of the bundle, which OLM makes in the operator's own namespace.
var releaseRights = []string{"elasticweb-helm-release-role", "elasticweb-helm-release-rolebinding"}

// cutReleaseRights takes these out of what operator-sdk gets, which would put them into the CSV.
func cutReleaseRights(manifests []byte) (rest []byte, rights []*unstructured.Unstructured, err error) {
	var kept []string
	for document := range strings.SplitSeq(string(manifests), "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return nil, nil, fmt.Errorf("read the manifests: %w", err)
		}
		if len(rights) < len(releaseRights) && object.GetName() == releaseRights[len(rights)] {
			rights = append(rights, object)
		} else {
			kept = append(kept, document)
		}
	}
	if len(rights) != len(releaseRights) {
		return nil, nil, fmt.Errorf("config/manifests must hold %s, in this order: config/rbac has changed", strings.Join(releaseRights, " and "))
	}
	return []byte(strings.Join(kept, "\n---\n")), rights, nil
}

// writeReleaseRights adds them to the bundle, without the namespace, which OLM gives.
func writeReleaseRights(rights []*unstructured.Unstructured, work string) error {
	for _, object := range rights {
		unstructured.RemoveNestedField(object.Object, "metadata", "namespace")
		if subjects, found, _ := unstructured.NestedSlice(object.Object, "subjects"); found {
			for _, subject := range subjects {
				delete(subject.(map[string]any), "namespace")
			}
			object.Object["subjects"] = subjects
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			return err
		}
		kind := strings.ToLower(object.GetKind())
		path := filepath.Join(work, "bundle/manifests", object.GetName()+"_rbac.authorization.k8s.io_v1_"+kind+".yaml")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
