// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Query asks for one number, in requests per second. Exactly one of Prometheus, External and Object is set.
type Query struct {
	// Namespace is that of the application. Of the metrics APIs no other one is read, and it is the value of the tenant parameter.
	Namespace string
	// Prometheus is an expression of PromQL.
	Prometheus string
	External   *ExternalMetric
	Object     *ObjectMetric
}

// ExternalMetric is one of external.metrics.k8s.io, as in autoscaling/v2: where several series fit, their sum counts.
type ExternalMetric struct {
	Name     string
	Selector *metav1.LabelSelector
}

// ObjectMetric is one of custom.metrics.k8s.io, as in autoscaling/v2.
type ObjectMetric struct {
	APIVersion, Kind, Name string
	Metric                 string
	Selector               *metav1.LabelSelector
}

// question is a Query that can be compared: what is asked twice is asked once.
type question struct {
	namespace, promQL string
	// external is the name of a metric, object what the metric is about.
	external string
	object   object
	selector string
	// mistake is why it cannot be asked at all.
	mistake string
}

type object struct{ apiVersion, kind, name, metric string }

// field is what asks it.
func (q question) field() string {
	switch {
	case q.promQL != "":
		return queryField
	case q.external != "":
		return externalField
	}
	return objectField
}

func (q Query) question() question {
	result := question{namespace: q.Namespace, promQL: q.Prometheus}
	var selector *metav1.LabelSelector
	switch {
	case q.External != nil:
		result.external, selector = q.External.Name, q.External.Selector
		result.mistake = mistake(externalField, q.External.Name)
	case q.Object != nil:
		o := q.Object
		result.object, selector = object{o.APIVersion, o.Kind, o.Name, o.Metric}, o.Selector
		result.mistake = mistake(objectField, o.Name, o.Metric)
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		result.mistake = "the selector of the metric cannot be read: " + quote.Said(err.Error())
		return result
	}
	result.selector = parsed.String()
	return result
}

// mistake is what is wrong with names that stand in the path of a request.
func mistake(field string, names ...string) string {
	for _, name := range names {
		wrong := content.IsPathSegmentName(name)
		if name == "" {
			wrong = append(wrong, "may not be empty")
		}
		if len(wrong) > 0 {
			return fmt.Sprintf("%s: %q cannot be a name: it %s", field, quote.Value(name), strings.Join(wrong, ", "))
		}
	}
	return ""
}
