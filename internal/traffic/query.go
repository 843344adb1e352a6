// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"
	"unique"

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

// question is a Query that can be compared: what is asked twice is asked once. There are thousands, most of them of Prometheus.
type question struct {
	namespace, promQL string
	asked             unique.Handle[metric]
}

// metric is what a question asks the metrics APIs for; nothing where it asks Prometheus.
type metric struct {
	// external is the name of a metric, object what the metric is about.
	external string
	object   object
	selector string
	// mistake is why it cannot be asked at all.
	mistake string
}

func (q question) metric() metric {
	if q.asked == (unique.Handle[metric]{}) {
		return metric{}
	}
	return q.asked.Value()
}

type object struct{ apiVersion, kind, name, metric string }

// field is what asks it.
func (q question) field() string {
	switch {
	case q.promQL != "":
		return queryField
	case q.metric().external != "":
		return externalField
	}
	return objectField
}

func (q Query) question() question {
	result := question{namespace: q.Namespace, promQL: q.Prometheus}
	if q.External != nil || q.Object != nil {
		result.asked = unique.Make(q.metric())
	}
	return result
}

func (q Query) metric() (asked metric) {
	var selector *metav1.LabelSelector
	if q.External != nil {
		asked.external, selector = q.External.Name, q.External.Selector
		asked.mistake = mistake(externalField, q.External.Name)
	} else {
		o := q.Object
		asked.object, selector = object{o.APIVersion, o.Kind, o.Name, o.Metric}, o.Selector
		asked.mistake = mistake(objectField, o.Name, o.Metric)
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		asked.mistake = "the selector of the metric cannot be read: " + quote.Said(err.Error())
		return asked
	}
	asked.selector = parsed.String()
	return asked
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
