// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Healthprobe asks a gRPC server whether it serves. In images of opm and of catalogs it has the name grpc_health_probe,
// by which OLM calls it in the pods of catalogs: grpc_health_probe -addr=:50051.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	address := flag.String("addr", ":50051", "Address of the server.")
	flag.Parse()
	if err := probe(*address); err != nil {
		fmt.Fprintln(os.Stderr, "grpc_health_probe:", err)
		os.Exit(1)
	}
}

func probe(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	defer connection.Close()
	response, err := healthv1.NewHealthClient(connection).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	if response.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s says %s", address, response.GetStatus())
	}
	return nil
}
