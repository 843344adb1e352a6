// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPolicyIsMadeOnlyWhereThereIsNone(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", "")
	for name, test := range map[string]struct {
		existing string
		wantHome bool
	}{
		"none":            {wantHome: true},
		"of the user":     {existing: "home/.config/containers/policy.json"},
		"of the system":   {existing: "etc/containers/policy.json"},
		"of another tool": {existing: "home/.config/containers/registries.conf", wantHome: true},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if test.existing != "" {
				path := filepath.Join(root, test.existing)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			home, scratch := filepath.Join(root, "home"), filepath.Join(root, "scratch")
			got, err := withPolicy([]string{"HOME=" + home}, home, filepath.Join(root, "etc"), scratch)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"HOME=" + home}
			if test.wantHome {
				want = append(want, "HOME="+scratch, "DOCKER_CONFIG="+filepath.Join(home, ".docker"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("the environment is %q, want %q", got, want)
			}
			_, err = os.Stat(filepath.Join(scratch, ".config/containers/policy.json"))
			if (err == nil) != test.wantHome {
				t.Errorf("the policy: %v", err)
			}
		})
	}
}
