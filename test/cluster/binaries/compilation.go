// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// withoutSymbols has the linker leave out what only debuggers read. No other flag is unusual: packages that are compiled with
// one, such as -trimpath, are compiled anew for all else.
const withoutSymbols = "-s -w"

// How much there is to do is only asked where it is not done in a moment, since the answer takes one itself.
const weighAfter = 3 * time.Second

// step is a part of what is to be compiled.
type step interface {
	compilation() *compilation
	run(ctx context.Context, m *meter) error
}

// compilation is a run of go build.
type compilation struct {
	source       string   // the folder in which it runs
	packages     []string // of the programs
	folder       string   // that gets them
	tags         string
	ldflags      string
	architecture string
}

func (c *compilation) compilation() *compilation { return c }

// compile takes one step after the other, and tells the progress of them all.
func compile(ctx context.Context, out io.Writer, steps []step) (err error) {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("go is not in PATH: install Go (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with the binaries")
	}
	m := startMeter(out)
	ctx, cancel := context.WithCancel(ctx)
	var weighing sync.WaitGroup
	defer func() {
		cancel()
		weighing.Wait()
		m.stop(err)
	}()
	compilations := make([]*compilation, len(steps))
	for i, s := range steps {
		compilations[i] = s.compilation()
	}
	weighing.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(weighAfter):
			m.expect(ctx, compilations)
		}
	})
	for _, s := range steps {
		if err := s.run(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *compilation) run(ctx context.Context, m *meter) error {
	args := []string{"build", "-v", "-buildvcs=false", "-tags", c.tags, "-ldflags", c.ldflags, "-o", c.folder + string(filepath.Separator)}
	cmd := c.goCommand(ctx, append(args, c.packages...)...)
	cmd.Stderr = m
	if err := cmd.Run(); err != nil {
		return explain(ctx, err, m.messages())
	}
	m.finish(c.outputs())
	return nil
}

// outputs are the paths of the programs, in the order of their packages.
func (c *compilation) outputs() []string {
	var outputs []string
	for _, program := range c.packages {
		if program == "." { // which go build names after the module
			program = c.source
		}
		outputs = append(outputs, filepath.Join(c.folder, filepath.Base(program)))
	}
	return outputs
}

// goCommand sets what the user's environment might have set for another build.
func (c *compilation) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = c.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+c.architecture)
	return cmd
}

// explain puts the cause that needs no reading of compiler output first.
func explain(ctx context.Context, err error, output string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(output, "no space left on device"):
		return fmt.Errorf("no space left on device: the build needs about 4 GB in Go's caches (go env GOCACHE GOMODCACHE) and the folder for temporary files:\n%s", output)
	}
	return fmt.Errorf("%w:\n%s", err, output)
}
