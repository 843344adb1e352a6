// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const manager = "apply-test"

// bench is an Applier on a real API server, and an owner for its objects.
type bench struct {
	client  client.Client
	clock   *clocktesting.FakePassiveClock
	written *Written
	applier *Applier
	owner   *corev1.ConfigMap
	writes  *int
}

// counting counts the writes that reach the API server.
type counting struct {
	client.Client
	writes *int
}

func (c counting) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	*c.writes++
	return c.Client.Patch(ctx, object, patch, options...)
}

func newBench(t *testing.T, api client.Client, name string) *bench {
	t.Helper()
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "owner-of-" + name}}
	if err := api.Create(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	clock, writes := clocktesting.NewFakePassiveClock(time.Now()), 0
	written := NewWritten(clock)
	return &bench{
		client: api, clock: clock, written: written, owner: owner, writes: &writes,
		applier: New(counting{api, &writes}, api, manager, written, clock),
	}
}

func (b *bench) intent(name string, data map[string]string) Intent {
	return Intent{
		Kind: "ConfigMap", Namespace: "default", Name: name, Into: &corev1.ConfigMap{}, Owner: b.owner.UID,
		Configuration: corev1ac.ConfigMap(name, "default").WithData(data).WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion("v1").WithKind("ConfigMap").WithName(b.owner.Name).WithUID(b.owner.UID).WithController(true)),
	}
}

func (b *bench) live(t *testing.T, name string) *corev1.ConfigMap {
	t.Helper()
	object := &corev1.ConfigMap{}
	if err := b.client.Get(t.Context(), types.NamespacedName{Namespace: "default", Name: name}, object); err != nil {
		t.Fatal(err)
	}
	return object
}

// try applies an intent, and tells whether it tried to write it.
func (b *bench) try(t *testing.T, intent Intent, cached client.Object) (object client.Object, wrote bool, err error) {
	t.Helper()
	before := *b.writes
	object, err = b.applier.Apply(t.Context(), intent, cached)
	return object, *b.writes > before, err
}

func (b *bench) apply(t *testing.T, intent Intent, cached client.Object) (*corev1.ConfigMap, bool) {
	t.Helper()
	object, wrote, err := b.try(t, intent, cached)
	if err != nil {
		t.Fatal(err)
	}
	return object.(*corev1.ConfigMap), wrote
}

func TestApplier(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	controlPlane, err := cluster.Start(t.Context(), cluster.Options{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := controlPlane.Stop(); err != nil {
			t.Error(err)
		}
	})
	api, err := client.New(controlPlane.RESTConfig(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(*testing.T, *bench){
		"writes-once":                writesOnce,
		"asks-before-each-write":     asksBeforeEachWrite,
		"completes":                  completes,
		"another-managers-part":      anothersPart,
		"lagging-cache":              laggingCache,
		"vanished-unseen":            vanishedUnseen,
		"drops-fields":               dropsFields,
		"leaves-others-fields":       leavesOthersFields,
		"repairs":                    repairs,
		"unseen-own-object":          unseenOwnObject,
		"foreign-object-unseen":      foreignUnseen,
		"foreign-object-in-cache":    foreignInCache,
		"stale-object":               staleObject,
		"refused-waits":              refusedWaits,
		"unknown-fields":             unknownFields,
		"deletes-only-what-was-seen": deletesOnlySeen,
		"a-deletion-that-is-denied":  deniedDeletion,
		"a-deadline-of-others":       foreignDeadline,
		"source-ranges-of-others":    foreignSourceRanges,
		"a-node-port-of-others":      foreignNodePort,
		"an-address-of-others":       foreignAddress,
		"a-mount-of-others":          foreignMount,
		"a-port-of-nobody":           nobodysPort,
		"takes-back":                 takesBack,
		"takes-back-later":           takesBackLater,
		"takes-back-in-vain":         takesBackInVain,
		"fields-beside-the-point":    foreignBesides,
		"a-claim-that-is-invalid":    invalidClaim,
		"a-claim-on-a-busy-object":   givesBackWhateverChanges,
	} {
		t.Run(name, func(t *testing.T) { test(t, newBench(t, api, name)) })
	}
}

func writesOnce(t *testing.T, b *bench) {
	first, wrote := b.apply(t, b.intent("once", map[string]string{"a": "1"}), nil)
	if !wrote || *b.writes != 1 {
		t.Fatalf("the creation took %d writes", *b.writes)
	}
	for range 3 {
		if _, wrote := b.apply(t, b.intent("once", map[string]string{"a": "1"}), first); wrote {
			t.Error("wrote again what was there")
		}
	}
	intent := b.intent("once", map[string]string{"a": "1"})
	intent.Notes = map[string]string{"example.com/note": "new"}
	if _, wrote := b.apply(t, intent, first); wrote {
		t.Error("a note alone caused a write")
	}
	b.applier = New(counting{b.client, b.writes}, b.client, manager, NewWritten(b.clock), b.clock)
	if _, wrote := b.apply(t, b.intent("once", map[string]string{"a": "1"}), b.live(t, "once")); wrote {
		t.Error("wrote again after a restart")
	}
}

// noting notes which field validation the last patch asked for.
type noting struct {
	client.Client
	validation *string
}

func (n noting) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	*n.validation = (&client.PatchOptions{}).ApplyOptions(options).FieldValidation
	return n.Client.Patch(ctx, object, patch, options...)
}

// The API server need not look for fields that are there twice, and refuses those that it does not know all the same.
func unknownFields(t *testing.T, b *bench) {
	validation := ""
	b.applier = New(noting{b.client, &validation}, b.client, manager, b.written, b.clock)
	intent := b.intent("unknown", nil)
	intent.Configuration = &struct {
		corev1ac.ConfigMapApplyConfiguration
		NoSuch string `json:"nosuch"`
	}{*corev1ac.ConfigMap("unknown", "default"), "field"}
	_, _, err := b.try(t, intent, nil)
	if _, isRefused := errors.AsType[*RefusedError](err); !isRefused || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("error %v, want one that names the field", err)
	}
	if validation != metav1.FieldValidationIgnore {
		t.Errorf("asked for the field validation %q", validation)
	}
}

// What another manager applies takes no field away: where the object has it already there is nothing to write, whatever it was written with.
func anothersPart(t *testing.T, b *bench) {
	whole, _ := b.apply(t, b.intent("part", map[string]string{"a": "1", "b": "2"}), nil)
	part := b.intent("part", map[string]string{"a": "1"})
	part.Manager = "apply-test-part"
	if _, wrote := b.apply(t, part, whole); wrote {
		t.Error("wrote again what was there")
	}
	part.Configuration = b.intent("part", map[string]string{"a": "3"}).Configuration
	if changed, wrote := b.apply(t, part, whole); !wrote || changed.Data["a"] != "3" || changed.Data["b"] != "2" {
		t.Errorf("wrote %t, which made %v", wrote, changed.Data)
	}
}

// What is at rest is not asked about, and a write that is refused changes nothing.
func asksBeforeEachWrite(t *testing.T, b *bench) {
	asked, refusal := 0, errors.New("the intent is old")
	intent := b.intent("asks", map[string]string{"a": "1"})
	intent.Confirm = func(context.Context) error { asked++; return refusal }
	if _, wrote, err := b.try(t, intent, nil); wrote || !errors.Is(err, refusal) || asked != 1 || *b.writes != 0 {
		t.Fatalf("wrote %t (%d writes), error %v, asked %d times", wrote, *b.writes, err, asked)
	}
	b.clock.SetTime(b.clock.Now().Add(firstPassingRetry)) // it waits as a write would that failed.
	intent.Confirm = func(context.Context) error { asked++; return nil }
	first, wrote := b.apply(t, intent, nil)
	if !wrote || asked != 2 {
		t.Fatalf("wrote %t, asked %d times", wrote, asked)
	}
	b.apply(t, intent, first)
	if asked != 2 || *b.writes != 1 {
		t.Errorf("asked %d times at rest, %d writes", asked, *b.writes)
	}
	changed := b.intent("asks", map[string]string{"a": "2"})
	changed.Confirm = func(context.Context) error { return refusal }
	if _, wrote, err := b.try(t, changed, first); wrote || !errors.Is(err, refusal) {
		t.Errorf("wrote %t, error %v", wrote, err)
	}
	if live := b.live(t, "asks"); live.Data["a"] != "1" {
		t.Errorf("the refused write changed the object to %v", live.Data)
	}
}

// Notes that are missing come back with a write of the same fields.
func completes(t *testing.T, b *bench) {
	intent := b.intent("completes", map[string]string{"a": "1"})
	first, _ := b.apply(t, intent, nil)
	intent.Notes = map[string]string{"example.com/note": "new"}
	intent.IsIncomplete = true
	object, wrote := b.apply(t, intent, first)
	if !wrote || object.Annotations["example.com/note"] != "new" {
		t.Errorf("wrote %t, annotations %v", wrote, object.Annotations)
	}
}

func laggingCache(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("lagging", map[string]string{"a": "1"}), nil)
	if _, wrote := b.apply(t, b.intent("lagging", map[string]string{"a": "1"}), nil); wrote {
		t.Error("wrote again while the cache did not show the object")
	}
	b.apply(t, b.intent("lagging", map[string]string{"a": "2"}), first)
	if _, wrote := b.apply(t, b.intent("lagging", map[string]string{"a": "2"}), first); wrote {
		t.Error("wrote again while the cache showed the old version")
	}
	if *b.writes != 2 {
		t.Errorf("%d writes for a creation and a change", *b.writes)
	}
}

func vanishedUnseen(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("vanished", map[string]string{"a": "1"}), nil)
	if err := b.client.Delete(t.Context(), first.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	b.clock.SetTime(b.clock.Now().Add(unseenFor + time.Second))
	if _, wrote := b.apply(t, b.intent("vanished", map[string]string{"a": "1"}), nil); !wrote {
		t.Error("an object that was deleted before the cache showed it was not put back")
	}
}

func dropsFields(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("drops", map[string]string{"a": "1", "b": "2"}), nil)
	b.apply(t, b.intent("drops", map[string]string{"a": "1"}), first)
	if data := b.live(t, "drops").Data; len(data) != 1 {
		t.Errorf("a field that the intent dropped is still there: %v", data)
	}
}

func leavesOthersFields(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("others", map[string]string{"a": "1"}), nil)
	changed := first.DeepCopy()
	changed.Data["theirs"] = "x"
	changed.Annotations["example.com/theirs"] = "x"
	if err := b.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if _, wrote := b.apply(t, b.intent("others", map[string]string{"a": "1"}), b.live(t, "others")); wrote {
		t.Error("a field of somebody else's caused a write")
	}
	b.apply(t, b.intent("others", map[string]string{"a": "2"}), b.live(t, "others"))
	if live := b.live(t, "others"); live.Data["theirs"] != "x" || live.Annotations["example.com/theirs"] != "x" {
		t.Error("a write took a field of somebody else's away")
	}
}

func repairs(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("repairs", map[string]string{"a": "1"}), nil)
	changed := first.DeepCopy()
	changed.Data["a"] = "changed"
	delete(changed.Annotations, AnnotationIntent)
	if err := b.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	b.apply(t, b.intent("repairs", map[string]string{"a": "1"}), b.live(t, "repairs"))
	if live := b.live(t, "repairs"); live.Data["a"] != "1" || live.Annotations[AnnotationIntent] == "" {
		t.Errorf("not put right: %v %v", live.Data, live.Annotations)
	}
}

func unseenOwnObject(t *testing.T, b *bench) {
	b.apply(t, b.intent("unseen", map[string]string{"a": "1"}), nil)
	b.written.Forget("ConfigMap", types.NamespacedName{Namespace: "default", Name: "unseen"})
	_, _, err := b.try(t, b.intent("unseen", map[string]string{"a": "2"}), nil)
	if _, isUnseen := errors.AsType[*ChangedError](err); !isUnseen {
		t.Fatalf("error %v; want a ChangedError, since the intent was made without the object", err)
	}
	object, wrote := b.apply(t, b.intent("unseen", map[string]string{"a": "2"}), nil)
	if !wrote || object.Data["a"] != "2" {
		t.Error("an object of its own that the cache does not show was not brought to the intent")
	}
}

func foreignUnseen(t *testing.T, b *bench) {
	theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "foreign"}, Data: map[string]string{"b": "theirs"}}
	if err := b.client.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	expectForeign(t, b, "foreign", nil)
	if b.live(t, "foreign").ResourceVersion != theirs.ResourceVersion {
		t.Error("an object of somebody else's was changed")
	}
	before := *b.writes
	expectForeign(t, b, "foreign", nil)
	if *b.writes != before {
		t.Error("tried again before its time")
	}
}

func foreignInCache(t *testing.T, b *bench) {
	theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "cached-foreign"}}
	if err := b.client.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	expectForeign(t, b, "cached-foreign", theirs)
	if *b.writes != 0 {
		t.Error("tried to write an object that is seen to be somebody else's")
	}
}

func expectForeign(t *testing.T, b *bench, name string, cached client.Object) {
	t.Helper()
	_, _, err := b.try(t, b.intent(name, map[string]string{"a": "1"}), cached)
	if foreign, isForeign := errors.AsType[*NotOwnedError](err); !isForeign || foreign.Name != name {
		t.Fatalf("error %v; want a NotOwnedError", err)
	}
}

func staleObject(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("stale", map[string]string{"a": "1"}), nil)
	changed := first.DeepCopy()
	changed.Data["a"] = "newer"
	if err := b.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	_, _, err := b.try(t, b.intent("stale", map[string]string{"a": "2"}), first)
	if _, hasChanged := errors.AsType[*ChangedError](err); !hasChanged {
		t.Fatalf("error %v, want a ChangedError", err)
	}
	if b.live(t, "stale").Data["a"] != "newer" {
		t.Error("a decision on an old version was written")
	}
}

func refusedWaits(t *testing.T, b *bench) {
	bad := b.intent("refused", map[string]string{"not a key": "1"})
	refuse := func() time.Duration {
		_, _, err := b.try(t, bad, nil)
		refused, isRefused := errors.AsType[*RefusedError](err)
		if !isRefused || !apierrors.IsInvalid(refused.Err) {
			t.Fatalf("error %v, want a RefusedError with the API server's own", err)
		}
		return refused.RetryAfter
	}
	if wait := refuse(); wait != firstRetry {
		t.Errorf("waits %s first, want %s", wait, firstRetry)
	}
	refuse()
	if *b.writes != 1 {
		t.Errorf("%d tries before the first wait was over", *b.writes)
	}
	wait := firstRetry
	for range 12 {
		b.clock.SetTime(b.clock.Now().Add(wait))
		wait = refuse()
	}
	if wait != lastRetry || *b.writes != 13 {
		t.Errorf("waits %s after %d tries, want %s after 13", wait, *b.writes, lastRetry)
	}
	b.apply(t, b.intent("refused", map[string]string{"a": "1"}), nil)
}

func deletesOnlySeen(t *testing.T, b *bench) {
	first, _ := b.apply(t, b.intent("deletes", map[string]string{"a": "1"}), nil)
	changed := first.DeepCopy()
	changed.Data["a"] = "newer"
	if err := b.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := b.applier.Delete(t.Context(), "ConfigMap", b.owner.UID, first, nil); err == nil {
		t.Error("deleted a version that nobody looked at")
	}
	if err := b.applier.Delete(t.Context(), "ConfigMap", "somebody", b.live(t, "deletes"), nil); err != nil {
		t.Error(err)
	}
	left := b.live(t, "deletes") // since it is somebody else's.
	if err := b.applier.Delete(t.Context(), "ConfigMap", b.owner.UID, left, nil); err != nil {
		t.Error(err)
	}
	if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(left), left); !apierrors.IsNotFound(err) {
		t.Errorf("it was not deleted: %v", err)
	}
}
