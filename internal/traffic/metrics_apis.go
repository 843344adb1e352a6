// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/metrics/pkg/client/custom_metrics"
	"k8s.io/metrics/pkg/client/external_metrics"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// oldest is how old a number may be: an adapter that scrapes once a minute is late by as much.
const oldest = 2 * time.Minute

// metricsAPIs are external.metrics.k8s.io and custom.metrics.k8s.io. They have no history.
type metricsAPIs struct {
	external external_metrics.ExternalMetricsClient
	custom   custom_metrics.CustomMetricsClient
	kinds    *kinds
}

func newMetricsAPIs(o Options) (source, error) {
	if o.Config == nil {
		return unconfigured("the operator was given no API server to ask for metrics"), nil
	}
	config := rest.CopyConfig(o.Config)
	config.Timeout, config.QPS, config.RateLimiter = o.timeout(), -1, nil
	config.WarningHandlerWithContext = rest.NoWarnings{}
	config.ContentConfig = rest.ContentConfig{}
	guarded := rest.CopyConfig(config)
	guarded.Wrap(func(next http.RoundTripper) http.RoundTripper { return guard{next} })
	kindsOf, err := discovery.NewDiscoveryClientForConfig(guarded)
	if err != nil {
		return nil, fmt.Errorf("make the client of the kinds: %w", err)
	}
	discoverer, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make the client of the API groups: %w", err)
	}
	external, err := external_metrics.NewForConfig(guarded)
	if err != nil {
		return nil, fmt.Errorf("make the client of external.metrics.k8s.io: %w", err)
	}
	versions := &customVersion{custom_metrics.NewAvailableAPIsGetter(discoverer)}
	known := &kinds{ask: kindsOf.ServerResourcesForGroupVersion, known: map[schema.GroupVersion]servedKinds{}}
	return &metricsAPIs{external: external, custom: custom_metrics.NewForConfig(guarded, known, versions), kinds: known}, nil
}

// errNoCustomMetrics is that nobody serves the API.
var errNoCustomMetrics = errors.New("the cluster serves no custom.metrics.k8s.io")

// customVersion tells that the API is not there from that it could not be asked for.
type customVersion struct {
	custom_metrics.AvailableAPIsGetter
}

// PreferredVersion is that of the API.
func (c *customVersion) PreferredVersion() (schema.GroupVersion, error) {
	version, err := c.AvailableAPIsGetter.PreferredVersion()
	_, isStatus := errors.AsType[*apierrors.StatusError](err)
	if _, isRequest := errors.AsType[*url.Error](err); err != nil && !isStatus && !isRequest {
		return version, errNoCustomMetrics
	}
	return version, err
}

func (m *metricsAPIs) between(context.Context, question, time.Time, time.Time, time.Duration) ([]demand.Sample, *trouble) {
	return nil, nil
}

// now has no use for the context, since the clients take none: they have a time-out of their own.
func (m *metricsAPIs) now(_ context.Context, q question, at time.Time) (demand.Sample, *trouble) {
	read := m.object
	if q.metric().external != "" {
		read = m.sum
	}
	qps, failed := read(q, at)
	if failed == nil {
		qps, failed = checked(q.field(), qps)
	}
	return demand.Sample{At: at, QPS: qps}, failed
}

// sum is that of all series, as a HorizontalPodAutoscaler counts them.
func (m *metricsAPIs) sum(q question, at time.Time) (sum float64, failed *trouble) {
	selector, err := labels.Parse(q.metric().selector)
	if err != nil {
		return 0, troubled(demand.MetricInvalid, "%s.selector: %s", externalField, quote.Said(err.Error()))
	}
	list, err := m.external.NamespacedMetrics(q.namespace).List(q.metric().external, selector)
	if err != nil {
		return 0, metricsFailure(err, "external.metrics.k8s.io", externalField)
	}
	if len(list.Items) == 0 {
		return 0, troubled(demand.MetricMissing, "external.metrics.k8s.io has no series of %s in this namespace: look whether its name and selector are right, and "+
			"whether the adapter knows it", externalField)
	}
	for _, item := range list.Items {
		if failed := fresh(externalField, item.Timestamp, at); failed != nil {
			return 0, failed
		}
		sum += item.Value.AsApproximateFloat64()
	}
	return sum, nil
}

func (m *metricsAPIs) object(q question, at time.Time) (float64, *trouble) {
	const api = "custom.metrics.k8s.io"
	selector, err := labels.Parse(q.metric().selector)
	if err != nil {
		return 0, troubled(demand.MetricInvalid, "%s.metric.selector: %s", objectField, quote.Said(err.Error()))
	}
	kind, client, failed := m.described(q, at)
	if failed != nil {
		return 0, failed
	}
	value, err := client.GetForObject(kind, q.metric().object.name, q.metric().object.metric, selector)
	if err != nil {
		return 0, metricsFailure(err, api, objectField)
	}
	return value.Value.AsApproximateFloat64(), fresh(objectField, value.Timestamp, at)
}

// described is the kind of what the metric is about. It is read in the application's namespace alone, or is that.
func (m *metricsAPIs) described(q question, at time.Time) (schema.GroupKind, custom_metrics.MetricsInterface, *trouble) {
	const field = objectField + ".describedObject"
	version, err := schema.ParseGroupVersion(q.metric().object.apiVersion)
	if err != nil {
		return schema.GroupKind{}, nil, troubled(demand.MetricInvalid, "%s.apiVersion: %s", field, quote.Said(err.Error()))
	}
	kind := version.WithKind(q.metric().object.kind).GroupKind()
	if kind == (schema.GroupKind{Kind: "Namespace"}) && q.metric().object.name == q.namespace {
		return kind, m.custom.RootScopedMetrics(), nil
	}
	resource, err := m.kinds.find(version.WithKind(q.metric().object.kind), at)
	switch {
	case err != nil:
		return kind, nil, metricsFailure(err, "the API server", field)
	case resource == nil:
		return kind, nil, troubled(demand.MetricInvalid, "%s: the cluster knows no kind %s: correct apiVersion and kind", field, quote.Value(kind.String()))
	case !resource.Namespaced:
		return kind, nil, troubled(demand.MetricInvalid, "%s: a %s is in no namespace: name an object of this one", field, quote.Value(kind.String()))
	}
	return kind, m.custom.NamespacedMetrics(q.namespace), nil
}

// fresh says so where a number is too old to count.
func fresh(field string, measured metav1.Time, at time.Time) *trouble {
	if age := at.Sub(measured.Time); !measured.IsZero() && age > oldest {
		return troubled(demand.MetricMissing, "the last value of %s is of %s: look whether what it is measured on is still scraped", field,
			measured.UTC().Format(time.RFC3339))
	}
	return nil
}

// metricsFailure is why there is no answer.
func metricsFailure(err error, api, field string) *trouble {
	if failed := common(err, api, field); failed != nil {
		return failed
	}
	switch {
	case errors.Is(err, errNoCustomMetrics), apierrors.IsNotFound(err) && apierrors.IsUnexpectedServerError(err):
		return troubled(demand.SourceNotConfigured, "the cluster serves no %s: its administrator installs an adapter, such as prometheus-adapter or KEDA", api)
	case apierrors.IsNotFound(err):
		return troubled(demand.MetricMissing, "%s does not know %s (%s): look whether its names are right", api, field, quote.Said(err.Error()))
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return troubled(demand.SourceUnauthorized, "the operator may not read %s (%s): its administrator grants it", api, quote.Said(err.Error()))
	case apierrors.IsBadRequest(err), apierrors.IsInvalid(err):
		return troubled(demand.MetricInvalid, "%s refuses %s: %s", api, field, quote.Said(err.Error()))
	}
	return troubled(demand.SourceUnreachable, "%s has no answer for %s (%s): look whether the adapter that serves it is up", api, field, quote.Said(err.Error()))
}
