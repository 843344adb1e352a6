// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/throttle"
)

// podAddresses are those that the controller manager of test/cluster gives to nodes.
const podAddresses = "10.128.0.0/9"

// patienceOfPods is how long a request waits in a pod at most: what comes then is answered by 503.
const patienceOfPods = 2 * time.Second

// servers run in the place of pods, each at its pod's address from before that is ready until it is gone.
type servers struct {
	// rates are requests per second of a pod by architecture.
	rates map[string]int

	mu   sync.Mutex
	pods map[types.UID]*server
	errs []error
}

type server struct {
	*http.Server
	architecture string
}

// serveInPodsPlace does so until the test ends.
func serveInPodsPlace(t *testing.T, k8s client.WithWatch, rates map[string]int) *servers {
	t.Helper()
	s := &servers{rates: rates, pods: map[types.UID]*server{}}
	pods, err := k8s.Watch(t.Context(), &corev1.PodList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for event := range pods.ResultChan() {
			if pod, isOne := event.Object.(*corev1.Pod); isOne {
				s.follow(t.Context(), event.Type, pod)
			}
		}
	})
	t.Cleanup(func() {
		pods.Stop()
		done.Wait()
		s.lose("")
		for _, err := range s.errs {
			t.Error(err)
		}
	})
	return s
}

func (s *servers) follow(ctx context.Context, what watch.EventType, pod *corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.pods[pod.UID]
	switch {
	case what == watch.Deleted && found != nil:
		delete(s.pods, pod.UID)
		go func() { _ = found.Shutdown(context.WithoutCancel(ctx)) }() // as a program does that is told to end.
	case what != watch.Deleted && found == nil && pod.Status.PodIP != "" && pod.DeletionTimestamp == nil:
		if err := s.start(ctx, pod); err != nil {
			s.errs = append(s.errs, fmt.Errorf("serve in the place of %s: %w", pod.Name, err))
		}
	}
}

// start has a server at the pod's address. The template says that a pod is not ready before two seconds or three have passed.
func (s *servers) start(ctx context.Context, pod *corev1.Pod) error {
	if isReady(pod) {
		return fmt.Errorf("the pod was ready before its server")
	}
	architecture := architectureOf(pod.Spec.NodeName)
	port := strconv.Itoa(portOf(*pod))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(pod.Status.PodIP, port))
	if err != nil {
		return err
	}
	started := &server{architecture: architecture, Server: &http.Server{ReadHeaderTimeout: time.Minute, Handler: &throttle.Bucket{
		Interval: time.Second / time.Duration(s.rates[architecture]), Patience: patienceOfPods,
		Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}}}
	s.pods[pod.UID] = started
	go func() { _ = started.Serve(listener) }()
	return nil
}

// lose ends the servers on an architecture in the middle of what they do, or all for "".
func (s *servers) lose(architecture string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid, found := range s.pods {
		if architecture == "" || found.architecture == architecture {
			_ = found.Close()
			delete(s.pods, uid)
		}
	}
}

// architectureOf is that of a node, whose name begins with it.
func architectureOf(node string) string {
	architecture, _, _ := strings.Cut(node, "-")
	return architecture
}

func portOf(pod corev1.Pod) int { return int(pod.Spec.Containers[0].Ports[0].ContainerPort) }

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
