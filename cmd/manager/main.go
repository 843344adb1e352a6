// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// The manager runs the controllers of the ElasticWeb operator.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // cloud providers' ways to authenticate, for make run.
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// version is that of the release; the build of the image sets it.
var version = "devel"

func main() {
	options := options{}
	options.bind(flag.CommandLine)
	flag.Parse()
	if options.version {
		fmt.Println(version)
		return
	}
	do := testInstallation
	if options.testNamespace == "" {
		do = run
		if err := options.check(flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "manager:", err)
			os.Exit(2)
		}
		collectGarbage(memoryLimits)
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&options.log)))
	if err := do(ctrl.SetupSignalHandler(), options); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	// From Kubernetes 1.37 on, each event of a watch would be compressed by itself, which costs the API server more than it saves in a cluster's network.
	config.DisableCompression = true
	mgr, err := newManager(ctx, config, o)
	if err != nil {
		return err
	}
	if err := addControllers(ctx, mgr, o); err != nil {
		return err
	}
	if err := addUpgradeable(mgr); err != nil {
		return err
	}
	ctrl.Log.Info("starting", "version", version)
	return mgr.Start(ctx)
}
