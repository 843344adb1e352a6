// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

type benchmarkOptions struct {
	*environment
	web, image, name, follow string
	path                     string
	latency, errorRate       string
	duration                 string
	architectures            []string
	maxQPS, port             int32
	detach                   bool

	client    client.Client
	namespace string
}

func newBenchmark(e *environment) *cobra.Command {
	o := &benchmarkOptions{environment: e}
	command := &cobra.Command{
		Use:   "benchmark (NAME | --image IMAGE | --follow BENCHMARK)",
		Short: "Measure what a pod serves on each architecture",
		Long: "Makes an ElasticWebBenchmark of an ElasticWeb, with its image, port and resources, or of an image, and shows how far it is until there is a result. " +
			"Ctrl-C leaves it running.",
		Example:           "  kubectl elasticweb benchmark shop --latency-target 200ms\n  kubectl elasticweb benchmark --image shop:1.5\n  kubectl elasticweb benchmark --follow shop-benchmark",
		RunE:              func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
		ValidArgsFunction: e.completeNames(1),
	}
	flags := command.Flags()
	flags.StringVar(&o.image, "image", "", "The image to measure, in the place of an ElasticWeb")
	flags.StringVar(&o.follow, "follow", "", "Show how far one is that is there already")
	flags.StringVar(&o.name, "name", "", "The name of the ElasticWebBenchmark. Default: that of the ElasticWeb, or of the image, and -benchmark")
	flags.StringVar(&o.path, "path", "", "The path that the requests ask for. Default: /")
	flags.StringVar(&o.latency, "latency-target", "", "The highest 99th percentile of the response time. Default: 500ms")
	flags.StringVar(&o.errorRate, "error-rate-target", "", "The highest share of failed requests. Default: 1%")
	flags.StringVar(&o.duration, "duration", "", "How long the search takes on each architecture. Default: 5m")
	flags.Int32Var(&o.maxQPS, "max-qps", 0, "The highest rate that is tried")
	flags.Int32Var(&o.port, "container-port", 0, "The port of the application in its container")
	flags.StringSliceVar(&o.architectures, "architectures", nil, "Those to measure on. Default: all that image and cluster have")
	flags.BoolVar(&o.detach, "detach", false, "Make it, and do not wait for it")
	_ = command.RegisterFlagCompletionFunc("follow", e.completeBenchmarks) // fails where there is no such flag.
	return command
}

func (o *benchmarkOptions) complete(args []string) (err error) {
	if len(args) > 1 {
		return errors.New("benchmark takes one name")
	}
	if len(args) == 1 {
		o.web = args[0]
	}
	if o.namespace, err = o.environment.namespace(); err != nil {
		return err
	}
	o.client, err = o.environment.client()
	return err
}

func (o *benchmarkOptions) validate() error {
	given := 0
	for _, what := range []string{o.web, o.image, o.follow} {
		if what != "" {
			given++
		}
	}
	if given != 1 {
		return errors.New("give the name of an ElasticWeb, --image or --follow, one of the three")
	}
	return nil
}

func (o *benchmarkOptions) run(ctx context.Context) error {
	name := o.follow
	if name == "" {
		b, err := o.made(ctx)
		if err != nil {
			return err
		}
		err = o.client.Create(ctx, b, client.FieldValidation("Strict"))
		if apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("%w; follow one that is there with --follow %s, or have it measure once more with kubectl elasticweb rerun %s %s", err, b.Name, o.where(o.namespace), b.Name)
		}
		if err != nil {
			return err
		}
		name = b.Name
	}
	if o.detach {
		fmt.Fprintf(o.Out, "%s is measured. %s\n", name, o.comeBack(name))
		return nil
	}
	return o.watch(ctx, name)
}

func (o *benchmarkOptions) comeBack(name string) string {
	where := o.where(o.namespace)
	return fmt.Sprintf("Follow it with: kubectl elasticweb benchmark %[1]s --follow %[2]s\nEnd it with: kubectl delete elasticwebbenchmark %[1]s %[2]s", where, name)
}

// made is the ElasticWebBenchmark that was asked for.
func (o *benchmarkOptions) made(ctx context.Context) (*v1alpha1.ElasticWebBenchmark, error) {
	b := &v1alpha1.ElasticWebBenchmark{}
	b.Namespace, b.Name, b.Spec.Image = o.namespace, benchmarkName(imageName(o.image)), o.image
	if o.web != "" {
		web, err := o.get(ctx, o.client, o.web)
		if err != nil {
			return nil, err
		}
		if b.Name = benchmarkName(o.web); len(web.Spec.Architectures) > 0 {
			for _, entry := range web.Spec.Architectures {
				b.Spec.Architectures = append(b.Spec.Architectures, v1alpha1.Architecture(entry.Name))
			}
		}
		if err := o.settingsOf(web, &b.Spec); err != nil {
			return nil, err
		}
	}
	if o.name != "" {
		b.Name = o.name
	}
	if len(o.architectures) > 0 {
		b.Spec.Architectures = nil
		for _, name := range o.architectures {
			b.Spec.Architectures = append(b.Spec.Architectures, v1alpha1.Architecture(name))
		}
	}
	if o.port > 0 {
		b.Spec.ContainerPort = &o.port
	}
	if o.maxQPS > 0 {
		b.Spec.MaxQPS = &o.maxQPS
	}
	b.Spec.Path, b.Spec.LatencyTarget, b.Spec.ErrorRateTarget, b.Spec.Duration = o.path, v1alpha1.Duration(o.latency), o.errorRate, v1alpha1.Duration(o.duration)
	return b, nil
}

// settingsOf has the measured pods be those of the ElasticWeb: the fields have the same names.
func (o *benchmarkOptions) settingsOf(web *elasticwebv1.ElasticWeb, spec *v1alpha1.ElasticWebBenchmarkSpec) error {
	resolved, _, refusal := podtemplate.Resolved(web)
	if refusal != nil {
		return refusal
	}
	if resolved.Spec.PodTemplate != nil {
		fmt.Fprintln(o.ErrOut, "Measured is the container that serves, without what else spec.podTemplate makes of the pods.")
	}
	text, err := json.Marshal(resolved.Spec.PodSettings)
	if err == nil {
		err = json.Unmarshal(text, &spec.BenchmarkPodSettings)
	}
	if err != nil {
		return fmt.Errorf("read the settings of the pods: %w", err)
	}
	spec.Image, spec.ContainerPort = resolved.Spec.Image, resolved.Spec.ContainerPort
	delete(spec.NodeSelector, corev1.LabelArchStable) // each architecture is measured.
	return nil
}

// longestBenchmark is how long the name of a Helm release may be.
const longestBenchmark = 53

func benchmarkName(of string) string {
	const ending = "-benchmark"
	return strings.Trim(of[:min(len(of), longestBenchmark-len(ending))], "-") + ending
}

// imageName is the last part of a reference, as a name.
func imageName(reference string) string {
	name, _, _ := strings.Cut(reference[strings.LastIndex(reference, "/")+1:], "@")
	name, _, _ = strings.Cut(name, ":")
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// watch draws the progress until the benchmark has ended, and then the table.
func (o *benchmarkOptions) watch(ctx context.Context, name string) error {
	b := &v1alpha1.ElasticWebBenchmark{}
	err := o.redraw(ctx, time.Second, func(ctx context.Context, style screen.Style) (string, bool, error) {
		read := &v1alpha1.ElasticWebBenchmark{}
		if err := o.client.Get(ctx, types.NamespacedName{Namespace: o.namespace, Name: name}, read); err != nil {
			return "", false, err
		}
		b = read
		now := time.Time{}
		if _, _, isTerminal := o.terminal(); isTerminal {
			now = o.now()
		}
		return screen.Benchmark(b, now, style), hasEnded(b), nil
	})
	if ctx.Err() != nil {
		fmt.Fprintf(o.ErrOut, "\nIt goes on. %s\n", o.comeBack(name))
		return exit{code: interrupted}
	}
	if err != nil {
		return err
	}
	style, _, _ := o.terminal()
	fmt.Fprint(o.Out, "\n"+screen.BenchmarkResults(b, style))
	if !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) {
		return errors.New("nothing was measured: the state above says what to do")
	}
	return nil
}

// longestRerun is how long a value of the annotation may be to stand in the status as it is.
const longestRerun = 64

// hasEnded reports whether the operator has said its last word about the spec as it is.
func hasEnded(b *v1alpha1.ElasticWebBenchmark) bool {
	asked := b.Annotations[v1alpha1.AnnotationRerun]
	if run := b.Status.Run; run != nil && len(asked) <= longestRerun && asked != "" && asked != run.Rerun {
		return false // the next run has yet to begin.
	}
	return b.Status.ObservedGeneration == b.Generation && !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReconciling) &&
		(meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) || meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled))
}
