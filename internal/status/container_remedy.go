// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"regexp"
	"slices"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

var (
	mustSpecify = regexp.MustCompile(`failed quota: .* must specify ([a-z0-9./-]+)(?: for: ([a-z0-9,-]+))?`)
	// ofContainers are the containers, and ofHost the fields of the pods, that a pod security standard names.
	ofContainers = regexp.MustCompile(`\((?:pod or )?containers? ("[^"]+"(?:, "[^"]+")*) `)
	ofHost       = regexp.MustCompile(`\b(hostNetwork|hostPID|hostIPC|hostUsers)=`)
	ofVolumes    = regexp.MustCompile(`\(volumes? "`)
	// ofPorts and ofHosts name containers for something else than their security context.
	ofPorts = regexp.MustCompile(`\bhostPort \([^)]*\)`)
	ofHosts = regexp.MustCompile(`\bprobe or lifecycle host \([^)]*\)`)
)

// fieldOf is where a field of containers stands in an ElasticWeb: that of the operator's own has one in the spec.
func fieldOf(words podtemplate.Words, field string, containers ...string) string {
	var places []string
	for _, name := range containers {
		switch {
		case name == podtemplate.Container:
			places = append(places, "spec."+field)
		case words.Names(name):
			places = append(places, field+" of container "+quote.Value(name)+" in spec.podTemplate")
		default:
			places = append(places, field+" of container "+quote.Value(name)+" where it is added")
		}
	}
	return strings.Join(places, " and ")
}

// quotaRemedy names the containers that lack what a ResourceQuota asks for.
func quotaRemedy(words podtemplate.Words, message string) string {
	found := mustSpecify.FindStringSubmatch(message)
	containers := strings.Split(found[2], ",")
	if found[2] == "" {
		containers = []string{podtemplate.Container}
	}
	return "set " + quote.Value(found[1]) + " in " + fieldOf(words, "resources", containers...) +
		": the ResourceQuota of the namespace takes no pod without"
}

// limitRangeRemedy names all containers, since a LimitRange does not say which it speaks of.
func limitRangeRemedy(words podtemplate.Words) string {
	return "set " + fieldOf(words, "resources", append([]string{podtemplate.Container}, words.OtherContainers()...)...) +
		" to what the LimitRange of the namespace allows; where the spec gives none, the operator gives the container web 100m of CPU and 512Mi of memory"
}

// podSecurityRemedy goes by what the standard names: containers, volumes, fields of the pods.
func podSecurityRemedy(words podtemplate.Words, message string) string {
	var remedies, contexts, containers []string
	for _, found := range ofHost.FindAllStringSubmatch(message, -1) {
		remedies = append(remedies, "take "+found[1]+" out of spec.podTemplate")
	}
	if ofVolumes.MatchString(message) {
		remedies = append(remedies, "change spec.volumes")
	}
	if ofPorts.MatchString(message) && !saysAny(message, "hostNetwork=") { // which gives each port one.
		remedies = append(remedies, "take hostPort out of spec.podTemplate")
	}
	if ofHosts.MatchString(message) {
		remedies = append(remedies, "take host out of the probes and the lifecycle hooks")
	}
	message = ofHosts.ReplaceAllString(ofPorts.ReplaceAllString(message, ""), "")
	if saysAny(message, "(pod ") {
		contexts = append(contexts, "spec.podSecurityContext")
	}
	for _, found := range ofContainers.FindAllStringSubmatch(message, -1) {
		for _, name := range strings.Split(found[1], ", ") {
			containers = append(containers, strings.Trim(name, `"`))
		}
	}
	slices.Sort(containers)
	if containers = slices.Compact(containers); len(containers) > 0 {
		contexts = append(contexts, fieldOf(words, "securityContext", containers...))
	}
	if len(remedies)+len(contexts) == 0 {
		contexts = []string{"spec.podSecurityContext", "spec.securityContext"}
	}
	if len(contexts) > 0 {
		remedies = append(remedies, "set "+strings.Join(contexts, " and "))
	}
	return strings.Join(remedies, ", ") + " as the namespace's pod security standard asks"
}
