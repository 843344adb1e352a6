// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure_test

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// reasons are all for which a kubelet of Kubernetes 1.36 has a container wait, or says that it ended, as its sources have them.
var reasons = []struct {
	reason, message string
	want            podfailure.Class
	isOfImage       bool
}{
	{"", "", podfailure.None, false},
	{"ContainerCreating", "", podfailure.None, false},
	{"PodInitializing", "", podfailure.None, false},

	{"ErrImagePull", "rpc error: code = NotFound desc = failed to pull and unpack image: not found", podfailure.ImageNotFound, true},
	{"ImagePullBackOff", `Back-off pulling image "shop:2": ErrImagePull: manifest unknown`, podfailure.ImageNotFound, true},
	{"ErrImagePull", "repository shop does not exist or may require authorization", podfailure.ImageNotFound, true},
	{"ErrImagePull", "name unknown: repository name not known to registry", podfailure.ImageNotFound, true},
	{"ErrImagePull", "pull access denied, repository does not exist or may require authorization", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "unexpected status from HEAD request: 403 Forbidden", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "no basic auth credentials", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "insufficient_scope: authorization failed", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "unauthorized: authentication required", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "requested access to the resource is denied", podfailure.PullUnauthorized, true},
	{"ErrImagePull", "dial tcp: lookup registry.example.com: no such host", podfailure.PullFailed, true},
	{"ErrImagePull", "lookup registry.example.com on 10.0.0.10:53: server misbehaving", podfailure.PullFailed, true},
	{"ErrImagePull", "toomanyrequests: rate limit exceeded", podfailure.PullFailed, true},
	{"ErrImagePull", "no match for platform in manifest: not found", podfailure.PlatformMissing, true},
	{"ErrImagePull", "Source image rejected: A signature was required, but no signature exists", podfailure.ImageUntrusted, true},
	{"ImagePullBackOff", `Back-off pulling image "shop:2": SignatureValidationFailed: image pull failed for shop:2 because the signature validation failed`, podfailure.ImageUntrusted, true},
	{"ImagePullBackOff", `Back-off pulling image "shop:2"`, podfailure.PullFailed, true},
	{"RegistryUnavailable", "image pull failed for shop:2 because the registry is unavailable", podfailure.PullFailed, true},
	{"SignatureValidationFailed", "image pull failed for shop:2 because the signature validation failed", podfailure.ImageUntrusted, true},
	{"ErrImageNeverPull", `Container image "shop:2" is not present with pull policy of Never`, podfailure.ImageAbsent, true},
	{"ImageInspectError", `Failed to inspect image "shop:2": input/output error`, podfailure.ImageUnreadable, true},
	{"InvalidImageName", `Failed to apply default image tag "shop:": couldn't parse image name`, podfailure.InvalidImageName, true},

	{"CreateContainerConfigError", `secret "shop-env" not found`, podfailure.ReferenceMissing, false},
	{"CreateContainerConfigError", `configmap "shop-env" not found`, podfailure.ReferenceMissing, false},
	{"CreateContainerConfigError", `couldn't find key password in Secret dev/shop-env`, podfailure.ReferenceMissing, false},
	{"CreateContainerConfigError", "container has runAsNonRoot and image will run as root", podfailure.NotMade, false},
	{"CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition", podfailure.None, false},
	{"CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition", podfailure.None, false},
	{"CreateContainerConfigError", "host path not found: /data", podfailure.NotMade, false},
	{"CreateContainerError", "context deadline exceeded", podfailure.NotMade, false},
	{"PreCreateHookError", "", podfailure.NotMade, false},
	{"PreStartHookError", "", podfailure.NotMade, false},
	{"PostStartHookError", "PostStartHook failed", podfailure.NotMade, false},
	{"RunContainerError", "failed to create containerd task", podfailure.NotMade, false},
	{"RunContainerError", `exec: "/web": Exec format error: unknown`, podfailure.ExecFormat, false},
	{"StartError", "failed to create containerd task", podfailure.NotMade, false},
	{"ContainerCannotRun", "", podfailure.NotMade, false},
	{"CreatePodSandboxError", "", podfailure.NotMade, false},
	{"ConfigPodSandboxError", "", podfailure.NotMade, false},
	{"RROUnsupported", "", podfailure.NotMade, false},
	{"ImageVolumeMountFailed", "", podfailure.NotMade, false},

	{"CrashLoopBackOff", "back-off 10s restarting failed container", podfailure.Crash, false},
	{"Error", "", podfailure.Crash, false},
	{"Error", "exec /web: exec format error", podfailure.ExecFormat, false},
	{"Error", `standard_init_linux.go:228: exec user process caused: exec format error`, podfailure.ExecFormat, false},
	{"Error", "{\"msg\":\"exec container process `/web`: Exec format error\"}", podfailure.ExecFormat, false},
	{"Error", "plugin foo.so: exec format error", podfailure.Crash, false}, // the application's own words.
	{"Error", "fork/exec /plugin: exec format error", podfailure.Crash, false},
	{"StartError", "plugin foo.so: exec format error", podfailure.ExecFormat, false},
	{"Completed", "", podfailure.Crash, false},
	{"OOMKilled", "", podfailure.OutOfMemory, false},

	{"KillContainerError", "", podfailure.Other, false},
	{"KillPodSandboxError", "", podfailure.Other, false},
	{"ResizePodInPlaceError", "", podfailure.Other, false},
	{"no matching container", "", podfailure.Other, false},
	{"ContainerStatusUnknown", "The container could not be located when the pod was terminated", podfailure.Other, false},
	{"AReasonOfTheYear2030", "", podfailure.Other, false},
}

func TestClassify(t *testing.T) {
	for _, tc := range reasons {
		if got := podfailure.Classify(tc.reason, tc.message); got != tc.want || got.IsOfImage() != tc.isOfImage {
			t.Errorf("%s, %q: class %d, of the image: %t; want %d", tc.reason, tc.message, got, got.IsOfImage(), tc.want)
		}
	}
}
