// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

const (
	// maxReferenceLength is above what registry, repository, tag and digest
	// can add up to.
	maxReferenceLength = 1024
	// maxRepositoryLength is the limit of registries, library/ included.
	maxRepositoryLength = 255

	// Docker Hub answers at index.docker.io but everybody, the kubelet's
	// credential matching included, calls it docker.io.
	dockerHubAPI  = "index.docker.io"
	dockerHubName = "docker.io"
)

// reference is an image reference with nothing left to default.
type reference struct {
	name.Reference
}

// parseReference takes the short names and defaults of a pod's image field. A
// digest wins over a tag beside it, as it does on the node.
func parseReference(image string) (reference, *Error) {
	if len(image) > maxReferenceLength {
		return reference{}, &Error{Reason: ReasonInvalidImage, Message: "the image reference is too long"}
	}
	ref, err := name.ParseReference(image, name.WeakValidation)
	if err != nil || len(ref.Context().RepositoryStr()) > maxRepositoryLength {
		return reference{}, &Error{Reason: ReasonInvalidImage, Message: "the image reference cannot be parsed: use registry/repository:tag or registry/repository@sha256:digest"}
	}
	return reference{ref}, nil
}

// String returns the reference with everything spelled out: nginx becomes docker.io/library/nginx:latest. A tag beside a digest is dropped.
func (r reference) String() string { return publicName(r.Name()) }

// repository returns the canonical reference without tag and digest.
func (r reference) repository() string { return publicName(r.Context().Name()) }

// registry returns the host, and the port where one is given.
func (r reference) registry() string { return r.Context().RegistryStr() }

// immutable reports whether the reference can only ever stand for one image.
func (r reference) immutable() bool {
	_, ok := r.Reference.(name.Digest)
	return ok
}

func publicName(s string) string {
	if rest, ok := strings.CutPrefix(s, dockerHubAPI+"/"); ok {
		return dockerHubName + "/" + rest
	}
	return s
}

func publicHost(registry string) string {
	if registry == dockerHubAPI {
		return dockerHubName
	}
	return registry
}
