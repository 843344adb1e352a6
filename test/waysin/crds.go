// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package waysin gives tests the CRDs of the ways in: those of the Gateway API and Routes of OpenShift, out of the modules that their projects
// publish them in; and who serves them: Traefik, or somebody who accepts HTTPRoutes and leads to nothing.
package waysin

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

const (
	gatewayAPI = "sigs.k8s.io/gateway-api"
	standard   = "config/crd/standard"
)

// HTTPRoutes is the CRD of HTTPRoutes.
func HTTPRoutes(ctx context.Context) (*unstructured.Unstructured, error) {
	return crd(ctx, "gateway-api", gatewayAPI, standard+"/gateway.networking.k8s.io_httproutes.yaml")
}

// GatewayAPI is the folder with the CRDs of all kinds of the Gateway API's standard channel, and what else belongs to them.
func GatewayAPI(ctx context.Context) (folder string, err error) {
	folder, err = moduleFolder(ctx, "gateway-api", gatewayAPI)
	return filepath.Join(folder, standard), err
}

// Routes is the CRD of Routes.
func Routes(ctx context.Context) (*unstructured.Unstructured, error) {
	return crd(ctx, "operator-framework", "github.com/openshift/api", "route/v1/zz_generated.crd-manifests/routes.crd.yaml")
}

// crd reads one out of a module.
func crd(ctx context.Context, tool, module, path string) (*unstructured.Unstructured, error) {
	folder, err := moduleFolder(ctx, tool, module)
	if err != nil {
		return nil, err
	}
	objects, err := manifests.ReadFile(filepath.Join(folder, path))
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 {
		return nil, fmt.Errorf("%s: %d objects", path, len(objects))
	}
	return objects[0], nil
}

// moduleFolder is where Go keeps a module, in the version that a folder below tools pins. It is downloaded where it is missing.
func moduleFolder(ctx context.Context, tool, module string) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	pinned := filepath.Join(filepath.Dir(here), "../../tools", tool)
	if folder, err := find(ctx, pinned, module); err == nil && folder != "" {
		return folder, nil
	}
	download := exec.CommandContext(ctx, "go", "mod", "download", module)
	download.Dir = pinned
	if out, err := download.CombinedOutput(); err != nil {
		return "", fmt.Errorf("download %s: %w: %s", module, err, out)
	}
	folder, err := find(ctx, pinned, module)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", module, err)
	}
	return folder, nil
}

// find is the folder of a module; "" where it was not downloaded.
func find(ctx context.Context, pinned, module string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir = pinned
	out, err := list.Output()
	return strings.TrimSpace(string(out)), err
}
