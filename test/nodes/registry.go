// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// publicRegistries are those for which the registry stands in: the nodes and
// the cluster's DNS lead to it who asks for them.
var publicRegistries = []string{"index.docker.io", "registry-1.docker.io", "quay.io", "gcr.io", "ghcr.io", "registry.k8s.io"}

// Registry is a real registry, with its images in memory. The nodes ask it for
// every image, whichever registry its name begins with; so can pods.
type Registry struct {
	// Address is where it listens in plain HTTP: host and port.
	Address string

	// CertificateAuthority is who vouches for it where it listens under the public names, in PEM.
	CertificateAuthority []byte

	host    string
	servers []*http.Server
}

func startRegistry(host string) (*Registry, error) {
	plain, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("start the registry: %w", err)
	}
	encrypted, err := net.Listen("tcp", net.JoinHostPort(host, "443"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the registry at the port of public ones (is something listening on port 443 of all addresses?): %w", err), plain.Close())
	}
	certificate, authority, err := newCertificate(publicRegistries)
	if err != nil {
		return nil, errors.Join(err, plain.Close(), encrypted.Close())
	}
	silent := log.New(io.Discard, "", 0)
	handler := registry.New(registry.Logger(silent))
	r := &Registry{Address: plain.Addr().String(), CertificateAuthority: authority, host: host}
	for range 2 {
		r.servers = append(r.servers, &http.Server{Handler: handler, ErrorLog: silent, ReadHeaderTimeout: time.Minute})
	}
	r.servers[1].TLSConfig = certificate
	go func() { _ = r.servers[0].Serve(plain) }()
	go func() { _ = r.servers[1].ServeTLS(encrypted, "", "") }()
	return r, nil
}

// Push puts an image, or an index of several, under a repository and tag such as
// shop/web:1.4, and returns the reference that names the registry, too.
func (r *Registry) Push(repository string, image remote.Taggable) (string, error) {
	reference := r.Address + "/" + repository
	tag, err := name.NewTag(reference, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("name the image: %w", err)
	}
	if err := remote.Push(tag, image); err != nil {
		return "", fmt.Errorf("push %s: %w", reference, err)
	}
	return reference, nil
}

// Hosts are the lines of a file of hosts by which the public names lead to the registry.
func (r *Registry) Hosts() string {
	return r.host + " " + strings.Join(publicRegistries, " ") + "\n"
}

func (r *Registry) stop() {
	for _, server := range r.servers {
		_ = server.Close()
	}
}
