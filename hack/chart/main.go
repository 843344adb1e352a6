// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Chart makes the operator's Helm chart of the manifests that kustomize builds: config/default, config/namespaced, and the
// parts that these leave out. What no manifest says (helpers, notes, the schema, the test) is in the chart's folder already;
// Chart.yaml, values.yaml and README.md are made of the texts beside this file. Equal inputs give equal bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// options are the flags.
type options struct {
	source, output string
	kustomize      string
	version        string
	image, digest  string
}

func main() {
	o := options{}
	flag.StringVar(&o.source, "source", ".", "Root of the repository.")
	flag.StringVar(&o.output, "output", chartPath, "Folder of the chart.")
	flag.StringVar(&o.kustomize, "kustomize", "bin/kustomize", "kustomize, as built by make.")
	flag.StringVar(&o.version, "version", "", "Version of the operator and of the chart, such as 0.1.0.")
	flag.StringVar(&o.image, "image", "", "Image of the operator, with a tag.")
	flag.StringVar(&o.digest, "digest", "", "Digest of that image (sha256:...): pins it, as a release must. Empty uses the tag.")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "chart: %q is no flag\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

const chartPath = "helm-charts/elasticweb-operator"

var digestPattern = regexp.MustCompile(`^(sha256:[0-9a-f]{64})?$`)

func (o options) check() error {
	if o.version == "" {
		return errors.New("-version is missing: name one, such as 0.1.0")
	}
	if repository, tag := cutTag(o.image); repository == "" || tag == "" {
		return fmt.Errorf("-image=%q: it takes a name with a tag, such as quay.io/example/operator:v0.1.0", o.image)
	}
	if !digestPattern.MatchString(o.digest) {
		return fmt.Errorf("-digest=%q: it takes sha256: and 64 hex digits", o.digest)
	}
	return nil
}

// cutTag takes a reference apart. A colon before the last slash belongs to a port.
func cutTag(image string) (repository, tag string) {
	colon := strings.LastIndex(image, ":")
	if colon <= strings.LastIndex(image, "/") {
		return image, ""
	}
	return image[:colon], image[colon+1:]
}

func run(o options) error {
	if err := o.check(); err != nil {
		return err
	}
	manifests, err := readManifests(o)
	if err != nil {
		return err
	}
	files, err := manifests.templates()
	if err != nil {
		return err
	}
	texts, err := texts(o, manifests)
	if err != nil {
		return err
	}
	for name, text := range texts {
		files[name] = text
	}
	return write(o, files)
}

// write leaves in the output what is written by hand, and replaces what was generated.
func write(o options, files map[string]string) error {
	source := filepath.Join(o.source, chartPath)
	if err := os.MkdirAll(o.output, 0o755); err != nil {
		return err
	}
	if !sameFolder(source, o.output) {
		if err := os.CopyFS(o.output, os.DirFS(source)); err != nil {
			return err
		}
	}
	stale, err := filepath.Glob(filepath.Join(o.output, "templates", generated+"*"))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(o.output, name), []byte(text), 0o644); err != nil { //nolint:gosec // everyone may read a chart.
			return err
		}
	}
	return nil
}

func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
