// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// podFailure names what keeps a container from running.
func podFailure(in Input, _ facts) *verdict {
	for _, pod := range in.Observed.Pods {
		if pod.Gone || pod.Ready || pod.Failure == nil {
			continue
		}
		if v := failureVerdict(in.Web, pod); v != nil {
			return v
		}
	}
	return nil
}

func failureVerdict(web *elasticwebv1.ElasticWeb, pod plan.Pod) *verdict {
	message := strings.ToLower(pod.Failure.Message)
	switch {
	case podfailure.IsExecFormatError(message):
		return &verdict{elasticwebv1.ReasonExecFormatError, fmt.Sprintf(
			"the program in image %s is not built for %s, although the image claims it: mend the image, or leave %s out of spec.architectures",
			web.Spec.Image, pod.Architecture, pod.Architecture)}
	case podfailure.IsPlatformMissing(message):
		return &verdict{elasticwebv1.ReasonPlatformMissing, fmt.Sprintf(
			"image %s holds nothing for %s: add that platform to the image, or leave %s out of spec.architectures",
			web.Spec.Image, pod.Architecture, pod.Architecture)}
	}
	switch pod.Failure.Reason {
	case "ErrImagePull", "ImagePullBackOff":
		return pullVerdict(web.Spec.Image, message, podfailure.PullMessage(pod.Failure.Message))
	case "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError":
		return &verdict{elasticwebv1.ReasonInvalidPod, "the container cannot be made: " + pod.Failure.Message + ": mend the field of the spec that it speaks of"}
	case "CrashLoopBackOff", "RunContainerError", "StartError":
		return &verdict{elasticwebv1.ReasonCrashLoop, fmt.Sprintf(
			"the container of image %s ends with exit code %d again and again: look at its log with kubectl logs", web.Spec.Image, pod.Failure.ExitCode)}
	}
	return nil
}

func pullVerdict(image, lower, message string) *verdict {
	switch {
	case containsAny(lower, "unauthorized", "authentication required", "access denied", "requested access to the resource is denied", "403 forbidden", "insufficient_scope"):
		return &verdict{elasticwebv1.ReasonRegistryUnauthorized, "the registry refuses to give image " + image + ": check spec.imagePullSecrets; it says: " + message}
	case containsAny(lower, "not found", "manifest unknown", "name unknown", "does not exist"):
		return &verdict{elasticwebv1.ReasonImageNotFound, "image " + image + " cannot be found: check spec.image; the registry says: " + message}
	default:
		return &verdict{elasticwebv1.ReasonRegistryUnreachable, "image " + image + " cannot be pulled: check that the nodes reach its registry; the runtime says: " + message}
	}
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
