// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// restartedAt is what kubectl rollout restart sets in a pod template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// annotateOptions are those of the verbs that write one annotation.
type annotateOptions struct {
	*environment
	names  []string
	dryRun bool
	// object and patch are made for each name; done says what was done.
	object func(namespace, name string) client.Object
	patch  func(now time.Time) string
	done   string

	client    client.Client
	namespace string
}

func metadataPatch(key, value string) string {
	return fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, key, value)
}

func elasticWeb(namespace, name string) client.Object {
	web := &elasticwebv1.ElasticWeb{}
	web.Namespace, web.Name = namespace, name
	return web
}

func newPause(e *environment) *cobra.Command {
	return newAnnotate(e, "pause", "Have the operator change nothing of an ElasticWeb", e.completeNames(math.MaxInt), &annotateOptions{
		object: elasticWeb, done: "paused: nothing is changed before kubectl elasticweb resume",
		patch: func(time.Time) string { return metadataPatch(elasticwebv1.AnnotationPaused, `"true"`) },
	})
}

func newResume(e *environment) *cobra.Command {
	return newAnnotate(e, "resume", "Have the operator go on with what was paused", e.completeNames(math.MaxInt), &annotateOptions{
		object: elasticWeb, done: "resumed",
		patch: func(time.Time) string { return metadataPatch(elasticwebv1.AnnotationPaused, "null") },
	})
}

func newRestart(e *environment) *cobra.Command {
	return newAnnotate(e, "restart", "Replace all pods by a rollout, as kubectl rollout restart does", e.completeNames(math.MaxInt), restarting())
}

func restarting() *annotateOptions {
	return &annotateOptions{
		done: "restarted: follow it with kubectl elasticweb status --watch",
		object: func(namespace, name string) client.Object {
			deployment := &appsv1.Deployment{}
			deployment.Namespace, deployment.Name = namespace, name
			return deployment
		},
		patch: func(now time.Time) string {
			return fmt.Sprintf(`{"spec":{"template":%s}}`, metadataPatch(restartedAt, fmt.Sprintf("%q", now.Format(time.RFC3339))))
		},
	}
}

func newRerun(e *environment) *cobra.Command {
	return newAnnotate(e, "rerun", "Have an ElasticWebBenchmark measure once more", e.completeBenchmarks, &annotateOptions{
		done: "is measured once more: follow it with kubectl elasticweb benchmark --follow",
		object: func(namespace, name string) client.Object {
			benchmark := &v1alpha1.ElasticWebBenchmark{}
			benchmark.Namespace, benchmark.Name = namespace, name
			return benchmark
		},
		patch: func(now time.Time) string {
			return metadataPatch(v1alpha1.AnnotationRerun, fmt.Sprintf("%q", now.UTC().Format(time.RFC3339Nano)))
		},
	})
}

func newAnnotate(e *environment, verb, short string, names cobra.CompletionFunc, o *annotateOptions) *cobra.Command {
	o.environment = e
	command := &cobra.Command{
		Use:               verb + " NAME ...",
		Short:             short,
		Example:           "  kubectl elasticweb " + verb + " shop",
		RunE:              func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
		ValidArgsFunction: names,
	}
	command.Flags().BoolVar(&o.dryRun, "dry-run", false, "Have the API server try it, and change nothing")
	return command
}

func (o *annotateOptions) complete(args []string) (err error) {
	o.names = args
	if o.namespace, err = o.environment.namespace(); err != nil {
		return err
	}
	o.client, err = o.environment.client()
	return err
}

func (o *annotateOptions) validate() error {
	if len(o.names) == 0 {
		return errors.New("give the name of at least one")
	}
	return nil
}

func (o *annotateOptions) run(ctx context.Context) error {
	options, ending := []client.PatchOption{}, ""
	if o.dryRun {
		options, ending = append(options, client.DryRunAll), " (dry run)"
	}
	var failures []error // of one name, which keep the others from nothing.
	for _, name := range o.names {
		if err := o.annotate(ctx, name, options); err != nil {
			failures = append(failures, err)
			continue
		}
		fmt.Fprintf(o.Out, "%s %s%s\n", name, o.done, ending)
	}
	return errors.Join(failures...)
}

func (o *annotateOptions) annotate(ctx context.Context, name string, options []client.PatchOption) error {
	object := o.object(o.namespace, name)
	if deployment, isDeployment := object.(*appsv1.Deployment); isDeployment {
		if err := o.checkOwner(ctx, deployment); err != nil {
			return err
		}
	}
	return o.client.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(o.patch(o.now()))), options...)
}

// checkOwner refuses a Deployment that is not the ElasticWeb's of its name.
func (o *annotateOptions) checkOwner(ctx context.Context, deployment *appsv1.Deployment) error {
	key, web := client.ObjectKeyFromObject(deployment), &elasticwebv1.ElasticWeb{}
	if err := o.client.Get(ctx, key, web); err != nil {
		return err
	}
	read := &appsv1.Deployment{}
	if err := o.client.Get(ctx, key, read); err != nil {
		return err
	}
	if !metav1.IsControlledBy(read, web) {
		return fmt.Errorf("the Deployment %s is not that of the ElasticWeb %s, and is left alone: kubectl elasticweb status %s says what to do", key.Name, key.Name, key.Name)
	}
	return nil
}

// completeBenchmarks completes the names of ElasticWebBenchmarks.
func (e *environment) completeBenchmarks(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, stop := context.WithTimeout(cmd.Context(), completionPatience)
	defer stop()
	c, err := e.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	namespace, err := e.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	list := &v1alpha1.ElasticWebBenchmarkList{}
	if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []cobra.Completion
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
