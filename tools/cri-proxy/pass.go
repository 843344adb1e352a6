// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// pass answers a request, or a stream of them, by what the backend answers.
func pass(backend *grpc.ClientConn, server grpc.ServerStream) error {
	method, known := grpc.MethodFromServerStream(server)
	if !known {
		return errUnknownMethod()
	}
	ctx := server.Context()
	if incoming, has := metadata.FromIncomingContext(ctx); has {
		ctx = metadata.NewOutgoingContext(ctx, incoming)
	}
	client, err := backend.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	go passRequests(server, client, method)
	return passAnswers(client, server)
}

// passRequests ends with the requests. What goes wrong, the answers tell.
func passRequests(server grpc.ServerStream, client grpc.ClientStream, method string) {
	for {
		var frame []byte
		if server.RecvMsg(&frame) != nil {
			_ = client.CloseSend()
			return
		}
		frame = withoutSeccomp(method, frame)
		if client.SendMsg(&frame) != nil {
			return
		}
	}
}

func passAnswers(client grpc.ClientStream, server grpc.ServerStream) error {
	for {
		var frame []byte
		err := client.RecvMsg(&frame)
		if errors.Is(err, io.EOF) {
			server.SetTrailer(client.Trailer())
			return nil
		}
		if err != nil {
			return err
		}
		if err := server.SendMsg(&frame); err != nil {
			return err
		}
	}
}
