// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	scenarioRegistry = "registry"
	// images is how many different ones the ElasticWebs have between them.
	images = 10
)

// lookUps has an operator find all ElasticWebs with images that were never looked up, and another one find them
// again: what was looked up is kept with the Deployment.
func (s *scene) lookUps(ctx context.Context) error {
	s.operator.stop()
	store, err := startRegistry()
	if err != nil {
		return err
	}
	defer store.server.Close()
	var references [images]string
	for i := range references {
		if references[i], err = store.push(ctx, fmt.Sprintf("shop-%d:1.6", i)); err != nil {
			return err
		}
	}
	err = forEach(ctx, span{0, s.n}, s.concurrency, func(ctx context.Context, i int) error {
		patch := fmt.Appendf(nil, `{"spec":{"image":%q}}`, references[i%images])
		return s.api.Patch(ctx, web(i), client.RawPatch(types.MergePatchType, patch))
	})
	if err != nil {
		return err
	}
	s.registry = store.host
	defer func() { s.registry = "" }()
	for _, figure := range []string{"requests to the registry", "requests to the registry after a restart"} {
		before := store.requests.Load()
		if err := s.start(ctx, noResync); err != nil {
			return err
		}
		if _, err := s.operator.quiet(ctx, s.n); err != nil {
			return err
		}
		requests := float64(store.requests.Load() - before)
		s.note(scenarioRegistry, figure, requests)
		s.note(scenarioRegistry, figure+" per 1,000 ElasticWebs", requests*1000/float64(s.n))
	}
	s.note(scenarioRegistry, "images", float64(min(images, s.n)))
	return nil
}

// imageStore is a real registry, with its images in memory.
type imageStore struct {
	server   *http.Server
	host     string
	requests atomic.Int64
}

func startRegistry() (*imageStore, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the registry: %w", err)
	}
	silent := log.New(io.Discard, "", 0)
	images := registry.New(registry.Logger(silent))
	store := &imageStore{host: listener.Addr().String()}
	store.server = &http.Server{ErrorLog: silent, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		store.requests.Add(1)
		images.ServeHTTP(w, r)
	})}
	go func() { _ = store.server.Serve(listener) }()
	return store, nil
}

// push puts an image for two architectures into the registry, and gives its reference.
func (r *imageStore) push(ctx context.Context, repository string) (string, error) {
	tag, err := name.NewTag(r.host + "/" + repository)
	if err != nil {
		return "", fmt.Errorf("name the image: %w", err)
	}
	index := v1.ImageIndex(empty.Index)
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
			OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"},
			Config: v1.Config{Env: []string{"IMAGE=" + repository}},
		})
		if err != nil {
			return "", fmt.Errorf("make the image: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := remote.WriteIndex(tag, index, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push %s: %w", tag, err)
	}
	return tag.String(), nil
}
