// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// Status is a line for each ElasticWeb, from their status alone.
func (f Fleet) Status(style Style) string {
	head := []string{"NAME", "READY", "SERVING", "QPS", "PODS", "REASON"}
	if f.Wide {
		style.Width = 2 * Widest
		head = append(head, "ARCHITECTURES", "AGE", "IMAGE")
	}
	if f.Namespaces {
		head = append([]string{"NAMESPACE"}, head...)
	}
	var rows [][]string
	for i := range f.Webs {
		rows = append(rows, f.row(&f.Webs[i]))
	}
	return strings.Join(style.table(head, rows), "\n") + "\n"
}

func (f Fleet) row(web *elasticwebv1.ElasticWeb) []string {
	ready := ptr.Deref(meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady), metav1.Condition{Status: metav1.ConditionUnknown})
	served, wanted := int64(ptr.Deref(web.Status.RealQPS, 0)), Wanted(web)
	bar, qps := "", Number(served)
	if wanted > 0 {
		bar, qps = Style{}.bar(served, wanted, fleetBar), fmt.Sprintf("%s/%s", Number(served), Number(wanted))
	}
	row := []string{Name(web.Name), Line(string(ready.Status), 8), bar, qps, fmt.Sprintf("%d/%d", web.Status.ReadyReplicas, web.Status.Replicas), cmp.Or(Line(ready.Reason, 40), "NoStatus")}
	if f.Wide {
		row = append(row, Line(web.Status.PodsByArchitecture, 60), duration.HumanDuration(f.Now.Sub(web.CreationTimestamp.Time)), Line(web.Spec.Image, 200))
	}
	if f.Namespaces {
		row = append([]string{Name(web.Namespace)}, row...)
	}
	return row
}
