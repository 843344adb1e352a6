// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// The fields that messages name.
const (
	queryField    = "spec.demand.prometheus.query"
	externalField = "spec.demand.external.metric"
	objectField   = "spec.demand.object"
)

// trouble is why there is no number, with what helps.
type trouble struct {
	reason  demand.Reason
	message string
}

func troubled(reason demand.Reason, format string, arguments ...any) *trouble {
	return &trouble{reason, quote.Bounded(fmt.Sprintf(format, arguments...), quote.LongestMessage)}
}

// answer is the trouble as an Answer.
func (t *trouble) answer(at time.Time) Answer {
	return Answer{Samples: []demand.Sample{{At: at, Trouble: t.reason}}, Message: t.message}
}

func overdue(period time.Duration) *trouble {
	return troubled(demand.SourceUnreachable, "there was no answer for a whole period (%s): what is read for this namespace takes long; make "+
		"the queries cheaper, for instance by recording rules", period)
}

// survive makes a trouble of a panic of a source, which would end the operator for all applications. It is deferred itself.
func survive(ctx context.Context, q question, failed **trouble) {
	if said := recover(); said != nil {
		log.FromContext(ctx).Error(fmt.Errorf("panic: %v", said), "reading the traffic failed by a mistake of the operator", "namespace", q.namespace,
			"stack", string(debug.Stack()))
		*failed = troubled(demand.SourceUnreachable, "the operator failed while it read %s, by a mistake of its own: its administrator reports what its log says about it", q.field())
	}
}

// checked is a number that may be a rate.
func checked(field string, qps float64) (float64, *trouble) {
	const invalid = demand.MetricInvalid
	switch {
	case math.IsNaN(qps):
		return 0, troubled(invalid, "%s comes to NaN, which is no number: look whether it divides by zero, or by what is missing", field)
	case math.IsInf(qps, 0):
		return 0, troubled(invalid, "%s comes to an infinite number: look whether it divides by zero", field)
	case qps < 0:
		return 0, troubled(invalid, "%s comes to a negative number: requests per second are 0 or more; of a counter take rate(), not deriv() or delta()", field)
	case qps > math.MaxInt32:
		return 0, troubled(invalid, "%s comes to more than 2147483647: it has to be in requests per second; of a counter take rate()", field)
	}
	return qps, nil
}

func noSeries() *trouble {
	return troubled(demand.MetricMissing, "%s has no result: nothing that it names was scraped in the last minutes; try it in Prometheus, and look "+
		"whether its labels are right and its targets are up", queryField)
}

func severalSeries() *trouble {
	return troubled(demand.MetricInvalid, "%s comes to several series: make one number of them, for instance with sum()", queryField)
}

func isHistogram() *trouble {
	return troubled(demand.MetricInvalid, "%s comes to a histogram: take histogram_count() of its rate()", queryField)
}

func noNumber(value model.Value) *trouble {
	if value.Type() == model.ValMatrix {
		return troubled(demand.MetricInvalid, "%s comes to a range of numbers: take rate() of it", queryField)
	}
	return unreadable(value.Type().String())
}

func unreadable(said string) *trouble {
	return troubled(demand.MetricInvalid, "%s does not come to a number (%s): it has to be in requests per second, for instance "+
		"sum(rate(http_requests_total[1m]))", queryField, quote.Said(said))
}

func unreadableAuthorities(err error) *trouble {
	return troubled(demand.SourceUnreachable, "the operator cannot read the certificate authorities of Prometheus (%s): its administrator mends the file of "+
		"--prometheus-ca-file", quote.Said(err.Error()))
}

// failure is why a query has no answer.
func (p *prometheus) failure(err error) *trouble {
	if said, isSaid := errors.AsType[*prometheusv1.Error](err); isSaid {
		return refused(said.Type, p.withoutToken(said.Msg))
	}
	if failed, isAsking := errors.AsType[*askingError](err); isAsking {
		return p.unanswered(failed.err)
	}
	return unreadable(p.withoutToken(err.Error()))
}

// incomplete is that a part of the source does not answer, which is no fault of the query.
func (p *prometheus) incomplete(warning string) *trouble {
	return troubled(demand.SourceUnreachable, "Prometheus has not all that %s asks for (%s): its administrator looks whether everything that it reads from is up",
		queryField, quote.Said(p.withoutToken(warning)))
}

// withoutToken is what a server says, which saw the token.
func (p *prometheus) withoutToken(said string) string {
	token, err := p.connection.server.token()
	if err != nil || token == "" {
		return said
	}
	return strings.ReplaceAll(said, token, "…")
}

// refused is what Prometheus says itself.
func refused(kind prometheusv1.ErrorType, said string) *trouble {
	switch kind {
	case prometheusv1.ErrBadData, prometheusv1.ErrExec:
		return troubled(demand.MetricInvalid, "Prometheus refuses %s: %s", queryField, quote.Said(said))
	case prometheusv1.ErrTimeout, prometheusv1.ErrCanceled:
		return tookLong("Prometheus", queryField)
	}
	return noPrometheus(said)
}

func noPrometheus(said string) *trouble {
	return troubled(demand.SourceUnreachable, "what the operator asks does not answer as Prometheus does (%s): its administrator looks whether Prometheus is well, "+
		"and whether --prometheus-url leads to it", quote.Said(said))
}

// unanswered is what happened on the way.
func (p *prometheus) unanswered(err error) *trouble {
	if status, isStatus := errors.AsType[*statusError](err); isStatus {
		return denied(status)
	}
	if _, isToken := errors.AsType[*tokenError](err); isToken {
		return troubled(demand.SourceUnauthorized, "the operator cannot read its token for Prometheus (%s): its administrator mends the file of "+
			"--prometheus-token-file", quote.Said(err.Error()))
	}
	if redirect, isRedirect := errors.AsType[*redirectError](err); isRedirect {
		return troubled(demand.SourceUnreachable, "Prometheus redirects to %s, where the operator does not follow with its token: its administrator sets "+
			"--prometheus-url to where Prometheus answers itself", quote.Value(p.withoutToken(redirect.host)))
	}
	if _, isTLS := errors.AsType[*tls.CertificateVerificationError](err); isTLS {
		return troubled(demand.SourceUnreachable, "the certificate of Prometheus is not trusted (%s): its administrator names the authority with "+
			"--prometheus-ca-file", p.said(err))
	}
	if failed := common(err, "Prometheus", queryField); failed != nil {
		return failed
	}
	return troubled(demand.SourceUnreachable, "Prometheus cannot be reached (%s): its administrator looks whether it runs, whether --prometheus-url leads to it, "+
		"and whether a network policy is in the way", p.said(err))
}

func denied(status *statusError) *trouble {
	switch status.code {
	case http.StatusUnauthorized:
		return troubled(demand.SourceUnauthorized, "Prometheus does not know the operator (%s): its administrator gives it a token with "+
			"--prometheus-token-file", status)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return noPrometheus(status.Error())
	}
	return troubled(demand.SourceUnauthorized, "Prometheus does not let the operator read the metrics of this namespace (%s): its administrator gives the right to whom "+
		"the token of --prometheus-token-file belongs", status)
}

// common is what can happen to any request; nil for what is none of it.
func common(err error, source, field string) *trouble {
	if _, isLong := errors.AsType[*http.MaxBytesError](err); isLong {
		return troubled(demand.MetricInvalid, "the answer for %s is longer than %d kB: make one number of it, for instance with sum()", field, longestAnswer>>10)
	}
	if timeout, isNet := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout() {
		return tookLong(source, field)
	}
	return nil
}

func tookLong(source, field string) *trouble {
	return troubled(demand.SourceUnreachable, "%s took too long to answer: make %s cheaper, for instance by a recording rule, or look whether %s has "+
		"more to do than it can", source, field, source)
}

// said is what others say about a request, without its address, of which the query is a part.
func (p *prometheus) said(err error) string {
	text := err.Error()
	if begin := strings.Index(text, `": `); strings.HasPrefix(text, "Get ") && begin > 0 {
		text = text[begin+3:]
	}
	return quote.Said(p.withoutToken(text))
}
