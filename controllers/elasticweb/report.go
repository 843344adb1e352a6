// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// report writes the status where it differs, and then records what went wrong or was mended. retry is when to look again though
// nothing tells: what may heal has not done so in time, or a write came too fast, failed, or met another version of the ElasticWeb: what
// made it newer may be no event to wait for.
func (r *Reconciler) report(ctx context.Context, web *elasticwebv1.ElasticWeb, input status.Input) (retry time.Duration, err error) {
	input.Now = metav1.NewTime(r.Clock.Now())
	wanted, retry := status.Make(input)
	r.tallyReady(web, wanted)
	isTooFast := !r.isTold(web, wanted) && !r.memory.of(web).pace.AllowN(input.Now.Time, 1)
	if isTooFast && web.Status.ObservedGeneration == wanted.ObservedGeneration { // users wait for what becomes of their change.
		return controllers.Soonest(statusInterval, retry), nil
	}
	untold, err := r.tell(ctx, web, wanted)
	return controllers.Soonest(untold, retry), err
}

// reportUnreadable looks after an ElasticWeb whose spec was not read. What was made for it stays as it is: an empty spec is not
// what somebody asked for.
func (r *Reconciler) reportUnreadable(ctx context.Context, web *elasticwebv1.ElasticWeb) (ctrl.Result, error) {
	r.demands.forget(client.ObjectKeyFromObject(web))
	retry, err := r.tell(ctx, web, status.Unreadable(web, metav1.NewTime(r.Clock.Now())))
	return ctrl.Result{RequeueAfter: retry}, err
}

// isTold reports whether the status is as wanted, or what an admission policy made of it when it was written: writing again would go
// on for ever. It is false as well where a part of the status was not read, which may be in the way of what others read.
func (r *Reconciler) isTold(web *elasticwebv1.ElasticWeb, wanted elasticwebv1.ElasticWebStatus) bool {
	if web.UnreadableStatus != "" || equality.Semantic.DeepEqual(web.Status, wanted) {
		return web.UnreadableStatus == ""
	}
	answer := r.memory.of(web).answer
	return answer != "" && answer == answerTo(wanted, web.Status)
}

var transitionTime = regexp.MustCompile(`"lastTransitionTime":(null|"[^"]*")`)

// answerTo is a hash of a status and of what was made of it, "" where that is the same. Times are left out: a condition that is changed
// each time has another one.
func answerTo(wanted, made elasticwebv1.ElasticWebStatus) string {
	asked, _ := json.Marshal(wanted)
	answered, _ := json.Marshal(made)
	asked, answered = transitionTime.ReplaceAll(asked, nil), transitionTime.ReplaceAll(answered, nil)
	if bytes.Equal(asked, answered) {
		return ""
	}
	sum := sha256.Sum256(slices.Concat(asked, answered))
	return string(sum[:])
}

// tell writes the status where it differs. retry is when to try again what could not be told.
func (r *Reconciler) tell(ctx context.Context, web *elasticwebv1.ElasticWeb, wanted elasticwebv1.ElasticWebStatus) (retry time.Duration, _ error) {
	if r.isTold(web, wanted) {
		return 0, nil
	}
	err := r.applier.Try(writeOf(kindStatus, web, fmt.Sprintf("generation %d", web.Generation)), func() error {
		return r.writeStatus(ctx, web, wanted)
	})
	return controllers.Untold(ctx, r.Events, Kind, web, controllers.StaleStatus, err)
}

func (r *Reconciler) writeStatus(ctx context.Context, web *elasticwebv1.ElasticWeb, wanted elasticwebv1.ElasticWebStatus) error {
	changed, patch, err := statusChange(web, wanted)
	if err != nil {
		return err
	}
	err = r.written.During(Kind, changed, func() error {
		return r.Writer.Status().Patch(ctx, changed, patch, client.FieldOwner(controllers.FieldManager))
	})
	if err != nil {
		return r.orLookAgain(ctx, web, err)
	}
	r.memory.wrote(web.ResourceVersion, changed)
	r.memory.of(web).answer = ""
	if !equality.Semantic.DeepEqual(wanted, changed.Status) {
		r.memory.of(web).answer = answerTo(wanted, changed.Status)
	}
	for _, news := range status.News(web.Status.Conditions, wanted.Conditions) {
		r.Events.Eventf(web, nil, news.Type, news.Reason, "Reconcile", "%s", news.Message)
	}
	return nil
}

// statusChange is the ElasticWeb with another status, and the difference of the two: the spec, which is the same, is left out of
// what is compared for it. So is the resource version of before: that puts changed's into the patch, and another writer in between
// is a conflict. A status of which a part was not read is replaced: the difference would leave in it what nobody can read.
func statusChange(
	web *elasticwebv1.ElasticWeb, wanted elasticwebv1.ElasticWebStatus,
) (changed *elasticwebv1.ElasticWeb, patch client.Patch, err error) {
	before := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: web.Name, Namespace: web.Namespace}, Status: web.Status}
	changed = &elasticwebv1.ElasticWeb{ObjectMeta: before.ObjectMeta, Status: *wanted.DeepCopy()} // the answer is decoded into it.
	changed.ResourceVersion = web.ResourceVersion
	if web.UnreadableStatus == "" {
		return changed, client.MergeFrom(before), nil
	}
	text, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": web.ResourceVersion},
		{"op": "add", "path": "/status", "value": wanted},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("marshal the status: %w", err)
	}
	return changed, client.RawPatch(types.JSONPatchType, text), nil
}
