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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// The exit codes are those of kubectl diff.
const (
	exitChanges = 1
	exitError   = 2
)

type planOptions struct {
	*environment
	files               resource.FilenameOptions
	name, image, output string
	totalQPS, replicas  int32
	set                 []string
	serverSide, force   bool
	manager             string
	looksUp             bool
	plainHTTP           []string
	// What was given, be it as nothing.
	changesQPS, changesCount, changesImage bool

	client client.Client
	// spec is the merge patch of the flags.
	spec map[string]any
}

func newPlan(e *environment) *cobra.Command {
	o := &planOptions{environment: e, looksUp: true, manager: "kubectl"}
	command := &cobra.Command{
		Use:   "plan (NAME [--total-qps N] [--replicas N] [--image IMAGE] [--set PATH=VALUE] | -f FILE) [-o json|yaml]",
		Short: "Show what a change would do, and change nothing",
		Long: "The operator's own plan, made with the state of the cluster: the number of pods, the architectures, whether the pods are restarted and by " +
			"which field, what is refused; and a diff. The API server's rules are asked by a dry run.\n\n" +
			"It ends with 0 where nothing would change, 1 where something would, and 2 where it is refused or cannot be told.",
		Example: "  kubectl elasticweb plan shop --total-qps 9000\n  kubectl elasticweb plan shop --image shop:1.5 --set rollout.maxSurge=1\n  kubectl elasticweb plan -f shop.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := cmd.Flags()
			o.changesQPS, o.changesCount, o.changesImage = flags.Changed("total-qps"), flags.Changed("replicas"), flags.Changed("image")
			err := runStages(cmd.Context(), o, args)
			if _, isExit := errors.AsType[exit](err); err != nil && !isExit {
				return exit{exitError, err.Error()}
			}
			return err
		},
		ValidArgsFunction: e.completeNames(1),
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit{exitError, err.Error()} })
	flags := command.Flags()
	flags.StringSliceVarP(&o.files.Filenames, "filename", "f", nil, "File, folder, URL or - with ElasticWebs")
	flags.BoolVarP(&o.files.Recursive, "recursive", "R", false, "Also the folders within a folder")
	flags.Int32Var(&o.totalQPS, "total-qps", 0, "What it must serve, in requests per second, in the place of spec.replicas or spec.demand")
	flags.Int32Var(&o.replicas, "replicas", 0, "The number of pods, in the place of spec.totalQPS or spec.demand")
	flags.StringVar(&o.image, "image", "", "The image")
	flags.StringArrayVar(&o.set, "set", nil, "A field below spec, for instance headroomPercent=20 or podLabels.team=web; null removes it. May be given again")
	flags.BoolVar(&o.serverSide, "server-side", false, "Take the file as kubectl apply --server-side would")
	flags.BoolVar(&o.force, "force-conflicts", false, "With --server-side, take fields from other managers")
	flags.StringVar(&o.manager, "field-manager", o.manager, "With --server-side, the name of the manager")
	flags.BoolVar(&o.looksUp, "look-up-image", o.looksUp, "Ask the registry, from here, for the platforms of an image that the operator would ask for")
	flags.StringSliceVar(&o.plainHTTP, "plain-http-registries", nil, "Registries (host or host:port) that are asked over HTTP")
	flags.StringVarP(&o.output, "output", "o", "", "json or yaml")
	return command
}

func (o *planOptions) complete(args []string) (err error) {
	if len(args) > 1 {
		return errors.New("plan takes one name")
	}
	if len(args) == 1 {
		o.name = args[0]
	}
	o.spec = map[string]any{}
	if o.changesQPS {
		o.spec["totalQPS"], o.spec["replicas"], o.spec["demand"] = o.totalQPS, nil, nil
	}
	if o.changesCount {
		o.spec["replicas"], o.spec["totalQPS"], o.spec["demand"] = o.replicas, nil, nil
	}
	if o.changesImage {
		o.spec["image"] = o.image
	}
	for _, assignment := range o.set {
		if err := setPath(o.spec, assignment); err != nil {
			return err
		}
	}
	o.client, err = o.environment.client()
	return err
}

func (o *planOptions) validate() error {
	isFile := len(o.files.Filenames) > 0
	switch {
	case isFile == (o.name != ""):
		return errors.New("give a name or -f, one of the two")
	case isFile && len(o.spec) > 0:
		return errors.New("-f says it all: --total-qps, --replicas, --image and --set go with a name")
	case o.changesQPS && o.changesCount:
		return errors.New("--total-qps and --replicas exclude each other")
	}
	return checkOutput(o.output)
}

func (o *planOptions) run(ctx context.Context) error {
	changes, err := o.changes(ctx)
	if err != nil {
		return err
	}
	var outcomes []whatif.Outcome
	for _, change := range changes {
		outcome, err := o.planFor(ctx, change)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, outcome)
	}
	if err := o.print(outcomes); err != nil {
		return err
	}
	return verdict(outcomes)
}

func verdict(outcomes []whatif.Outcome) error {
	code := 0
	for _, outcome := range outcomes {
		switch {
		case len(outcome.Refused) > 0:
			return exit{code: exitError}
		case outcome.Changes:
			code = exitChanges
		}
	}
	if code == 0 {
		return nil
	}
	return exit{code: code}
}

func (o *planOptions) changes(ctx context.Context) ([]change, error) {
	if o.name != "" {
		web, err := o.get(ctx, o.client, o.name)
		if err != nil {
			return nil, err
		}
		patch, err := json.Marshal(map[string]any{"spec": o.spec})
		return []change{{before: web, patch: client.RawPatch(types.MergePatchType, patch)}}, err
	}
	namespace, isGiven, err := o.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("find the namespace: %w", err)
	}
	builder := resource.NewBuilder(o.flags).Unstructured().Local().ContinueOnError().NamespaceParam(namespace).DefaultNamespace()
	if at := slices.Index(o.files.Filenames, "-"); at >= 0 {
		o.files.Filenames = slices.Delete(o.files.Filenames, at, at+1)
		builder = builder.Stream(o.In, "standard input")
	}
	infos, err := builder.FilenameParam(isGiven, &o.files).Flatten().Do().Infos()
	if err != nil {
		return nil, err
	}
	var changes []change
	for _, info := range infos {
		manifest, isObject := info.Object.(*unstructured.Unstructured)
		if !isObject || manifest.GroupVersionKind().GroupKind() != elasticwebv1.GroupVersion.WithKind("ElasticWeb").GroupKind() {
			fmt.Fprintln(o.ErrOut, screen.Name(info.ObjectName())+" is no ElasticWeb, and is passed over")
			continue
		}
		if manifest.GetNamespace() == "" {
			manifest.SetNamespace(namespace)
		}
		change, err := o.changeBy(ctx, manifest)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	if len(changes) == 0 {
		return nil, errors.New("there is no ElasticWeb in what -f names")
	}
	return changes, nil
}

func (o *planOptions) changeBy(ctx context.Context, manifest *unstructured.Unstructured) (change, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWeb"))
	err := o.client.Get(ctx, client.ObjectKeyFromObject(manifest), live)
	if apierrors.IsNotFound(err) {
		return changeOf(nil, nil, manifest, o.serverSide, o.manager, o.force)
	}
	if err != nil {
		return change{}, err
	}
	before, err := fromManifest(live)
	if before == nil {
		return change{}, err
	}
	return changeOf(before, live, manifest, o.serverSide, o.manager, o.force)
}

func (o *planOptions) planFor(ctx context.Context, change change) (whatif.Outcome, error) {
	web, isUnchecked, err := change.tried(ctx, o.client)
	if err != nil {
		return whatif.Outcome{}, err
	}
	if err := complete(web); err != nil { // the API server has not looked at one that is unchecked.
		return whatif.Outcome{}, err
	}
	looker := elasticweb.Onlooker{Reader: o.client}
	before := whatif.Side{}
	switch {
	case change.before == nil:
	case change.before.UnreadableSpec != "":
		before.Unreadable = change.before.UnreadableSpec
	default:
		if before, _, err = o.sideOf(ctx, looker, change.before); err != nil {
			return whatif.Outcome{}, err
		}
	}
	if o.looksUp && looksUp(web) {
		looker.Image = o.lookUp(o.client, o.plainHTTP)
	}
	after, missing, err := o.sideOf(ctx, looker, web)
	if err != nil {
		return whatif.Outcome{}, err
	}
	outcome := compared(before, after, missing)
	if isUnchecked {
		outcome.Notes = append(outcome.Notes, "what the API server would refuse or set is not known: you may not write ElasticWebs here")
		return outcome, nil
	}
	refused, notes, err := refusedObjects(ctx, o.client, after)
	outcome.Refused, outcome.Notes = append(outcome.Refused, refused...), append(outcome.Notes, notes...)
	return outcome, err
}

// complete reports whether an ElasticWeb has what none is without.
func complete(web *elasticwebv1.ElasticWeb) error {
	switch {
	case web.Spec.Port == nil:
		return fmt.Errorf("the ElasticWeb %s has no spec.port: set it to the port that clients reach", web.Name)
	case web.Spec.Image == "":
		return fmt.Errorf("the ElasticWeb %s has no spec.image: set it", web.Name)
	case web.Spec.SinglePodsQPS == nil:
		return fmt.Errorf("the ElasticWeb %s has no spec.singlePodsQPS: set it to what one pod serves, in requests per second", web.Name)
	}
	return nil
}

func (e *environment) sideOf(ctx context.Context, looker elasticweb.Onlooker, web *elasticwebv1.ElasticWeb) (whatif.Side, []error, error) {
	seen, err := looker.Look(ctx, web, e.now())
	side := whatif.Side{
		Web: seen.Web, Given: web, Words: seen.Words, Observed: seen.Observed, Refusal: seen.Refusal, Where: e.where(web.Namespace),
	}
	return side, seen.Missing, err
}

// compared is what a change would do, with a note about what could not be read of it.
func compared(before, after whatif.Side, missing []error) whatif.Outcome {
	outcome := whatif.Compare(before, after)
	for _, text := range texts(missing) {
		outcome.Notes = append(outcome.Notes, "not counted with, since it may not be read: "+text)
	}
	return outcome
}

// looksUp is false where the operator says that it looks nothing up.
func looksUp(web *elasticwebv1.ElasticWeb) bool {
	told := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
	return told == nil || told.Reason != elasticwebv1.ReasonNotLookedUp
}

func (o *planOptions) print(outcomes []whatif.Outcome) error {
	if o.output == "" {
		style, _, _ := o.terminal()
		for i := range outcomes {
			if i > 0 {
				fmt.Fprintln(o.Out)
			}
			fmt.Fprint(o.Out, outcomes[i].Text(style))
		}
		return nil
	}
	var object any = outcomes
	if o.name != "" {
		object = outcomes[0]
	}
	return o.printData(object, o.output)
}
