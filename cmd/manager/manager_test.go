// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/output"
)

const (
	systemNamespace = "elasticweb-system"
	managerAccount  = "controller-manager"
	scraperAccount  = "scraper"
	patience        = 30 * time.Second
)

// asManager has this very binary be the manager, in a process of its own.
const asManager = "ELASTICWEB_TEST_AS_MANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(asManager) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// managerCommand runs the manager with its main function, flags and environment.
func managerCommand(ctx context.Context, kubeconfig string, environment, arguments []string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Env = append(append(os.Environ(), asManager+"=true", "KUBECONFIG="+kubeconfig), environment...)
	return command
}

// bench is a cluster with the CRD and the roles of config/rbac.
type bench struct {
	plane      *cluster.Cluster
	client     client.Client
	clientset  kubernetes.Interface
	kubeconfig string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	b := &bench{}
	plane, err := cluster.Start(t.Context(), cluster.Options{
		Nodes: []cluster.NodePool{{Arch: "amd64", Count: 1}}, Progress: os.Stderr,
		// As on OpenShift: who makes what has an owner that blocks must have the right to the owner's finalizers.
		ExtraArgs: map[cluster.Component][]string{cluster.APIServer: {"--enable-admission-plugins=OwnerReferencesPermissionEnforcement"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	b.plane = plane
	if b.client, err = client.New(plane.RESTConfig(), client.Options{Scheme: newScheme()}); err != nil {
		t.Fatal(err)
	}
	b.clientset = kubernetes.NewForConfigOrDie(plane.RESTConfig())
	b.install(t)
	b.kubeconfig = b.kubeconfigOf(t, managerAccount)
	return b
}

// install applies the CRD and the roles, as kustomize would.
func (b *bench) install(t *testing.T) {
	t.Helper()
	b.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: systemNamespace}})
	for _, account := range []string{managerAccount, scraperAccount} {
		b.create(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: account}})
	}
	b.apply(t, "../../config/crd/bases/elasticweb.example.com_elasticwebs.yaml")
	for _, name := range []string{
		"role", "role_binding", "leader_election_role", "leader_election_role_binding",
		"metrics_auth_role", "metrics_auth_role_binding", "metrics_reader_role",
	} {
		b.apply(t, "../../config/rbac/"+name+".yaml")
	}
	b.create(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "scraper"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: systemNamespace, Name: scraperAccount}},
	})
	eventually(t, "the CRD is served", func() error { return b.client.List(t.Context(), &elasticwebv1.ElasticWebList{}) })
}

func (b *bench) apply(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("namespace: system\n"), []byte("namespace: "+systemNamespace+"\n"))
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			t.Fatal(err)
		}
		if object.GetKind() == "Role" || object.GetKind() == "RoleBinding" {
			object.SetNamespace(systemNamespace)
		}
		b.create(t, object)
	}
}

func (b *bench) create(t *testing.T, object client.Object) {
	t.Helper()
	if err := b.client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

// kubeconfigOf has the rights of a service account of the manager's namespace.
func (b *bench) kubeconfigOf(t *testing.T, account string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := b.plane.WriteServiceAccountKubeconfig(t.Context(), path, systemNamespace, account); err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a running manager.
type process struct {
	command *exec.Cmd
	log     *output.Buffer
	// metrics and probes are the addresses of its endpoints.
	metrics, probes string
	ended           chan error
}

// start runs the manager with its default flags, but for the addresses and what a pod has and a process has not.
func (b *bench) start(t *testing.T, watchNamespace string) *process {
	t.Helper()
	return b.startWith(t, []string{"WATCH_NAMESPACE=" + watchNamespace},
		"--leader-election-namespace="+systemNamespace, "--look-up-images=false", "--enable-benchmarks=false")
}

func (b *bench) startWith(t *testing.T, environment []string, arguments ...string) *process {
	t.Helper()
	p := &process{log: &output.Buffer{}, metrics: freeAddress(t), probes: freeAddress(t), ended: make(chan error, 1)}
	p.command = managerCommand(context.Background(), b.kubeconfig, environment,
		append(arguments, "--metrics-bind-address="+p.metrics, "--health-probe-bind-address="+p.probes))
	p.command.Dir = "../.." // for watches.yaml.
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() {
		if p.command.ProcessState == nil {
			_ = p.command.Process.Kill()
		}
		if t.Failed() {
			t.Log(p.log)
		}
	})
	eventually(t, "the manager is ready", func() error { return expectOK("http://" + p.probes + "/readyz") })
	return p
}

// stop ends it as the kubelet does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the manager ended with %v:\n%s", err, p.log)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("the manager does not end:\n%s", p.log)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func expectOK(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Fatalf("not within %s: %s: %v", patience, what, err)
}

func TestManager(t *testing.T) {
	b := newBench(t)
	t.Run("serves, elects, and gives its lease back", b.testLife)
	t.Run("metrics are for those who may read them", b.testMetrics)
	t.Run("WATCH_NAMESPACE", b.testNamespaces)
	t.Run("a second one waits for the lease", b.testStandby)
	t.Run("an orphan is named where owners are guarded", b.testGuardedOwners)
}

func (b *bench) testLife(t *testing.T) {
	p := b.start(t, "")
	if err := expectOK("http://" + p.probes + "/healthz"); err != nil {
		t.Errorf("healthz: %v", err)
	}
	web := b.newWeb(t, "life")
	eventually(t, "the ElasticWeb is looked after", func() error { return b.observed(t, web) })
	if holder := b.leaseHolder(t); holder == "" {
		t.Error("nobody holds the lease")
	}
	p.stop(t)
	if holder := b.leaseHolder(t); holder != "" {
		t.Errorf("%s holds the lease, though it ended", holder)
	}
	lines := strings.Split(strings.TrimSpace(p.log.String()), "\n")
	iso := regexp.MustCompile(`"ts":"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(Z|[+-]\d{4})"`)
	for _, line := range lines {
		if strings.HasPrefix(line, "{") && !iso.MatchString(line) {
			t.Errorf("not in ISO 8601: %s", line)
		}
	}
}

func (p *process) awaitMetrics(t *testing.T) {
	t.Helper()
	eventually(t, "the metrics endpoint is there", func() error {
		connection, err := net.Dial("tcp", p.metrics)
		if err == nil {
			err = connection.Close()
		}
		return err
	})
}

func (b *bench) testMetrics(t *testing.T) {
	p := b.start(t, "")
	defer p.stop(t)
	p.awaitMetrics(t)
	for _, given := range []struct {
		who, token string
		status     int
	}{
		{"nobody", "", http.StatusUnauthorized},
		{"an unknown token", "made-up", http.StatusInternalServerError}, // so controller-runtime has it.
		{"one without the role", b.token(t, managerAccount), http.StatusForbidden},
		{"one with the role", b.token(t, scraperAccount), http.StatusOK},
	} {
		status, body := scrape(t, p.metrics, given.token)
		if status != given.status {
			t.Errorf("%s gets %d, want %d", given.who, status, given.status)
		}
		if isThere := strings.Contains(body, "controller_runtime_reconcile_total"); isThere != (status == http.StatusOK) {
			t.Errorf("%s reads metrics: %t", given.who, isThere)
		}
	}
	if response, err := http.Get("http://" + p.metrics + "/metrics"); err == nil {
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("metrics are served in plain text")
		}
	}
	if err := expectOK("http://" + p.probes + "/debug/pprof/"); err == nil {
		t.Error("profiles are served")
	}
}

func (b *bench) token(t *testing.T, account string) string {
	t.Helper()
	answer, err := b.clientset.CoreV1().ServiceAccounts(systemNamespace).CreateToken(t.Context(), account,
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Token
}

func scrape(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer insecure.CloseIdleConnections()
	response, err := insecure.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (b *bench) testNamespaces(t *testing.T) {
	first, second, other := b.newWeb(t, "first"), b.newWeb(t, "second"), b.newWeb(t, "other")
	p := b.start(t, first.Namespace+", "+second.Namespace)
	defer p.stop(t)
	for _, web := range []*elasticwebv1.ElasticWeb{first, second} {
		eventually(t, web.Namespace+" is watched", func() error { return b.observed(t, web) })
	}
	if b.observed(t, other) == nil {
		t.Error("a namespace is looked after that is not to be watched")
	}
}

// expectToTellOnce holds what a manager that leads and one that waits tell of the same ElasticWeb.
func (b *bench) expectToTellOnce(t *testing.T, active, standby *process) {
	t.Helper()
	active.awaitMetrics(t)
	standby.awaitMetrics(t)
	web := b.newWeb(t, "told")
	token, text := b.token(t, scraperAccount), ""
	eventually(t, "the active one tells of it", func() error {
		status, body := scrape(t, active.metrics, token)
		if text = body; status != http.StatusOK || !strings.Contains(text, `elasticweb_ready{name="shop",namespace="`+web.Namespace+`"`) {
			return fmt.Errorf("%d: %s", status, text)
		}
		return nil
	})
	for _, name := range []string{
		"elasticweb_operator_active 1", "elasticweb_decisions_total{", "elasticweb_change_written_seconds_count", "elasticweb_node_ports_awaited",
	} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("the active one does not tell of %s", name)
		}
	}
	promtool := exec.CommandContext(t.Context(), "../../bin/promtool", "check", "metrics")
	promtool.Stdin = strings.NewReader(text)
	if complaints, err := promtool.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics, built by make bin/promtool: %v\n%s", err, complaints)
	}
	status, text := scrape(t, standby.metrics, token)
	own := regexp.MustCompile(`(?m)^elasticweb_\w+.*$`).FindAllString(text, -1)
	if status != http.StatusOK || !slices.Equal(own, []string{"elasticweb_operator_active 0"}) || !strings.Contains(text, "\ngo_goroutines ") {
		t.Errorf("one that waits answers %d, and of its own metrics %q", status, own)
	}
}

func (b *bench) testStandby(t *testing.T) {
	first := b.start(t, "")
	eventually(t, "the first one leads", func() error {
		if b.leaseHolder(t) == "" {
			return errors.New("nobody holds the lease")
		}
		return nil
	})
	leader := b.leaseHolder(t)
	second := b.start(t, "")
	defer second.stop(t)
	b.expectToTellOnce(t, first, second)
	if holder := b.leaseHolder(t); holder != leader {
		t.Errorf("%s took the lease from %s", holder, leader)
	}
	first.stop(t)
	web := b.newWeb(t, "standby")
	eventually(t, "the second one takes over", func() error { return b.observed(t, web) })
}

// OpenShift lets only those change an owner who may delete the object, and the operator deletes no Deployment.
func (b *bench) testGuardedOwners(t *testing.T) {
	p := b.start(t, "")
	defer p.stop(t)
	before := b.newWeb(t, "guarded")
	eventually(t, "the ElasticWeb is looked after", func() error { return b.observed(t, before) })
	if err := b.client.Delete(t.Context(), before, client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is gone", func() error {
		if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(before), before); !apierrors.IsNotFound(err) {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
	web := before.DeepCopy()
	web.ObjectMeta = metav1.ObjectMeta{Namespace: before.Namespace, Name: before.Name}
	b.create(t, web)
	eventually(t, "what was refused is named", func() error {
		if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		if ready == nil || ready.Reason != elasticwebv1.ReasonForbidden || !strings.Contains(ready.Message, "Deployment "+web.Name+" was refused") ||
			!strings.Contains(ready.Message, "only who may delete an object may change its owner") {
			return fmt.Errorf("Ready is %+v", ready)
		}
		return nil
	})
	owners := []metav1.OwnerReference{*metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind("ElasticWeb"))}
	for _, object := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}} {
		object.SetNamespace(web.Namespace)
		object.SetName(web.Name)
		body, err := json.Marshal(map[string]any{"metadata": map[string]any{"ownerReferences": owners}})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.client.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, body)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "they are the ElasticWeb's again", func() error {
		if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
			return err
		}
		if ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); ready.Reason == elasticwebv1.ReasonForbidden {
			return fmt.Errorf("Ready is %+v", ready)
		}
		return nil
	})
}

func (b *bench) leaseHolder(t *testing.T) string {
	t.Helper()
	lease, err := b.clientset.CoordinationV1().Leases(systemNamespace).Get(t.Context(), leaderElectionID, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "")
}

// newWeb makes a namespace, and an ElasticWeb in it.
func (b *bench) newWeb(t *testing.T, namespace string) *elasticwebv1.ElasticWeb {
	t.Helper()
	b.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "shop"},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "nginx:1.17.1", Port: ptr.To[int32](80), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](800),
			Service: &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP},
		},
	}
	b.create(t, web)
	return web
}

// observed is nil once the status speaks of the spec.
func (b *bench) observed(t *testing.T, web *elasticwebv1.ElasticWeb) error {
	t.Helper()
	if err := b.client.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
		return err
	}
	if web.Status.ObservedGeneration != web.Generation {
		return fmt.Errorf("observedGeneration is %d", web.Status.ObservedGeneration)
	}
	return nil
}

func TestMistakesAreNamed(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, &rest.Config{Host: "https://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]struct {
		arguments, environment []string
		says                   string
	}{
		"an unknown flag":            {[]string{"--no-such-flag"}, nil, "flag provided but not defined: -no-such-flag"},
		"a malformed duration":       {[]string{"--image-wait=soon"}, nil, `invalid value "soon" for flag -image-wait`},
		"an argument that is none":   {[]string{"leader-elect=false"}, nil, "leader-elect=false"},
		"no worker":                  {[]string{"--max-concurrent-reconciles=0"}, nil, "--max-concurrent-reconciles"},
		"less than no wait":          {[]string{"--image-wait=-1s"}, nil, "--image-wait"},
		"a namespace that is none":   {nil, []string{"WATCH_NAMESPACE=dev;prod"}, "WATCH_NAMESPACE"},
		"a lease without a place":    {nil, nil, "--leader-election-namespace"},
		"no load generator":          {[]string{"--leader-elect=false"}, []string{"RELATED_IMAGE_LOADTEST="}, "RELATED_IMAGE_LOADTEST is not set"},
		"no watches":                 {[]string{"--leader-elect=false", "--watches-file=/no/such/file"}, []string{"RELATED_IMAGE_LOADTEST=x"}, "--watches-file: read /no/such/file"},
		"authorities without a file": {[]string{"--leader-elect=false", "--registry-ca-file=/no/such/file"}, nil, "--registry-ca-file: stat /no/such/file"},
		"no address of Prometheus":   {[]string{"--leader-elect=false", "--prometheus-url=prometheus:9090"}, nil, "--prometheus-url=prometheus:9090: it takes"},
		"the same by a variable":     {[]string{"--leader-elect=false"}, []string{"PROMETHEUS_URL=prometheus:9090"}, "--prometheus-url=prometheus:9090: it takes"},
		"another variable alone":     {[]string{"--leader-elect=false"}, []string{"PROMETHEUS_TENANT_PARAMETER=namespace"}, "--prometheus-url is needed"},
		"a token for nobody":         {[]string{"--leader-elect=false", "--prometheus-token-file=/dev/null"}, nil, "--prometheus-url is needed"},
		"a token without a file":     {[]string{"--leader-elect=false", "--prometheus-url=http://x", "--prometheus-token-file=/no/such/file"}, nil, "--prometheus-token-file: stat"},
		"a tenant like a query":      {[]string{"--leader-elect=false", "--prometheus-url=http://x", "--prometheus-tenant-parameter=query"}, nil, "--prometheus-tenant-parameter=query"},
		"no time between samples":    {[]string{"--leader-elect=false", "--demand-period=0s"}, nil, "--demand-period=0s: it takes 1s to 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			arguments := append([]string{"--metrics-bind-address=0", "--health-probe-bind-address=0"}, given.arguments...)
			output, err := managerCommand(ctx, kubeconfig, given.environment, arguments).CombinedOutput()
			if _, hasEnded := errors.AsType[*exec.ExitError](err); !hasEnded || ctx.Err() != nil {
				t.Fatalf("ended with %v, want a refusal:\n%s", err, output)
			}
			if !strings.Contains(string(output), given.says) {
				t.Errorf("does not speak of %q:\n%s", given.says, output)
			}
		})
	}
}
