// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Row is an ElasticWeb in the list of all. Texts are harmless and bounded, times are seconds since 1970.
type Row struct {
	Namespace     string       `json:"namespace"`
	Name          string       `json:"name"`
	State         screen.State `json:"state"`
	Reason        string       `json:"reason"`
	Message       string       `json:"message"`
	Serving       int64        `json:"serving"`
	Wanted        int64        `json:"wanted"` // 0 where no rate is asked for.
	Ready         int32        `json:"ready"`
	Pods          int32        `json:"pods"`
	Architectures string       `json:"architectures"`
	Since         int64        `json:"since"` // the state of Ready; 0 where that is not known.
}

// Of texts so many columns are sent.
const (
	longestMessage = 1200
	longestShort   = 160
	longestWord    = 63
)

// rowOf is the row of an ElasticWeb.
func rowOf(web *elasticwebv1.ElasticWeb) Row {
	ready := screen.Readiness(web)
	row := Row{
		Namespace: screen.Name(web.Namespace), Name: screen.Name(web.Name), State: screen.StateOf(web),
		Serving: int64(ptr.Deref(web.Status.RealQPS, 0)), Wanted: screen.Wanted(web),
		Ready: web.Status.ReadyReplicas, Pods: web.Status.Replicas,
		Architectures: screen.Line(web.Status.PodsByArchitecture, longestShort),
	}
	if row.Reason, row.Message = screen.Line(ready.Reason, longestWord), screen.Line(ready.Message, longestShort); !ready.LastTransitionTime.IsZero() {
		row.Since = ready.LastTransitionTime.Unix()
	}
	return row
}
