// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	waypkg "github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/throttle"
	"github.com/elasticweb/elasticweb-operator/test/way"
)

type loadOptions struct {
	traefik, haproxy string
	part             float64
	divisor          int64
	duration         time.Duration
}

// patience is how long a request waits at a pod for its turn, before it is turned away.
const patience = 400 * time.Millisecond

// target is a pod that serves so many requests a second.
type target struct {
	qps     int64
	address string
}

// loaded puts each way under the same load, one after the other.
func loaded(options loadOptions) error {
	mixed := []capacity.Group{
		{Architecture: "arm64", PodQPS: 800 / options.divisor, Pods: 5}, {Architecture: "amd64", PodQPS: 400 / options.divisor, Pods: 5},
	}
	alike := []capacity.Group{{Architecture: "arm64", PodQPS: 600 / options.divisor, Pods: 10}}
	total := capacity.Weighted.Served(mixed)
	rate := int(float64(total) * options.part)
	fmt.Printf("\n%d requests per second, %.0f%% of the sum, for %s each:\n\n| way | pods | failed | p50 | p99 |\n| --- | --- | --- | --- | --- |\n",
		rate, 100*options.part, options.duration)
	slowest, _ := capacity.Join(mixed)
	for _, scene := range []struct {
		name     string
		groups   []capacity.Group
		slowest  int64
		weighted bool
		haproxy  string
	}{
		{"unmixed, Traefik", alike, 0, false, ""},
		{"plain Service, Traefik", mixed, 0, false, ""},
		{"prefix rule, Traefik", mixed, slowest, false, ""},
		{"weights of an HTTPRoute, Traefik", mixed, 0, true, ""},
		{"unmixed, HAProxy", alike, 0, false, "roundrobin"},
		{"weights of a Route, HAProxy", mixed, 0, true, "roundrobin"},
		{"least-request, HAProxy", mixed, 0, false, "leastconn"},
	} {
		if scene.haproxy == "" && options.traefik == "" {
			continue
		}
		targets, stop, err := startTargets(scene.groups, scene.slowest)
		if err != nil {
			return err
		}
		greatest := way.HTTPRouteWeight
		if scene.haproxy != "" {
			greatest = way.RouteWeight
		}
		services := servicesOf(targets, scene.groups, scene.weighted, greatest)
		metrics, err := options.attack(services, scene.haproxy, rate)
		stop()
		if err != nil {
			return fmt.Errorf("%s: %w", scene.name, err)
		}
		fmt.Printf("| %s | %s | %.2f%% | %s | %s |\n", scene.name, describe(scene.groups), 100*(1-metrics.Success),
			metrics.Latencies.P50.Round(100*time.Microsecond), metrics.Latencies.P99.Round(100*time.Microsecond))
	}
	return nil
}

func describe(groups []capacity.Group) string {
	var parts []string
	for _, group := range groups {
		parts = append(parts, fmt.Sprintf("%d × %d", group.Pods, group.PodQPS))
	}
	return strings.Join(parts, ", ")
}

func startTargets(groups []capacity.Group, slowest int64) (targets []target, stop func(), err error) {
	var servers []*http.Server
	stop = func() {
		for _, server := range servers {
			server.Close()
		}
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	for _, group := range groups {
		for range group.Pods {
			if group.PodQPS < slowest {
				continue
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				stop()
				return nil, nil, err
			}
			server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: &throttle.Bucket{
				Interval: time.Second / time.Duration(group.PodQPS), Patience: patience, Next: answer,
			}}
			servers = append(servers, server)
			go func() { _ = server.Serve(listener) }()
			targets = append(targets, target{group.PodQPS, listener.Addr().String()})
		}
	}
	return targets, stop, nil
}

func servicesOf(targets []target, groups []capacity.Group, isWeighted bool, greatest int32) []way.Service {
	if !isWeighted {
		plain := way.Service{Weight: 1}
		for _, target := range targets {
			plain.Pods = append(plain.Pods, target.address)
		}
		return []way.Service{plain}
	}
	tiers := capacity.Tiers(groups)
	var services []way.Service
	for i, weight := range waypkg.Weights(tiers, greatest) {
		service := way.Service{Weight: weight}
		for _, target := range targets {
			if target.qps >= tiers[i].QPS {
				service.Pods = append(service.Pods, target.address)
			}
		}
		services = append(services, service)
	}
	return services
}

// attack loads the Services through HAProxy with that algorithm, or else through Traefik.
func (o loadOptions) attack(services []way.Service, algorithm string, rate int) (*vegeta.Metrics, error) {
	folder, err := os.MkdirTemp("", "way")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var command *exec.Cmd
	if algorithm != "" {
		file := filepath.Join(folder, "haproxy.cfg")
		text := strings.Replace(way.RouterConfiguration(address, services), "balance roundrobin", "balance "+algorithm, 1)
		err = os.WriteFile(file, []byte(text), 0o600)
		command = exec.CommandContext(ctx, o.haproxy, "-db", "-q", "-f", file)
	} else {
		var text []byte
		if text, err = way.TraefikConfiguration(services); err == nil {
			err = os.WriteFile(filepath.Join(folder, "route.yaml"), text, 0o600) // JSON is YAML.
		}
		command = exec.CommandContext(ctx, o.traefik, "--entryPoints.web.address="+address, "--log.level=ERROR",
			"--providers.file.directory="+folder, "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false")
	}
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	defer func() {
		cancel()
		_ = command.Wait()
	}()
	if err := answers("http://" + address); err != nil {
		return nil, err
	}
	// An attacker attacks once.
	attacker := func() *vegeta.Attacker {
		return vegeta.NewAttacker(vegeta.Timeout(10*time.Second), vegeta.Connections(1000), vegeta.MaxConnections(2000))
	}
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://" + address})
	pace := vegeta.ConstantPacer{Freq: rate, Per: time.Second}
	for range attacker().Attack(targeter, pace, min(5*time.Second, o.duration), "warm up") { //nolint:revive // what it says does not count.
	}
	metrics := &vegeta.Metrics{}
	for result := range attacker().Attack(targeter, pace, o.duration, "") {
		metrics.Add(result)
	}
	metrics.Close()
	return metrics, nil
}

// answers waits for the first good answer.
func answers(url string) error {
	var last error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(url) //nolint:gosec,noctx // of this machine.
		if err != nil {
			last = err
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
		last = fmt.Errorf("status %s", response.Status)
	}
	return cmp.Or(last, context.DeadlineExceeded)
}
