// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver is a real API server for the tests of a custom resource.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// Server has a CRD, and is a client with all rights.
type Server struct {
	client.Client
	*cluster.Cluster
}

// Start returns once the server answers for the CRD in a file, which it does a moment after the CRD is Established. The
// list is one of the CRD's kind, and the scheme knows it. The server must be stopped.
func Start(ctx context.Context, crd string, scheme *runtime.Scheme, list client.ObjectList) (*Server, error) {
	control, err := cluster.Start(ctx, cluster.Options{Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	s := &Server{Cluster: control}
	if err := s.serve(ctx, crd, scheme, list); err != nil {
		return nil, errors.Join(err, control.Stop())
	}
	return s, nil
}

func (s *Server) serve(ctx context.Context, crd string, scheme *runtime.Scheme, list client.ObjectList) (err error) {
	// As a user does it, which proves that the CRD fits into kubectl's annotation.
	if _, err := s.Kubectl(ctx, "", "apply", "-f", crd); err != nil {
		return err
	}
	if s.Client, err = client.New(s.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	// kubectl wait would not do: it fails where the CRD has no conditions yet.
	var refusal error
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		refusal = s.List(ctx, list)
		return refusal == nil, nil
	}); err != nil {
		return fmt.Errorf("%s is not served: %w: %w", crd, err, refusal)
	}
	return nil
}
