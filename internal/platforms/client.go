// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"k8s.io/utils/lru"
)

// maxChallenges is the number of registries of which it is remembered how they
// authenticate, which saves one request in each look-up.
const maxChallenges = 256

// client asks registries. It knows no cache, no queue and no Kubernetes.
type client struct {
	options    Options
	transport  *http.Transport
	challenges *lru.Cache
	requests   atomic.Uint64
}

func newClient(o Options) (*client, error) {
	t, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	return &client{options: o, transport: t, challenges: lru.New(maxChallenges)}, nil
}

// inspect asks for an image with one login after the other until one is let
// in, as the kubelet does. Without any it asks anonymously.
func (c *client) inspect(ctx context.Context, ref reference, logins []login) (Facts, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.LookupTimeout)
	defer cancel()
	if len(logins) == 0 {
		logins = []login{{}}
	}
	var failed *Error
	for _, l := range logins {
		facts, err := c.inspectAs(ctx, ref, l)
		if err == nil {
			return facts, nil
		}
		failed = failure(err, ref.registry())
		// A registry that must not tell whether an image exists answers 404
		// to the wrong login, so that is no reason to stop either.
		if failed.Reason != ReasonRegistryUnauthorized && failed.Reason != ReasonImageNotFound {
			break
		}
	}
	return Facts{}, failed
}

func (c *client) inspectAs(ctx context.Context, ref reference, l login) (Facts, error) {
	s, err := c.open(ctx, ref, l)
	if err != nil {
		return Facts{}, err
	}
	facts, err := surveyImage(ctx, s, ref, c.options.MaxManifests)
	if err != nil {
		// The way to authenticate may have changed.
		c.challenges.Remove(ref.registry())
	}
	return facts, err
}

// probe finds out whether a registry is there.
func (c *client) probe(ctx context.Context, ref reference) *Error {
	to, err := c.way(ref)
	if err == nil {
		_, err = c.challenge(ctx, to.registry, to.guard)
	}
	if err != nil {
		return failure(err, ref.registry())
	}
	return nil
}

// way is how a registry is reached.
type way struct {
	guard
	registry name.Registry
	scheme   string
}

func (c *client) way(ref reference) (way, error) {
	plain := slices.Contains(c.options.PlainHTTPRegistries, ref.registry())
	g := guard{
		next:      c.transport,
		requests:  &c.requests,
		userAgent: c.options.UserAgent,
		maxBody:   max(c.options.MaxManifestBytes, c.options.MaxConfigBytes) + 1,
	}
	if !plain {
		return way{g, ref.Context().Registry, "https"}, nil
	}
	g.plainHTTP = ref.registry()
	insecure, err := name.NewRegistry(ref.registry(), name.Insecure)
	return way{g, insecure, "http"}, err
}

// open authenticates for pulling from the repository of ref.
func (c *client) open(ctx context.Context, ref reference, l login) (*session, error) {
	to, err := c.way(ref)
	if err != nil {
		return nil, err
	}
	authenticated, err := c.authenticate(ctx, to.registry, ref, l, to.guard)
	if err != nil {
		c.challenges.Remove(ref.registry())
		return nil, err
	}
	return newSession(c.options, authenticated, to.scheme, ref), nil
}

// authenticate returns g with the credentials that the registry wants to see.
func (c *client) authenticate(ctx context.Context, registry name.Registry, ref reference, l login, g guard) (http.RoundTripper, error) {
	challenge, err := c.challenge(ctx, registry, g)
	if err != nil {
		return nil, err
	}
	token := &transport.Token{}
	if strings.EqualFold(challenge.Scheme, "bearer") {
		token, err = c.exchange(ctx, registry, ref, l, g, challenge)
		if err != nil {
			return nil, err
		}
	}
	rt, err := transport.FromToken(registry, l.authenticator(), g, challenge, token)
	if err != nil {
		return nil, errUnusableChallenge
	}
	return rt, nil
}

// challenge returns how the registry wants its clients to authenticate.
func (c *client) challenge(ctx context.Context, registry name.Registry, g guard) (*transport.Challenge, error) {
	if known, ok := c.challenges.Get(registry.RegistryStr()); ok {
		return known.(*transport.Challenge), nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	challenge, err := transport.Ping(ctx, registry, g)
	if status, ok := errors.AsType[*transport.Error](err); ok {
		if status.StatusCode == http.StatusForbidden {
			return nil, &statusError{code: status.StatusCode}
		}
		return nil, errNoRegistry
	}
	if err != nil {
		return nil, err
	}
	c.challenges.Add(registry.RegistryStr(), challenge)
	return challenge, nil
}

// exchange gets a token for pulling from the token service that the registry
// names.
func (c *client) exchange(ctx context.Context, registry name.Registry, ref reference, l login, g guard, challenge *transport.Challenge) (*transport.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	scopes := []string{ref.Context().Scope(transport.PullScope)}
	token, err := transport.Exchange(ctx, registry, l.authenticator(), g, scopes, challenge)
	if _, ok := errors.AsType[*transport.Error](err); ok {
		return nil, &statusError{code: http.StatusUnauthorized}
	}
	if err != nil {
		if isNetworkError(err) {
			return nil, err
		}
		return nil, errUnusableChallenge
	}
	if token.Token == "" {
		token.Token = token.AccessToken
	}
	return token, nil
}
