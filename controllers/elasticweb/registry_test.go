// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// localRegistry is a real registry on loopback that can be taken out of reach, and can ask for a password.
type localRegistry struct {
	host     string
	requests atomic.Int64
	isDown   atomic.Bool
	password atomic.Value
}

func startRegistry() *localRegistry {
	GinkgoHelper()
	r := &localRegistry{}
	r.password.Store("")
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.requests.Add(1)
		_, given, _ := request.BasicAuth()
		switch wanted, _ := r.password.Load().(string); {
		case r.isDown.Load():
			http.Error(w, "down", http.StatusServiceUnavailable)
		case wanted != "" && given != wanted:
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "password", http.StatusUnauthorized)
		default:
			handler.ServeHTTP(w, request)
		}
	}))
	DeferCleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// push makes an index with an image for each architecture, and gives its reference.
func (r *localRegistry) push(repository, tag string, config v1.Config, architectures ...string) string {
	GinkgoHelper()
	reference, err := name.ParseReference(r.host+"/"+repository+":"+tag, name.Insecure)
	Expect(err).NotTo(HaveOccurred())
	var index v1.ImageIndex = empty.Index
	for _, architecture := range architectures {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Config: config})
		Expect(err).NotTo(HaveOccurred())
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	Expect(remote.WriteIndex(reference, index)).To(Succeed())
	return r.host + "/" + repository + ":" + tag
}

// lookUps sets an operator up to ask the registry, as cmd/manager does.
func (r *localRegistry) lookUps() operatorOptions {
	GinkgoHelper()
	resolved := make(chan event.GenericEvent)
	resolver, err := platforms.New(platforms.Options{
		PlainHTTPRegistries: []string{r.host},
		Notify:              images.Requeue(elasticweb.Kind, resolved),
	})
	Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- resolver.Start(ctx) }()
	DeferCleanup(func() {
		stop()
		Expect(<-done).To(Succeed())
	})
	return operatorOptions{images: resolver, resolved: resolved, imageWait: imageWait}
}

var _ images.Lookup = &platforms.Resolver{}
