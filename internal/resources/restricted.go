// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// RestrictedPodSecurityContext is the pod's part of the restricted profile of the pod security standards, which fits
// images for which IsNonRoot holds.
func RestrictedPodSecurityContext() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot:   ptr.To(true),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// RestrictedSecurityContext is the container's part of that profile.
func RestrictedSecurityContext() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// IsNonRoot reports whether an image's user is known, and other than root.
func IsNonRoot(user *int64) bool { return user != nil && *user > 0 }

// runsAsNonRoot reports whether the restricted profile fits the plan's image.
func runsAsNonRoot(p *plan.Plan) bool { return p.Facts != nil && IsNonRoot(p.Facts.User) }
