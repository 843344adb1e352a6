// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/moby/term"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// environment is what all commands share: where the cluster is, and where to write.
type environment struct {
	genericiooptions.IOStreams
	flags *genericclioptions.ConfigFlags
	// now is the clock.
	now func() time.Time
}

func newEnvironment(streams genericiooptions.IOStreams) *environment {
	return &environment{IOStreams: streams, flags: genericclioptions.NewConfigFlags(true).WithDiscoveryBurst(300).WithDiscoveryQPS(50), now: time.Now}
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, elasticwebv1.AddToScheme, v1alpha1.AddToScheme, way.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register the types: %w", err)
		}
	}
	return scheme, nil
}

// client talks to the cluster with the rights of the user.
func (e *environment) client() (client.Client, error) {
	config, err := e.config()
	if err != nil {
		return nil, err
	}
	mapper, err := e.flags.ToRESTMapper()
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for its kinds: %w", err)
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
}

func (e *environment) config() (*rest.Config, error) {
	config, err := e.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.QPS, config.Burst = 50, 300 // as kubectl.
	config.UserAgent = "kubectl-elasticweb/" + version
	config.WarningHandler = warnings{e}
	return config, nil
}

// namespace is the one of the flag, else of the kubeconfig.
func (e *environment) namespace() (string, error) {
	namespace, _, err := e.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("find the namespace: %w", err)
	}
	return namespace, nil
}

// where is how kubectl finds the same cluster, namespace and user, as flags of commands that are there to be copied. Tokens and passwords are none of them.
func (e *environment) where(namespace string) string {
	given := []string{"-n", shellWord(namespace)}
	for _, flag := range []struct {
		name  string
		value *string
	}{
		{"kubeconfig", e.flags.KubeConfig}, {"context", e.flags.Context}, {"cluster", e.flags.ClusterName}, {"user", e.flags.AuthInfoName},
		{"server", e.flags.APIServer}, {"as", e.flags.Impersonate},
	} {
		if *flag.value != "" {
			given = append(given, "--"+flag.name+"="+shellWord(*flag.value))
		}
	}
	return strings.Join(given, " ")
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// shellWord is a word for a shell.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// warnings of the API server, which admission policies write, are made harmless.
type warnings struct{ e *environment }

// HandleWarningHeader implements rest.WarningHandler.
func (w warnings) HandleWarningHeader(code int, _, text string) {
	if code == 299 && text != "" {
		fmt.Fprintln(w.e.ErrOut, "Warning: "+screen.Line(text, longestError))
	}
}

// terminal is what the output can show; isTerminal is false where it is a pipe or a file.
func (e *environment) terminal() (style screen.Style, height int, isTerminal bool) {
	file, isFile := e.Out.(interface{ Fd() uintptr })
	if !isFile || !term.IsTerminal(file.Fd()) {
		style = screen.Fit(0, false)
		style.IsPiped = true
		return style, 0, false
	}
	width := 0
	if size, err := term.GetWinsize(file.Fd()); err == nil {
		width, height = int(size.Width), int(size.Height)
	}
	return screen.Fit(width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"), height, true
}

// completionPatience is short: somebody waits at a prompt.
const completionPatience = 2 * time.Second

// completeNames completes the names of ElasticWebs, of as many as the command takes.
func (e *environment) completeNames(most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := e.names(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func (e *environment) names(ctx context.Context) (names []string, err error) {
	ctx, stop := context.WithTimeout(ctx, completionPatience)
	defer stop()
	c, err := e.client()
	if err != nil {
		return nil, err
	}
	namespace, err := e.namespace()
	if err != nil {
		return nil, err
	}
	list := &elasticwebv1.ElasticWebList{}
	err = c.List(ctx, list, client.InNamespace(namespace))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, err
}
