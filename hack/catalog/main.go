// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Catalog renders the file-based catalog from its template with opm. The bundle that is not published yet is taken from
// bundle/, by way of a registry on loopback; the bundles of earlier releases come from their registries.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/hack/catalog/bundleimage"
)

// options are the flags.
type options struct {
	template, bundle, output, opm string
	image, digest                 string
}

func main() {
	o := options{}
	flag.StringVar(&o.template, "template", "config/catalog/template.yaml", "Template of the catalog, an olm.template.basic.")
	flag.StringVar(&o.bundle, "bundle", "bundle", "Folder of the bundle that is not published yet.")
	flag.StringVar(&o.image, "image", "", "Image of that bundle, with a tag: it stands in for the one that the template names without a digest.")
	flag.StringVar(&o.digest, "digest", "", "Digest of that image (sha256:...): pins it, as a release must. Empty keeps the tag.")
	flag.StringVar(&o.output, "output", "catalog/elasticweb-operator/catalog.yaml", "File to write.")
	flag.StringVar(&o.opm, "opm", "bin/opm", "opm, as built by make.")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "catalog: %q is no flag\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "catalog:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if strings.LastIndex(o.image, ":") <= strings.LastIndex(o.image, "/") {
		return fmt.Errorf("-image=%q: it takes a name with a tag", o.image)
	}
	template, err := o.readTemplate()
	if err != nil {
		return err
	}
	local, stop, err := serve(o.bundle)
	if err != nil {
		return err
	}
	defer stop()
	rendered, err := o.render(bytes.ReplaceAll(template, []byte(o.image), []byte(local)))
	if err != nil {
		return err
	}
	published := o.image
	if o.digest != "" {
		published = o.image[:strings.LastIndex(o.image, ":")] + "@" + o.digest
	}
	rendered = bytes.ReplaceAll(rendered, []byte(local), []byte(published))
	if err := os.MkdirAll(filepath.Dir(o.output), 0o755); err != nil {
		return err
	}
	return os.WriteFile(o.output, rendered, 0o644)
}

// readTemplate returns the template with the name of the bundle that is not published yet, the only one without a digest,
// set to the image. All others must have one, so that what comes from registries is what was released: TLS is not
// verified, since the registry on loopback has a certificate of its own making.
func (o options) readTemplate() ([]byte, error) {
	text, err := os.ReadFile(o.template)
	if err != nil {
		return nil, err
	}
	var template struct {
		Entries []struct{ Schema, Image string }
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.template, err)
	}
	var unpublished []string
	for _, entry := range template.Entries {
		if entry.Schema == "olm.bundle" && !strings.Contains(entry.Image, "@sha256:") {
			unpublished = append(unpublished, entry.Image)
		}
	}
	if len(unpublished) != 1 {
		return nil, fmt.Errorf("%s: the bundles %q have no digest, want one, that of this version: name earlier releases by digest", o.template, unpublished)
	}
	if err := o.checkEntry(text); err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(text, []byte(unpublished[0]), []byte(o.image)), nil
}

// checkEntry finds out whether the channels know the bundle, which opm would say less plainly.
func (o options) checkEntry(template []byte) error {
	paths, err := filepath.Glob(filepath.Join(o.bundle, "manifests", "*.clusterserviceversion.yaml"))
	if err != nil || len(paths) != 1 {
		return fmt.Errorf("%s holds %d ClusterServiceVersions, want 1: run make bundle: %w", o.bundle, len(paths), err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	var csv struct{ Metadata struct{ Name string } }
	if err := yaml.Unmarshal(text, &csv); err != nil {
		return fmt.Errorf("read %s: %w", paths[0], err)
	}
	if !regexp.MustCompile(`(?m)\bname: ` + regexp.QuoteMeta(csv.Metadata.Name) + `\s*$`).Match(template) {
		return fmt.Errorf("%s has no entry for %s: add it to the channels", o.template, csv.Metadata.Name)
	}
	return nil
}

// serve puts the image of the bundle into a registry on loopback.
func serve(folder string) (reference string, stop func(), err error) {
	image, err := bundleimage.From(folder)
	if err != nil {
		return "", nil, err
	}
	server := httptest.NewTLSServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	target, err := name.NewTag(strings.TrimPrefix(server.URL, "https://") + "/bundle:latest")
	if err == nil {
		err = remote.Write(target, image, remote.WithTransport(server.Client().Transport))
	}
	if err != nil {
		server.Close()
		return "", nil, fmt.Errorf("serve the bundle on loopback: %w", err)
	}
	return target.Name(), server.Close, nil
}

// render has opm put the bundles in. CSVs are kept as metadata alone, since OLM pulls the bundle when it installs it.
func (o options) render(template []byte) ([]byte, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "elasticweb-catalog-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	environment, err := withPolicy(os.Environ(), home, "/etc", scratch)
	if err != nil {
		return nil, fmt.Errorf("write a policy for images: %w", err)
	}
	command := exec.Command(o.opm, "alpha", "render-template", "basic", "-", "--skip-tls-verify",
		"--migrate-level=bundle-object-to-csv-metadata", "--output=yaml")
	var complaints bytes.Buffer
	command.Env, command.Stdin, command.Stderr = environment, bytes.NewReader(template), &complaints
	rendered, err := command.Output()
	if err == nil && len(rendered) == 0 {
		err = errors.New("it rendered nothing")
	}
	if err != nil {
		return nil, fmt.Errorf("opm render-template: %w: %s", err, strings.TrimSpace(complaints.String()))
	}
	return rendered, nil
}
