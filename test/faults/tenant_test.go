// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

var attackFlag = flag.Duration("attack", 15*time.Second, "how long the hostile tenant of the scenario tenant goes on")

// beyondImageWait is how much longer than for its image a change of one tenant may wait, whatever another one does.
const beyondImageWait = 10 * time.Second

// The words that nobody may read who does not know them.
const (
	secretOfVictim   = "marker-of-the-victims-pull-secret"
	secretOfProxy    = "marker-in-the-operators-proxy"
	secretOfTenant   = "marker-of-the-tenants-pull-secret"
	wordsOfRegistry  = "marker-in-what-a-registry-says"
	nameOfPullSecret = "logins"
)

// neighbours are those who share an operator with a hostile tenant, and one who does not.
type neighbours struct {
	*run
	manager *operator
	// victims change what they have all the time; the bystander wants nothing. Nobody disturbs the operator of the reference, which is
	// asked for the same as those of the victims, at the same time.
	victims              []*place
	bystander, reference *place
	metrics              string
}

// playTenant has a tenant do all that its rights allow, in many namespaces, while others go on with their work.
func playTenant(r *run) {
	r.looksUp = true
	n := r.newNeighbours()
	h := r.newHostile(n)
	n.startManager(h)
	n.change(newRound(r.random, 0))
	n.bystander.expectQuiet()
	before := n.elsewhere()
	attacked := h.attack(*attackFlag)
	waits := waits{}
	for i := 1; ; i++ {
		waits.add(n.change(newRound(r.random, i)))
		if isOver(attacked) {
			break
		}
	}
	h.expectAttack()
	n.expectNoneWaited(waits)
	n.expectWithinMemory()
	n.expectSameAsReference()
	n.expectUntouchedElsewhere(before)
	n.expectNothingTold(h)
}

func isOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func (r *run) newNeighbours() *neighbours {
	r.t.Helper()
	n := &neighbours{run: r, victims: []*place{r.newPlace(), r.newPlace()}, bystander: r.newPlace(), reference: r.newPlace()}
	n.reference.startOperator()
	for _, p := range append(n.victims, n.bystander, n.reference) {
		r.must(r.world.live.Create(r.ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: nameOfPullSecret}, Type: corev1.SecretTypeDockerConfigJson,
			Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"username":"a","password":%q}}}`, r.world.images.host, secretOfVictim)},
		}))
	}
	return n
}

// startManager runs the real manager within the bounds of its manifest, for the neighbours and the tenant.
func (n *neighbours) startManager(h *hostile) {
	n.t.Helper()
	limits := n.limits()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	n.must(err)
	n.metrics = listener.Addr().String()
	n.must(listener.Close())
	watched := append(slices.Clone(h.namespaces), n.bystander.namespace)
	for _, p := range n.victims {
		watched = append(watched, p.namespace)
	}
	n.manager = n.run.startManager([]string{
		"--leader-elect=false", fmt.Sprintf("--image-wait=%s", imageWait),
		"--metrics-secure=false", "--metrics-bind-address=" + n.metrics,
		"--plain-http-registries=" + strings.Join(append(h.registries, n.world.images.host), ","),
	}, []string{
		"WATCH_NAMESPACE=" + strings.Join(watched, ","), "RELATED_IMAGE_LOADTEST=registry.example.com/elasticweb-operator:1",
		"HTTPS_PROXY=http://user:" + secretOfProxy + "@127.0.0.1:9", "HTTP_PROXY=http://user:" + secretOfProxy + "@127.0.0.1:9",
		fmt.Sprintf("GOMAXPROCS=%d", limits.Cpu().Value()), fmt.Sprintf("GOMEMLIMIT=%d", limits.Memory().Value()/100*heapShare),
	})
}

// heapShare is that of cmd/manager, which reads the limit from control groups that there are none of here.
const heapShare = 80

// limits are those of the manager's container.
func (n *neighbours) limits() corev1.ResourceList {
	n.t.Helper()
	objects, err := manifests.ReadFile("../../config/manager/manager.yaml")
	n.must(err)
	deployment := &appsv1.Deployment{}
	n.must(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[len(objects)-1].Object, deployment))
	return deployment.Spec.Template.Spec.Containers[0].Resources.Limits
}

func (n *neighbours) expectWithinMemory() {
	n.t.Helper()
	limits := n.limits()
	limit := limits.Memory().Value()
	most, err := n.manager.mostMemory()
	if err != nil {
		n.t.Logf("the memory of the manager is not measured on this system: %v", err)
	} else if most > limit {
		n.differ("the manager had %d MiB of memory, and its limit is %d", most>>20, limit>>20)
	} else {
		n.t.Logf("the manager had %d MiB of memory at most", most>>20)
	}
	if starts := n.manager.starts.Load(); starts != 1 {
		n.differ("the manager was started %d times:\n%s", starts, n.manager.log.Tail())
	}
}

// round is what everybody wants at the same time.
type round struct {
	tag      string
	replicas int32
	isAgain  bool
}

type randomNumbers interface{ IntN(int) int }

func newRound(random randomNumbers, i int) round {
	return round{tag: fmt.Sprint(i), replicas: 1 + int32((i+random.IntN(2))%3), isAgain: random.IntN(4) == 0 && i > 0} //nolint:gosec // small.
}

// change has all want the same, and tells how long the victims waited for it, and how long the reference.
func (n *neighbours) change(wanted round) (victims []time.Duration, reference time.Duration) {
	n.t.Helper()
	all := append(slices.Clone(n.victims), n.reference)
	if wanted.tag == "0" {
		all = append(all, n.bystander)
	}
	waited, failed := make([]time.Duration, len(all)), make([]error, len(all))
	image := n.reference.push(wanted.tag, "amd64")
	var group sync.WaitGroup
	for i, p := range all {
		service := "ClusterIP"
		if p == n.bystander {
			service = "NodePort" // which nobody can take away, while it is in use.
		}
		group.Go(func() { waited[i], failed[i] = p.carriedOut(wanted, image, service) })
	}
	group.Wait()
	n.must(errors.Join(failed...))
	return waited[:len(n.victims)], waited[len(n.victims)]
}

// carriedOut changes the ElasticWeb, and waits until the Deployment and the status say so.
func (p *place) carriedOut(wanted round, image, service string) (time.Duration, error) {
	if wanted.isAgain {
		if err := p.removeWeb(); err != nil {
			return 0, err
		}
	}
	spec := map[string]any{
		"image": image, "port": int64(p.firstPort), "singlePodsQPS": int64(100), "replicas": int64(wanted.replicas),
		"service": map[string]any{"type": service}, "terminationGracePeriodSeconds": int64(1), "imagePullSecrets": []any{map[string]any{"name": nameOfPullSecret}},
	}
	if err := p.put(spec); err != nil {
		return 0, err
	}
	begin := time.Now()
	var now string
	for ; time.Since(begin) < patience; time.Sleep(pollInterval) {
		web, deployment := p.web(p.world.cached), &appsv1.Deployment{}
		if err := p.world.cached.Get(p.ctx, p.key(), deployment); err != nil || web == nil {
			continue
		}
		has := deployment.Spec.Template.Spec.Containers[0].Image
		if has == image && ptr.Deref(deployment.Spec.Replicas, 0) == wanted.replicas && web.Spec.Image == image &&
			web.Status.ObservedGeneration == web.Generation {
			return time.Since(begin), nil
		}
		now = fmt.Sprintf("%s runs %s with %d pods: %v", deployment.Name, has, *deployment.Spec.Replicas, web.Status.Conditions)
	}
	return 0, fmt.Errorf("%s: %+v is not carried out within %s: %s", p.key(), wanted, patience, now)
}

// expectQuiet waits until all is as it was asked for, and nothing changes any more.
func (p *place) expectQuiet() {
	p.t.Helper()
	var last string
	since := time.Now()
	p.eventually("it comes to rest", func() error {
		o, err := readObjects(p.ctx, p.world.live, p.namespace)
		if err != nil {
			return err
		}
		if now := o.versions() + p.unsettled(); now != last {
			last, since = now, time.Now()
		}
		if why := p.unsettled(); why != "" || time.Since(since) < 2*time.Second {
			return fmt.Errorf("it changes: %s", why)
		}
		return nil
	})
}

// removeWeb deletes the ElasticWeb, and waits until its Deployment is gone.
func (p *place) removeWeb() error {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: webName}}
	if err := p.world.live.Delete(p.ctx, web); err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(pollInterval) {
		if now, err := p.state(p.world.cached); err == nil && len(now) == 0 {
			return nil
		}
	}
	return fmt.Errorf("%s is not collected within %s", p.key(), patience)
}

// waits are how long changes took.
type waits struct {
	count                  int
	most, mostOfReference  time.Duration
	mostBeyond             time.Duration
	total, totalReferences time.Duration
}

func (w *waits) add(victims []time.Duration, reference time.Duration) {
	w.mostOfReference = max(w.mostOfReference, reference)
	for _, waited := range victims {
		w.count++
		w.most, w.mostBeyond = max(w.most, waited), max(w.mostBeyond, waited-reference)
		w.total, w.totalReferences = w.total+waited, w.totalReferences+reference
	}
}

// expectNoneWaited compares with those whom nobody disturbs: that the API server and the machine are slow is nobody's fault here.
func (n *neighbours) expectNoneWaited(w waits) {
	n.t.Helper()
	count := time.Duration(w.count)
	n.t.Logf("%d changes of victims waited %s on average and %s at most; undisturbed %s and %s", w.count,
		(w.total / count).Round(time.Millisecond), w.most.Round(time.Millisecond),
		(w.totalReferences / count).Round(time.Millisecond), w.mostOfReference.Round(time.Millisecond))
	figures.add(n.scenario, statesCompared, int64(w.count))
	if w.mostBeyond > imageWait+beyondImageWait {
		n.differ("a victim's change waited %s longer than the same one of whom nobody disturbs: at most %s are allowed", w.mostBeyond, imageWait+beyondImageWait)
	}
}

// expectSameAsReference: in the end the victims have what an undisturbed operator makes.
func (n *neighbours) expectSameAsReference() {
	n.t.Helper()
	n.reference.expectQuiet()
	expected, err := n.reference.state(n.world.live)
	n.must(err)
	sameImage := func(s state) state {
		same := state{}
		for what, text := range s {
			same[what] = strings.ReplaceAll(text, n.reference.repository(), "place-PORT+0")
		}
		return same
	}
	for _, p := range n.victims {
		p.expectAs("after the attack", expected, n.manager, sameImage)
	}
}

func (n *neighbours) scrape() (string, error) {
	request, err := http.NewRequestWithContext(n.ctx, http.MethodGet, "http://"+n.metrics+"/metrics", nil)
	if err != nil {
		return "", err
	}
	return body(request)
}

// expectUntouchedElsewhere compares what was there before the attack, outside of the namespaces of those who are a part of it.
func (n *neighbours) expectUntouchedElsewhere(before map[string]string) {
	n.t.Helper()
	after := n.elsewhere()
	figures.add(n.scenario, statesCompared, int64(len(before)))
	for what, version := range before {
		if now := after[what]; now != version {
			n.differ("%s was changed from version %s to %q", what, version, now)
		}
	}
	for what := range after {
		if _, wasThere := before[what]; !wasThere {
			n.differ("%s was made", what)
		}
	}
}

// expectNothingTold looks for what nobody may read in all that the tenant can, and in what the manager says.
func (n *neighbours) expectNothingTold(h *hostile) {
	n.t.Helper()
	metrics, err := n.scrape()
	n.must(err)
	foreign := []string{secretOfVictim, secretOfProxy}
	for where, text := range map[string]string{"the log": n.manager.log.String(), "the metrics": metrics} {
		n.expectNoWord(where, text, append(foreign, secretOfTenant, wordsOfRegistry))
	}
	readable := h.readable(context.WithoutCancel(n.ctx))
	figures.add(n.scenario, statesCompared, int64(len(readable)))
	for where, text := range readable {
		words := foreign
		if !strings.HasPrefix(where, "secrets ") {
			words = append(slices.Clone(foreign), secretOfTenant, wordsOfRegistry)
		}
		n.expectNoWord(where, text, words)
	}
}
