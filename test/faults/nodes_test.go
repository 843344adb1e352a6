// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// labelPlace is the label of the nodes that a place has to itself, with its first port.
const labelPlace = "faults.test/place"

// everyPlace is its value at the nodes of which no place has any to itself. No pod of a run lands on them: they see to it that the
// cluster has all architectures, whatever the runs do.
const everyPlace = "every"

// view is what operators see of the nodes where those of other places come and go: their own, and those of every place.
func (p *place) view() []proxy.Fault {
	if !p.world.isMixed {
		return nil
	}
	return []proxy.Fault{proxy.Nodes{Selector: fmt.Sprintf("%s in (%s,%d)", labelPlace, everyPlace, p.firstPort)}}
}

// addNodes adds nodes that the place has to itself, until the run ends.
func (p *place) addNodes(pools ...cluster.NodePool) {
	p.t.Helper()
	for i := range pools {
		pools[i].Labels = map[string]string{labelPlace: fmt.Sprint(p.firstPort)}
		pools[i].NamePrefix = fmt.Sprintf("%s-%d", pools[i].Arch, p.firstPort)
	}
	names, err := p.world.plane.AddNodes(p.ctx, pools...)
	p.must(err)
	p.t.Cleanup(func() {
		for _, name := range names {
			if err := p.world.plane.RemoveNodes(context.Background(), name); err != nil && !apierrors.IsNotFound(err) {
				p.t.Log(err)
			}
		}
	})
}

// nodes are those of the place; of all architectures where none is given.
func (p *place) nodes(architecture string) []corev1.Node {
	p.t.Helper()
	labels := client.MatchingLabels{labelPlace: fmt.Sprint(p.firstPort)}
	if architecture != "" {
		labels[corev1.LabelArchStable] = architecture
	}
	list := &corev1.NodeList{}
	p.must(p.world.live.List(p.ctx, list, labels))
	return list.Items
}

func (p *place) cordon(architecture string, isClosed bool) {
	p.t.Helper()
	for _, node := range p.nodes(architecture) {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, isClosed)
		target := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node.Name}}
		p.must(p.world.live.Patch(p.ctx, target, client.RawPatch(types.MergePatchType, patch)))
	}
}

func (p *place) removeNode(architecture string) {
	p.t.Helper()
	if all := p.nodes(architecture); len(all) > 0 {
		p.must(p.world.plane.RemoveNodes(p.ctx, all[0].Name))
	}
}
