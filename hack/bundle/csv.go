// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/yaml"
)

const (
	packageName = "elasticweb-operator"
	csvPath     = "bundle/manifests/" + packageName + ".clusterserviceversion.yaml"
	basePath    = "config/manifests/bases/" + packageName + ".clusterserviceversion.yaml"
	iconPath    = "config/manifests/icon.svg"
)

// placeholder is the operator's image in config.
const placeholder = "controller:latest"

// relatedImagePrefix begins the variables in which a container gets the images that it makes pods of.
const relatedImagePrefix = "RELATED_IMAGE_"

const disconnectedAnnotation = "features.operators.openshift.io/disconnected"

var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// csv is a ClusterServiceVersion. Not the typed one: that would drop what it does not know.
type csv struct{ unstructured.Unstructured }

func readCSV(path string) (*csv, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	result := &csv{}
	if err := yaml.Unmarshal(text, &result.Object); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return result, nil
}

// finishCSV fills in what operator-sdk leaves open.
func finishCSV(o options, path string) error {
	c, err := readCSV(path)
	if err != nil {
		return err
	}
	for _, step := range []func(options) error{c.setCreated, c.setImages, c.setEdge, c.setIcon, c.setDescriptors} {
		if err := step(o); err != nil {
			return err
		}
	}
	text, err := yaml.Marshal(c.Object)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func (c *csv) annotate(key, value string) {
	annotations := c.GetAnnotations()
	annotations[key] = value
	c.SetAnnotations(annotations)
}

// setCreated puts the time of the release in the place of the time of this run.
func (c *csv) setCreated(o options) error {
	if o.created == "" {
		base, err := readCSV(filepath.Join(o.source, basePath))
		if err != nil {
			return err
		}
		o.created = base.GetAnnotations()["createdAt"]
	}
	c.annotate("createdAt", o.created)
	return nil
}

// cutTag takes a reference apart. A colon before the last slash belongs to a port.
func cutTag(image string) (repository, tag string, hasTag bool) {
	colon := strings.LastIndex(image, ":")
	if colon <= strings.LastIndex(image, "/") {
		return image, "", false
	}
	return image[:colon], image[colon+1:], true
}

// setImages puts the operator's image in the place of the placeholder, and lists all images for those who mirror them.
func (c *csv) setImages(o options) error {
	image := o.image
	if o.digest != "" {
		repository, _, _ := cutTag(o.image)
		image = repository + "@" + o.digest
	}
	related := map[string]string{}
	err := c.eachContainer(func(container map[string]any) {
		if container["image"] == placeholder {
			container["image"] = image
		}
		related[fmt.Sprint(container["image"])] = fmt.Sprint(container["name"])
		variables, _, _ := unstructured.NestedSlice(container, "env")
		for _, entry := range variables {
			variable := entry.(map[string]any)
			name, value := fmt.Sprint(variable["name"]), fmt.Sprint(variable["value"])
			if !strings.HasPrefix(name, relatedImagePrefix) {
				continue
			}
			if value == placeholder {
				value = image
			}
			variable["value"] = value
			if _, isListed := related[value]; !isListed {
				related[value] = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, relatedImagePrefix), "_", "-"))
			}
		}
		if len(variables) > 0 {
			container["env"] = variables
		}
	})
	if err != nil {
		return err
	}
	c.annotate("containerImage", o.image)
	return c.setRelatedImages(related)
}

// setRelatedImages lists the images, and claims that they can be mirrored if each is given by its digest.
func (c *csv) setRelatedImages(names map[string]string) error {
	list, pinned := []any{}, true
	for image, name := range names {
		list = append(list, map[string]any{"name": name, "image": image})
		pinned = pinned && strings.Contains(image, "@sha256:")
	}
	slices.SortFunc(list, func(a, b any) int {
		return strings.Compare(fmt.Sprint(a.(map[string]any)["name"]), fmt.Sprint(b.(map[string]any)["name"]))
	})
	c.annotate(disconnectedAnnotation, strconv.FormatBool(pinned))
	return unstructured.SetNestedSlice(c.Object, list, "spec", "relatedImages")
}

// eachContainer calls back with the containers of all deployments, which it may change.
func (c *csv) eachContainer(visit func(container map[string]any)) error {
	path := []string{"spec", "install", "spec", "deployments"}
	deployments, found, err := unstructured.NestedSlice(c.Object, path...)
	if err != nil || !found || len(deployments) == 0 {
		return fmt.Errorf("the CSV has no deployments (found: %t): %w", found, err)
	}
	for _, deployment := range deployments {
		for _, kind := range []string{"initContainers", "containers"} {
			inner := []string{"spec", "template", "spec", kind}
			containers, found, err := unstructured.NestedSlice(deployment.(map[string]any), inner...)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			for _, container := range containers {
				visit(container.(map[string]any))
			}
			if err := unstructured.SetNestedSlice(deployment.(map[string]any), containers, inner...); err != nil {
				return err
			}
		}
	}
	return unstructured.SetNestedSlice(c.Object, deployments, path...)
}

func (o options) checkEdge() error {
	this, err := version.ParseSemantic(o.version)
	if err != nil {
		return fmt.Errorf("-version=%q: it takes a version without v, such as 0.1.0: %w", o.version, err)
	}
	if strings.HasPrefix(o.version, "v") {
		return fmt.Errorf("-version=%q: leave out the v", o.version)
	}
	if o.replaces == "" {
		return nil
	}
	older, err := version.ParseSemantic(o.replaces)
	if err != nil {
		return fmt.Errorf("-replaces=%q: it takes a version without v, such as 0.1.0: %w", o.replaces, err)
	}
	if !older.LessThan(this) {
		return fmt.Errorf("-replaces=%s: it takes a version before %s", o.replaces, o.version)
	}
	return nil
}

// setEdge lets those on the replaced version upgrade, and those on any between. The two go together: replaces alone
// leaves the others behind, and skipRange alone takes the replaced version out of the channel.
func (c *csv) setEdge(o options) error {
	if o.replaces == "" {
		return nil
	}
	c.annotate("olm.skipRange", fmt.Sprintf(">=%s <%s", o.replaces, o.version))
	return unstructured.SetNestedField(c.Object, packageName+".v"+o.replaces, "spec", "replaces")
}

func (c *csv) setIcon(o options) error {
	image, err := os.ReadFile(filepath.Join(o.source, iconPath))
	if err != nil {
		return err
	}
	icon := map[string]any{"base64data": base64.StdEncoding.EncodeToString(image), "mediatype": "image/svg+xml"}
	return unstructured.SetNestedSlice(c.Object, []any{icon}, "spec", "icon")
}
