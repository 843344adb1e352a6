// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command cri-proxy passes the requests of a kubelet on to containerd, and takes
// the system call filters out of those that start pods and containers. Under
// user-mode emulation there are none: the emulator does not know them, and the
// filters of the emulated architecture would be applied to the emulator's calls.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cri-proxy SOCKET BACKEND")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket, backend string) error {
	connection, err := grpc.NewClient("unix://"+backend,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(frames{}), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return err
	}
	defer connection.Close()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(frames{}), grpc.MaxRecvMsgSize(largest), grpc.MaxSendMsgSize(largest),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return pass(connection, stream) }))
	return server.Serve(listener)
}

// largest is that of containerd's messages.
const largest = 16 << 20

// frames leaves messages as they are.
type frames struct{}

func (frames) Name() string { return "proto" }

func (frames) Marshal(message any) (mem.BufferSlice, error) {
	frame, isFrame := message.(*[]byte)
	if !isFrame {
		return nil, fmt.Errorf("%T is no frame", message)
	}
	return mem.BufferSlice{mem.SliceBuffer(*frame)}, nil
}

func (frames) Unmarshal(data mem.BufferSlice, message any) error {
	frame, isFrame := message.(*[]byte)
	if !isFrame {
		return errors.New("not a frame")
	}
	*frame = data.Materialize()
	return nil
}

func errUnknownMethod() error {
	return status.Error(codes.Internal, "a stream without a method")
}
