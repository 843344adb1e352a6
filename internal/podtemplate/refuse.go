// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// The names of the container that runs the image, and of its port.
const (
	Container = "web"
	Port      = "http"
)

// mostContainers is how many a node may have to work through one by one.
const mostContainers = 32

// refuse says what of a template is the operator's to say, or would cost it too much.
func refuse(template object) error {
	metadata, _ := template["metadata"].(object)
	pods, _ := template["spec"].(object)
	return cmp.Or(refuseMetadata(metadata), refusePods(pods), refuseContainers(pods))
}

func refuseMetadata(metadata object) error {
	const path = root + ".metadata"
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		if ofMetadata[name] == "" {
			return fmt.Errorf("%s.%s: of the metadata of pods only labels and annotations are the user's", path, name)
		}
	}
	labels, _ := metadata["labels"].(object)
	for _, key := range []string{elasticwebv1.LabelName, elasticwebv1.LabelInstance, elasticwebv1.LabelComponent, elasticwebv1.LabelManagedBy} {
		if _, isThere := labels[key]; isThere {
			return fmt.Errorf("%s.labels: the operator sets %s; choose another key", path, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if strings.HasPrefix(key, "elasticweb.example.com/") {
			return fmt.Errorf("%s.labels: those with the prefix elasticweb.example.com/ belong to the operator; choose another key", path)
		}
	}
	annotations, _ := metadata["annotations"].(object)
	if _, isThere := annotations[corev1.PodDeletionCost]; isThere {
		return fmt.Errorf("%s.annotations: the operator sets %s, so that the pods on slower architectures leave first; say with the weights of spec.architectures which are to stay longest",
			path, corev1.PodDeletionCost)
	}
	return nil
}

func refusePods(pods object) error {
	const path = root + ".spec"
	system, _ := pods["os"].(object)
	pullSecrets, _ := pods["imagePullSecrets"].([]any)
	account, _ := pods["serviceAccountName"].(string)
	switch {
	case pods["nodeName"] != nil:
		return errors.New(path + ".nodeName: the scheduler chooses the node; say where the pods may run with nodeSelector or affinity")
	case pods["restartPolicy"] != nil && pods["restartPolicy"] != string(corev1.RestartPolicyAlways):
		return errors.New(path + ".restartPolicy: what serves is always started again; leave it out")
	case pods["serviceAccount"] != nil:
		return errors.New(path + ".serviceAccount: its name of today is serviceAccountName")
	case system["name"] != nil && system["name"] != string(corev1.Linux):
		return errors.New(path + ".os: the pods run on Linux nodes only; leave it out")
	case account != "" && len(validation.IsDNS1123Subdomain(account)) > 0:
		return errors.New(path + ".serviceAccountName is no name of a ServiceAccount")
	}
	for i, each := range pullSecrets {
		secret, _ := each.(object)
		if name, _ := secret["name"].(string); len(validation.IsDNS1123Subdomain(name)) > 0 {
			return fmt.Errorf("%s.imagePullSecrets[%d].name is no name of a Secret", path, i)
		}
	}
	return nil
}

func refuseContainers(pods object) error {
	names, number := map[string]bool{}, 0
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := pods[list].([]any)
		number += len(containers)
		for i, each := range containers {
			container, _ := each.(object)
			path, name := fmt.Sprintf("%s.spec.%s[%d]", root, list, i), container["name"]
			text, _ := name.(string)
			switch {
			case text == "":
				return fmt.Errorf("%s.name: give it a name; that of the operator's own is %s", path, Container)
			case names[text]:
				return fmt.Errorf("%s.name: there is another one of that name; choose another", path)
			case text == Container && list == "initContainers":
				return fmt.Errorf("%s.name: %s is the name of the container that runs spec.image; choose another", path, Container)
			}
			names[text] = true
			if err := cmp.Or(refuseOwn(path, container), refusePort(path, container)); err != nil {
				return err
			}
		}
	}
	if number > mostContainers {
		return fmt.Errorf("%s.spec has %d containers and initContainers, and may have %d", root, number, mostContainers)
	}
	return nil
}

// refuseOwn is about the container that the operator makes.
func refuseOwn(path string, container object) error {
	if container["name"] != Container {
		return nil
	}
	if _, isThere := container["image"]; isThere {
		return errors.New(path + ".image: the image of this container is spec.image; leave it out")
	}
	for _, name := range []string{"restartPolicy", "restartPolicyRules"} {
		if container[name] != nil {
			return fmt.Errorf("%s.%s: what serves is always started again; leave it out", path, name)
		}
	}
	return nil
}

// refusePort keeps the Service's requests where spec.image is: it selects the port by its name.
func refusePort(path string, container object) error {
	ports, _ := container["ports"].([]any)
	for i, each := range ports {
		if port, _ := each.(object); port["name"] == Port {
			return fmt.Errorf("%s.ports[%d].name: %s is the port that the Service sends requests to, which spec.containerPort sets; choose another name", path, i, Port)
		}
	}
	return nil
}
