// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
)

// policy says which signatures images need. It is what distributions install along with podman or buildah. Without any,
// opm pulls nothing.
const policy = `{"default": [{"type": "insecureAcceptAnything"}]}`

// withPolicy is the environment for opm: where neither the user nor the system has a policy, with a home folder that has
// one. Credentials are still those of the user.
func withPolicy(environment []string, home, system, scratch string) ([]string, error) {
	const inHome = ".config/containers/policy.json"
	for _, path := range []string{filepath.Join(home, inHome), filepath.Join(system, "containers/policy.json")} {
		if _, err := os.Stat(path); err == nil {
			return environment, nil
		}
	}
	path := filepath.Join(scratch, inHome)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, []byte(policy), 0o600); err != nil {
		return nil, err
	}
	result := append(slices.Clone(environment), "HOME="+scratch)
	if os.Getenv("DOCKER_CONFIG") == "" {
		result = append(result, "DOCKER_CONFIG="+filepath.Join(home, ".docker"))
	}
	return result, nil
}
