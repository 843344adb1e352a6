// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs_test holds the documentation against the code.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// TestLinks follows every relative link, and its fragment to a heading.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	span := regexp.MustCompile("`[^`\n]+`")
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(span.ReplaceAllString(withoutCode(read(t, page)), ""), -1) {
			target, err := url.Parse(match[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if target.IsAbs() {
				continue
			}
			file := page
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(page), target.Path)
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
				continue
			}
			if target.Fragment != "" && !slices.Contains(anchors(read(t, file)), target.Fragment) {
				t.Errorf("%s links to %s, and %s has no such heading", page, match[1], file)
			}
		}
	}
}

// TestReadersFindTheirWay: the README is short enough to be read, has its answers to what is asked first, and leads to all pages.
func TestReadersFindTheirWay(t *testing.T) {
	const most = 250
	readme, index := read(t, "README.md"), read(t, "docs/README.md")
	if lines := strings.Count(readme, "\n"); lines >= most {
		t.Errorf("README.md has %d lines, and may have less than %d", lines, most)
	}
	_, answers, _ := strings.Cut(readme, "\n## Where to go on\n")
	answers, _, _ = strings.Cut(answers, "\n## ")
	for question, page := range map[string]string{
		"How do I size it?": "docs/guide.md#the-number-of-pods", "How do I expose it?": "docs/expose.md",
		"What happens on a mixed cluster?": "docs/mixed-clusters.md", "What is wrong": "docs/troubleshooting.md", "": "docs/README.md",
	} {
		if !regexp.MustCompile("(?m)^.*" + regexp.QuoteMeta(question) + ".*" + regexp.QuoteMeta("]("+page+")")).MatchString(answers) {
			t.Errorf("README.md does not answer %q by %s", question, page)
		}
	}
	all, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%d pages: %v", len(all), err)
	}
	for _, page := range all {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(index, "]("+name) {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
}

// TestReasons looks for a section about every reason of a condition, and for none about others.
func TestReasons(t *testing.T) {
	const page = "docs/troubleshooting.md"
	documented := headings(read(t, page))
	reasons := constants(t, "api/v1/conditions.go", "Reason")
	if len(reasons) < 20 {
		t.Fatalf("found only the reasons %v: is this test still looking in the right place?", reasons)
	}
	for _, reason := range reasons {
		if !slices.Contains(documented, reason) {
			t.Errorf("%s has no section ## %s", page, reason)
		}
	}
	for _, heading := range documented {
		if !strings.Contains(heading, " ") && heading != "Troubleshooting" && !slices.Contains(reasons, heading) {
			t.Errorf("%s has a section about %s, which is no reason", page, heading)
		}
	}
}

// TestFlags looks for a row about every flag of the manager, and for none about others.
func TestFlags(t *testing.T) {
	flags := flagNames(t, "cmd/manager/options.go")
	if len(flags) < 10 {
		t.Fatalf("found only the flags %v: is this test still looking in the right place?", flags)
	}
	// What controller-runtime binds.
	flags = append(flags, "kubeconfig", "zap-devel", "zap-encoder", "zap-log-level", "zap-stacktrace-level", "zap-time-encoding")
	sameRows(t, flags, regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\|"))
}

// TestMetrics looks for a row about every metric, and for none about others.
func TestMetrics(t *testing.T) {
	name := regexp.MustCompile(`(?:NewDesc\(|Name:\s+)"(elasticweb_\w+)"`)
	files, err := fs.Glob(os.DirFS(root), "internal/metrics/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var metrics []string
	for _, file := range files {
		for _, match := range name.FindAllStringSubmatch(read(t, file), -1) {
			metrics = append(metrics, match[1])
		}
	}
	if len(metrics) == 0 {
		t.Fatal("found no metrics: is this test still looking in the right place?")
	}
	sameRows(t, metrics, regexp.MustCompile("(?m)^\\| `(elasticweb_\\w+)` \\|"))
}

// TestTargets looks for every make target that the documentation names.
func TestTargets(t *testing.T) {
	use := regexp.MustCompile("(?m)(?:^|`|^\\s*)make ((?:[a-z][a-z-]*(?: |`|$))+)")
	target := regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	var targets []string
	for _, match := range target.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets = append(targets, match[1])
	}
	for _, page := range pages(t) {
		for _, match := range use.FindAllStringSubmatch(read(t, page), -1) {
			for name := range strings.FieldsSeq(strings.Trim(match[1], "`")) {
				if !slices.Contains(targets, name) {
					t.Errorf("%s names make %s, and the Makefile has no such target", page, name)
				}
			}
		}
	}
}

// sameRows holds the rows of the reference's tables against the names in the code.
func sameRows(t *testing.T, names []string, row *regexp.Regexp) {
	t.Helper()
	var documented []string
	for _, match := range row.FindAllStringSubmatch(read(t, "docs/reference.md"), -1) {
		documented = append(documented, match[1])
	}
	for _, name := range names {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/reference.md has no row about %s", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(names, name) {
			t.Errorf("docs/reference.md has a row about %s, which does not exist", name)
		}
	}
}

// pages are the Markdown files of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "bin" || path == "dist" || entry.Name() == "node_modules" || path != "." && strings.HasPrefix(entry.Name(), ".")) {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^```.*?^```$")

func withoutCode(text string) string { return fence.ReplaceAllString(text, "") }

func headings(text string) []string {
	var found []string
	for line := range strings.Lines(withoutCode(text)) {
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			found = append(found, strings.TrimSpace(title))
		}
	}
	return found
}

// anchors are those that GitHub makes of the headings.
func anchors(text string) []string {
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var found []string
	for _, heading := range headings(text) {
		found = append(found, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(heading), ""), " ", "-"))
	}
	return found
}

// constants are the values of the string constants whose names begin with prefix.
func constants(t *testing.T, path, prefix string) []string {
	t.Helper()
	var found []string
	ast.Inspect(parse(t, path), func(node ast.Node) bool {
		spec, isValue := node.(*ast.ValueSpec)
		if !isValue {
			return true
		}
		for i, name := range spec.Names {
			if i < len(spec.Values) && strings.HasPrefix(name.Name, prefix) {
				found = append(found, literal(spec.Values[i]))
			}
		}
		return true
	})
	return found
}

// flagNames are the names that are bound with the methods of a flag.FlagSet called flags.
func flagNames(t *testing.T, path string) []string {
	t.Helper()
	var found []string
	ast.Inspect(parse(t, path), func(node ast.Node) bool {
		call, isCall := node.(*ast.CallExpr)
		if !isCall || len(call.Args) < 3 {
			return true
		}
		method, isMethod := call.Fun.(*ast.SelectorExpr)
		if !isMethod {
			return true
		}
		if receiver, isName := method.X.(*ast.Ident); isName && receiver.Name == "flags" {
			found = append(found, literal(call.Args[1]))
		}
		return true
	})
	return found
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func literal(expression ast.Expr) string {
	text, isLiteral := expression.(*ast.BasicLit)
	if !isLiteral {
		return ""
	}
	value, err := strconv.Unquote(text.Value)
	if err != nil {
		return ""
	}
	return value
}
