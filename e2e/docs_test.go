package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
	"sluice/plugins/all"
	"sluice/plugins/full"
)

// update writes the tables in place of comparing them: make docs.
var update = flag.Bool("update", false, "write the generated parts of the documentation")

// specs returns all plugins of both programs by kind and name.
func specs(t *testing.T) []plugin.Spec {
	t.Helper()
	seen := map[string]plugin.Spec{}
	for _, list := range [][]plugin.Spec{all.Shipper(), full.Reader()} {
		for _, s := range list {
			seen[string(s.Kind)+"/"+s.Name] = s
		}
	}
	var specs []plugin.Spec
	for _, s := range seen {
		specs = append(specs, s)
	}
	order := []plugin.Kind{plugin.InputKind, plugin.FilterKind, plugin.OutputKind, plugin.CodecKind}
	slices.SortFunc(specs, func(a, b plugin.Spec) int {
		if a.Kind != b.Kind {
			return slices.Index(order, a.Kind) - slices.Index(order, b.Kind)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return specs
}

// TestEveryFolderIsListed holds plugins/all to the folders, and each folder to its documentation.
func TestEveryFolderIsListed(t *testing.T) {
	folders, err := filepath.Glob("../plugins/*/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, s := range specs(t) {
		listed[filepath.Join("..", "plugins", string(s.Kind), s.Name)] = true
	}
	for _, file := range folders {
		dir := filepath.Dir(file)
		if !listed[dir] {
			t.Errorf("%s is a plugin that plugins/all does not list", dir)
			listed[dir] = true // say it once
		}
	}
}

// TestReadmeTables compares the generated tables: those of each plugin's options, and that of the plugins.
func TestReadmeTables(t *testing.T) {
	var list strings.Builder
	list.WriteString("| plugin | what it does |\n|---|---|\n")
	for _, s := range specs(t) {
		readme := fmt.Sprintf("plugins/%s/%s/README.md", s.Kind, s.Name)
		fmt.Fprintf(&list, "| [%s %s](%s) | %s |\n", s.Kind, s.Name, readme, s.Summary)
		generated(t, "../"+readme, "options", config.OptionsTable(s))
	}
	generated(t, "../README.md", "plugins", list.String())
}

// generated compares, or writes, the text between two marks of a file.
func generated(t *testing.T, file, mark, want string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	first, last := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	before, rest, ok := strings.Cut(string(b), first)
	have, after, ok2 := strings.Cut(rest, last)
	if !ok || !ok2 {
		t.Errorf("%s: no marks %q and %q", file, first, last)
		return
	}
	want = strings.TrimSuffix(want, "\n") + "\n"
	if have == want {
		return
	}
	if !*update {
		t.Errorf("%s: the part %q is not up to date; run: make docs", file, mark)
		return
	}
	if err := os.WriteFile(file, []byte(before+first+want+last+after), 0o644); err != nil {
		t.Error(err)
	}
}

var compatRow = regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| (same|different|refused|new) \\|")

// TestCompat compares docs/compat with the plugins: every option is on its plugin's page, what is the same, different
// or new exists, and what is refused does not.
func TestCompat(t *testing.T) {
	for _, s := range specs(t) {
		page := fmt.Sprintf("../docs/compat/%s-%s.md", s.Kind, s.Name)
		text, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
			continue
		}
		options := map[string]bool{}
		for _, o := range config.PluginOptions(s) {
			name, _, _ := strings.Cut(o.Name, ".")
			options[name] = true
		}
		on := map[string]bool{}
		for _, m := range compatRow.FindAllStringSubmatch(string(text), -1) {
			name, _, nested := strings.Cut(m[1], ".")
			on[name] = true
			if exists := options[name]; exists != (m[2] != "refused") && !nested {
				t.Errorf("%s: option %s is %s, and the plugin's having it is %v", page, m[1], m[2], exists)
			}
		}
		for name := range options {
			if !on[name] {
				t.Errorf("%s: option %s is not on the page", page, name)
			}
		}
	}
}

// TestDependencies compares docs/dependencies.md with the modules that our packages import themselves.
func TestDependencies(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-tags", "e2e", "-f",
		`{{with .Module}}{{if .Main}}I {{join $.Imports " "}} {{join $.TestImports " "}} {{join $.XTestImports " "}}{{else}}M {{$.ImportPath}} {{.Path}}{{end}}{{end}}`, "sluice/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	moduleOf, imported := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(string(out)) {
		switch f := strings.Fields(line); {
		case len(f) == 3 && f[0] == "M":
			moduleOf[f[1]] = f[2]
		case len(f) > 0 && f[0] == "I":
			for _, path := range f[1:] {
				imported[path] = true
			}
		}
	}
	page, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z.]+\\.[a-z]+/[\\w./-]+)`").FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = true
	}
	needed := map[string]bool{}
	for path, module := range moduleOf {
		if imported[path] {
			needed[documentedAs(module)] = true
		}
	}
	for module := range needed {
		if !documented[module] {
			t.Errorf("docs/dependencies.md does not name %s", module)
		}
	}
	for module := range documented {
		if !needed[module] {
			t.Errorf("docs/dependencies.md names %s, which nothing imports", module)
		}
	}
}

// documentedAs is the module under which a module is listed: the AWS SDK is many.
func documentedAs(module string) string {
	if strings.HasPrefix(module, "github.com/aws/") {
		return "github.com/aws/aws-sdk-go-v2"
	}
	return module
}

// TestLinks follows the relative links of all pages.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	out, err := exec.CommandContext(t.Context(), "git", "-C", "..", "ls-files", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	for page := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(filepath.Join("..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
