// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/prometheus"
)

const patience = 2 * time.Minute

// server is a real Prometheus that scrapes the operator each second. The alerts fire after a second, for whatever time they are meant to wait.
type server struct{ *prometheus.Server }

// shortly makes seconds of the minutes that alerts look back.
var shortly = strings.NewReplacer("[5m]", "[5s]", "[15m:1m]", "[15s:1s]")

func startPrometheus(t *testing.T, target string) server {
	t.Helper()
	running, err := prometheus.Start(context.Background(), prometheus.Options{
		Dir: t.TempDir(), Targets: []string{target}, Interval: time.Second, Scrape: map[string]any{"honor_labels": true},
		Rules: readRules(t).changed(t, func(a *alert) { a.For, a.Expr = "1s", shortly.Replace(a.Expr) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Stop)
	return server{running}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// get reads an answer of the API into data.
func (p server) get(path string, data any) error {
	response, err := http.Get(p.URL() + "/api/v1/" + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Status, Error string
		Data          json.RawMessage
	}{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return errors.New(answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

// series is how many a query gives at present.
func (p server) series(query string) (int, error) {
	data := struct {
		ResultType string
		Result     []json.RawMessage
	}{}
	err := p.get("query?query="+url.QueryEscape(query), &data)
	return len(data.Result), err
}

// firing are the alerts that fire, with their annotations.
func (p server) firing() (map[string]map[string]string, error) {
	data := struct {
		Alerts []struct {
			State               string
			Labels, Annotations map[string]string
		}
	}{}
	if err := p.get("alerts", &data); err != nil {
		return nil, err
	}
	found := map[string]map[string]string{}
	for _, alert := range data.Alerts {
		if alert.State == "firing" {
			found[alert.Labels["alertname"]] = alert.Annotations
		}
	}
	return found, nil
}

// expectFiring waits until these alerts fire, and none of the others. What they say was made without an error.
func (p server) expectFiring(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, "the alerts "+strings.Join(want, ", "), func() error { return p.isFiring(t, want...) })
}

func (p server) isFiring(t *testing.T, want ...string) error {
	t.Helper()
	slices.Sort(want)
	found, err := p.firing()
	names := []string{}
	for name, annotations := range found {
		names = append(names, name)
		for _, text := range annotations {
			if strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") || text == "" {
				t.Errorf("%s says %q", name, text)
			}
		}
	}
	if slices.Sort(names); err == nil && !slices.Equal(names, want) {
		err = fmt.Errorf("there are %v", names)
	}
	return err
}

func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Fatalf("not within %s: %s: %v", patience, what, err)
}
