// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

// inside is the variable that has the folder of what was compiled, in the process that has a network of its own.
const inside = "GATEWAY_INSIDE"

var (
	fastQPS = flag.Int("qps", 80, "what a pod on arm64 serves; one on amd64 serves half of it")
	period  = flag.Duration("period", time.Minute, "how long each way is under load")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("GATEWAY") == "" { // each test skips.
		os.Exit(m.Run())
	}
	run := func() (int, error) { return insideOwnNetwork(context.Background()) }
	if os.Getenv(inside) != "" {
		run = func() (int, error) { return m.Run(), nil }
		if err := ownPodAddresses(); err != nil {
			run = func() (int, error) { return 1, err }
		}
	}
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// insideOwnNetwork compiles and downloads what the tests need, and runs this program again, in a network of its own, from which nothing can be had.
func insideOwnNetwork(ctx context.Context) (int, error) {
	folder, err := os.MkdirTemp("", "elasticweb-gateway-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	if err := compile.Native(ctx, "cmd/manager", filepath.Join(folder, "manager"), "-ldflags=-s -w"); err != nil {
		return 1, err
	}
	if _, err := binaries.Ensure(ctx, os.Stderr, binaries.All()...); err != nil {
		return 1, err
	}
	if _, err := waysin.GatewayAPI(ctx); err != nil {
		return 1, err
	}
	again := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:gosec // this program.
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.Env = append(os.Environ(), inside+"="+folder)
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	if os.Geteuid() != 0 { // whoever is root in a namespace of users may have a network.
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		again.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	runtime.LockOSThread() // Pdeathsig is of the thread.
	err = again.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// ownPodAddresses makes all addresses that pods can have this machine's, beside loopback.
func ownPodAddresses() error {
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"route", "add", "local", podAddresses, "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v (Debian's package iproute2): %w: %s", args, err, out)
		}
	}
	return nil
}
