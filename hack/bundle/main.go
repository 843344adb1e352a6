// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Bundle makes the OLM bundle: operator-sdk assembles it from config/manifests, and what operator-sdk leaves open
// (images, descriptors, upgrade edges, the versions of OpenShift) is filled in here. Equal inputs give equal bytes.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// options are the flags.
type options struct {
	source, output           string
	kustomize, operatorSDK   string
	version, replaces        string
	image, digest            string
	scorecardImage           string
	channels, defaultChannel string
	created                  string
}

func main() {
	o := options{}
	flag.StringVar(&o.source, "source", ".", "Root of the repository.")
	flag.StringVar(&o.output, "output", ".", "Folder that gets bundle/ and bundle.Dockerfile.")
	flag.StringVar(&o.kustomize, "kustomize", "bin/kustomize", "kustomize, as built by make.")
	flag.StringVar(&o.operatorSDK, "operator-sdk", "bin/operator-sdk", "operator-sdk, as built by make.")
	flag.StringVar(&o.version, "version", "", "Version of the operator, such as 0.1.0.")
	flag.StringVar(&o.replaces, "replaces", "", "Version that this one upgrades; empty for a first one.")
	flag.StringVar(&o.image, "image", "", "Image of the operator, with a tag.")
	flag.StringVar(&o.digest, "digest", "", "Digest of that image (sha256:...): pins it, as a release must. Empty uses the tag.")
	flag.StringVar(&o.scorecardImage, "scorecard-image", "", "Image of the scorecard tests in test/scorecard. Default: that of the operator, with -scorecard before the tag.")
	flag.StringVar(&o.channels, "channels", "candidate,stable", "Channels, comma-separated.")
	flag.StringVar(&o.defaultChannel, "default-channel", "stable", "Channel of those who name none.")
	flag.StringVar(&o.created, "created", "", "Time of the release, as in 2026-01-02T15:04:05Z. Default: the createdAt of the base.")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bundle: %q is no flag\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if err := o.check(); err != nil {
		return err
	}
	// Apart from the tree: operator-sdk writes bundle.Dockerfile into the current folder, and leaves files of old there.
	work, err := os.MkdirTemp("", "bundle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := generate(o, work); err != nil {
		return err
	}
	if err := finishCSV(o, filepath.Join(work, csvPath)); err != nil {
		return err
	}
	if err := finishMetadata(work); err != nil {
		return err
	}
	if err := finishScorecard(o, work); err != nil {
		return err
	}
	return install(work, o.output)
}

func (o options) check() error {
	if o.version == "" {
		return errors.New("-version is missing: name one, such as 0.1.0")
	}
	repository, tag, hasTag := cutTag(o.image)
	if !hasTag || repository == "" || tag == "" {
		return fmt.Errorf("-image=%q: it takes a name with a tag, such as quay.io/example/operator:v0.1.0", o.image)
	}
	if o.digest != "" && !digestPattern.MatchString(o.digest) {
		return fmt.Errorf("-digest=%q: it takes sha256: and 64 hex digits", o.digest)
	}
	return o.checkEdge()
}

// generate has operator-sdk make the bundle in the folder.
func generate(o options, work string) error {
	project, err := os.ReadFile(filepath.Join(o.source, "PROJECT"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "PROJECT"), project, 0o644); err != nil {
		return err
	}
	manifests, err := output(exec.Command(o.kustomize, "build", filepath.Join(o.source, "config/manifests")))
	if err != nil {
		return err
	}
	operatorSDK, err := filepath.Abs(o.operatorSDK)
	if err != nil {
		return err
	}
	command := exec.Command(operatorSDK, "generate", "bundle", "--quiet", "--overwrite", "--version", o.version,
		"--channels", o.channels, "--default-channel", o.defaultChannel)
	command.Dir = work
	command.Stdin = bytes.NewReader(manifests)
	_, err = output(command)
	return err
}

// output runs the command; what it complains about is part of the error. operator-sdk warns of a faulty CSV only.
func output(command *exec.Cmd) ([]byte, error) {
	var complaints bytes.Buffer
	command.Stderr = &complaints
	result, err := command.Output()
	if err == nil && strings.Contains(complaints.String(), "level=warning") {
		err = errors.New("a warning")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(command.Args[:2], " "), err, strings.TrimSpace(complaints.String()))
	}
	return result, nil
}

// install replaces bundle/ and bundle.Dockerfile in the folder.
func install(work, folder string) error {
	target := filepath.Join(folder, "bundle")
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.CopyFS(target, os.DirFS(filepath.Join(work, "bundle"))); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(work, dockerfilePath))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, dockerfilePath), text, 0o644)
}
