// A module of its own, so that the operator does not depend on what makes dashboards.
module github.com/elasticweb/elasticweb-operator/hack/dashboards

go 1.26.0

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
