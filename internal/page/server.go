// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/netutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// Cluster is asked about what somebody looks at. It changes nothing.
type Cluster interface {
	// Look reads all that is shown of an ElasticWeb; a NotFound where there is none.
	Look(ctx context.Context, key types.NamespacedName) (Sight, error)
	// WhatIf works out what a change would do.
	WhatIf(ctx context.Context, key types.NamespacedName, question Question) (whatif.Outcome, error)
}

// Past is asked for what was before the page was opened.
type Past interface {
	Samples(ctx context.Context, key types.NamespacedName, from, to time.Time) ([]Sample, error)
}

// Server serves the page.
type Server struct {
	Board   *Board
	Cluster Cluster
	// Past is nil where nothing tells of it.
	Past Past

	token string
	files map[string]file
	// asked bounds how many questions are worked out at a time.
	asked chan struct{}
}

const (
	// mostAsked questions are worked out at a time.
	mostAsked = 2
	// askPatience is how long a question may take, its turn included.
	askPatience = 10 * time.Second
	// mostConnections and mostHeaderBytes bound what others on this machine can have it keep.
	mostConnections = 64
	mostHeaderBytes = 16 << 10
	// headerPatience is how long a browser may take to ask.
	headerPatience = 5 * time.Second
)

// NewServer is one with a new token.
func NewServer(board *Board, cluster Cluster, past Past) *Server {
	return &Server{Board: board, Cluster: cluster, Past: past, token: rand.Text(), files: embedded(), asked: make(chan struct{}, mostAsked)}
}

// Address is what to open in a browser, for a listener of this machine. It has the token: who has it may look.
func (s *Server) Address(listener net.Addr) string {
	return "http://" + listener.String() + "/" + s.token + "/"
}

// Serve serves until ctx ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerPatience, IdleTimeout: time.Minute, MaxHeaderBytes: mostHeaderBytes,
		BaseContext: func(net.Listener) context.Context { return ctx }, // ends the streams.
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(netutil.LimitListener(listener, mostConnections)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Handler is what answers.
func (s *Server) Handler() http.Handler {
	return s.guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path { // a ServeMux would redirect what it takes for another, to a path without the token.
		case "/events":
			s.serveStream(w, r)
		case "/whatif":
			s.serveWhatIf(w, r)
		case "/past":
			s.servePast(w, r)
		default:
			s.serveFile(w, r)
		}
	}))
}

// policy lets a page run and show only what comes from here, and have nothing be a script that is made of text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guarded lets those in who have the token, and call this machine by its own name: a page of somebody else's, whose name leads here, does not.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			header.Set(name, value)
		}
		given, path, hasPath := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case !isLoopback(r.Host):
			http.Error(w, "this page is for this machine alone", http.StatusForbidden)
		case !s.isToken(given):
			http.Error(w, "open the address that kubectl elasticweb dashboard printed, all of it", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
		case !hasPath: // addresses in the page are relative to the folder.
			http.Redirect(w, r, "/"+s.token+"/", http.StatusFound)
		default:
			inner := r.Clone(r.Context())
			inner.URL = &url.URL{Path: "/" + path, RawQuery: r.URL.RawQuery}
			next.ServeHTTP(w, inner)
		}
	})
}

// isToken takes the same time whatever was given.
func (s *Server) isToken(given string) bool {
	want, got := sha256.Sum256([]byte(s.token)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// isLoopback leaves the port out: who forwards one from elsewhere has another.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

// keyIn is the ElasticWeb that a query names; where none is named, that is valid if it may be left out.
func keyIn(query url.Values, optional bool) (key types.NamespacedName, isValid bool) {
	key = types.NamespacedName{Namespace: query.Get("namespace"), Name: query.Get("name")}
	if key == (types.NamespacedName{}) {
		return key, optional
	}
	return key, len(validation.IsDNS1123Label(key.Namespace)) == 0 && len(validation.IsDNS1123Subdomain(key.Name)) == 0
}

func (s *Server) servePast(w http.ResponseWriter, r *http.Request) {
	key, isValid := keyIn(r.URL.Query(), false)
	if !isValid {
		http.Error(w, "namespace and name are those of an ElasticWeb", http.StatusBadRequest)
		return
	}
	samples := []Sample{}
	if s.Past != nil {
		ctx, stop := context.WithTimeout(r.Context(), askPatience)
		defer stop()
		to := s.Board.now()
		read, err := s.Past.Samples(ctx, key, to.Add(-pastShown), to)
		if err != nil {
			http.Error(w, screen.Line(err.Error(), longestMessage), http.StatusBadGateway)
			return
		}
		samples = append(samples, read...)
	}
	answer(w, samples)
}

// pastShown is how far back Past is asked.
const pastShown = time.Hour

func answer(w http.ResponseWriter, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // who has left needs no answer.
}

// serveWhatIf answers what another demand would do.
func (s *Server) serveWhatIf(w http.ResponseWriter, r *http.Request) {
	key, isValid := keyIn(r.URL.Query(), false)
	question, err := questionIn(r.URL.Query())
	if !isValid || err != nil {
		http.Error(w, "namespace and name are those of an ElasticWeb; "+questionForm, http.StatusBadRequest)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), askPatience)
	defer stop()
	select {
	case s.asked <- struct{}{}:
		defer func() { <-s.asked }()
	case <-ctx.Done():
		http.Error(w, "too many questions at a time: ask again", http.StatusServiceUnavailable)
		return
	}
	outcome, err := s.Cluster.WhatIf(ctx, key, question)
	switch {
	case apierrors.IsNotFound(err):
		http.Error(w, "there is no such ElasticWeb any more", http.StatusNotFound)
	case err != nil:
		http.Error(w, screen.Line(err.Error(), longestMessage), http.StatusBadGateway)
	default:
		answer(w, answerOf(&outcome))
	}
}
