// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

type statusOptions struct {
	*environment
	print         *genericclioptions.PrintFlags
	names         []string
	labels        string
	allNamespaces bool
	watch         bool
	interval      time.Duration

	client    client.Client
	namespace string
	selector  labels.Selector
}

func newStatus(e *environment) *cobra.Command {
	o := &statusOptions{environment: e, print: genericclioptions.NewPrintFlags(""), interval: 2 * time.Second}
	command := &cobra.Command{
		Use:   "status [NAME ...] [-A] [-l SELECTOR] [-w] [-o wide|json|yaml|name]",
		Short: "Show what ElasticWebs serve, and what is wrong",
		Long: "Without a name, a line for each ElasticWeb. With one, all of it on one screen: demand and capacity, pods by architecture and node, " +
			"the rollout, the image, the conditions with what to do, the last events.",
		Example: "  kubectl elasticweb status -A\n  kubectl elasticweb status shop --watch",
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStages(cmd.Context(), o, args)
		},
		ValidArgsFunction: e.completeNames(math.MaxInt),
	}
	o.print.AddFlags(command)
	flags := command.Flags()
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "List those of all namespaces")
	flags.StringVarP(&o.labels, "selector", "l", "", "List only those with such labels, for instance team=web")
	flags.BoolVarP(&o.watch, "watch", "w", false, "Draw it anew until Ctrl-C")
	flags.DurationVar(&o.interval, "interval", o.interval, "How often --watch reads the cluster")
	return command
}

// stages are those of every command.
type stages interface {
	complete(args []string) error
	validate() error
	run(ctx context.Context) error
}

func runStages(ctx context.Context, o stages, args []string) error {
	if err := o.complete(args); err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	return o.run(ctx)
}

func (o *statusOptions) complete(args []string) (err error) {
	o.names = args
	if o.client, err = o.environment.client(); err != nil {
		return err
	}
	if o.namespace, err = o.environment.namespace(); err != nil {
		return err
	}
	if o.selector, err = labels.Parse(o.labels); err != nil {
		return fmt.Errorf("--selector: %w", err)
	}
	if o.allNamespaces {
		o.namespace = ""
	}
	return nil
}

func (o *statusOptions) validate() error {
	isData := o.output() != "" && o.output() != "wide"
	switch {
	case len(o.names) > 0 && (o.allNamespaces || o.labels != ""):
		return errors.New("give names, or --all-namespaces and --selector, not both")
	case o.watch && isData:
		return fmt.Errorf("--watch draws a screen: leave --output=%s out, or take kubectl get --watch", o.output())
	case o.watch && o.interval < time.Second/2:
		return errors.New("--interval must be at least 500ms: each reading is some requests to the API server")
	}
	return nil
}

func (o *statusOptions) output() string { return *o.print.OutputFormat }

func (o *statusOptions) run(ctx context.Context) error {
	switch {
	case o.watch:
		return o.redraw(ctx, o.interval, func(ctx context.Context, style screen.Style) (string, bool, error) {
			text, err := o.draw(ctx, style)
			return text, false, err
		})
	case o.output() != "" && o.output() != "wide":
		return o.printObjects(ctx)
	}
	style, _, _ := o.terminal()
	text, err := o.draw(ctx, style)
	fmt.Fprint(o.Out, text)
	return err
}

// read gives the ElasticWebs that were asked for. With an error it gives those that could be read.
func (o *statusOptions) read(ctx context.Context) (list elasticwebv1.ElasticWebList, err error) {
	if len(o.names) == 0 {
		err = o.client.List(ctx, &list, client.InNamespace(o.namespace), client.MatchingLabelsSelector{Selector: o.selector})
		return list, err
	}
	var failures []error // of one name, which keep the others from nothing.
	for _, name := range o.names {
		web, err := o.get(ctx, o.client, name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		list.Items = append(list.Items, *web)
	}
	return list, errors.Join(failures...)
}

func (o *statusOptions) draw(ctx context.Context, style screen.Style) (string, error) {
	list, failure := o.read(ctx)
	if failure != nil && len(list.Items) == 0 {
		return "", failure
	}
	if len(o.names) == 0 || o.output() == "wide" {
		if len(list.Items) == 0 {
			fmt.Fprintln(o.ErrOut, "No ElasticWebs found.")
			return "", nil
		}
		return screen.Fleet{Webs: list.Items, Namespaces: o.allNamespaces, Wide: o.output() == "wide", Now: o.now()}.Status(style), failure
	}
	var screens []string
	for i := range list.Items {
		shown, err := o.look(ctx, o.client, &list.Items[i])
		if err != nil {
			return "", err
		}
		screens = append(screens, screen.Status(shown, style))
	}
	return strings.Join(screens, "\n"), failure
}

func (o *statusOptions) printObjects(ctx context.Context) error {
	list, failure := o.read(ctx)
	if failure != nil && len(list.Items) == 0 {
		return failure
	}
	printer, err := o.print.ToPrinter()
	if err != nil {
		return err
	}
	for i := range list.Items {
		list.Items[i].SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWeb"))
	}
	list.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWebList"))
	var object runtime.Object = &list
	if len(o.names) == 1 {
		object = &list.Items[0]
	}
	return errors.Join(printer.PrintObj(object, o.Out), failure)
}
