// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An object holds the apply configuration that it was made of, and none of which any value is another.
func TestComparesEachField(t *testing.T) {
	for object, configuration := range map[client.Object]any{
		&appsv1.Deployment{}:            &appsv1ac.DeploymentApplyConfiguration{},
		&corev1.Service{}:               &corev1ac.ServiceApplyConfiguration{},
		&policyv1.PodDisruptionBudget{}: &policyv1ac.PodDisruptionBudgetApplyConfiguration{},
	} {
		t.Run(fmt.Sprintf("%T", object), func(t *testing.T) {
			fill(reflect.ValueOf(object).Elem(), nil)
			object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // which typed objects do not carry.
			text, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, configuration); err != nil {
				t.Fatal(err)
			}
			if found := differencesOf(object, configuration); found != nil {
				t.Fatalf("an object must hold its own apply configuration, not %v", found)
			}
			changes := 0
			changeEachScalar(reflect.ValueOf(configuration), "", func(path string) {
				changes++
				if found := differencesOf(object, configuration); len(found) != 1 {
					t.Errorf("%s changed: found %v", path, found)
				}
			})
			if changes < 20 {
				t.Errorf("%d fields were changed, want all", changes)
			}
		})
	}
}

// An object whose field is zero or empty does not hold that any more when the field is not set, where the API tells the two apart.
func TestTellsWhatIsNotSet(t *testing.T) {
	for object, configuration := range map[client.Object]func() any{
		&appsv1.Deployment{}:            func() any { return &appsv1ac.DeploymentApplyConfiguration{} },
		&corev1.Service{}:               func() any { return &corev1ac.ServiceApplyConfiguration{} },
		&policyv1.PodDisruptionBudget{}: func() any { return &policyv1ac.PodDisruptionBudgetApplyConfiguration{} },
	} {
		t.Run(fmt.Sprintf("%T", object), func(t *testing.T) {
			fill(reflect.ValueOf(object).Elem(), nil)
			fields := 0
			unsetEachPointer(reflect.ValueOf(object).Elem(), "", func(path string, unset func()) {
				fields++
				intent := configuration()
				text, err := json.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, intent); err != nil {
					t.Fatal(err)
				}
				if found := differencesOf(object, intent); found != nil {
					t.Errorf("%s is zero: the object does not hold it, but %v", path, found)
				}
				unset()
				if differencesOf(object, intent) == nil {
					t.Errorf("%s is not set: the object holds it all the same", path)
				}
			})
			if fields < 5 {
				t.Errorf("%d fields were unset, want all", fields)
			}
		})
	}
}

// unsetEachPointer makes what is behind one pointer after the other zero, and puts it back. Left out is what is null
// in JSON when it is zero.
func unsetEachPointer(v reflect.Value, path string, isZero func(path string, unset func())) {
	switch v.Kind() {
	case reflect.Pointer:
		switch v.Interface().(type) {
		case *metav1.Time, *metav1.FieldsV1:
			return
		}
		before := v.Elem()
		v.Set(reflect.New(v.Type().Elem()))
		isZero(path, v.SetZero)
		v.Set(before.Addr())
		unsetEachPointer(before, path, isZero)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				unsetEachPointer(v.Field(i), path+"."+v.Type().Field(i).Name, isZero)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			unsetEachPointer(v.Index(i), fmt.Sprintf("%s[%d]", path, i), isZero)
		}
	}
}

// changeEachScalar changes one value after the other of an apply configuration, and changes it back.
func changeEachScalar(v reflect.Value, path string, isChanged func(path string)) {
	change := func(to any) {
		before := reflect.New(v.Type()).Elem()
		before.Set(v)
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		isChanged(path)
		v.Set(before)
	}
	switch typed := v.Interface().(type) {
	case resource.Quantity:
		change(resource.MustParse("251m"))
		return
	case metav1.Time:
		change(metav1.NewTime(typed.Add(time.Second)))
		return
	case intstr.IntOrString:
		change(intstr.FromInt32(50))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		changeEachScalar(v.Elem(), path, isChanged)
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				changeEachScalar(v.Field(i), path+"."+v.Type().Field(i).Name, isChanged)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			changeEachScalar(v.Index(i), fmt.Sprintf("%s[%d]", path, i), isChanged)
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			entry := reflect.New(value.Type()).Elem()
			entry.Set(value)
			changeEachScalar(entry, path+"."+key.String(), func(path string) {
				v.SetMapIndex(key, entry)
				isChanged(path)
			})
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		change("other")
	case reflect.Bool:
		change(!v.Bool())
	default:
		change(v.Int() + 1)
	}
}

// What an apply configuration leaves out is not compared, and what it has, is, also where it is a zero value.
func TestComparesWhatAnApplyConfigurationHas(t *testing.T) {
	live := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](3), Paused: true}}
	live.Spec.Template.Spec.Containers = []corev1.Container{{
		Name: "web", Args: []string{"a"}, SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false)},
	}}
	live.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: "spot", TolerationSeconds: ptr.To[int64](0)}}
	container := func() *corev1ac.ContainerApplyConfiguration { return corev1ac.Container().WithName("web") }
	for name, tc := range map[string]struct {
		spec *appsv1ac.DeploymentSpecApplyConfiguration
		want bool
	}{
		"nothing":           {nil, true},
		"an empty spec":     {appsv1ac.DeploymentSpec(), true},
		"zero":              {appsv1ac.DeploymentSpec().WithReplicas(0), false},
		"false":             {appsv1ac.DeploymentSpec().WithPaused(false), false},
		"an absent zero":    {appsv1ac.DeploymentSpec().WithMinReadySeconds(0), true},
		"an absent struct":  {appsv1ac.DeploymentSpec().WithStrategy(appsv1ac.DeploymentStrategy()), true},
		"an empty list":     {withContainer(&corev1ac.ContainerApplyConfiguration{Name: container().Name, Args: []string{}}), true},
		"a list":            {withContainer(container().WithArgs("a")), true},
		"another container": {withContainer(corev1ac.Container().WithName("other")), false},
		// A pointer of the live object tells what is not set from what is zero or empty.
		"zero, not set":                   {appsv1ac.DeploymentSpec().WithProgressDeadlineSeconds(0), false},
		"false, not set":                  {withContainer(container().WithSecurityContext(corev1ac.SecurityContext().WithPrivileged(false))), false},
		"false, set":                      {withContainer(container().WithSecurityContext(corev1ac.SecurityContext().WithAllowPrivilegeEscalation(false))), true},
		"a struct, not set":               {withContainer(container().WithLifecycle(corev1ac.Lifecycle())), false},
		"for ever, tolerated for no time": {withTolerations(corev1ac.Toleration().WithKey("spot")), false},
		"as long as is tolerated":         {withTolerations(corev1ac.Toleration().WithKey("spot").WithTolerationSeconds(0)), true},
	} {
		t.Run(name, func(t *testing.T) {
			found := differencesOf(live, &appsv1ac.DeploymentApplyConfiguration{Spec: tc.spec})
			if (found == nil) != tc.want {
				t.Errorf("found %v", found)
			}
		})
	}
}

// Labels, node selectors and the like may have empty values: a key with one is not the same as none.
func TestTellsEmptyTextsFromNone(t *testing.T) {
	with := func(nodeSelector map[string]string) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Labels: nodeSelector}}
		d.Spec.Template.Spec.NodeSelector = nodeSelector
		return d
	}
	whole := `{"spec":{"template":{"spec":{"nodeSelector":%s}}}}`
	shared := `{"metadata":{"labels":%s}}`
	for name, tc := range map[string]struct {
		live         map[string]string
		form, intent string
		want         bool
	}{
		"whole, as wanted":        {map[string]string{"infra": ""}, whole, `{"infra":""}`, true},
		"whole, gone":             {map[string]string{"a": "1"}, whole, `{"a":"1","infra":""}`, false},
		"whole, the last gone":    {nil, whole, `{"infra":""}`, false},
		"whole, one of others":    {map[string]string{"a": "1", "infra": ""}, whole, `{"a":"1"}`, false},
		"shared, as wanted":       {map[string]string{"infra": ""}, shared, `{"infra":""}`, true},
		"shared, gone":            {map[string]string{"a": "1"}, shared, `{"a":"1","infra":""}`, false},
		"shared, the last gone":   {nil, shared, `{"infra":""}`, false},
		"shared, one of others":   {map[string]string{"a": "1", "infra": ""}, shared, `{"a":"1"}`, true},
		"shared, none and wanted": {nil, shared, `{}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			configuration := &appsv1ac.DeploymentApplyConfiguration{}
			if err := json.Unmarshal(fmt.Appendf(nil, tc.form, tc.intent), configuration); err != nil {
				t.Fatal(err)
			}
			if found := differencesOf(with(tc.live), configuration); (found == nil) != tc.want {
				t.Errorf("found %v", found)
			}
		})
	}
}

func withContainer(container *corev1ac.ContainerApplyConfiguration) *appsv1ac.DeploymentSpecApplyConfiguration {
	return appsv1ac.DeploymentSpec().WithTemplate(corev1ac.PodTemplateSpec().WithSpec(corev1ac.PodSpec().WithContainers(container)))
}

func withTolerations(tolerations ...*corev1ac.TolerationApplyConfiguration) *appsv1ac.DeploymentSpecApplyConfiguration {
	return appsv1ac.DeploymentSpec().WithTemplate(corev1ac.PodTemplateSpec().WithSpec(corev1ac.PodSpec().WithTolerations(tolerations...)))
}

// fill sets what a value has to something else than zero, and types within themselves once.
func fill(v reflect.Value, within []reflect.Type) {
	switch typed := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*typed = resource.MustParse("250m")
		return
	case *metav1.Time:
		*typed = metav1.Unix(1e9, 0)
		return
	case *metav1.MicroTime:
		*typed = metav1.NewMicroTime(time.Unix(1e9, 0))
		return
	case *intstr.IntOrString:
		*typed = intstr.FromString("50%")
		return
	case *metav1.FieldsV1:
		typed.SetRawBytes([]byte(`{"f:spec":{}}`))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), within)
	case reflect.Struct:
		for _, outer := range within {
			if outer == v.Type() {
				return
			}
		}
		for i := range v.NumField() {
			fill(v.Field(i), append(within, v.Type()))
		}
	case reflect.Slice:
		number := 2
		if v.Type().Elem().Kind() == reflect.Struct {
			number = 1 // lists within lists within lists of two are many.
		}
		v.Set(reflect.MakeSlice(v.Type(), number, number))
		for i := range v.Len() {
			fill(v.Index(i), within)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, within)
		fill(value, within)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	default:
		panic(fmt.Sprintf("no value for %s", v.Type()))
	}
}
