// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command webserver is what the true nodes run in tests: a web server that tells
// who it is, and what it sees of the cluster.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/throttle"
)

// drainPatience is how long requests in flight may take when the server ends.
const drainPatience = 10 * time.Second

// waitingPatience is how long requests wait for their turn where there is a RATE, and no PATIENCE.
const waitingPatience = 400 * time.Millisecond

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve returns after a signal, when the requests that came before it are answered.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := limited(http.HandlerFunc(introduce))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", counted(root))
	mux.HandleFunc("GET /metrics", count)
	mux.HandleFunc("GET /fetch", fetch)
	server := &http.Server{Addr: ":" + cmp.Or(os.Getenv("PORT"), "8080"), Handler: mux, ReadHeaderTimeout: time.Minute}
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		fmt.Println("ending")
		patience, cancel := context.WithTimeout(context.Background(), drainPatience)
		defer cancel()
		drained <- server.Shutdown(patience)
	}()
	fmt.Println("serving")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

// requests are those that were answered, but for what is asked of the server itself.
var requests atomic.Uint64

func counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		next.ServeHTTP(w, r)
	})
}

// count tells Prometheus.
func count(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total %d\n", requests.Load())
}

// limited serves RATE requests a second, or what RATE_AMD64 and the like say on an architecture, and without these as many as come.
func limited(next http.Handler) (http.Handler, error) {
	text := cmp.Or(os.Getenv("RATE_"+strings.ToUpper(runtime.GOARCH)), os.Getenv("RATE"))
	if text == "" {
		return next, nil
	}
	rate, err := strconv.Atoi(text)
	if err != nil || rate <= 0 {
		return nil, fmt.Errorf("RATE is %q: set it to requests per second", text)
	}
	patience, err := time.ParseDuration(cmp.Or(os.Getenv("PATIENCE"), waitingPatience.String()))
	if err != nil {
		return nil, fmt.Errorf("PATIENCE: %w: set it to a duration, for instance 2s", err)
	}
	return &throttle.Bucket{Interval: time.Second / time.Duration(rate), Patience: patience, Next: next}, nil
}

// introduce answers with the pod, its architecture, and the version that its image has.
func introduce(w http.ResponseWriter, _ *http.Request) {
	name, _ := os.Hostname()
	fmt.Fprintln(w, name, runtime.GOARCH, cmp.Or(os.Getenv("VERSION"), "unversioned"))
}

// fetch answers with what another server says to this one.
func fetch(w http.ResponseWriter, r *http.Request) {
	response, err := http.Get(r.URL.Query().Get("url")) //nolint:gosec,noctx // That is what it is for, and the client waits.
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}
