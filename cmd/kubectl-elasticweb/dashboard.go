// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/elasticweb/elasticweb-operator/internal/page"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

type dashboardOptions struct {
	*environment
	port       uint16
	noBrowser  bool
	namespaces []string
	prometheus traffic.PrometheusServer

	watch *watched
	past  page.Past
}

func newDashboard(e *environment) *cobra.Command {
	o := &dashboardOptions{environment: e}
	command := &cobra.Command{
		Use:   "dashboard [-n NAMESPACE | --namespaces NAMESPACE,...] [--port PORT] [--no-browser] [--prometheus-url URL]",
		Short: "Serve a live page about ElasticWebs, and open it in the browser",
		Long: "The page shows all ElasticWebs that you may see, and of each its demand and capacity over time, its pods by node and architecture, what is wrong " +
			"and what to do, and what another demand would do. It listens on this machine's loopback alone, has your rights in the cluster, and whoever " +
			"has its address may look; nothing can be changed through it. Ctrl-C ends it.",
		Example: "  kubectl elasticweb dashboard\n  kubectl elasticweb dashboard --no-browser --port 8999",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
	}
	flags := command.Flags()
	flags.Uint16Var(&o.port, "port", 0, "The port to listen on. Default: a free one")
	flags.BoolVar(&o.noBrowser, "no-browser", false, "Print the address, and open no browser")
	flags.StringSliceVar(&o.namespaces, "namespaces", nil, "The namespaces to show. Default: that of -n where it is given, else all that you may see")
	flags.StringVar(&o.prometheus.URL, "prometheus-url", "", "A Prometheus that scrapes the operator, for the time before the page was opened")
	flags.StringVar(&o.prometheus.CAFile, "prometheus-ca-file", "", "PEM file with the authorities that its certificate may be signed by. Default: the system's")
	flags.StringVar(&o.prometheus.TokenFile, "prometheus-token-file", "", "File with the bearer token that it asks for")
	return command
}

func (o *dashboardOptions) complete([]string) error {
	if given := *o.flags.Namespace; given != "" && len(o.namespaces) == 0 {
		o.namespaces = []string{given}
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	home, err := o.namespace()
	if err != nil {
		return err
	}
	board := page.NewBoard(o.clusterName(config.Host), o.now)
	o.watch, err = newWatched(o.environment, config, board, o.namespaces, home)
	return err
}

// clusterName is that of the kubeconfig's context, else where the cluster is.
func (o *dashboardOptions) clusterName(host string) string {
	if raw, err := o.flags.ToRawKubeConfigLoader().RawConfig(); err == nil {
		name := raw.CurrentContext
		if given := *o.flags.Context; given != "" {
			name = given
		}
		if name != "" {
			return name
		}
	}
	return host
}

func (o *dashboardOptions) validate() error {
	if o.prometheus.URL == "" {
		if o.prometheus.CAFile != "" || o.prometheus.TokenFile != "" {
			return errors.New("--prometheus-ca-file and --prometheus-token-file go with --prometheus-url")
		}
		return nil
	}
	archive, err := traffic.NewArchive(o.prometheus)
	o.past = page.Prometheus{Archive: archive}
	return err
}

func (o *dashboardOptions) run(ctx context.Context) error {
	if err := o.watch.answers(ctx); err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(o.port))))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- o.watch.run(ctx) }()
	defer func() { stop(); <-ended }() //nolint:errcheck // it was returned, or says that it was stopped.
	server := page.NewServer(o.watch.board, o.watch, o.past)
	address := server.Address(listener.Addr())
	fmt.Fprintf(o.Out, "The page is at %s\nWhoever has this address may look. Ctrl-C ends it.\n", address)
	if !o.noBrowser {
		if err := open(ctx, address); err != nil {
			fmt.Fprintln(o.ErrOut, screen.Line("No browser could be opened: "+err.Error(), longestError))
		}
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	select {
	case err := <-served:
		return err
	case err := <-ended: // by the user, or before anything could be read.
		ended <- nil
		return err
	}
}

// open opens an address in the browser that the user prefers. The address, with its token, is an argument of a program for a moment: other
// users of this machine may see that where they see each other's processes.
func open(ctx context.Context, address string) error {
	opener := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		opener = []string{"open"}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	command := exec.CommandContext(context.WithoutCancel(ctx), opener[0], append(opener[1:], address)...) // the browser outlives this.
	if err := command.Start(); err != nil {
		return err
	}
	go func() { _ = command.Wait() }()
	return nil
}
