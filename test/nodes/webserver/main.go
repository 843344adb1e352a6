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
	"syscall"
	"time"
)

// drainPatience is how long requests in flight may take when the server ends.
const drainPatience = 10 * time.Second

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
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", introduce)
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
