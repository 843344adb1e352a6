// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// images is a registry on loopback with faults for the repositories of each place.
type images struct {
	host string

	mu sync.Mutex
	// faults by the first part of the repository's name.
	faults map[string]registryFault
}

// registryFault is what becomes of requests.
type registryFault struct {
	// status in the place of an answer; 0 for the registry's.
	status int
	delay  time.Duration
}

func startImages() *images {
	r := &images{faults: map[string]registryFault{}}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	// It ends with the process: runs may ask for it to the last.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		repository, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/")
		r.mu.Lock()
		fault := r.faults[repository]
		r.mu.Unlock()
		if isOperator := request.Header.Get("User-Agent") == operatorAccount; !isOperator {
			fault = registryFault{}
		}
		time.Sleep(fault.delay)
		if fault.status != 0 {
			http.Error(w, "injected", fault.status)
			return
		}
		handler.ServeHTTP(w, request)
	}))
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func (p *place) repository() string { return fmt.Sprintf("place-%d", p.firstPort) }

// breakRegistry has the operators of this place get no answers, or late ones.
func (p *place) breakRegistry(fault registryFault) {
	p.world.images.mu.Lock()
	defer p.world.images.mu.Unlock()
	p.world.images.faults[p.repository()] = fault
}

// push makes an index with a part for each architecture, and gives its reference.
func (p *place) push(tag string, architectures ...string) string {
	p.t.Helper()
	image := fmt.Sprintf("%s/%s/shop:%s", p.world.images.host, p.repository(), tag)
	reference, err := name.ParseReference(image, name.Insecure)
	p.must(err)
	var index v1.ImageIndex = empty.Index
	for _, architecture := range architectures {
		// The tag makes another image of each.
		part, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Author: tag})
		p.must(err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: part, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	p.must(remote.WriteIndex(reference, index))
	return image
}
