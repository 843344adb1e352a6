// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

const panelHeight = 7

// source is the Prometheus that the reader chooses.
var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}

func forGrafana(b board) (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(b.title).Uid(b.name).Description(b.help).Tags([]string{"elasticweb"}).
		Time("now-3h", "now").Refresh("30s").Timezone(common.TimeZoneBrowser).Readonly().Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus"))
	for _, v := range b.variables {
		values := "label_values(" + named(v.metric, grafanaOwner) + ", " + named(v.label, grafanaOwner) + ")"
		choice := dashboard.NewQueryVariableBuilder(v.name).Label(v.title).Datasource(source).Query(dashboard.StringOrMap{String: &values}).
			Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
		if !v.isSingle {
			choice = choice.Multi(true).IncludeAll(true).AllValue(".*")
		}
		builder = builder.WithVariable(choice)
	}
	var id uint32
	for _, r := range b.rows {
		id++
		builder = builder.WithRow(dashboard.NewRowBuilder(r.title).Id(id))
		for _, p := range r.panels {
			id++
			builder = builder.WithPanel(grafanaPanel(p, id))
		}
	}
	return builder.Build()
}

func grafanaPanel(p panel, id uint32) cog.Builder[dashboard.Panel] {
	switch p.kind {
	case number:
		return grafanaNumber(p, id)
	case listing:
		return table.NewPanelBuilder().Id(id).Title(p.title).Description(p.help).Datasource(source).Span(p.width).Height(panelHeight).
			Targets(grafanaQueries(p)).
			WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{"excludeByName": map[string]bool{
				"Time": true, "Value": true, "__name__": true, "container": true, "endpoint": true, "instance": true, "job": true, "pod": true,
				"prometheus": true, "service": true, "alertstate": true,
			}}})
	}
	curves := timeseries.NewPanelBuilder().Id(id).Title(p.title).Description(p.help).Datasource(source).Span(p.width).Height(panelHeight).
		Unit(p.unit).Min(0).Targets(grafanaQueries(p))
	if p.isStacked {
		curves = curves.FillOpacity(30).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal))
	}
	return curves
}

func grafanaNumber(p panel, id uint32) cog.Builder[dashboard.Panel] {
	steps := []dashboard.Threshold{{Color: "text"}}
	if p.isBad {
		steps = []dashboard.Threshold{{Color: "green"}, {Value: cog.ToPtr(1.0), Color: "red"}}
	}
	return stat.NewPanelBuilder().Id(id).Title(p.title).Description(p.help).Datasource(source).Span(p.width).Height(panelHeight - 3).Unit(p.unit).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).GraphMode(common.BigValueGraphModeNone).Targets(grafanaQueries(p)).
		Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps))
}

func grafanaQueries(p panel) (targets []cog.Builder[variants.Dataquery]) {
	for i, q := range p.queries {
		target := prometheus.NewDataqueryBuilder().RefId(string(rune('A' + i))).Expr(named(q.expr, grafanaOwner)).LegendFormat(named(q.legend, grafanaOwner))
		switch p.kind {
		case curves:
			target = target.Range()
		case listing:
			target = target.Instant().Format(prometheus.PromQueryFormatTable)
		default:
			target = target.Instant()
		}
		targets = append(targets, target)
	}
	return targets
}
