// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const patience = 2 * time.Minute

// prometheus is a real one that scrapes the operator each second. The alerts fire after a second, for whatever time they are meant to wait.
type prometheus struct{ address string }

// shortly makes seconds of the minutes that alerts look back.
var shortly = strings.NewReplacer("[5m]", "[5s]", "[15m:1m]", "[15s:1s]")

func startPrometheus(t *testing.T, plane *cluster.Cluster, target string) prometheus {
	t.Helper()
	folder, p := t.TempDir(), prometheus{freeAddress(t)}
	readRules(t).write(t, folder, func(a *alert) { a.For, a.Expr = "1s", shortly.Replace(a.Expr) })
	config := filepath.Join(folder, "prometheus.yaml")
	text := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
- job_name: elasticweb
  honor_labels: true
  static_configs: [{targets: [%q]}]
`, target)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(root, "bin/prometheus"), "--config.file="+config, //nolint:gosec // built by make.
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+p.address)
	program, err := plane.StartProgram("prometheus", command)
	if err != nil {
		t.Fatalf("%v: build it first: make bin/prometheus", err)
	}
	t.Cleanup(func() {
		program.Stop()
		if t.Failed() {
			t.Logf("the end of Prometheus' log:\n%s", program.LogTail())
		}
	})
	return p
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
func (p prometheus) get(path string, data any) error {
	response, err := http.Get("http://" + p.address + "/api/v1/" + path)
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
func (p prometheus) series(query string) (int, error) {
	data := struct {
		ResultType string
		Result     []json.RawMessage
	}{}
	err := p.get("query?query="+url.QueryEscape(query), &data)
	return len(data.Result), err
}

// firing are the alerts that fire, with their annotations.
func (p prometheus) firing() (map[string]map[string]string, error) {
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
func (p prometheus) expectFiring(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	eventually(t, "the alerts "+strings.Join(want, ", "), func() error {
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
	})
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
