// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os/exec"
	"testing"

	scorecardv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
)

// operator-sdk finds the tests in the bundle as it would to run them in pods.
func TestOperatorSDKFindsTheTests(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/operator-sdk, which takes minutes to compile")
	}
	for selector, want := range map[string]int{"": 11, "suite=olm": 5, "test=capacity-test": 1} {
		output, err := exec.Command("../../bin/operator-sdk", "scorecard", bundleFolder, "--list", "--output=json", "--selector="+selector).Output()
		if err != nil {
			t.Fatalf("%v\nbuild it first: make bin/operator-sdk", err)
		}
		var found scorecardv1alpha3.TestList
		if err := json.Unmarshal(output, &found); err != nil {
			t.Fatalf("%v in %s", err, output)
		}
		if len(found.Items) != want {
			t.Errorf("selector %q: %d tests, want %d", selector, len(found.Items), want)
		}
		for _, test := range found.Items {
			if test.Spec.Image == "" || len(test.Spec.Entrypoint) == 0 {
				t.Errorf("a test without image or entry point: %+v", test.Spec)
			}
		}
	}
}
