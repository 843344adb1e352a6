// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkArchitectures compares the labels of the CSV with what the images are
// built for: the architectures that all of them share, no more and no fewer.
func checkArchitectures(ctx context.Context, o options) ([]string, error) {
	bundle, err := loadBundle(o.bundle)
	if err != nil {
		return nil, err
	}
	var mistakes []string
	claimed := claimedArchitectures(bundle.CSV)
	if len(claimed) == 0 {
		mistakes = append(mistakes, "the CSV has no label "+archLabelPrefix+"NAME: "+supported)
	}
	if bundle.CSV.Labels[osLinuxLabel] != supported {
		mistakes = append(mistakes, "the CSV lacks the label "+osLinuxLabel+": "+supported)
	}
	named, err := images(bundle.CSV)
	if err != nil {
		return mistakes, err
	}
	var shared []string
	for i, image := range named {
		built, err := architecturesOf(ctx, o.mirrors, image)
		if errors.Is(err, errNoIndex) {
			mistakes = append(mistakes, fmt.Sprintf("%s %v", image, err))
			continue
		}
		if err != nil {
			return mistakes, err
		}
		if missing := without(claimed, built); len(missing) > 0 {
			mistakes = append(mistakes, fmt.Sprintf("the labels of the CSV claim %s, for which %s is not built: build it, or drop the labels",
				strings.Join(missing, ", "), image))
		}
		if shared = without(shared, without(shared, built)); i == 0 {
			shared = built
		}
	}
	if unclaimed := without(shared, claimed); len(unclaimed) > 0 {
		mistakes = append(mistakes, fmt.Sprintf("all images are built for %s, which no label of the CSV claims: add %s%s: %s",
			strings.Join(unclaimed, ", "), archLabelPrefix, unclaimed[0], supported))
	}
	return mistakes, nil
}

// without returns those of all that are not in some.
func without(all, some []string) []string {
	var rest []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			rest = append(rest, s)
		}
	}
	return rest
}
