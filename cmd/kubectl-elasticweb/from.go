// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/takeover"
)

type fromOptions struct {
	*environment
	deployment, name, service string
	singlePodsQPS, totalQPS   int32

	client    client.Client
	namespace string
}

func newFrom(e *environment) *cobra.Command {
	o := &fromOptions{environment: e}
	command := &cobra.Command{
		Use:   "from deployment/NAME --single-pods-qps N [--total-qps N] [--name NAME] [--service NAME]",
		Short: "Make the manifest of an ElasticWeb from a Deployment and its Service",
		Long: "Writes a manifest, with what cannot be carried over and the steps of a change-over without an outage in its comments. " +
			"The API server tries it; nothing is changed.",
		Example: "  kubectl elasticweb from deployment/shop --single-pods-qps 800 --total-qps 2400 > shop.yaml",
		RunE:    func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
	}
	flags := command.Flags()
	flags.Int32Var(&o.singlePodsQPS, "single-pods-qps", 0, "What one pod serves, in requests per second; kubectl elasticweb benchmark measures it")
	flags.Int32Var(&o.totalQPS, "total-qps", 0, "What it must serve, in requests per second; without it the number of pods stays")
	flags.StringVar(&o.name, "name", "", "The name of the ElasticWeb. Default: that of the Deployment, and -elastic")
	flags.StringVar(&o.service, "service", "", "The Service that leads to the pods. Default: the first one that selects them")
	return command
}

func (o *fromOptions) complete(args []string) (err error) {
	if len(args) != 1 {
		return errors.New("from takes one Deployment, as deployment/NAME")
	}
	kind, name, isPair := strings.Cut(args[0], "/")
	switch strings.ToLower(kind) {
	case "deployment", "deployments", "deploy", "deployment.apps", "deployments.apps":
	default:
		isPair = false
	}
	if !isPair {
		return fmt.Errorf("%s: write it as deployment/NAME", args[0])
	}
	if o.deployment = name; o.name == "" {
		o.name = name + "-elastic"
	}
	if o.namespace, err = o.environment.namespace(); err != nil {
		return err
	}
	o.client, err = o.environment.client()
	return err
}

func (o *fromOptions) validate() error {
	switch {
	case o.singlePodsQPS < 1:
		return errors.New("say what one pod serves with --single-pods-qps: kubectl elasticweb benchmark --image IMAGE measures it")
	case o.totalQPS < 0:
		return errors.New("--total-qps must be at least 1")
	case o.name == o.deployment:
		return errors.New("--name must be another one than the Deployment's: the ElasticWeb makes a Deployment of its own name, and both run during the change-over")
	}
	return nil
}

func (o *fromOptions) run(ctx context.Context) error {
	in, err := o.read(ctx)
	if err != nil {
		return err
	}
	result, err := takeover.Make(in)
	if err != nil {
		return err
	}
	manifest, err := result.Manifest()
	if err != nil {
		return err
	}
	fmt.Fprint(o.Out, manifest)
	err = o.client.Create(ctx, result.Web.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict"))
	if isDenied(err) {
		fmt.Fprintln(o.ErrOut, "Not tried: you may not make ElasticWebs here.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("the API server does not take it as it is: %w", err)
	}
	fmt.Fprintln(o.ErrOut, "The API server takes it (dry run).")
	return nil
}

func (o *fromOptions) read(ctx context.Context) (takeover.Input, error) {
	in := takeover.Input{Deployment: &appsv1.Deployment{}, Name: o.name, SinglePodsQPS: o.singlePodsQPS, TotalQPS: o.totalQPS, Where: o.where(o.namespace)}
	if err := o.client.Get(ctx, types.NamespacedName{Namespace: o.namespace, Name: o.deployment}, in.Deployment); err != nil {
		return in, err
	}
	if err := o.unlessForbidden("list Services", o.readServices(ctx, &in)); err != nil {
		return in, err
	}
	scalers := &autoscalingv2.HorizontalPodAutoscalerList{}
	if err := o.unlessForbidden("list HorizontalPodAutoscalers", o.client.List(ctx, scalers, client.InNamespace(o.namespace))); err != nil {
		return in, err
	}
	for i := range scalers.Items {
		if target := scalers.Items[i].Spec.ScaleTargetRef; target.Kind == "Deployment" && target.Name == o.deployment {
			in.Autoscalers = append(in.Autoscalers, scalers.Items[i].Name)
		}
	}
	return in, nil
}

func (o *fromOptions) unlessForbidden(what string, err error) error {
	if apierrors.IsForbidden(err) {
		fmt.Fprintln(o.ErrOut, screen.Line("Not counted with: "+what+": "+err.Error(), longestError))
		return nil
	}
	return err
}

// readServices takes the one that was named, else the first that selects the pods.
func (o *fromOptions) readServices(ctx context.Context, in *takeover.Input) error {
	if o.service != "" {
		in.Service = &corev1.Service{}
		return o.client.Get(ctx, types.NamespacedName{Namespace: o.namespace, Name: o.service}, in.Service)
	}
	services := &corev1.ServiceList{}
	if err := o.client.List(ctx, services, client.InNamespace(o.namespace)); err != nil {
		return err
	}
	for i := range services.Items {
		service := &services.Items[i]
		switch {
		case !takeover.Selects(service, in.Deployment):
		case in.Service == nil:
			in.Service = service
		default:
			in.OtherServices = append(in.OtherServices, service.Name)
		}
	}
	return nil
}
