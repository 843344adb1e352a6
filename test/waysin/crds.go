// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package waysin gives tests the CRDs of the ways in: HTTPRoutes of the Gateway API and Routes of OpenShift, out of the modules that their
// projects publish them in.
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

// HTTPRoutes is the CRD of HTTPRoutes.
func HTTPRoutes(ctx context.Context) (*unstructured.Unstructured, error) {
	return crd(ctx, "gateway-api", "sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")
}

// Routes is the CRD of Routes.
func Routes(ctx context.Context) (*unstructured.Unstructured, error) {
	return crd(ctx, "operator-framework", "github.com/openshift/api", "route/v1/zz_generated.crd-manifests/routes.crd.yaml")
}

// crd reads one out of a module, in the version that a folder below tools pins.
func crd(ctx context.Context, tool, module, path string) (*unstructured.Unstructured, error) {
	_, here, _, _ := runtime.Caller(0)
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir = filepath.Join(filepath.Dir(here), "../../tools", tool)
	out, err := list.Output()
	folder := strings.TrimSpace(string(out))
	if err != nil || folder == "" {
		download := exec.CommandContext(ctx, "go", "mod", "download", module)
		download.Dir = list.Dir
		if out, err := download.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("download %s: %w: %s", module, err, out)
		}
		again := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
		again.Dir = list.Dir
		if out, err = again.Output(); err != nil {
			return nil, fmt.Errorf("find %s: %w", module, err)
		}
		folder = strings.TrimSpace(string(out))
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
