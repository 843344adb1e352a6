// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Fleet says what is drawn of many ElasticWebs.
type Fleet struct {
	Webs []elasticwebv1.ElasticWeb
	// Namespaces has each line begin with the namespace; Wide adds columns.
	Namespaces, Wide bool
	Now              time.Time
}

// fleetBar is the width of the bars in a list.
const fleetBar = 10

// Status is a line for each ElasticWeb, from their status alone. Where the terminal is too narrow, bars give way before names are cut.
func (f Fleet) Status(style Style) string {
	switch {
	case style.IsPiped: // a program looks for whole names.
		style.Width = math.MaxInt
	case f.Wide:
		style.Width = 2 * Widest
	}
	rows := f.rows(true)
	if widthOf(widthsOf(rows)) > style.Width {
		rows = f.rows(false)
	}
	return strings.Join(style.table(rows[0], rows[1:]), "\n") + "\n"
}

// rows begin with the titles of the columns.
func (f Fleet) rows(hasBars bool) [][]string {
	rows := [][]string{{"NAME", "STATE", "SERVING", "QPS", "PODS", "REASON"}}
	for i := range f.Webs {
		rows = append(rows, row(&f.Webs[i]))
	}
	for i := range rows {
		if !hasBars {
			rows[i] = slices.Delete(rows[i], 2, 3)
		}
		namespace, more := "NAMESPACE", []string{"ARCHITECTURES", "AGE", "IMAGE"}
		if i > 0 {
			web := &f.Webs[i-1]
			namespace = Name(web.Namespace)
			more = []string{Line(web.Status.PodsByArchitecture, 60), duration.HumanDuration(f.Now.Sub(web.CreationTimestamp.Time)), Line(web.Spec.Image, 200)}
		}
		if f.Wide {
			rows[i] = append(rows[i], more...)
		}
		if f.Namespaces {
			rows[i] = append([]string{namespace}, rows[i]...)
		}
	}
	return rows
}

func row(web *elasticwebv1.ElasticWeb) []string {
	served, wanted := int64(ptr.Deref(web.Status.RealQPS, 0)), Wanted(web)
	bar, qps := "", Number(served)
	if wanted > 0 {
		bar, qps = Style{}.bar(served, wanted, fleetBar), Number(served)+"/"+Number(wanted)
	}
	return []string{Name(web.Name), string(StateOf(web)), bar, qps, fmt.Sprintf("%d/%d", web.Status.ReadyReplicas, web.Status.Replicas), cmp.Or(Line(readyReason(web), 40), "NoStatus")}
}
