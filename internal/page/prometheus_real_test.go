// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/traffic"
	promtest "github.com/elasticweb/elasticweb-operator/test/prometheus"
)

// The past is that of the one that is asked about, as a real Prometheus has it, by whichever label has the namespace.
func TestThePastOfAPrometheus(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Prometheus")
	}
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `elasticweb_real_qps{namespace="dev",name="shop"} 2400`)
		fmt.Fprintln(w, `elasticweb_total_qps{exported_namespace="dev",namespace="system",name="shop"} 2000`)
		fmt.Fprintln(w, `elasticweb_real_qps{namespace="dev",name="other"} 7`)
		fmt.Fprintln(w, `elasticweb_real_qps{namespace="prod",name="shop"} 8`)
	}))
	t.Cleanup(target.Close)
	server, err := promtest.Start(t.Context(), promtest.Options{Dir: t.TempDir(), Interval: 100 * time.Millisecond, Targets: []string{strings.TrimPrefix(target.URL, "http://")},
		Scrape: map[string]any{"honor_labels": true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	archive, err := traffic.NewArchive(traffic.PrometheusServer{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	past := Prometheus{archive}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		now := time.Now()
		samples, err := past.Samples(t.Context(), types.NamespacedName{Namespace: "dev", Name: "shop"}, now.Add(-pastShown), now)
		if err != nil {
			t.Fatal(err)
		}
		if len(samples) > 0 {
			last := samples[len(samples)-1]
			if last.Serving == nil || last.Demand == nil || *last.Serving != 2400 || *last.Demand != 2000 || last.Expected != nil {
				t.Errorf("the last sample is %+v", last)
			}
			return
		}
		if now.After(deadline) {
			t.Fatal("there is no past")
		}
	}
}
