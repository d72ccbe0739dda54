package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// rule says which packages of this module a package may import.
type rule struct {
	pkg  string
	may  []string
	test []string // what its tests may import besides
}

// rules are the architecture's. Names are path patterns (path.Match) without the
// module's name; the first rule whose pattern fits a package counts, and a package without a rule is an error, so
// that every new folder is thought about. The lint rule depguard does the same for third parties.
var rules = []rule{
	{"internal/*", []string{"internal/*", "internal/*/*"}, nil},
	{"internal/*/*", []string{"internal/*", "internal/*/*"}, []string{"patterns"}},
	{"pipeline/event", []string{"internal/*"}, nil},
	{"pipeline/plugin", []string{"pipeline/event", "internal/budget", "internal/metrics"}, nil},
	{"pipeline/config", []string{"pipeline/plugin", "pipeline/event", "internal/*"}, []string{"pipeline/plugintest", "plugins/*/*", "pipeline"}},
	{"pipeline/expect", []string{"pipeline/plugin", "pipeline/event", "pipeline/config", "internal/*"}, nil},
	{"pipeline/plugintest", []string{"pipeline", "pipeline/plugin", "pipeline/event", "pipeline/config", "pipeline/expect", "internal/*"}, []string{"plugins/*/*"}},
	{"pipeline/cli", []string{"pipeline", "pipeline/*", "patterns", "internal/*"}, []string{"plugins/*/*", "plugins/all", "plugins/full"}},
	{"pipeline", []string{"pipeline/plugin", "pipeline/event", "internal/*"}, nil},
	{"patterns", []string{"internal/*"}, nil},
	{"plugins/all", []string{"pipeline/plugin", "plugins/*/*"}, []string{"plugins/full"}},
	{"plugins/full", []string{"pipeline/plugin", "plugins/*/*", "plugins/all"}, nil},
	{"plugins/*/*", []string{"pipeline/plugin", "pipeline/event", "patterns", "internal/*"}, []string{"pipeline/plugintest", "plugins/codec/*"}},
	{"cmd/internal/*", []string{"pipeline/cli", "pipeline/plugin"}, nil},
	{"cmd/*", []string{"cmd/internal/*", "pipeline/cli", "plugins/all", "plugins/full"}, nil},
	{"e2e", []string{"e2e/*", "pipeline/*", "plugins/all", "plugins/full", "internal/*"}, nil},
	{"e2e/oracle", []string{"internal/*", "internal/*/*", "patterns"}, nil},
	{"e2e/*", []string{"e2e/*", "pipeline", "pipeline/*", "plugins/*/*", "plugins/all", "plugins/full", "internal/*"}, nil},
	{"bench", []string{"pipeline", "pipeline/*", "plugins/*/*", "plugins/all", "plugins/full", "internal/*"}, nil},
	{"bench/*", []string{"e2e/*", "internal/*"}, nil},
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

const module = "sluice/"

// TestImports holds the tree to the import rules of the architecture.
func TestImports(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rules, func(r rule) bool { return fits(r.pkg, name) })
		if i < 0 {
			t.Errorf("%s: no import rule; add one to e2e/imports_test.go", name)
			continue
		}
		check := func(imports, may []string) {
			for _, imported := range imports {
				imported, ours := strings.CutPrefix(imported, module)
				if ours && imported != name && !slices.ContainsFunc(may, func(m string) bool { return fits(m, imported) }) {
					t.Errorf("%s imports %s; it may import %q", name, imported, may)
				}
			}
		}
		r := rules[i]
		check(p.Imports, r.may)
		check(slices.Concat(p.TestImports, p.XTestImports), slices.Concat(r.may, r.test))
	}
}

// TestShipperIsSmall holds the shipper to what it needs: neither Elasticsearch nor AWS packages that it does not use.
func TestShipperIsSmall(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"cmd/shipper").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(dep, "github.com/elastic/") || strings.HasPrefix(dep, "sluice/plugins/output/elasticsearch") {
			t.Errorf("cmd/shipper links %s", dep)
		}
	}
}

func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return ok
}

// list returns every package of the module, those of the e2e tag included.
func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags", "e2e", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
