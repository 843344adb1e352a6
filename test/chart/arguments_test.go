// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"
)

// generatorMargin is what the load generator may take beside its flags: see cmd/loadtest and internal/loadtest/attack.
const (
	generatorMargin = 30 * time.Second
	leastRequest    = 10 * time.Second
)

func TestTheJobOutlivesItsLoadGenerator(t *testing.T) {
	for _, spans := range [][3]string{
		{"10m", "5m", "500ms"}, {"10s", "10s", "1ms"}, {"24h", "1h", "1m"}, {"1h1m1s", "1m30s", "1.5s"}, {"0.5h", "90000ms", "59.9s"},
		{"1m1m", "0.25h", "1s500ms"}, {"10s1ms", "10.001s", "2.5ms"},
	} {
		t.Run(strings.Join(spans[:], " "), func(t *testing.T) {
			job := rendered(t, "shop", values(t, least, fmt.Sprintf("{startTimeout: %s, duration: %s, latencyTarget: %s}", spans[0], spans[1], spans[2])))[0]
			parsed := make([]time.Duration, len(spans))
			for i := range spans {
				var err error
				if parsed[i], err = time.ParseDuration(spans[i]); err != nil {
					t.Fatal(err)
				}
			}
			wait, err := time.ParseDuration(flagsOf(t, job.Spec.Template.Spec.Containers[0].Args)["wait"])
			if err != nil {
				t.Fatal(err)
			}
			needed := parsed[0] + wait + parsed[1] + generatorMargin + max(leastRequest, 2*parsed[2])
			needed += time.Duration(ptr.Deref(job.Spec.Template.Spec.TerminationGracePeriodSeconds, 30)) * time.Second
			deadline := time.Duration(ptr.Deref(job.Spec.ActiveDeadlineSeconds, 0)) * time.Second
			if deadline < needed || deadline > needed+30*time.Second {
				t.Errorf("the Job has %s, needed are %s", deadline, needed)
			}
		})
	}
}

func TestArgumentsOfTheLoadGenerator(t *testing.T) {
	for change, want := range map[string]map[string]string{
		"{}": {"target": "http://127.0.0.1:8080/", "architecture": "arm64", "latency-target": "500ms", "error-rate-target": "0.01",
			"duration": "5m", "max-qps": "100000", "wait": "60s", "output": "/dev/termination-log"},
		"errorRateTarget: 0%":      {"error-rate-target": "0"},
		"errorRateTarget: 0.000%":  {"error-rate-target": "0"},
		"errorRateTarget: 10%":     {"error-rate-target": "0.1"},
		"errorRateTarget: 0.001%":  {"error-rate-target": "0.00001"},
		"errorRateTarget: 05.5%":   {"error-rate-target": "0.055"},
		"errorRateTarget: 99.999%": {"error-rate-target": "0.99999"},
		"maxQPS: 10000000":         {"max-qps": "10000000"},
		"containerPort: 65535":     {"target": "http://127.0.0.1:65535/"},
		"path: /s?q=%20&x=1":       {"target": "http://127.0.0.1:8080/s?q=%20&x=1"},
		// Kubernetes makes one dollar of two.
		"path: /$(HOME)$": {"target": "http://127.0.0.1:8080/$$(HOME)$$"},
	} {
		t.Run(change, func(t *testing.T) {
			got := flagsOf(t, rendered(t, "shop", values(t, least, change))[0].Spec.Template.Spec.Containers[0].Args)
			for name, value := range want {
				if got[name] != value {
					t.Errorf("--%s=%s, want %s", name, got[name], value)
				}
			}
		})
	}
}

func flagsOf(t *testing.T, args []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !ok || !strings.HasPrefix(arg, "--") {
			t.Errorf("argument %q is no flag", arg)
		}
		all[name] = value
	}
	return all
}
