// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package channels makes catalogs of several releases out of that of one.
package channels

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// blob is what is read and changed of an entry in a catalog.
type blob struct {
	Schema      string  `json:"schema"`
	Name        string  `json:"name,omitempty"`
	Package     string  `json:"package,omitempty"`
	Channel     string  `json:"defaultChannel,omitempty"`
	Description string  `json:"description,omitempty"`
	Entries     []entry `json:"entries,omitempty"`
}

type entry struct {
	Name     string `json:"name"`
	Replaces string `json:"replaces,omitempty"`
}

// Upgrading returns the package and the channels of a catalog's file, without
// its bundles. In each channel the release current, which has to be there,
// replaces the release previous.
func Upgrading(file, previous, current string) ([]byte, error) {
	catalog, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer catalog.Close()
	var result []byte
	channels := 0
	for decoder := yamlutil.NewYAMLOrJSONDecoder(catalog, 4096); ; {
		b := blob{}
		err := decoder.Decode(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		switch b.Schema {
		case "olm.bundle":
			continue
		case "olm.channel":
			if !slices.ContainsFunc(b.Entries, func(e entry) bool { return e.Name == current }) {
				return nil, fmt.Errorf("%s: the channel %s has no entry for %s", file, b.Name, current)
			}
			b.Entries = []entry{{Name: previous}, {Name: current, Replaces: previous}}
			channels++
		}
		content, err := yaml.Marshal(b)
		if err != nil {
			return nil, err
		}
		result = append(append(result, "---\n"...), content...)
	}
	if channels == 0 {
		return nil, fmt.Errorf("%s has no channels", file)
	}
	return result, nil
}
