// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/postrender"
	"helm.sh/helm/v3/pkg/release"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Look is what is to be applied of what a chart renders for an object, and the run that it is of.
type Look func(ctx context.Context, owner client.Object, rendered []byte) (applied []byte, run string, err error)

// Rendered has look decide before anything is done with what a chart renders. An error ends the installation, which
// only ever creates. It also takes the place of
// helm-operator-plugins' own step, which would write all of it as YAML once more: owner references are up to it.
func Rendered(next helmclient.ActionClientGetter, look Look) helmclient.ActionClientGetter {
	return helmclient.ActionClientGetterFunc(func(ctx context.Context, object client.Object) (helmclient.ActionInterface, error) {
		actions, err := next.ActionClientFor(ctx, object)
		if err != nil {
			return nil, err
		}
		confine(actions.Config())
		looked := &lookedAt{ActionInterface: actions}
		looked.renderer = helmclient.PostRendererFunc(func(rendered *bytes.Buffer) (*bytes.Buffer, error) {
			applied, run, err := look(ctx, object, rendered.Bytes())
			looked.run = run
			return bytes.NewBuffer(applied), err
		})
		return looked, nil
	})
}

// lookedAt is an action client that installs nothing unseen. Where nothing is stored, there is nothing to upgrade.
type lookedAt struct {
	helmclient.ActionInterface
	renderer postrender.PostRenderer
	run      string
}

// Install makes a release. What the reconciler reports of it is its run: whoever may read the object need not be allowed to read what is
// in a pod.
func (l *lookedAt) Install(name, namespace string, made *chart.Chart, values map[string]any, options ...helmclient.InstallOption) (*release.Release, error) {
	installed, err := l.ActionInterface.Install(name, namespace, made, values, append(options, helmclient.WithInstallPostRenderer(l.renderer))...)
	if installed != nil {
		installed.Manifest = l.run
	}
	return installed, err
}

// Manifest is the objects as YAML of which no reader makes anything else: each is JSON on a line of its own.
func Manifest(objects []map[string]any) ([]byte, error) {
	var manifest bytes.Buffer
	for _, object := range objects {
		encoded, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("write the manifest: %w", err)
		}
		manifest.WriteString("---\n" + escape(string(encoded)) + "\n")
	}
	return manifest.Bytes(), nil
}

// escape writes what YAML refuses in the place of what JSON allows, or takes for the end of a line.
func escape(encoded string) string {
	var escaped strings.Builder
	for _, letter := range encoded {
		switch {
		case letter >= 0x7f && letter <= 0x9f, letter == 0x2028, letter == 0x2029, letter == 0xfeff, letter == 0xfffe, letter == 0xffff:
			fmt.Fprintf(&escaped, `\u%04x`, letter)
		default:
			escaped.WriteRune(letter)
		}
	}
	return escaped.String()
}
