// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodeports knows which Service has which node port, and who waits for one. It does no I/O.
package nodeports

import (
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Ports are the node ports of a cluster. The zero value is ready for use, and safe for concurrent use.
type Ports struct {
	mu      sync.Mutex
	holders map[int32]Holder
	waiting map[types.NamespacedName]int32
}

// Holder is a Service with a node port.
type Holder struct {
	types.NamespacedName
	// Kind of what the Service is of, for messages.
	Kind string
}

// Moved takes note that a Service has other node ports than before, and gives those who wait for what it let go of.
func (p *Ports) Moved(service Holder, before, after []int32) (woken []types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range after {
		if p.holders == nil {
			p.holders = map[int32]Holder{}
		}
		p.holders[port] = service
	}
	for _, port := range before {
		if slices.Contains(after, port) {
			continue
		}
		if p.holders[port].NamespacedName == service.NamespacedName {
			delete(p.holders, port)
		}
		for name, wanted := range p.waiting {
			if wanted == port {
				woken = append(woken, name)
			}
		}
	}
	return woken
}

// Await notes that somebody waits for a node port, and says who has it, "" where no Service is known to have it. What there is in other
// namespaces is not for everybody to know.
func (p *Ports) Await(name types.NamespacedName, port int32) (holder string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[types.NamespacedName]int32{}
	}
	p.waiting[name] = port
	switch found, isHeld := p.holders[port]; {
	case !isHeld:
		return ""
	case found.Namespace != name.Namespace:
		return "the " + found.Kind + " of another namespace"
	default:
		return found.Kind + " " + found.String()
	}
}

// StopWaiting notes that somebody waits for none.
func (p *Ports) StopWaiting(name types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, name)
}

// Waiting is how many wait for a node port.
func (p *Ports) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// Of is all node ports that a Service has, those of a load balancer included.
func Of(object any) []int32 {
	service, isService := object.(*corev1.Service)
	if !isService {
		return nil
	}
	ports := []int32{service.Spec.HealthCheckNodePort}
	for _, port := range service.Spec.Ports {
		ports = append(ports, port.NodePort)
	}
	return slices.DeleteFunc(ports, func(port int32) bool { return port == 0 })
}
