// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// The validator multiarch of operator-sdk inspects images with docker, and merely warns where there is none. Here it
// finds this stand-in, which knows two commands and asks the registry of the test.

const (
	dockerName   = "docker"
	dockerMirror = "ELASTICWEB_TEST_DOCKER_MIRROR"
	// dockerLog is a file that gets a line for each image whose index was shown.
	dockerLog = "ELASTICWEB_TEST_DOCKER_LOG"
)

func docker(arguments []string) (exitCode int) {
	image := arguments[len(arguments)-1]
	manifest, err := fetchManifest(image)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch command := strings.Join(arguments[:len(arguments)-1], " "); command {
	case "pull":
		return 0
	case "manifest inspect":
		fmt.Println(string(manifest))
		if err := note(image); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	default:
		fmt.Fprintf(os.Stderr, "this docker does not know %q\n", command)
		return 1
	}
}

func fetchManifest(image string) ([]byte, error) {
	prefix, url, _ := strings.Cut(os.Getenv(dockerMirror), "=")
	scheme, host, _ := strings.Cut(url, "://")
	var options []name.Option
	if scheme == "http" {
		options = append(options, name.Insecure)
	}
	reference, err := name.ParseReference(strings.Replace(image, prefix, host, 1), options...)
	if err != nil {
		return nil, err
	}
	descriptor, err := remote.Get(reference)
	if err != nil {
		return nil, err
	}
	return descriptor.Manifest, nil
}

func note(image string) error {
	file, err := os.OpenFile(os.Getenv(dockerLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, image)
	return errors.Join(err, file.Close())
}
