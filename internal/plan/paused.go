// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// IsPaused reports whether nothing is to be changed of an ElasticWeb.
func IsPaused(web metav1.Object) bool {
	paused, err := strconv.ParseBool(web.GetAnnotations()[elasticwebv1.AnnotationPaused])
	return err == nil && paused
}
