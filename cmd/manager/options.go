// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/operator-framework/helm-operator-plugins/pkg/watches"
	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/elasticweb/elasticweb-operator/controllers/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

// options are the flags of the manager, and what it takes from its environment.
type options struct {
	metricsAddress, metricsCertPath  string
	metricsSecure                    bool
	probeAddress, pprofAddress       string
	leaderElect                      bool
	leaderElectionNamespace          string
	concurrency                      int
	watchNodes                       bool
	lookUpImages                     bool
	imageWait                        time.Duration
	plainHTTPRegistries, registryCAs string
	allowedRegistries                string
	prometheus                       traffic.PrometheusServer
	demandPeriod                     time.Duration
	benchmarks                       bool
	watchesFile                      string
	watch                            watches.Watch
	shutdownTimeout, syncPeriod      time.Duration
	version                          bool
	testNamespace                    string
	log                              zap.Options
}

func (o *options) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8443", "Address of the metrics endpoint; 0 switches it off.")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", true, "Serve metrics over TLS, to those whom the cluster authenticates and authorizes.")
	flags.StringVar(&o.metricsCertPath, "metrics-cert-path", "", "Folder with tls.crt and tls.key for the metrics endpoint. Default: a self-signed certificate.")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "Address of the endpoints healthz and readyz; 0 switches them off.")
	flags.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "Address of the profiling endpoint, for instance 127.0.0.1:6060; 0 switches it off.")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "Elect a leader, so that of several managers one is active.")
	flags.StringVar(&o.leaderElectionNamespace, "leader-election-namespace", "", "Namespace of the lease. Default: that of the pod.")
	flags.IntVar(&o.concurrency, "max-concurrent-reconciles", 10, "Number of ElasticWebs that are reconciled at a time.")
	flags.BoolVar(&o.watchNodes, "watch-nodes", true, "Read the nodes, to tell architectures apart. Needs a right on the whole cluster.")
	flags.BoolVar(&o.lookUpImages, "look-up-images", true, "Ask registries for the platforms of images.")
	flags.DurationVar(&o.imageWait, "image-wait", 10*time.Second, "How long a rollout waits for the platforms of its image, from when the registry is asked.")
	flags.StringVar(&o.plainHTTPRegistries, "plain-http-registries", "", "Comma-separated registries (host or host:port) that are asked over HTTP.")
	flags.StringVar(&o.allowedRegistries, "allowed-registries", "", "Comma-separated registries (host or host:port) that are asked at all, docker.io for Docker Hub. Default: those of any image.")
	flags.StringVar(&o.registryCAs, "registry-ca-file", "", "PEM file with certificate authorities that registries are trusted by, beside those of the system.")
	// A Subscription of OLM sets variables of the environment, and no flags.
	flags.StringVar(&o.prometheus.URL, "prometheus-url", os.Getenv("PROMETHEUS_URL"), "Address of the Prometheus that is asked for spec.demand.prometheus, for instance https://prometheus.monitoring.svc:9090.")
	flags.StringVar(&o.prometheus.CAFile, "prometheus-ca-file", os.Getenv("PROMETHEUS_CA_FILE"), "PEM file with the certificate authorities that Prometheus is trusted by. Default: those of the system.")
	flags.StringVar(&o.prometheus.TokenFile, "prometheus-token-file", os.Getenv("PROMETHEUS_TOKEN_FILE"), "File with the bearer token that Prometheus is shown.")
	flags.StringVar(&o.prometheus.TenantParameter, "prometheus-tenant-parameter", os.Getenv("PROMETHEUS_TENANT_PARAMETER"), "Parameter that tells Prometheus the namespace of the ElasticWeb with each query: namespace on OpenShift.")
	flags.DurationVar(&o.demandPeriod, "demand-period", 15*time.Second, "How often the traffic of each ElasticWeb with spec.demand is read.")
	flags.BoolVar(&o.benchmarks, "enable-benchmarks", true, "Reconcile ElasticWebBenchmarks, whose Jobs are made by Helm, and let ElasticWebs follow them.")
	flags.StringVar(&o.watchesFile, "watches-file", "watches.yaml", "File that names the chart of ElasticWebBenchmarks.")
	flags.DurationVar(&o.shutdownTimeout, "graceful-shutdown-timeout", 20*time.Second, "How long running reconciles may take to end.")
	flags.DurationVar(&o.syncPeriod, "sync-period", 10*time.Hour, "How often every ElasticWeb is looked at again, though nothing changed. It makes no request.")
	flags.StringVar(&o.testNamespace, "test-in", "", "Test the operator that runs, with an ElasticWeb in this namespace, and exit: for helm test.")
	flags.BoolVar(&o.version, "version", false, "Print the version and exit.")
	o.log.TimeEncoder = zapcore.ISO8601TimeEncoder
	o.log.BindFlags(flags)
}

// namespaceOfPod is the file that tells a pod its namespace.
const namespaceOfPod = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// check finds the mistakes that would show late, or in words that do not lead to their cause.
func (o *options) check(arguments []string) error {
	if len(arguments) > 0 {
		return fmt.Errorf("%q is no flag: flags begin with --", arguments[0])
	}
	if o.concurrency < 1 {
		return fmt.Errorf("--max-concurrent-reconciles=%d: it takes at least 1", o.concurrency)
	}
	if o.imageWait < 0 {
		return fmt.Errorf("--image-wait=%s: it takes 0 or more", o.imageWait)
	}
	for _, namespace := range watchNamespaces() {
		if mistakes := validation.IsDNS1123Label(namespace); len(mistakes) > 0 {
			return fmt.Errorf("WATCH_NAMESPACE holds %q, which is no name of a namespace (separate them by commas): %s",
				namespace, strings.Join(mistakes, "; "))
		}
	}
	if _, err := os.Stat(o.registryCAs); o.registryCAs != "" && err != nil {
		return fmt.Errorf("--registry-ca-file: %w", err)
	}
	if _, err := os.Stat(namespaceOfPod); err != nil && o.leaderElect && o.leaderElectionNamespace == "" {
		return errors.New("outside of a pod, --leader-election-namespace is needed, or --leader-elect=false")
	}
	if err := o.checkTraffic(); err != nil {
		return err
	}
	return o.completeBenchmarks()
}

// completeBenchmarks finds out what the benchmarks need, and says which of it is missing.
func (o *options) completeBenchmarks() error {
	if !o.benchmarks {
		return nil
	}
	if generatorImage() == "" {
		return fmt.Errorf("%s is not set: it names the image of the load generator, the operator's own; set it, or --enable-benchmarks=false", generatorImageVariable)
	}
	var err error
	if o.watch, err = benchmark.LoadWatch(o.watchesFile); err != nil {
		return fmt.Errorf("--watches-file: %w", err)
	}
	return nil
}

// generatorImageVariable names the image of the load generator. The prefix is the one by which tools that mirror
// images for disconnected clusters find it.
const generatorImageVariable = "RELATED_IMAGE_LOADTEST"

func generatorImage() string { return strings.TrimSpace(os.Getenv(generatorImageVariable)) }

// watchNamespaces are those of WATCH_NAMESPACE, comma-separated; none stands for all.
func watchNamespaces() []string { return list(os.Getenv("WATCH_NAMESPACE")) }

// list reads what is comma-separated.
func list(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
