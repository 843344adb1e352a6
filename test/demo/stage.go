// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

// stage is all that the demo starts.
type stage struct {
	out      *console
	root     string // of the repository
	programs binaries.Paths
	cluster  *cluster.Cluster
	client   client.Client
	registry *imageRegistry
	image    string
	traffic  *traffic
	operator *operator
	// stopGateway is nil before there is one.
	stopGateway func()
	page        string // its address
}

var pools = []cluster.NodePool{
	{Arch: "amd64", Count: 3}, {Arch: "arm64", Count: 2}, {Arch: "ppc64le", Count: 2}, {Arch: "s390x", Count: 2},
}

// set starts everything. Where test/demo/launch came before, all is compiled.
func (s *stage) set(ctx context.Context) (err error) {
	s.out.heading("Setting the stage")
	if s.root, err = repositoryRoot(); err != nil {
		return err
	}
	if err := s.out.step("compiling: what has changed", func() error { return s.compile(ctx) }); err != nil {
		return err
	}
	if err := s.setForOperator(ctx); err != nil {
		return err
	}
	if err := s.out.step("operator: installed, started with its service account's rights", func() error { return s.startOperator(ctx) }); err != nil {
		return err
	}
	if err := s.out.step("a live page: kubectl elasticweb dashboard", func() error { return s.startPage(ctx) }); err != nil {
		return err
	}
	s.out.text("\n  Watch it in your browser:\n  %s", s.page)
	return nil
}

func (s *stage) compile(ctx context.Context) (err error) {
	s.programs, err = binaries.Request{
		Names: binaries.All(), InPath: true, Own: []string{"./cmd/manager", "./cmd/kubectl-elasticweb"}, OwnFolder: "bin/demo",
	}.Ensure(ctx)
	return err
}

// setForOperator starts all that the operator finds when it comes.
func (s *stage) setForOperator(ctx context.Context) error {
	if err := s.out.step("control plane: etcd, API server, controllers, scheduler", func() error { return s.startCluster(ctx) }); err != nil {
		return err
	}
	if err := s.out.step("nodes: "+describe(pools), func() error {
		_, err := s.cluster.AddNodes(ctx, pools...)
		return err
	}); err != nil {
		return err
	}
	if err := s.out.step("gateway: accepts HTTPRoutes, and serves none", func() error { return s.startGateway(ctx) }); err != nil {
		return err
	}
	return s.out.step("registry: an image for "+list(imageArchitectures), s.startRegistry)
}

// startGateway has the cluster know HTTPRoutes, and somebody say of each that it is served: simulated pods serve no request.
func (s *stage) startGateway(ctx context.Context) error {
	if err := waysin.InstallHTTPRoutes(ctx, s.client); err != nil {
		return err
	}
	s.stopGateway = waysin.StartGateway(s.client)
	return nil
}

func (s *stage) startCluster(ctx context.Context) (err error) {
	if s.cluster, err = cluster.Start(ctx, cluster.Options{Binaries: s.programs}); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), elasticwebv1.AddToScheme(scheme)); err != nil {
		return err
	}
	s.client, err = client.New(s.cluster.RESTConfig(), client.Options{Scheme: scheme})
	return err
}

func (s *stage) startRegistry() (err error) {
	if s.registry, err = startRegistry(); err != nil {
		return err
	}
	if s.image, err = s.registry.push("shop:1.4"); err != nil {
		return err
	}
	s.traffic, err = startTraffic()
	return err
}

func (s *stage) startOperator(ctx context.Context) (err error) {
	if err := s.install(ctx); err != nil {
		return err
	}
	s.operator, err = startOperator(ctx, s.cluster, s.root, s.programs["manager"], s.registry.host, s.traffic.url)
	return err
}

// explain shows what the operator had to say when the demo fails.
func (s *stage) explain() {
	if s.operator != nil {
		s.out.heading("The end of the operator's log")
		s.out.text("%s", s.operator.logTail())
	}
}

func (s *stage) folder() string { return filepath.Dir(s.cluster.Kubeconfig()) }

// clear ends and removes everything.
func (s *stage) clear() error {
	if s.operator != nil {
		s.operator.stop()
	}
	if s.registry != nil {
		s.registry.stop()
	}
	if s.traffic != nil {
		s.traffic.stop()
	}
	if s.stopGateway != nil {
		s.stopGateway()
	}
	if s.cluster != nil {
		return s.cluster.Stop()
	}
	return nil
}

func repositoryRoot() (string, error) {
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of the operator, inside of which the demo is to be run: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
}

func describe(pools []cluster.NodePool) string {
	parts := []string{}
	for _, pool := range pools {
		parts = append(parts, fmt.Sprintf("%d %s", pool.Count, pool.Arch))
	}
	return list(parts)
}

// list puts a comma or an "and" between words.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
