// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
	"github.com/elasticweb/elasticweb-operator/test/output"
)

// managerFolder is where the manager is once it was built. TestMain removes it.
var managerFolder string

// manager builds the real one, once.
var manager = sync.OnceValues(func() (path string, err error) {
	if managerFolder, err = os.MkdirTemp("", "faults"); err != nil {
		return "", err
	}
	path = filepath.Join(managerFolder, "manager")
	return path, compile.Native(context.Background(), "cmd/manager", path)
})

// startProcess runs the real manager, which takes part in the election of a leader in the namespace. It is
// started again where it ends by itself, as a kubelet does.
func (r *run) startProcess(namespace string, faults ...proxy.Fault) *operator {
	r.t.Helper()
	return r.startManager([]string{
		"--leader-election-namespace=" + namespace, "--look-up-images=false", "--enable-benchmarks=false",
		"--metrics-bind-address=0", fmt.Sprintf("--sync-period=%s", r.resyncPeriod()),
	}, []string{"WATCH_NAMESPACE=" + namespace}, faults...)
}

// startManager runs the real manager, in the root folder of the repository.
func (r *run) startManager(arguments, environment []string, faults ...proxy.Fault) *operator {
	r.t.Helper()
	path, err := manager()
	r.must(err)
	account, err := r.world.plane.ServiceAccountConfig(r.ctx, systemNamespace, operatorAccount)
	r.must(err)
	p, err := proxy.Start(account, faults...)
	r.must(err)
	kubeconfig := filepath.Join(r.t.TempDir(), "kubeconfig")
	r.must(cluster.WriteKubeconfig(kubeconfig, p.Config(account)))
	o := &operator{proxy: p, log: &output.Buffer{}, since: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	running, ended := make(chan *os.Process, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			command := exec.Command(path, slices.Concat(arguments, []string{"--health-probe-bind-address=0"})...)
			command.Env = slices.Concat(slices.DeleteFunc(os.Environ(), isOfThisProcess), environment, []string{"KUBECONFIG=" + kubeconfig})
			command.Stderr, command.Dir = o.log, "../.."
			if err := command.Start(); err != nil {
				_, _ = o.log.Write([]byte(err.Error()))
				return
			}
			o.starts.Add(1)
			running <- command.Process
			_ = command.Wait()
			<-running
		}
	}()
	o.signal = func(signal syscall.Signal) {
		process := <-running
		_ = process.Signal(signal)
		running <- process
	}
	o.mostMemory = func() (int64, error) {
		process := <-running
		defer func() { running <- process }()
		return mostMemory(process.Pid)
	}
	o.stop = sync.OnceFunc(func() {
		cancel()
		o.signal(syscall.SIGCONT)
		o.signal(syscall.SIGKILL)
		p.Close()
		<-ended
		o.expectNoPanic(r)
	})
	r.t.Cleanup(o.stop)
	return o
}

// isOfThisProcess knows what collectLess sets: the manager collects its garbage as it does in a cluster.
func isOfThisProcess(variable string) bool { return strings.HasPrefix(variable, "GOGC=") }

// mostMemory is how many bytes of memory a process has had at once, so far.
func mostMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kibibytes := int64(0)
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		return 0, fmt.Errorf("read VmHWM: %w", err)
	}
	return kibibytes << 10, nil
}
