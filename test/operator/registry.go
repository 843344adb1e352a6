// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is one on loopback, over HTTP.
type Registry struct {
	// Host is where it listens: host:port.
	Host string

	server *httptest.Server
}

// StartRegistry starts one without images.
func StartRegistry() *Registry {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	return &Registry{Host: server.Listener.Addr().String(), server: server}
}

// Close ends it.
func (r *Registry) Close() { r.server.Close() }

// Push puts an index of images that expose a port, 0 for none, into the registry, one for each architecture.
func (r *Registry) Push(image string, port int, architectures ...string) error {
	reference, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		return err
	}
	config := v1.Config{}
	if port != 0 {
		config.ExposedPorts = map[string]struct{}{fmt.Sprintf("%d/tcp", port): {}}
	}
	var index v1.ImageIndex = empty.Index
	for _, architecture := range architectures {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Config: config})
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
	}
	return remote.WriteIndex(reference, index)
}
