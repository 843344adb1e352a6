// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/internal/explain"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

type whyOptions struct {
	*environment
	name, output string
	client       client.Client
}

func newWhy(e *environment) *cobra.Command {
	o := &whyOptions{environment: e}
	command := &cobra.Command{
		Use:               "why NAME [-o json|yaml]",
		Short:             "Say step by step how the number of pods came about",
		Example:           "  kubectl elasticweb why shop",
		RunE:              func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
		ValidArgsFunction: e.completeNames(1),
	}
	command.Flags().StringVarP(&o.output, "output", "o", "", "json or yaml")
	return command
}

func (o *whyOptions) complete(args []string) (err error) {
	if len(args) != 1 {
		return errors.New("why takes one name")
	}
	o.name = args[0]
	o.client, err = o.environment.client()
	return err
}

func (o *whyOptions) validate() error { return checkOutput(o.output) }

// checkOutput is for what is no object of the cluster.
func checkOutput(output string) error {
	if !slices.Contains([]string{"", "json", "yaml"}, output) {
		return fmt.Errorf("--output=%s: it takes json or yaml", output)
	}
	return nil
}

// printData writes what is no object of the cluster, as checkOutput allows.
func (e *environment) printData(data any, output string) error {
	text, err := json.MarshalIndent(data, "", "  ")
	if err == nil && output == "yaml" {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		return fmt.Errorf("marshal the output: %w", err)
	}
	_, err = fmt.Fprintln(e.Out, string(text))
	return err
}

func (o *whyOptions) run(ctx context.Context) error {
	web, err := o.get(ctx, o.client, o.name)
	if err != nil {
		return err
	}
	if err := readable(web); err != nil {
		return err
	}
	seen, err := elasticweb.Onlooker{Reader: o.client}.Look(ctx, web, o.now())
	if err != nil {
		return err
	}
	_, steps := explained(&seen, o.where(web.Namespace))
	if o.output != "" {
		return o.printData(steps, o.output)
	}
	style, _, _ := o.terminal()
	fmt.Fprint(o.Out, explain.Text(web.Name, web.Namespace, steps, style))
	for _, text := range texts(seen.Missing) {
		fmt.Fprintln(o.ErrOut, screen.Line("Not counted with, since it may not be read: "+text, longestError))
	}
	return nil
}

// explained plans what was seen, and says how that came about and what is refused. It fills in whether the template is kept. where is as that of explain.Input.
func explained(seen *elasticweb.Sight, where string) (planned plan.Plan, steps []explain.Step) {
	made, unfit := resources.PlanFor(seen.Web, &seen.Observed)
	in := explain.Input{Web: seen.Web, Words: seen.Words, Observed: seen.Observed, Plan: made, Where: where}
	_, in.Reasons = plan.Explained(seen.Web, seen.Observed)
	if seen.Web.UnreadableSpec == "" {
		steps = explain.Steps(in)
	}
	for _, refusal := range []error{seen.Refusal, unfit} {
		if refusal != nil {
			steps = append(steps, explain.Step{Title: "What is refused", Sentences: []string{refusal.Error() + ". The pods keep the template that they have."}})
		}
	}
	return in.Plan, steps
}
