// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Stale serves lists as they were at a version of the past, and watches that bring nothing, as an API server
// does whose watch cache hangs. Reads of single objects are not old: the API server reads them from etcd.
type Stale struct {
	version   string
	resources []string
	thawed    chan struct{}
	thaw      func()
}

// Resources that an operator lists: the watch cache of each may hang by itself.
func Resources() []string {
	return []string{"elasticwebs", "deployments", "services", "poddisruptionbudgets", "pods", "replicasets", "nodes"}
}

// StaleAt serves the state of some resources at a resource version.
func StaleAt(version string, resources ...string) *Stale {
	thawed := make(chan struct{})
	return &Stale{
		version: version, resources: resources,
		thawed: thawed, thaw: sync.OnceFunc(func() { close(thawed) }),
	}
}

// Thaw lets watches go on: they bring all that happened since.
func (s *Stale) Thaw() { s.thaw() }

// Wrap implements Fault.
func (s *Stale) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		select {
		case <-s.thawed:
			return next.RoundTrip(request)
		default:
		}
		asJSON(request)
		switch {
		case request.Method != http.MethodGet || !s.isStale(request):
			return next.RoundTrip(request)
		case IsWatch(request):
			return s.watch(request, next)
		default:
			return next.RoundTrip(s.listRequest(request))
		}
	})
}

// isStale knows lists and watches of the resources.
func (s *Stale) isStale(request *http.Request) bool {
	return slices.ContainsFunc(s.resources, func(resource string) bool {
		return strings.HasSuffix(request.URL.Path, "/"+resource)
	})
}

// listRequest asks for the past.
func (s *Stale) listRequest(request *http.Request) *http.Request {
	past := request.Clone(request.Context())
	query := past.URL.Query()
	for _, key := range []string{"watch", "sendInitialEvents", "allowWatchBookmarks", "timeoutSeconds", "timeout"} {
		query.Del(key)
	}
	query.Set("resourceVersion", s.version)
	query.Set("resourceVersionMatch", "Exact")
	past.URL.RawQuery = query.Encode()
	return past
}

// watch brings what the list of the past holds, where that is asked for, and the rest when it thaws.
func (s *Stale) watch(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	var initial []byte
	if request.URL.Query().Get("sendInitialEvents") == "true" {
		response, err := next.RoundTrip(s.listRequest(request))
		if err != nil || response.StatusCode != http.StatusOK {
			return response, err
		}
		defer response.Body.Close()
		if initial, err = initialEvents(response.Body); err != nil {
			return nil, err
		}
	}
	body := &staleBody{left: initial, stale: s, request: s.laterWatch(request), next: next}
	return jsonResponse(request, http.StatusOK, body), nil
}

// laterWatch goes on where the list of the past ends.
func (s *Stale) laterWatch(request *http.Request) *http.Request {
	later := request.Clone(request.Context())
	query := later.URL.Query()
	query.Del("sendInitialEvents")
	query.Del("resourceVersionMatch")
	query.Set("resourceVersion", s.version)
	later.URL.RawQuery = query.Encode()
	return later
}

// initialEvents are the events that begin a watch with the objects of a list.
func initialEvents(list io.Reader) ([]byte, error) {
	read := struct {
		Kind, APIVersion string
		Metadata         struct{ ResourceVersion string }
		Items            []map[string]any
	}{}
	if err := json.NewDecoder(list).Decode(&read); err != nil {
		return nil, fmt.Errorf("read a list of the past: %w", err)
	}
	kind := strings.TrimSuffix(read.Kind, "List")
	result := &bytes.Buffer{}
	encoder := json.NewEncoder(result)
	for _, item := range read.Items {
		item["kind"], item["apiVersion"] = kind, read.APIVersion
		if err := encoder.Encode(map[string]any{"type": "ADDED", "object": item}); err != nil {
			return nil, err
		}
	}
	err := encoder.Encode(map[string]any{"type": "BOOKMARK", "object": map[string]any{
		"kind": kind, "apiVersion": read.APIVersion, "metadata": map[string]any{
			"resourceVersion": read.Metadata.ResourceVersion,
			"annotations":     map[string]string{"k8s.io/initial-events-end": "true"},
		},
	}})
	return result.Bytes(), err
}

type staleBody struct {
	left    []byte
	stale   *Stale
	request *http.Request
	next    http.RoundTripper
	live    io.ReadCloser
}

func (b *staleBody) Read(into []byte) (int, error) {
	if len(b.left) > 0 {
		n := copy(into, b.left)
		b.left = b.left[n:]
		return n, nil
	}
	if b.live == nil {
		select {
		case <-b.request.Context().Done():
			return 0, b.request.Context().Err()
		case <-b.stale.thawed:
		}
		response, err := b.next.RoundTrip(b.request)
		if err != nil {
			return 0, err
		}
		b.live = response.Body
	}
	return b.live.Read(into)
}

func (b *staleBody) Close() error {
	if b.live == nil {
		return nil
	}
	return b.live.Close()
}
