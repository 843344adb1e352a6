// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// testRegistry is a real registry on loopback with a front that can do wrong.
type testRegistry struct {
	server *httptest.Server
	// host is how image references name it.
	host string

	mu       sync.Mutex
	front    func(next http.Handler) http.Handler
	requests []string
	agents   map[string]bool
}

func newRegistry(t testing.TB) *testRegistry { return startRegistry(t, httptest.NewServer) }

func newTLSRegistry(t testing.TB) *testRegistry { return startRegistry(t, httptest.NewTLSServer) }

func startRegistry(t testing.TB, start func(http.Handler) *httptest.Server) *testRegistry {
	t.Helper()
	r := &testRegistry{agents: map[string]bool{}}
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r.server = start(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, req.Method+" "+req.URL.Path)
		r.agents[req.UserAgent()] = true
		handler := store
		if r.front != nil {
			handler = r.front(store)
		}
		r.mu.Unlock()
		handler.ServeHTTP(w, req)
	}))
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.host = strings.TrimPrefix(strings.TrimPrefix(r.server.URL, "https://"), "http://")
	t.Cleanup(r.server.Close)
	return r
}

// behind puts a front before the registry, and forgets the requests so far.
func (r *testRegistry) behind(front func(next http.Handler) http.Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.front, r.requests = front, nil
}

// asked returns the requests so far, as method and path, and forgets them.
func (r *testRegistry) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.requests
	r.requests = nil
	return asked
}

func (r *testRegistry) push(t testing.TB, repository string, platforms ...string) string {
	t.Helper()
	r.behind(nil)
	ref, err := name.ParseReference(r.host + "/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	transport := remote.WithTransport(r.server.Client().Transport)
	if len(platforms) == 1 {
		err = remote.Write(ref, webImage(t, platforms[0]), transport)
	} else {
		err = remote.WriteIndex(ref, webIndex(t, platforms...), transport)
	}
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Get(ref, transport)
	if err != nil {
		t.Fatal(err)
	}
	r.asked()
	return desc.Digest.String()
}

func webImage(t testing.TB, platform string) v1.Image {
	t.Helper()
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		Config: v1.Config{User: "101", ExposedPorts: map[string]struct{}{"8080/tcp": {}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func webIndex(t testing.TB, platforms ...string) v1.ImageIndex {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, platform := range platforms {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        webImage(t, platform),
			Descriptor: v1.Descriptor{Platform: p},
		})
	}
	return index
}

// options are those for a registry over plain HTTP, with short timeouts.
func (r *testRegistry) options() Options {
	return Options{
		PlainHTTPRegistries: []string{r.host},
		RequestTimeout:      2 * time.Second,
		LookupTimeout:       4 * time.Second,
	}
}

func (r *testRegistry) caBundle() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.server.Certificate().Raw})
}

// answering is a front that answers all requests whose path contains part.
func answering(part string, answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.Contains(req.URL.Path, part) {
				answer(w, req)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"errors":[{"code":"DENIED","message":"your password is hunter2"}]}`)
	}
}

func redirect(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, target, http.StatusTemporaryRedirect)
	}
}

// basicAuth lets in who knows the password.
func basicAuth(user, password string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			u, p, _ := req.BasicAuth()
			if u != user || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				status(http.StatusUnauthorized)(w, req)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

// tokenAuth hands out a token at /token to who knows the password, to anybody
// if that is empty, and lets in who has the token.
func tokenAuth(realm, user, password string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			switch {
			case req.URL.Path == "/token":
				u, p, _ := req.BasicAuth()
				if password != "" && (u != user || p != password) {
					status(http.StatusUnauthorized)(w, req)
					return
				}
				fmt.Fprintf(w, `{"token":%q}`, "token for "+req.URL.Query().Get("scope"))
			case strings.HasPrefix(req.Header.Get("Authorization"), "Bearer token for repository:"):
				next.ServeHTTP(w, req)
			default:
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="test"`, realm))
				status(http.StatusUnauthorized)(w, req)
			}
		})
	}
}

// testProxy is a forward proxy that sends registry.test to a registry.
type testProxy struct {
	server   *httptest.Server
	mu       sync.Mutex
	target   string
	requests []string
}

func (p *testProxy) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	target := p.target
	p.requests = append(p.requests, req.Method+" "+req.Host)
	p.mu.Unlock()
	if req.Method == http.MethodConnect {
		tunnel(w, target)
		return
	}
	forwarded := req.Clone(req.Context())
	forwarded.RequestURI, forwarded.URL.Host = "", target
	resp, err := http.DefaultTransport.RoundTrip(forwarded)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func tunnel(w http.ResponseWriter, target string) {
	upstream, err := net.Dial("tcp", target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		upstream.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(upstream, client)
		upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
	client.Close()
}

// to points the proxy at a registry, and returns the requests since the last
// time.
func (p *testProxy) to(target string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := p.requests
	p.target, p.requests = target, nil
	return requests
}

var proxy testProxy

// TestMain sets the proxy of the environment, which net/http reads only once.
// It never applies to loopback addresses.
func TestMain(m *testing.M) {
	proxy.server = httptest.NewServer(&proxy)
	for _, v := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		os.Setenv(v, proxy.server.URL)
	}
	for _, v := range []string{"NO_PROXY", "no_proxy"} {
		os.Setenv(v, "direct.test")
	}
	code := m.Run()
	proxy.server.Close()
	os.Exit(code)
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }
