// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// board is a dashboard.
type board struct {
	name, title, help string
	variables         []variable
	rows              []row
	// isInConsole says whether OpenShift's console has it, too.
	isInConsole bool
}

type row struct {
	title  string
	panels []panel
}

type kind int

const (
	curves kind = iota
	number
	listing
)

// panel is as wide as its part of 24.
type panel struct {
	title, help string
	kind        kind
	unit        string
	width       uint32
	// isStacked adds curves up; isBad says that a number other than 0 is a bad sign.
	isStacked, isBad bool
	queries          []query
}

// query is one of Prometheus. In it and in its legend OWNER stands for the label that holds the namespace of an ElasticWeb.
type query struct{ expr, legend string }

// variable is a choice of the reader's: of all values of a label.
type variable struct {
	name, title, metric, label string
	isSingle                   bool
}

// Where Prometheus gives the labels of a target precedence, as OpenShift's for user workloads does, an ElasticWeb's namespace has
// another name.
const (
	owner          = "OWNER"
	grafanaOwner   = "namespace"
	openshiftOwner = "exported_namespace"
)

func named(text, label string) string { return strings.ReplaceAll(text, owner, label) }

// Units, in Grafana's words.
const (
	qps     = "reqps"
	seconds = "s"
	memory  = "bytes"
	perUnit = "percentunit"
)
