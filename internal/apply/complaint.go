// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// A path in an error of the API server has the indexes of lists, and the keys of maps in brackets, which one of a field manager has
// not.
var (
	listIndex = regexp.MustCompile(`\[\d+\]`)
	mapKey    = regexp.MustCompile(`\[([^\]]*)\]`)
	wholeMap  = regexp.MustCompile(`^metadata[^\[]*$`)
)

// duplicateNodePort is what the API server says of two ports with the same node port, as an internal error
// and before it checks anything else.
const duplicateNodePort = "duplicate nodePort"

// isInTheWay reports whether an object was refused for what is in it.
func isInTheWay(err error) bool {
	return err != nil && !isDenial(err) && (apierrors.IsInvalid(err) || strings.Contains(err.Error(), duplicateNodePort))
}

// complaint is what the API server has against a field.
type complaint struct {
	// path of the field as plainPath gives it.
	path        string
	message     string
	isForbidden bool
}

func (c complaint) parent() string { return c.path[:max(strings.LastIndex(c.path, "."), 0)] }

// mentions reports whether the complaint names a field that stands beside, or above, the one that it is about. A name of a single word
// may just be a word.
func (c complaint) mentions(step fieldpath.PathElement, parent string) bool {
	if step.FieldName == nil || strings.ToLower(*step.FieldName) == *step.FieldName || !strings.HasPrefix(c.path, parent+".") {
		return false
	}
	return slices.Contains(words(c.message), *step.FieldName)
}

// isBeside reports whether a field stands beside the one that the complaint is about, and may have to do with it. The direct fields of an
// element, as a container, have little in common: a value that is wrong by itself is, whatever stands beside it.
func (c complaint) isBeside(path fieldpath.Path) bool {
	above := path[:len(path)-1]
	isDirect := len(above) > 0 && above[len(above)-1].Key != nil
	return plainPath(above) == c.parent() && (c.isForbidden || !isDirect || c.says(*path[len(path)-1].FieldName))
}

// says reports whether the complaint has a value in its words.
func (c complaint) says(value any) bool {
	return value != nil && slices.Contains(words(c.message), fmt.Sprint(value))
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// complaintsOf are those of a refusal.
func complaintsOf(refusal error) []complaint {
	if strings.Contains(refusal.Error(), duplicateNodePort) {
		return []complaint{{path: "spec.ports.nodeport"}}
	}
	status, isStatus := errors.AsType[*apierrors.StatusError](refusal)
	if !isStatus || status.ErrStatus.Details == nil {
		return nil
	}
	var all []complaint
	for _, cause := range status.ErrStatus.Details.Causes {
		if wholeMap.MatchString(cause.Field) {
			continue // it names no annotation, and so nobody's.
		}
		path := mapKey.ReplaceAllString(listIndex.ReplaceAllString(cause.Field, ""), ".$1")
		all = append(all, complaint{strings.ToLower(path), cause.Message, cause.Type == metav1.CauseTypeForbidden})
	}
	return all
}

// plainPath is the path of a field without the indexes and keys of lists, and without regard to the case: the API server speaks of
// spec.LoadBalancerSourceRanges.
func plainPath(path fieldpath.Path) string {
	var names []string
	for _, step := range path {
		if step.FieldName != nil {
			names = append(names, *step.FieldName)
		}
	}
	return strings.ToLower(strings.Join(names, "."))
}
