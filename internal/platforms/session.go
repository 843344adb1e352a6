// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const maxRedirects = 5

var acceptManifests = strings.Join([]string{
	string(types.OCIImageIndex),
	string(types.DockerManifestList),
	string(types.OCIManifestSchema1),
	string(types.DockerManifestSchema2),
}, ", ")

// session reads from one repository with one login.
type session struct {
	options Options
	http    *http.Client
	root    url.URL
}

func newSession(o Options, authenticated http.RoundTripper, scheme string, ref reference) *session {
	return &session{
		options: o,
		http:    &http.Client{Transport: authenticated, CheckRedirect: limitRedirects},
		root:    url.URL{Scheme: scheme, Host: ref.registry(), Path: "/v2/" + ref.Context().RepositoryStr()},
	}
}

func limitRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errTooManyRedirects
	}
	return nil
}

// manifest returns a manifest and its digest. The identifier is a tag, or a
// digest, which the manifest then has.
func (s *session) manifest(ctx context.Context, identifier string) ([]byte, string, error) {
	body, err := s.get(ctx, "manifests", identifier, s.options.MaxManifestBytes)
	if err != nil {
		return nil, "", err
	}
	wanted, err := v1.NewHash(identifier)
	if err != nil {
		digest, err := digestOf(body, "sha256")
		return body, digest, err
	}
	return body, identifier, verify(body, wanted)
}

// config returns the blob of an image config.
func (s *session) config(ctx context.Context, digest v1.Hash) ([]byte, error) {
	body, err := s.get(ctx, "blobs", digest.String(), s.options.MaxConfigBytes)
	if err != nil {
		return nil, err
	}
	return body, verify(body, digest)
}

// get reads a body of at most limit bytes.
func (s *session) get(ctx context.Context, kind, identifier string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.RequestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.root.JoinPath(kind, identifier).String(), nil)
	if err != nil {
		return nil, err
	}
	if kind == "manifests" {
		req.Header.Set("Accept", acceptManifests)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, &statusError{code: resp.StatusCode}
	case resp.ContentLength > limit:
		return nil, errTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
}

func verify(body []byte, wanted v1.Hash) error {
	got, err := digestOf(body, wanted.Algorithm)
	if err != nil {
		return err
	}
	if got != wanted.String() {
		return errWrongDigest
	}
	return nil
}

func digestOf(body []byte, algorithm string) (string, error) {
	hasher, err := v1.Hasher(algorithm)
	if err != nil {
		return "", errWrongDigest
	}
	hasher.Write(body)
	return v1.Hash{Algorithm: algorithm, Hex: hex.EncodeToString(hasher.Sum(nil))}.String(), nil
}

// isMissing reports an answer that the registry does not hold what was asked
// for.
func isMissing(err error) bool {
	status, ok := errors.AsType[*statusError](err)
	return ok && (status.code == http.StatusNotFound || status.code == http.StatusGone)
}
