// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Crdbounds writes into the CRDs what controller-gen leaves open, above all in the types of Kubernetes that a spec embeds:
// numbers that fit their Go types, and how long a text, a list or a map may be. See docs/adr/0013.
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	for _, path := range os.Args[1:] {
		if err := boundFile(path); err != nil {
			fmt.Fprintf(os.Stderr, "crdbounds: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func boundFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	crd := map[string]any{}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return err
	}
	if err := boundCRD(crd); err != nil {
		return err
	}
	if text, err = yaml.Marshal(crd); err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte("---\n"), text...), 0o644) //nolint:gosec // everyone may read a CRD.
}

// boundCRD bounds the schemas of all versions.
func boundCRD(crd map[string]any) error {
	spec, _ := crd["spec"].(map[string]any)
	versions, _ := spec["versions"].([]any)
	if len(versions) == 0 {
		return fmt.Errorf("it has no versions")
	}
	for _, each := range versions {
		version, _ := each.(map[string]any)
		schema, _ := version["schema"].(map[string]any)
		root, isThere := schema["openAPIV3Schema"].(map[string]any)
		if !isThere {
			return fmt.Errorf("version %v has no schema", version["name"])
		}
		for field, each := range asMap(root["properties"]) {
			// The API server itself looks after apiVersion, kind and metadata.
			if field == "spec" || field == "status" {
				if err := bound([]string{field}, asMap(each)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func asMap(value any) map[string]any {
	result, _ := value.(map[string]any)
	return result
}
