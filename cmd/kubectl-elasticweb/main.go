// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Kubectl-elasticweb is a plugin of kubectl: what an ElasticWeb serves, why it has as many pods as it has, and what a change would do.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/moby/term"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // cloud providers' ways to authenticate.
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// version is that of the release; its build sets it.
var version = "devel"

func main() {
	klog.SetLogger(logr.Discard()) // the libraries' logs say what errors say, or nothing that helps, and quote others.
	log.SetLogger(logr.Discard())
	in, out, errOut := term.StdStreams() // understands escape sequences on Windows, too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever says it twice does not want to wait.
	os.Exit(ended(ctx, func() int {
		return run(ctx, arguments(os.Args), genericiooptions.IOStreams{In: in, Out: out, ErrOut: errOut})
	}))
}

// interrupted is what shells give where a program was ended by Ctrl-C.
const interrupted = 130

// lastWords is how long a command may take to end when it is told to.
const lastWords = 5 * time.Second

// ended is the exit code of a command. Not all that it waits for can be told to end: the libraries' discovery of a cluster that does not answer, or
// reading from a terminal.
func ended(ctx context.Context, command func() int) int {
	code := make(chan int, 1)
	go func() { code <- command() }()
	select {
	case result := <-code:
		return result
	case <-ctx.Done():
	}
	select {
	case result := <-code:
		return result
	case <-time.After(lastWords):
		return interrupted
	}
}

// completer is the name that kubectl calls a plugin by to complete what was typed.
const completer = "kubectl_complete-elasticweb"

func arguments(called []string) []string {
	if name := filepath.Base(called[0]); strings.TrimSuffix(name, ".exe") == completer {
		return append([]string{cobra.ShellCompRequestCmd}, called[1:]...)
	}
	return called[1:]
}

// exit is the code to end with; an empty message says that all was said.
type exit struct {
	code    int
	message string
}

func (e exit) Error() string { return e.message }

func run(ctx context.Context, args []string, streams genericiooptions.IOStreams) int {
	out := checkedOf(streams.Out)
	streams.Out = out
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if failed := out.failure(); failed != nil && (err == nil || !errors.Is(err, failed)) { // a manifest that is cut off is none.
		err = errors.Join(fmt.Errorf("write the output: %w", failed), err)
	}
	if err == nil {
		return 0
	}
	result, isExit := errors.AsType[exit](err)
	if !isExit {
		result = exit{1, err.Error()}
	}
	if result.message != "" {
		for _, line := range strings.Split(strings.TrimSpace(result.message), "\n") {
			fmt.Fprintln(streams.ErrOut, screen.Line("error: "+quote.Bounded(line, longestError), longestError))
		}
	}
	return result.code
}

// longestError is in columns. API servers quote what they were given, before they say what is wrong with it.
const longestError = 900

func newRoot(streams genericiooptions.IOStreams) *cobra.Command {
	e := newEnvironment(streams)
	root := &cobra.Command{
		Use:           "kubectl-elasticweb",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl elasticweb"},
		Short:         "See ElasticWebs, ask why, and what if",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	e.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(newStatus(e), newPlan(e), newWhy(e), newPause(e), newResume(e), newRestart(e), newRerun(e), newFrom(e), newBenchmark(e), newReport(e),
		newDashboard(e))
	for _, command := range root.Commands() {
		command.DisableFlagsInUseLine = true
	}
	return root
}
