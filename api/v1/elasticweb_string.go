// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"fmt"
	"strconv"
)

// String describes an ElasticWeb in one log line. It survives a nil receiver and nil fields, which it
// prints as "nil".
func (w *ElasticWeb) String() string {
	if w == nil {
		return "ElasticWeb nil"
	}
	return fmt.Sprintf("ElasticWeb %s/%s: image [%s], port [%s], singlePodsQPS [%s], totalQPS [%s], replicas [%s], realQPS [%s]",
		w.Namespace, w.Name, w.Spec.Image, number(w.Spec.Port), number(w.Spec.SinglePodsQPS),
		number(w.Spec.TotalQPS), number(w.Spec.Replicas), number(w.Status.RealQPS))
}

func number(value *int32) string {
	if value == nil {
		return "nil"
	}
	return strconv.FormatInt(int64(*value), 10)
}
