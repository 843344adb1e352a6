// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inspectImage asks a registry without a Resolver.
func inspectImage(t *testing.T, o Options, image string, logins ...login) (Facts, *Error) {
	t.Helper()
	c, err := newClient(o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	ref, invalid := parseReference(image)
	if invalid != nil {
		t.Fatal(invalid)
	}
	return c.inspect(t.Context(), ref, logins)
}

func TestInspect(t *testing.T) {
	r := newRegistry(t)
	index := r.push(t, "shop:1.4", "linux/amd64", "linux/arm64", "windows/amd64")
	single := r.push(t, "single:1", "linux/s390x")
	port, user := new(int32(8080)), new(int64(101))
	tests := map[string]struct {
		image string
		want  Facts
	}{
		"index by tag": {
			image: r.host + "/shop:1.4",
			want:  Facts{Reference: r.host + "/shop:1.4", Digest: index, Platforms: linuxPlatforms("amd64", "arm64"), Port: port, User: user},
		},
		"index by digest": {
			image: r.host + "/shop@" + index,
			want:  Facts{Reference: r.host + "/shop@" + index, Digest: index, Platforms: linuxPlatforms("amd64", "arm64"), Port: port, User: user},
		},
		"the digest wins over the tag": {
			image: r.host + "/shop:nonesuch@" + index,
			want:  Facts{Reference: r.host + "/shop@" + index, Digest: index, Platforms: linuxPlatforms("amd64", "arm64"), Port: port, User: user},
		},
		"single image": {
			image: r.host + "/single:1",
			want:  Facts{Reference: r.host + "/single:1", Digest: single, Platforms: linuxPlatforms("s390x"), Port: port, User: user},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := inspectImage(t, r.options(), tc.image)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestInspectAuthentication(t *testing.T) {
	r := newRegistry(t)
	r.push(t, "shop:1", "linux/amd64")
	realm := r.server.URL + "/token"
	right, wrong := login{"user", "s3cret"}, login{"user", "wr0ng"}
	tests := map[string]struct {
		front    func(http.Handler) http.Handler
		logins   []login
		reason   Reason
		requests int
	}{
		"anonymous":                       {requests: 3},
		"login where none is needed":      {logins: []login{right}, requests: 3},
		"anonymous token":                 {front: tokenAuth(realm, "", ""), requests: 4},
		"token":                           {front: tokenAuth(realm, "user", "s3cret"), logins: []login{right}, requests: 4},
		"token, the second login":         {front: tokenAuth(realm, "user", "s3cret"), logins: []login{wrong, right}, requests: 6},
		"token, wrong login":              {front: tokenAuth(realm, "user", "s3cret"), logins: []login{wrong}, reason: ReasonRegistryUnauthorized, requests: 2},
		"token, no login":                 {front: tokenAuth(realm, "user", "s3cret"), reason: ReasonRegistryUnauthorized, requests: 2},
		"basic":                           {front: basicAuth("user", "s3cret"), logins: []login{right}, requests: 3},
		"basic, the second login":         {front: basicAuth("user", "s3cret"), logins: []login{wrong, right}, requests: 5},
		"basic, wrong login":              {front: basicAuth("user", "s3cret"), logins: []login{wrong}, reason: ReasonRegistryUnauthorized, requests: 2},
		"basic, no login":                 {front: basicAuth("user", "s3cret"), reason: ReasonRegistryUnauthorized, requests: 2},
		"the token service is down":       {front: before("/token", status(http.StatusBadGateway), tokenAuth(realm, "", "")), reason: ReasonRegistryUnreachable, requests: 2},
		"the token service talks HTML":    {front: before("/token", html, tokenAuth(realm, "", "")), reason: ReasonRegistryUnauthorized, requests: 2},
		"the token service hands out air": {front: before("/token", body(`{"refresh_token":"hunter2"}`), tokenAuth(realm, "", "")), reason: ReasonRegistryUnauthorized, requests: 2},
		"a token that does not suffice": {
			front:    before("/manifests/", challenge(realm), tokenAuth(realm, "", "")),
			reason:   ReasonRegistryUnauthorized,
			requests: 5,
		},
		"a better token is refused": {
			front:    before("/manifests/", challenge(realm), onlyFirst("/token", tokenAuth(realm, "", ""))),
			reason:   ReasonRegistryUnauthorized,
			requests: 4,
		},
		"no realm":                      {front: answering("/v2/", status(http.StatusUnauthorized, "WWW-Authenticate", "Bearer service=x")), reason: ReasonRegistryUnauthorized, requests: 1},
		"realm at the metadata service": {front: tokenAuth("http://169.254.169.254/token", "", ""), logins: []login{right}, reason: ReasonRegistryUnauthorized, requests: 1},
		"realm of its name":             {front: tokenAuth("http://metadata.google.internal/token", "", ""), logins: []login{right}, reason: ReasonRegistryUnreachable, requests: 1},
		"realm that redirects there": {
			front:    before("/token", redirect("http://metadata.google.internal/"), tokenAuth(realm, "", "")),
			logins:   []login{right},
			reason:   ReasonRegistryUnreachable,
			requests: 2,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			proxy.to("")
			r.behind(tc.front)
			_, err := inspectImage(t, r.options(), r.host+"/shop:1", tc.logins...)
			checkReason(t, err, tc.reason)
			if asked := r.asked(); len(asked) != tc.requests {
				t.Errorf("%d requests, want %d:\n%s", len(asked), tc.requests, strings.Join(asked, "\n"))
			}
			if through := proxy.to(""); len(through) > 0 {
				t.Errorf("requests through the proxy: %v", through)
			}
		})
	}
}

func before(part string, answer http.HandlerFunc, front func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return answering(part, answer)(front(next)) }
}

func challenge(realm string) http.HandlerFunc {
	return status(http.StatusUnauthorized, "WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="test",scope="repository:other:pull"`, realm))
}

// onlyFirst refuses all requests but the first to a path.
func onlyFirst(path string, front func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	var seen atomic.Bool
	return func(next http.Handler) http.Handler {
		inner := front(next)
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == path && seen.Swap(true) {
				status(http.StatusUnauthorized)(w, req)
				return
			}
			inner.ServeHTTP(w, req)
		})
	}
}

func html(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hunter2</html>") }

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// checkReason checks that an error says what it should and nothing else.
func checkReason(t *testing.T, err *Error, want Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Fatalf("error %s: %v", err.Reason, err)
		}
		return
	}
	if err == nil || err.Reason != want {
		t.Fatalf("error %v, want reason %s", err, want)
	}
	t.Logf("%s: %v", err.Reason, err)
	shown := fmt.Sprintf("%v %+v %#v", err, err, *err)
	for _, secret := range []string{"s3cret", "wr0ng", "hunter2", "DENIED", "token for"} {
		if strings.Contains(shown, secret) {
			t.Errorf("error %q holds %q", shown, secret)
		}
	}
}

func TestInspectFaults(t *testing.T) {
	r := newRegistry(t)
	r.push(t, "shop:1", "linux/amd64")
	tests := map[string]struct {
		front      func(http.Handler) http.Handler
		image      string
		reason     Reason
		message    string
		retryAfter time.Duration
	}{
		"no such tag":            {image: "/shop:2", reason: ReasonImageNotFound, message: "does not hold the image"},
		"no such repository":     {image: "/nonesuch:1", reason: ReasonImageNotFound},
		"404":                    {front: answering("/manifests/", status(404)), reason: ReasonImageNotFound},
		"401":                    {front: answering("/manifests/", status(401)), reason: ReasonRegistryUnauthorized, message: "refuses access"},
		"403":                    {front: answering("/manifests/", status(403)), reason: ReasonRegistryUnauthorized},
		"403 at once":            {front: answering("/v2/", status(403)), reason: ReasonRegistryUnauthorized},
		"429":                    {front: answering("/manifests/", status(429)), reason: ReasonRegistryUnreachable, message: "429 Too Many Requests"},
		"429 at once":            {front: answering("/v2/", status(429, "Retry-After", "30")), reason: ReasonRegistryUnreachable, retryAfter: 30 * time.Second},
		"429, in seconds":        {front: answering("/manifests/", status(429, "Retry-After", "120")), reason: ReasonRegistryUnreachable, retryAfter: 2 * time.Minute},
		"429, until a date":      {front: answering("/manifests/", status(429, "Date", "Mon, 02 Jan 2006 15:04:05 GMT", "Retry-After", "Mon, 02 Jan 2006 15:05:05 GMT")), reason: ReasonRegistryUnreachable, retryAfter: time.Minute},
		"429, for years":         {front: answering("/manifests/", status(429, "Retry-After", "2000000000")), reason: ReasonRegistryUnreachable, retryAfter: time.Hour},
		"429, nonsense":          {front: answering("/manifests/", status(429, "Retry-After", "soon")), reason: ReasonRegistryUnreachable},
		"429 for the config":     {front: answering("/blobs/", status(429, "Retry-After", "5")), reason: ReasonRegistryUnreachable, retryAfter: 5 * time.Second},
		"500":                    {front: answering("/manifests/", status(500)), reason: ReasonRegistryUnreachable, message: "500 Internal Server Error"},
		"503":                    {front: answering("/v2/", status(503, "Retry-After", "7")), reason: ReasonRegistryUnreachable, retryAfter: 7 * time.Second},
		"418":                    {front: answering("/manifests/", status(418)), reason: ReasonRegistryUnreachable},
		"not a registry":         {front: answering("/v2/", status(404)), reason: ReasonRegistryUnreachable, message: "as a container registry"},
		"config is missing":      {front: answering("/blobs/", status(404)), reason: ReasonInvalidImage, message: "lacks"},
		"a log-in page":          {front: answering("/manifests/", html), reason: ReasonInvalidImage, message: "malformed"},
		"malformed":              {front: answering("/manifests/", body(`{"config":`)), reason: ReasonInvalidImage, message: "malformed"},
		"schema 1":               {front: answering("/manifests/", body(`{"schemaVersion":1}`)), reason: ReasonInvalidImage, message: "schema 1"},
		"another config":         {front: answering("/blobs/", body(`{"os":"linux","architecture":"arm64"}`)), reason: ReasonInvalidImage, message: "digest"},
		"truncated":              {front: answering("/manifests/", truncated), reason: ReasonRegistryUnreachable, message: "does not answer"},
		"gigantic, declared":     {front: answering("/manifests/", gigantic(1<<40, true)), reason: ReasonInvalidImage, message: "too large"},
		"gigantic":               {front: answering("/manifests/", gigantic(1<<40, false)), reason: ReasonInvalidImage, message: "too large"},
		"gigantic config":        {front: answering("/blobs/", gigantic(1<<40, false)), reason: ReasonInvalidImage, message: "too large"},
		"gigantic at once":       {front: answering("/v2/", gigantic(1<<40, false)), reason: ReasonInvalidImage, message: "too large"},
		"gigantic header":        {front: answering("/manifests/", status(200, "X-Much", strings.Repeat("x", 1<<20))), reason: ReasonRegistryUnreachable},
		"slow":                   {front: answering("/manifests/", hang), reason: ReasonRegistryUnreachable, message: "does not answer"},
		"slow body":              {front: answering("/manifests/", trickle), reason: ReasonRegistryUnreachable, message: "does not answer"},
		"slow at once":           {front: answering("/v2/", trickle), reason: ReasonRegistryUnreachable, message: "does not answer"},
		"redirect to metadata":   {front: answering("/manifests/", redirect("http://169.254.169.254/latest/")), reason: ReasonRegistryUnreachable, message: "link-local"},
		"config from metadata":   {front: answering("/blobs/", redirect("http://169.254.169.254/latest/")), reason: ReasonRegistryUnreachable, message: "link-local"},
		"metadata at once":       {front: answering("/v2/", redirect("http://[fd00:ec2::254]/")), reason: ReasonRegistryUnreachable, message: "link-local"},
		"metadata in hex":        {front: answering("/blobs/", redirect("http://0xA9FEA9FE/")), reason: ReasonRegistryUnreachable, message: "link-local"},
		"redirect to itself":     {front: answering("/blobs/", func(w http.ResponseWriter, req *http.Request) { redirect(req.URL.Path)(w, req) }), reason: ReasonRegistryUnreachable, message: "redirects"},
		"redirect to a file":     {front: answering("/blobs/", redirect("file:///etc/passwd")), reason: ReasonRegistryUnreachable},
		"another protocol":       {front: answering("/v2/", notHTTP), reason: ReasonRegistryUnreachable},
		"an empty answer":        {front: answering("/manifests/", hangUp), reason: ReasonRegistryUnreachable, message: "does not answer"},
		"the same, for the ping": {front: answering("/v2/", hangUp), reason: ReasonRegistryUnreachable, message: "does not answer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r.behind(tc.front)
			o := r.options()
			if strings.HasPrefix(name, "slow") {
				o.RequestTimeout = 50 * time.Millisecond
			}
			if tc.image == "" {
				tc.image = "/shop:1"
			}
			_, err := inspectImage(t, o, r.host+tc.image)
			checkReason(t, err, tc.reason)
			if !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error %q should contain %q", err, tc.message)
			}
			if err.RetryAfter != tc.retryAfter {
				t.Errorf("retry after %v, want %v", err.RetryAfter, tc.retryAfter)
			}
		})
	}
}

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"config":`)
}

// gigantic sends zeros until it is cut off.
func gigantic(size int64, declared bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if declared {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		chunk := make([]byte, 64<<10)
		for sent := int64(0); sent < size; sent += int64(len(chunk)) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func hang(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }

func trickle(w http.ResponseWriter, req *http.Request) {
	_, _ = io.WriteString(w, "{")
	w.(http.Flusher).Flush()
	<-req.Context().Done()
}

func notHTTP(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
		conn.Close()
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

func TestInspectFollowsRedirects(t *testing.T) {
	storage := newRegistry(t)
	storage.push(t, "shop:1", "linux/amd64")
	r := newRegistry(t)
	r.push(t, "shop:1", "linux/amd64")
	var authorization string
	storage.behind(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			authorization += req.Header.Get("Authorization")
			next.ServeHTTP(w, req)
		})
	})
	r.behind(func(next http.Handler) http.Handler {
		return basicAuth("user", "s3cret")(answering("/blobs/", func(w http.ResponseWriter, req *http.Request) {
			redirect(storage.server.URL+req.URL.Path)(w, req)
		})(next))
	})
	facts, err := inspectImage(t, r.options(), r.host+"/shop:1", login{"user", "s3cret"})
	checkReason(t, err, "")
	checkFacts(t, facts)
	if authorization != "" {
		t.Error("the credentials went to where the registry redirected")
	}
}

func TestInspectUserAgent(t *testing.T) {
	r := newRegistry(t)
	r.push(t, "shop:1", "linux/amd64")
	r.mu.Lock()
	r.agents = map[string]bool{}
	r.mu.Unlock()
	r.behind(tokenAuth(r.server.URL+"/token", "", ""))
	o := r.options()
	o.UserAgent = "test/1"
	_, err := inspectImage(t, o, r.host+"/shop:1")
	checkReason(t, err, "")
	if diff := cmp.Diff(map[string]bool{"test/1": true}, r.agents); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProbe(t *testing.T) {
	r := newRegistry(t)
	c, err := newClient(r.options().withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := parseReference(r.host + "/shop:1")
	r.behind(answering("/v2/", status(http.StatusServiceUnavailable)))
	checkReason(t, c.probe(t.Context(), ref), ReasonRegistryUnreachable)
	r.behind(basicAuth("user", "s3cret"))
	checkReason(t, c.probe(t.Context(), ref), "")
	if asked := r.asked(); len(asked) != 1 {
		t.Errorf("requests %v", asked)
	}
}
