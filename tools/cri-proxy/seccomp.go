// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/protobuf/proto"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// withoutSeccomp returns a request that asks for no filter of system calls. One
// that it cannot read it leaves to the backend to refuse.
func withoutSeccomp(method string, frame []byte) []byte {
	var request proto.Message
	switch method {
	case runtime.RuntimeService_RunPodSandbox_FullMethodName:
		request = &runtime.RunPodSandboxRequest{}
	case runtime.RuntimeService_CreateContainer_FullMethodName:
		request = &runtime.CreateContainerRequest{}
	default:
		return frame
	}
	if proto.Unmarshal(frame, request) != nil {
		return frame
	}
	switch request := request.(type) {
	case *runtime.RunPodSandboxRequest:
		unconfineSandbox(request.GetConfig())
	case *runtime.CreateContainerRequest:
		unconfineSandbox(request.GetSandboxConfig())
		if security := request.GetConfig().GetLinux().GetSecurityContext(); security != nil {
			security.Seccomp = unconfined()
		}
	}
	if changed, err := proto.Marshal(request); err == nil {
		return changed
	}
	return frame
}

func unconfineSandbox(config *runtime.PodSandboxConfig) {
	if security := config.GetLinux().GetSecurityContext(); security != nil {
		security.Seccomp = unconfined()
	}
}

func unconfined() *runtime.SecurityProfile {
	return &runtime.SecurityProfile{ProfileType: runtime.SecurityProfile_Unconfined}
}
