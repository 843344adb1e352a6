// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prometheus runs the real Prometheus on loopback, with targets of the tests. It needs bin/prometheus, which make builds.
package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"
)

// Options of a Server.
type Options struct {
	// Dir holds the configuration, the log and the data, which a restart finds again.
	Dir string
	// Host is the address that it listens at; "" is loopback.
	Host string
	// Targets are what is scraped, as host:port.
	Targets []string
	// Interval is how often they are scraped.
	Interval time.Duration
	// Scrape are further fields of the scrape configuration, such as honor_labels.
	Scrape map[string]any
	// Rules are those of a rule file; nil are none.
	Rules []byte
	// Arguments are further ones of the program.
	Arguments []string
}

// Server is a Prometheus that runs, or ran.
type Server struct {
	options Options
	address string
	command *exec.Cmd
	ended   chan struct{}
}

const (
	loopback = "127.0.0.1"
	// targets is the file with what is scraped.
	targets = "targets.json"
	rules   = "rules.yml"
	ready   = time.Minute
	grace   = 20 * time.Second
)

// Start returns once it answers queries. It must be stopped.
func Start(ctx context.Context, options Options) (*Server, error) {
	s := &Server{options: options}
	err := errors.Join(s.SetTargets(options.Targets...),
		os.WriteFile(s.file(rules), options.Rules, 0o600), os.WriteFile(s.file("prometheus.yml"), s.configuration(), 0o600))
	if err != nil {
		return nil, err
	}
	for range 10 { // somebody else may take the port before it does.
		s.address = anyAddress(cmp.Or(options.Host, loopback))
		if err = s.Restart(ctx); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// anyAddress is below those that the kernel gives to connections.
func anyAddress(host string) string {
	return net.JoinHostPort(host, strconv.Itoa(10000+rand.IntN(10000)))
}

func (s *Server) configuration() []byte {
	type object = map[string]any
	interval := s.options.Interval.String()
	scrape := object{
		"job_name": "test", "file_sd_configs": []any{object{"files": []string{s.file(targets)}, "refresh_interval": interval}},
	}
	maps.Copy(scrape, s.options.Scrape)
	text, err := yaml.Marshal(object{
		"global":         object{"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
		"rule_files":     []string{s.file(rules)},
		"scrape_configs": []any{scrape},
	})
	if err != nil {
		panic(err) // strings alone.
	}
	return text
}

// SetTargets changes what is scraped.
func (s *Server) SetTargets(addresses ...string) error {
	text, err := json.Marshal([]map[string][]string{{"targets": append([]string{}, addresses...)}})
	if err != nil {
		return err
	}
	// It is read at any time.
	part := s.file(targets + ".part")
	return errors.Join(os.WriteFile(part, text, 0o600), os.Rename(part, s.file(targets)))
}

// URL is its address.
func (s *Server) URL() string { return "http://" + s.address }

func (s *Server) file(name string) string { return filepath.Join(s.options.Dir, name) }

func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Promtool is the path of bin/promtool.
func Promtool() string { return filepath.Join(root(), "bin", "promtool") }

// Restart starts it again, with its data and its address, and returns once it answers queries.
func (s *Server) Restart(ctx context.Context) error {
	log, err := os.OpenFile(s.file("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	arguments := append([]string{
		"--config.file=" + s.file("prometheus.yml"), "--storage.tsdb.path=" + s.file("data"), "--web.listen-address=" + s.address,
	}, s.options.Arguments...)
	s.command = exec.CommandContext(ctx, filepath.Join(root(), "bin", "prometheus"), arguments...)
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("start the Prometheus of make bin/prometheus: %w", err)
	}
	s.ended = make(chan struct{})
	go func(command *exec.Cmd, ended chan struct{}) {
		_ = command.Wait() // why shows in the log.
		close(ended)
	}(s.command, s.ended)
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, ready, true, s.isReady); err != nil {
		s.Kill()
		return fmt.Errorf("%w: %s", err, s.lastWords())
	}
	return nil
}

func (s *Server) isReady(ctx context.Context) (bool, error) {
	select {
	case <-s.ended:
		return false, errors.New("the program has ended")
	default:
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/-/ready", nil)
	if err != nil {
		return false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, nil
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK, nil
}

func (s *Server) lastWords() string {
	const last = 2000
	log, err := os.ReadFile(s.file("log"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(log[max(0, len(log)-last):]))
}

// Stop ends it in order.
func (s *Server) Stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(grace):
		s.Kill()
	}
}

// Kill ends it at once.
func (s *Server) Kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// Pause stops it from answering, and Resume lets it go on.
func (s *Server) Pause() error { return s.command.Process.Signal(syscall.SIGSTOP) }

// Resume lets it go on.
func (s *Server) Resume() error { return s.command.Process.Signal(syscall.SIGCONT) }
