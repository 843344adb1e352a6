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

// Rendered has a function look at what a chart renders for an object, before anything is done with it. What that returns takes the
// place of what was rendered, and an error ends the installation or the upgrade. It also takes the place of
// helm-operator-plugins' own step, which would write all of it as YAML once more: owner references are up to it.
func Rendered(next helmclient.ActionClientGetter, look func(owner client.Object, rendered []byte) ([]byte, error)) helmclient.ActionClientGetter {
	return helmclient.ActionClientGetterFunc(func(ctx context.Context, object client.Object) (helmclient.ActionInterface, error) {
		actions, err := next.ActionClientFor(ctx, object)
		if err != nil {
			return nil, err
		}
		return &lookedAt{ActionInterface: actions, renderer: helmclient.PostRendererFunc(func(rendered *bytes.Buffer) (*bytes.Buffer, error) {
			applied, err := look(object, rendered.Bytes())
			return bytes.NewBuffer(applied), err
		})}, nil
	})
}

// lookedAt is an action client that applies nothing unseen.
type lookedAt struct {
	helmclient.ActionInterface
	renderer postrender.PostRenderer
}

// Install makes a release.
func (l *lookedAt) Install(name, namespace string, made *chart.Chart, values map[string]any, options ...helmclient.InstallOption) (*release.Release, error) {
	return l.ActionInterface.Install(name, namespace, made, values, append(options, helmclient.WithInstallPostRenderer(l.renderer))...)
}

// Upgrade changes a release.
func (l *lookedAt) Upgrade(name, namespace string, made *chart.Chart, values map[string]any, options ...helmclient.UpgradeOption) (*release.Release, error) {
	return l.ActionInterface.Upgrade(name, namespace, made, values, append(options, helmclient.WithUpgradePostRenderer(l.renderer))...)
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
