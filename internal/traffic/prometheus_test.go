// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/cert"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

const secret = "sesame-open-0123"

// asPrometheus is a source whose server answers so.
func asPrometheus(t *testing.T, answer http.HandlerFunc) *prometheus {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL, TokenFile: file(t, secret)}}).(*prometheus)
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func success(result string) string { return `{"status":"success","data":` + result + `}` }

// warned is an answer with warnings.
func warned(result string, warnings ...string) http.HandlerFunc {
	all, _ := json.Marshal(warnings)
	return say(200, `{"status":"success","warnings":`+string(all)+`,"data":`+result+`}`)
}

const one = `{"resultType":"vector","result":[{"metric":{},"value":[1750000000,"42.5"]}]}`

// say answers with a code and a text.
func say(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprint(w, text)
	}
}

// TestWhatAServerMaySay is about what Prometheus itself says seldom, or never.
func TestWhatAServerMaySay(t *testing.T) {
	vector := func(value string) http.HandlerFunc {
		return say(200, success(`{"resultType":"vector","result":[{"metric":{},"value":[1750000000,"`+value+`"]}]}`))
	}
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   demand.Reason
		words  string
	}{
		"a number":           {say(200, success(one)), "", ""},
		"a scalar":           {say(200, success(`{"resultType":"scalar","result":[1750000000,"42.5"]}`)), "", ""},
		"nothing":            {say(200, success(`{"resultType":"vector","result":[]}`)), demand.MetricMissing, "no result"},
		"a part":             {warned(one, "store 10.0.0.7 is down"), demand.SourceUnreachable, "10.0.0.7"},
		"nothing of a part":  {warned(`{"resultType":"vector","result":[]}`, "store 10.0.0.7 is down"), demand.SourceUnreachable, "up"},
		"several of a part":  {warned(`{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[1,"1"]},{"metric":{"pod":"b"},"value":[1,"1"]}]}`, "truncated"), demand.MetricInvalid, "sum()"},
		"a secret warning":   {warned(one, "PromQL warning: x", "remote read with "+secret), demand.SourceUnreachable, "remote read"},
		"advice":             {warned(one, "PromQL info: metric might not be a counter", "PromQL warning: mixed"), "", ""},
		"NaN":                {vector("NaN"), demand.MetricInvalid, "NaN"},
		"infinite":           {vector("+Inf"), demand.MetricInvalid, "infinite"},
		"minus infinite":     {vector("-Inf"), demand.MetricInvalid, "infinite"},
		"negative":           {vector("-0.5"), demand.MetricInvalid, "negative"},
		"far too much":       {vector("2147483648"), demand.MetricInvalid, "2147483647"},
		"no number":          {vector("many"), demand.MetricInvalid, "number"},
		"several series":     {say(200, success(`{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[1,"1"]},{"metric":{"pod":"b"},"value":[1,"1"]}]}`)), demand.MetricInvalid, "sum()"},
		"a matrix":           {say(200, success(`{"resultType":"matrix","result":[]}`)), demand.MetricInvalid, "rate()"},
		"a string":           {say(200, success(`{"resultType":"string","result":[1,"text"]}`)), demand.MetricInvalid, "string"},
		"an unknown type":    {say(200, success(`{"resultType":"table","result":[]}`)), demand.MetricInvalid, "table"},
		"no result":          {say(200, success(`{}`)), demand.MetricInvalid, "number"},
		"null":               {say(200, `null`), demand.MetricInvalid, "number"},
		"a page":             {say(200, `<html>login</html>`), demand.SourceUnreachable, "--prometheus-url"},
		"nothing at all":     {say(200, ``), demand.SourceUnreachable, "--prometheus-url"},
		"another address":    {say(404, `page not found`), demand.SourceUnreachable, "--prometheus-url"},
		"an error":           {say(500, `oops`), demand.SourceUnreachable, "500"},
		"too many requests":  {say(429, `wait`), demand.SourceUnreachable, "429"},
		"not ready":          {say(503, `Service Unavailable`), demand.SourceUnreachable, "503"},
		"a refused query":    {say(400, `{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected end"}`), demand.MetricInvalid, "parse error"},
		"a query that fails": {say(422, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`), demand.MetricInvalid, "many-to-many"},
		"a time-out":         {say(422, `{"status":"error","errorType":"timeout","error":"query timed out"}`), demand.SourceUnreachable, "recording rule"},
		"unknown":            {say(401, `who is it?`), demand.SourceUnauthorized, "--prometheus-token-file"},
		"no GET":             {say(405, `GET?`), demand.SourceUnreachable, "405"},
		"not implemented":    {say(501, `what?`), demand.SourceUnreachable, "--prometheus-url"},
		"forbidden":          {say(403, `no`), demand.SourceUnauthorized, "right"},
		"it tells the token": {say(400, `{"status":"error","errorType":"bad_data","error":"Authorization: Bearer `+secret+`"}`), demand.MetricInvalid, "Authorization"},
		"an endless answer":  {endless, demand.MetricInvalid, "sum()"},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				t.Errorf("asked for compression: %v", r.Header)
			}
			say(200, success(one))(w, r)
		}, "", ""},
		"less than it says": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprint(w, success(one))
		}, demand.SourceUnreachable, "EOF"},
		"an end in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(connection, "HTTP/1.1 200 OK\r\nContent-Le")
			connection.Close()
		}, demand.SourceUnreachable, "reached"},
		"it tells the token on the way": {func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(connection, "HTTP/1.1 %s\r\n\r\n", secret)
			connection.Close()
		}, demand.SourceUnreachable, "malformed"},
		"a redirect to the token": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+secret+".example.com/", http.StatusFound)
		}, demand.SourceUnreachable, "redirects"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/?from="+secret, http.StatusFound)
		}, demand.SourceUnreachable, "https://login.example.com,"},
		"a redirect to nowhere": {say(302, ``), demand.SourceUnreachable, "redirects"},
		"a long complaint":      {say(400, `{"status":"error","errorType":"bad_data","error":"`+strings.Repeat("no ", 5000)+`"}`), demand.MetricInvalid, "left out"},
	} {
		t.Run(name, func(t *testing.T) {
			p := asPrometheus(t, tc.answer)
			at := time.Now()
			sample, failed := p.now(t.Context(), promQL("dev", "shop").question(), at)
			if tc.want == "" {
				if failed != nil || sample.QPS != 42.5 || !sample.At.Equal(at) {
					t.Errorf("%+v, %v", sample, failed)
				}
				return
			}
			expect(t, failed, tc.want, tc.words)
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[`)
	for range 10000 {
		if _, err := w.Write(bytes.Repeat([]byte(" "), 1000)); err != nil {
			return
		}
	}
}

// expect holds a trouble against what is wanted, and against what no message may have.
func expect(t *testing.T, failed *trouble, want demand.Reason, words string) {
	t.Helper()
	if failed == nil || failed.reason != want || !strings.Contains(failed.message, words) {
		t.Fatalf("%+v, want %s with %q", failed, want, words)
	}
	if strings.Contains(failed.message, secret) || strings.Contains(failed.message, "127.0.0.1") {
		t.Errorf("it tells too much: %s", failed.message)
	}
	if len(failed.message) > quote.LongestMessage || strings.HasSuffix(failed.message, ".") {
		t.Errorf("%d bytes: %s", len(failed.message), failed.message)
	}
}

// TestServerThatIsNotThere, that never answers, or that nobody trusts.
func TestServerThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	secure := httptest.NewTLSServer(say(200, success(one)))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	for name, tc := range map[string]struct {
		server PrometheusServer
		want   demand.Reason
		words  string
	}{
		"gone":             {PrometheusServer{URL: gone.URL}, demand.SourceUnreachable, "refused"},
		"no such name":     {PrometheusServer{URL: "http://prometheus.invalid"}, demand.SourceUnreachable, "--prometheus-url"},
		"silent":           {PrometheusServer{URL: "http://" + listener.Addr().String()}, demand.SourceUnreachable, "too long"},
		"not trusted":      {PrometheusServer{URL: secure.URL}, demand.SourceUnreachable, "--prometheus-ca-file"},
		"no authorities":   {PrometheusServer{URL: secure.URL, CAFile: "/nowhere"}, demand.SourceUnreachable, "--prometheus-ca-file"},
		"bad authorities":  {PrometheusServer{URL: secure.URL, CAFile: file(t, "none")}, demand.SourceUnreachable, "--prometheus-ca-file"},
		"large file":       {PrometheusServer{URL: secure.URL, CAFile: file(t, strings.Repeat("x", longestFile+1))}, demand.SourceUnreachable, "longer"},
		"no token":         {PrometheusServer{URL: gone.URL, TokenFile: "/nowhere"}, demand.SourceUnauthorized, "--prometheus-token-file"},
		"no TLS in it":     {PrometheusServer{URL: strings.Replace(gone.URL, "http:", "https:", 1)}, demand.SourceUnreachable, "reached"},
		"TLS where is not": {PrometheusServer{URL: strings.Replace(secure.URL, "https:", "http:", 1)}, demand.SourceUnreachable, "--prometheus-url"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, failed := newPrometheus(Options{Period: period, Prometheus: &tc.server}).now(ctx, promQL("dev", "shop").question(), time.Now())
			expect(t, failed, tc.want, tc.words)
		})
	}
}

// TestAServerThatVanishes leaves its connections open, as a node that died does. They are not used for longer than it takes to know.
func TestAServerThatVanishes(t *testing.T) {
	server := httptest.NewUnstartedServer(say(200, success(one)))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	address, vanish := vanishing(t, server.Listener.Addr().String())
	p := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: "https://" + address, CAFile: file(t, string(authority))}}).(*prometheus)
	ask := func() *trouble {
		ctx, cancel := context.WithTimeout(t.Context(), pingAfter/5)
		defer cancel()
		_, failed := p.now(ctx, promQL("dev", "shop").question(), time.Now())
		return failed
	}
	if failed := ask(); failed != nil {
		t.Fatal(failed)
	}
	vanish()
	expect(t, ask(), demand.SourceUnreachable, "too long")
	for since := time.Now(); ask() != nil; {
		if time.Since(since) > 6*pingAfter {
			t.Fatal("the dead connection is used on")
		}
	}
}

// vanishing leads to an address, over connections that can be made to lead nowhere, as new ones do not.
func vanishing(t *testing.T, to string) (address string, vanish func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mu sync.Mutex
	var open []*atomic.Bool
	pass := func(to, from net.Conn, hasVanished *atomic.Bool) {
		defer to.Close()
		for buffer := make([]byte, 4096); ; {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			if !hasVanished.Load() {
				_, _ = to.Write(buffer[:n])
			}
		}
	}
	go func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", to)
			if err != nil {
				front.Close()
				continue
			}
			hasVanished := &atomic.Bool{}
			mu.Lock()
			open = append(open, hasVanished)
			mu.Unlock()
			go pass(back, front, hasVanished)
			go pass(front, back, hasVanished)
		}
	}()
	return listener.Addr().String(), func() {
		mu.Lock()
		defer mu.Unlock()
		for _, hasVanished := range open {
			hasVanished.Store(true)
		}
	}
}

// TestFilesAreReadAnew when they change, with the next request.
func TestFilesAreReadAnew(t *testing.T) {
	authority, key := selfSigned(t)
	other, _ := selfSigned(t)
	var tokens []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		say(200, success(one))(w, r)
	}))
	pair, err := tls.X509KeyPair(authority, key)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile, tokenFile := file(t, string(other)), file(t, "first\n")
	p := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL, CAFile: caFile, TokenFile: tokenFile}})
	ask := func() *trouble {
		_, failed := p.now(t.Context(), promQL("dev", "shop").question(), time.Now())
		return failed
	}
	expect(t, ask(), demand.SourceUnreachable, "--prometheus-ca-file")
	replace(t, caFile, authority)
	if failed := ask(); failed != nil {
		t.Fatal(failed)
	}
	replace(t, tokenFile, []byte("second"))
	if failed := ask(); failed != nil {
		t.Fatal(failed)
	}
	replace(t, caFile, other)
	expect(t, ask(), demand.SourceUnreachable, "--prometheus-ca-file")
	if diff := cmp.Diff([]string{"Bearer first", "Bearer second"}, tokens); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// replace puts another file in the place of one, as the kubelet does.
func replace(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(name+".new", content, 0o600), os.Rename(name+".new", name)); err != nil {
		t.Fatal(err)
	}
}

func selfSigned(t *testing.T) (certificate, key []byte) {
	t.Helper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("prometheus.test", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(certificate); block == nil {
		t.Fatal("no certificate")
	}
	return certificate, key
}

// TestTheTenantIsOurs: whatever a query holds, one parameter names the tenant, and the rest stays one query.
func TestTheTenantIsOurs(t *testing.T) {
	for _, query := range []string{"shop", "shop&namespace=kube-system", `shop#&namespace=kube-system`, "shop%26namespace=kube-system", "a\nb\r\nnamespace: x"} {
		t.Run(query, func(t *testing.T) {
			var asked []*http.Request
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r)
				say(200, success(one))(w, r)
			}))
			defer server.Close()
			p := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL + "/prefix/", TenantParameter: "namespace"}})
			q := promQL("dev", query).question()
			if _, failed := p.now(t.Context(), q, time.Now()); failed != nil {
				t.Fatal(failed)
			}
			if _, failed := p.between(t.Context(), q, time.Now().Add(-window), time.Now(), period); failed != nil {
				t.Fatal(failed)
			}
			for i, path := range []string{"/prefix/api/v1/query", "/prefix/api/v1/query_range"} {
				parameters := asked[i].URL.Query()
				if diff := cmp.Diff([]string{"dev"}, parameters["namespace"]); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				for name, want := range wholeAnswers {
					if diff := cmp.Diff([]string{want}, parameters[name]); diff != "" {
						t.Errorf("%s (-want +got)\n%s", name, diff)
					}
				}
				if asked[i].Method != http.MethodGet || asked[i].URL.Path != path || parameters.Get("query") != query {
					t.Errorf("%s %s with the query %q", asked[i].Method, asked[i].URL.Path, parameters.Get("query"))
				}
			}
		})
	}
}

// TestRedirectsTakeNoTokenAlong: the other host sees nothing of it.
func TestRedirectsTakeNoTokenAlong(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was asked", r.Method, r.URL) }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		p := asPrometheus(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, code) })
		if _, failed := p.now(t.Context(), promQL("dev", "shop").question(), time.Now()); failed == nil {
			t.Errorf("%d is no failure", code)
		}
	}
}

func TestRangeOfNumbers(t *testing.T) {
	for name, tc := range map[string]struct {
		result string
		want   int
	}{
		"one series":     {`{"resultType":"matrix","result":[{"metric":{},"values":[[1750000000,"1"],[1750000015,"NaN"],[1750000030,"3"]]}]}`, 3},
		"none":           {`{"resultType":"matrix","result":[]}`, 0},
		"several series": {`{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1750000000,"1"]]},{"metric":{},"values":[[1750000000,"1"]]}]}`, 0},
		"a histogram":    {`{"resultType":"matrix","result":[{"metric":{},"histograms":[[1750000000,{"count":"1","sum":"1","buckets":[]}]]}]}`, 0},
		"no range":       {one, 0},
	} {
		t.Run(name, func(t *testing.T) {
			samples, failed := asPrometheus(t, say(200, success(tc.result))).between(t.Context(), promQL("dev", "shop").question(), time.Now(), time.Now(), period)
			if failed != nil || len(samples) != tc.want {
				t.Fatalf("%v, %v", samples, failed)
			}
			if tc.want > 0 && (samples[0].QPS != 1 || samples[1].Trouble != demand.MetricInvalid || samples[2].At.Unix() != 1750000030) {
				t.Errorf("%v", samples)
			}
		})
	}
}

// TestRangeOfAPart is none.
func TestRangeOfAPart(t *testing.T) {
	answer := warned(`{"resultType":"matrix","result":[{"metric":{},"values":[[1750000000,"1"]]}]}`, "store 10.0.0.7 is down")
	samples, failed := asPrometheus(t, answer).between(t.Context(), promQL("dev", "shop").question(), time.Now(), time.Now(), period)
	if expect(t, failed, demand.SourceUnreachable, "10.0.0.7"); samples != nil {
		t.Errorf("%v", samples)
	}
}

func TestWithoutAServer(t *testing.T) {
	_, failed := newPrometheus(Options{}).now(t.Context(), question{}, time.Now())
	expect(t, failed, demand.SourceNotConfigured, "--prometheus-url")
}

func TestAddressOfTheServer(t *testing.T) {
	for address, isRight := range map[string]bool{
		"https://prometheus.monitoring.svc:9090": true, "http://[::1]:9090/prefix": true, "": false, "prometheus:9090": false, "ftp://x": false,
		"https://": false, "https://user:password@x": false, "https://x?tenant=a": false, "https://x#a": false, "http://x:y": false,
	} {
		err := PrometheusServer{URL: address}.Check()
		if (err == nil) != isRight || err != nil && strings.Contains(err.Error(), "password@") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for parameter, isRight := range map[string]bool{"": true, "namespace": true, "x-scope": true, "query": false, "time": false, "a=b": false, "a&b": false} {
		if err := (PrometheusServer{URL: "https://x", TenantParameter: parameter}).Check(); (err == nil) != isRight {
			t.Errorf("%s: %v", parameter, err)
		}
	}
}

// FuzzAnswer: whatever a server says, it is a number that may be a rate, or a trouble.
func FuzzAnswer(f *testing.F) {
	f.Add(200, success(one))
	f.Add(422, `{"status":"error","errorType":"execution","error":"x"}`)
	f.Add(200, success(`{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]]}]}`))
	var code int
	var text string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(code, text)(w, r) }))
	f.Cleanup(server.Close)
	p := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL}})
	f.Fuzz(func(t *testing.T, c int, said string) {
		code, text = 200+(c%400+400)%400, said
		sample, failed := p.now(t.Context(), question{promQL: "shop"}, time.Now())
		if failed == nil && !(sample.QPS >= 0 && sample.QPS <= 1<<31) || failed != nil && (failed.message == "" || len(failed.message) > quote.LongestMessage) {
			t.Errorf("%+v, %+v", sample, failed)
		}
		if _, failed := p.between(t.Context(), question{promQL: "shop"}, time.Now(), time.Now(), period); failed != nil && failed.message == "" {
			t.Errorf("%+v", failed)
		}
	})
}
