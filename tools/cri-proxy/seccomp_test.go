// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"google.golang.org/protobuf/proto"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func TestWithoutSeccomp(t *testing.T) {
	request := &runtime.CreateContainerRequest{
		Config: &runtime.ContainerConfig{
			Metadata: &runtime.ContainerMetadata{Name: "web"},
			Linux: &runtime.LinuxContainerConfig{SecurityContext: &runtime.LinuxContainerSecurityContext{
				NoNewPrivs: true, Seccomp: &runtime.SecurityProfile{ProfileType: runtime.SecurityProfile_RuntimeDefault},
			}},
		},
	}
	frame, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var got runtime.CreateContainerRequest
	if err := proto.Unmarshal(withoutSeccomp(runtime.RuntimeService_CreateContainer_FullMethodName, frame), &got); err != nil {
		t.Fatal(err)
	}
	request.Config.Linux.SecurityContext.Seccomp.ProfileType = runtime.SecurityProfile_Unconfined
	if !proto.Equal(request, &got) {
		t.Errorf("got %v, want %v", &got, request)
	}
	if got := withoutSeccomp(runtime.RuntimeService_ListPodSandbox_FullMethodName, frame); string(got) != string(frame) {
		t.Error("another request is changed")
	}
}
