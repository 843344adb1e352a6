// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// What the image of the demo is built for, where it listens, and as whom it runs.
const (
	imagePort = 9090
	imageUser = 65532
)

var imageArchitectures = []string{"amd64", "arm64", "s390x"}

// imageRegistry is a real registry, with its images in memory.
type imageRegistry struct {
	server *http.Server
	host   string
}

func startRegistry() (*imageRegistry, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the registry: %w", err)
	}
	silent := log.New(io.Discard, "", 0)
	server := &http.Server{Handler: registry.New(registry.Logger(silent)), ErrorLog: silent, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return &imageRegistry{server: server, host: listener.Addr().String()}, nil
}

// push puts an image index into the registry, with a manifest and a config for each architecture, and returns its reference.
func (r *imageRegistry) push(repository string) (string, error) {
	index := v1.ImageIndex(empty.Index)
	for _, architecture := range imageArchitectures {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
			OS: "linux", Architecture: architecture,
			RootFS: v1.RootFS{Type: "layers"},
			Config: v1.Config{User: fmt.Sprint(imageUser), ExposedPorts: map[string]struct{}{fmt.Sprintf("%d/tcp", imagePort): {}}},
		})
		if err != nil {
			return "", fmt.Errorf("make the image: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	reference := r.host + "/" + repository
	tag, err := name.NewTag(reference)
	if err != nil {
		return "", fmt.Errorf("name the image: %w", err)
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		return "", fmt.Errorf("push %s: %w", reference, err)
	}
	return reference, nil
}

func (r *imageRegistry) stop() { _ = r.server.Close() }
