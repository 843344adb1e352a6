// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Krew writes the manifest by which krew, the manager of kubectl's plugins, installs kubectl elasticweb, out of the archives of a release.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	folder := flag.String("archives", "dist", "Folder with the archives of the release.")
	version := flag.String("version", "", "Version of the release, without v.")
	url := flag.String("url", "https://github.com/elasticweb/elasticweb-operator/releases/download", "Where the releases' files are.")
	flag.Parse()
	text, err := manifest(*folder, *version, *url)
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "krew:", err)
		os.Exit(1)
	}
}

type object = map[string]any

const description = `What an ElasticWeb serves, and what is wrong with it, on one screen; why it has
as many pods as it has; what a change would do, by the operator's own plan;
benchmarks; an ElasticWeb made of a Deployment; a report for support.
`

// manifest describes all archives kubectl-elasticweb-VERSION-SYSTEM-ARCHITECTURE.tar.gz of a folder.
func manifest(folder, version, url string) ([]byte, error) {
	prefix := "kubectl-elasticweb-" + version + "-"
	paths, err := filepath.Glob(filepath.Join(folder, prefix+"*.tar.gz"))
	if err != nil || len(paths) == 0 {
		return nil, errors.Join(err, fmt.Errorf("there is no archive %s*.tar.gz in %s", prefix, folder))
	}
	slices.Sort(paths)
	var platforms []object
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		name := filepath.Base(path)
		system, architecture, isPair := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, prefix), ".tar.gz"), "-")
		if !isPair {
			return nil, fmt.Errorf("%s does not name a system and an architecture", name)
		}
		sum := sha256.Sum256(content)
		platforms = append(platforms, object{
			"selector": object{"matchLabels": object{"os": system, "arch": architecture}},
			"uri":      fmt.Sprintf("%s/v%s/%s", url, version, name),
			"sha256":   hex.EncodeToString(sum[:]), "bin": program(system),
		})
	}
	return yaml.Marshal(object{
		"apiVersion": "krew.googlecontainertools.github.com/v1alpha2", "kind": "Plugin", "metadata": object{"name": "elasticweb"},
		"spec": object{
			"version": "v" + version, "homepage": "https://github.com/elasticweb/elasticweb-operator",
			"shortDescription": "See ElasticWebs, ask why, and what if", "description": description, "platforms": platforms,
		},
	})
}

func program(system string) string {
	if system == "windows" {
		return "kubectl-elasticweb.exe"
	}
	return "kubectl-elasticweb"
}
