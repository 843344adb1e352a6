// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

const scorecardPath = "bundle/tests/scorecard/config.yaml"

// scorecardPlaceholder is what config/scorecard calls the image of the product's own tests.
const scorecardPlaceholder = "image: scorecard:latest"

// finishScorecard names the image of the tests.
func finishScorecard(o options, work string) error {
	path := filepath.Join(work, scorecardPath)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(scorecardPlaceholder)) {
		return fmt.Errorf("%s has no test with %q: config/scorecard has changed its form", scorecardPath, scorecardPlaceholder)
	}
	repository, tag, _ := cutTag(o.image)
	image := cmp.Or(o.scorecardImage, repository+"-scorecard:"+tag)
	return os.WriteFile(path, bytes.ReplaceAll(text, []byte(scorecardPlaceholder), []byte("image: "+image)), 0o644)
}
