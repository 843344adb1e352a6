// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/supportreport"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Of each kind no more objects, and of each log no more, than are of use to somebody.
const (
	mostObjects  = 500
	mostLogBytes = 2 << 20
	mostLogLines = 20_000
	mostPods     = 10
)

type reportOptions struct {
	*environment
	output, operatorNamespace, folder string

	client    client.Client
	logs      kubernetes.Interface
	namespace string
	archive   supportreport.Archive
}

func newReport(e *environment) *cobra.Command {
	o := &reportOptions{environment: e}
	command := &cobra.Command{
		Use:   "report [--file FILE] [--operator-namespace NAMESPACE]",
		Short: "Pack what support needs into one archive",
		Long: "Objects and events of the namespace, nodes, the operator's Deployment, its logs, and versions. Secrets and ConfigMaps are never read. " +
			"The values of environment variables and annotations, commands, arguments, headers and queries are masked, also where a message quotes them. Logs are as they are. It says what is in it: look before you send it.",
		Example: "  kubectl elasticweb -n dev report",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return runStages(cmd.Context(), o, args) },
	}
	command.Flags().StringVarP(&o.output, "file", "f", "", "Where to write it. Default: elasticweb-report-TIME.tar.gz")
	command.Flags().StringVar(&o.operatorNamespace, "operator-namespace", "", "Where the operator runs. Default: it is looked for in all namespaces")
	return command
}

func (o *reportOptions) complete([]string) (err error) {
	if o.folder = "elasticweb-report-" + o.now().UTC().Format("20060102-150405"); o.output == "" {
		o.output = o.folder + ".tar.gz"
	}
	if o.namespace, err = o.environment.namespace(); err != nil {
		return err
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	if o.logs, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	o.client, err = o.environment.client()
	return err
}

func (o *reportOptions) validate() error {
	if _, err := os.Lstat(o.output); err == nil {
		return fmt.Errorf("--file=%s: it is there already: name another one", o.output)
	}
	return nil
}

func (o *reportOptions) run(ctx context.Context) error {
	if err := o.addVersions(); err != nil {
		return err
	}
	ours := client.MatchingLabels{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue}
	inNamespace := client.InNamespace(o.namespace)
	for _, kind := range []struct {
		schema.GroupVersionKind
		options []client.ListOption
	}{
		{elasticwebv1.GroupVersion.WithKind("ElasticWeb"), []client.ListOption{inNamespace}},
		{v1alpha1.GroupVersion.WithKind("ElasticWebBenchmark"), []client.ListOption{inNamespace}},
		{appsv1.SchemeGroupVersion.WithKind("Deployment"), []client.ListOption{inNamespace, ours}},
		{appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), []client.ListOption{inNamespace, ours}},
		{corev1.SchemeGroupVersion.WithKind("Pod"), []client.ListOption{inNamespace, ours}},
		{corev1.SchemeGroupVersion.WithKind("Service"), []client.ListOption{inNamespace, ours}},
		{discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"), []client.ListOption{inNamespace, ours}},
		{networkingv1.SchemeGroupVersion.WithKind(way.KindIngress), []client.ListOption{inNamespace, ours}},
		{way.HTTPRouteVersion.WithKind(way.KindHTTPRoute), []client.ListOption{inNamespace, ours}},
		{way.RouteVersion.WithKind(way.KindRoute), []client.ListOption{inNamespace, ours}},
		{schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}, []client.ListOption{inNamespace, ours}},
		{schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "Job"}, []client.ListOption{inNamespace, client.HasLabels{v1alpha1.LabelRun}}},
		{schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}, []client.ListOption{inNamespace}},
		{corev1.SchemeGroupVersion.WithKind("Event"), []client.ListOption{inNamespace}},
		{corev1.SchemeGroupVersion.WithKind("ResourceQuota"), []client.ListOption{inNamespace}},
		{corev1.SchemeGroupVersion.WithKind("LimitRange"), []client.ListOption{inNamespace}},
		{corev1.SchemeGroupVersion.WithKind("Node"), nil},
	} {
		o.addObjects(ctx, "namespace", kind.GroupVersionKind, kind.options...)
	}
	o.addOperator(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.write()
}

// addVersions fails where the cluster does not answer: there is nothing to report then.
func (o *reportOptions) addVersions() error {
	text := "kubectl-elasticweb: " + version + "\n"
	server, err := o.logs.Discovery().ServerVersion()
	switch {
	case err == nil:
		text += "Kubernetes: " + server.String() + "\n"
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		return fmt.Errorf("reach the cluster: %w", err)
	default:
		o.archive.Note(supportreport.Note("the version of the cluster", err))
	}
	o.archive.Add("versions.txt", []byte(text))
	return nil
}

// addObjects adds the objects of a kind, masked.
func (o *reportOptions) addObjects(ctx context.Context, folder string, kind schema.GroupVersionKind, options ...client.ListOption) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := o.client.List(ctx, list, append(options, client.Limit(mostObjects))...); err != nil {
		if meta.IsNoMatchError(err) {
			err = errors.New("the cluster does not have that kind")
		}
		o.archive.Note(supportreport.Note(kind.Kind, err))
		return
	}
	if kind.Kind == "ElasticWeb" && len(list.Items) == 0 {
		o.archive.Note(fmt.Sprintf("ElasticWeb: there is none in namespace %s; name another one with -n", o.namespace))
	}
	if list.GetContinue() != "" {
		o.archive.Note(fmt.Sprintf("%s: all but the first %d", kind.Kind, mostObjects))
	}
	for i := range list.Items {
		text, err := yaml.Marshal(supportreport.Mask(list.Items[i].Object))
		if err != nil {
			o.archive.Note(supportreport.Note(kind.Kind+" "+list.Items[i].GetName(), err))
			continue
		}
		parts := []string{folder, kind.Kind, list.Items[i].GetName() + ".yaml"}
		if folder == operatorFolder {
			parts = []string{folder, list.Items[i].GetNamespace(), kind.Kind, list.Items[i].GetName() + ".yaml"}
		}
		o.archive.Add(supportreport.FileName(parts...), text)
	}
}

// operatorLabels are those of the operator's pods, however it was installed.
var operatorLabels = labels.Set{"control-plane": "controller-manager", elasticwebv1.LabelName: "elasticweb-operator"}

// operatorFolder has what is of the operator, which may run in several namespaces.
const operatorFolder = "operator"

func (o *reportOptions) addOperator(ctx context.Context) {
	options := []client.ListOption{client.InNamespace(o.operatorNamespace), client.MatchingLabels(operatorLabels)}
	o.addObjects(ctx, operatorFolder, corev1.SchemeGroupVersion.WithKind("Pod"), options...)
	o.addObjects(ctx, operatorFolder, appsv1.SchemeGroupVersion.WithKind("Deployment"), options...)
	pods := &corev1.PodList{}
	if err := o.client.List(ctx, pods, append(options, client.Limit(mostPods))...); err != nil {
		o.archive.Note(supportreport.Note("the operator's pods", err) + ": name its namespace with --operator-namespace")
		return
	}
	if len(pods.Items) == 0 {
		o.archive.Note("the operator's logs: no pod of it was found; name its namespace with --operator-namespace")
	}
	if pods.Continue != "" {
		o.archive.Note(fmt.Sprintf("the operator's logs: all but those of the first %d pods with its labels; name its namespace with --operator-namespace", mostPods))
	}
	for i := range pods.Items {
		o.addLogs(ctx, &pods.Items[i])
	}
}

func (o *reportOptions) addLogs(ctx context.Context, pod *corev1.Pod) {
	for _, container := range pod.Spec.Containers {
		o.addLog(ctx, pod, container.Name, false)
		o.addLog(ctx, pod, container.Name, true)
	}
}

func (o *reportOptions) addLog(ctx context.Context, pod *corev1.Pod, container string, previous bool) {
	ending := ".log"
	if previous {
		if !hasRestarted(pod, container) {
			return
		}
		ending = ".previous.log"
	}
	name := supportreport.FileName(operatorFolder, pod.Namespace, "logs", pod.Name+"."+container+ending)
	stream, err := o.logs.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
		Container: container, Previous: previous, TailLines: ptr.To[int64](mostLogLines), Timestamps: true,
	}).Stream(ctx)
	if err != nil {
		o.archive.Note(supportreport.Note(name, err))
		return
	}
	defer func() { _ = stream.Close() }() // it was only read.
	text, isCut, err := tail(stream, mostLogBytes)
	if err != nil {
		o.archive.Note(supportreport.Note(name, err))
	}
	if isCut || bytes.Count(text, []byte("\n")) >= mostLogLines {
		o.archive.Note(name + ": all but the end of it")
	}
	o.archive.Add(name, text)
}

func hasRestarted(pod *corev1.Pod, container string) bool {
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == container {
			return status.RestartCount > 0
		}
	}
	return false
}

// tail is the end of what is read, which may be any amount. isCut is true where there was more.
func tail(from io.Reader, most int) (text []byte, isCut bool, err error) {
	piece := make([]byte, 64<<10)
	for err == nil {
		var n int
		n, err = from.Read(piece)
		text = append(text, piece[:n]...)
		isCut = isCut || len(text) > most
		if len(text) > 2*most {
			text = append([]byte{}, text[len(text)-most:]...)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return text[max(0, len(text)-most):], isCut, err
}

// write makes the file readable by nobody else, and never takes the place of one that is there.
func (o *reportOptions) write() (err error) {
	file, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := o.archive.Write(file, o.folder, o.now()); err != nil {
		return err
	}
	for _, line := range splitLines(o.archive.Contents()) {
		fmt.Fprintln(o.Out, screen.Line("."+line, longestError)[1:])
	}
	fmt.Fprintf(o.Out, "\n%s is written. Secrets are not in it; look before you send it.\n", o.output)
	return nil
}

func splitLines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
