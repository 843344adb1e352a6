// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// startRegistries begins to serve what a tenant may name in images. They end with the run.
func (h *hostile) startRegistries() {
	for _, serve := range []http.HandlerFunc{misbehave, sendElsewhere, hang} {
		server := httptest.NewUnstartedServer(serve)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		h.t.Cleanup(func() {
			server.CloseClientConnections()
			go server.Close() // waits for handlers that hang.
		})
		h.registries = append(h.registries, strings.TrimPrefix(server.URL, "http://"))
	}
}

// misbehave answers by the first part of the repository's name.
func misbehave(w http.ResponseWriter, request *http.Request) {
	repository, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/")
	w.Header().Set("Warning", wordsOfRegistry)
	switch repository {
	case "": // it is a registry.
	case "slow":
		linger(request, 8*time.Second)
		http.Error(w, wordsOfRegistry, http.StatusNotFound)
	case "late":
		linger(request, time.Minute)
	case "failing":
		http.Error(w, wordsOfRegistry, http.StatusInternalServerError)
	case "pausing":
		w.Header().Set("Retry-After", "86400")
		http.Error(w, wordsOfRegistry, http.StatusTooManyRequests)
	case "endless":
		for request.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	case "dripping":
		for request.Context().Err() == nil {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			linger(request, 500*time.Millisecond)
		}
	case "elsewhere":
		http.Redirect(w, request, "http://169.254.169.254/latest/"+wordsOfRegistry, http.StatusTemporaryRedirect)
	case "many":
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		fmt.Fprint(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[`)
		for i := range 20_000 {
			fmt.Fprintf(w, `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%064x","size":7,"platform":{"os":"linux","architecture":"a%d"}},`, i, i)
		}
		fmt.Fprint(w, `{}]}`)
	default:
		http.Error(w, wordsOfRegistry, http.StatusForbidden)
	}
}

// sendElsewhere has clients ask for a token where they must not, or where nobody answers.
func sendElsewhere(w http.ResponseWriter, request *http.Request) {
	realms := []string{"http://169.254.169.254/token", "http://127.0.0.1:9/token", "http://" + request.Host + "/token", wordsOfRegistry}
	if request.URL.Path == "/token" {
		linger(request, 5*time.Second)
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service=%q`, realms[rand.IntN(len(realms))], wordsOfRegistry)) //nolint:gosec // no secret.
	http.Error(w, wordsOfRegistry, http.StatusUnauthorized)
}

// hang never answers.
func hang(_ http.ResponseWriter, request *http.Request) { linger(request, time.Hour) }

func linger(request *http.Request, atMost time.Duration) {
	select {
	case <-request.Context().Done():
	case <-time.After(atMost):
	}
}

// image is one at a registry that does harm, or at none.
func (h *hostile) image(random *rand.Rand) string {
	n := random.IntN(10_000)
	behaviours := []string{"slow", "late", "failing", "pausing", "endless", "dripping", "elsewhere", "many", "forbidden"}
	switch random.IntN(8) {
	case 0:
		return fmt.Sprintf("%s/any/shop:%d", h.registries[1], n)
	case 1, 2:
		return fmt.Sprintf("%s/any/shop-%d:1", h.registries[2], n)
	case 3:
		return []string{"169.254.169.254/latest", "10.255.255.1/a", "127.0.0.1:9/a", "no-such-registry.invalid/a", "localhost:1/a"}[random.IntN(5)] + fmt.Sprintf(":%d", n)
	default:
		return fmt.Sprintf("%s/%s/shop-%d:1", h.registries[0], behaviours[random.IntN(len(behaviours))], n)
	}
}
