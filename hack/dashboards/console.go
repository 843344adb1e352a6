// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

// What follows is as much of Grafana's schema of 2018 as OpenShift's console reads.

type consoleBoard struct {
	Title      string            `json:"title"`
	Templating consoleTemplating `json:"templating"`
	Rows       []consoleRow      `json:"rows"`
	Time       map[string]string `json:"time"`
	Refresh    string            `json:"refresh"`
	Tags       []string          `json:"tags"`
	UID        string            `json:"uid"`
}

type consoleTemplating struct {
	List []consoleVariable `json:"list"`
}

type consoleVariable struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	Type       string `json:"type"`
	Query      string `json:"query"`
	Refresh    int    `json:"refresh"`
	Sort       int    `json:"sort"`
	IncludeAll bool   `json:"includeAll"`
	Multi      bool   `json:"multi"`
	AllValue   string `json:"allValue,omitempty"`
}

type consoleRow struct {
	Title     string         `json:"title"`
	ShowTitle bool           `json:"showTitle"`
	Panels    []consolePanel `json:"panels"`
}

type consolePanel struct {
	ID      int             `json:"id"`
	Title   string          `json:"title"`
	Type    string          `json:"type"`
	Span    uint32          `json:"span"`
	Stack   bool            `json:"stack,omitempty"`
	Format  string          `json:"format,omitempty"`
	YAxes   []consoleAxis   `json:"yaxes,omitempty"`
	Targets []consoleTarget `json:"targets"`
}

type consoleAxis struct {
	Format string `json:"format"`
	Min    int    `json:"min"`
}

type consoleTarget struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
	Instant      bool   `json:"instant,omitempty"`
	Format       string `json:"format"`
}

func forConsole(b board) consoleBoard {
	result := consoleBoard{
		Title: b.title, UID: b.name, Tags: []string{"elasticweb"}, Refresh: "30s", Time: map[string]string{"from": "now-3h", "to": "now"},
	}
	for _, v := range b.variables {
		choice := consoleVariable{
			Name: v.name, Label: v.title, Type: "query", Refresh: 2, Sort: 1, IncludeAll: !v.isSingle, Multi: !v.isSingle,
			Query: "label_values(" + named(v.metric, openshiftOwner) + ", " + named(v.label, openshiftOwner) + ")",
		}
		if choice.IncludeAll {
			choice.AllValue = ".*"
		}
		result.Templating.List = append(result.Templating.List, choice)
	}
	id := 0
	for _, r := range b.rows {
		line := consoleRow{Title: r.title, ShowTitle: true}
		for _, p := range r.panels {
			id++
			line.Panels = append(line.Panels, consolePanelOf(p, id))
		}
		result.Rows = append(result.Rows, line)
	}
	return result
}

func consolePanelOf(p panel, id int) consolePanel {
	result := consolePanel{ID: id, Title: p.title, Type: "graph", Span: p.width / 2, Stack: p.isStacked} // of 12.
	format, unit := "time_series", p.unit
	if unit == "" {
		unit = "short"
	}
	switch p.kind {
	case number:
		result.Type, result.Format = "singlestat", unit
	case listing:
		result.Type, format = "table", "table"
	default:
		result.YAxes = []consoleAxis{{Format: unit}, {Format: unit}}
	}
	for i, q := range p.queries {
		result.Targets = append(result.Targets, consoleTarget{
			RefID: string(rune('A' + i)), Expr: named(q.expr, openshiftOwner), LegendFormat: named(q.legend, openshiftOwner),
			Instant: p.kind != curves, Format: format,
		})
	}
	return result
}
