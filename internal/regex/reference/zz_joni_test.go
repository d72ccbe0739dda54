package reference

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"
	"testing"

	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

func answer(t *syntax.Tree, err error, s string) string {
	if err != nil {
		return "error " + err.Error()
	}
	caps, r := Match(t, s, 200000)
	switch r {
	case Unknown:
		return "unknown"
	case NoMatch:
		return "nomatch"
	}
	var b strings.Builder
	b.WriteString("match")
	for i := 0; i < len(caps); i += 2 {
		fmt.Fprintf(&b, " %d,%d", caps[i], caps[i+1])
	}
	for _, n := range t.Names {
		if n != "" {
			b.WriteString("\t" + n)
		}
	}
	return b.String()
}

func TestJoni(t *testing.T) {
	type q struct{ e, s string }
	var qs []q
	if f := os.Getenv("CASES"); f != "" {
		file, _ := os.Open(f)
		sc := bufio.NewScanner(file)
		unq := func(s string) string {
			var b []byte
			for i := 0; i < len(s); i++ {
				var c byte
				if s[i] == '%' && i+2 < len(s) {
					if n, _ := fmt.Sscanf(s[i+1:i+3], "%02X", &c); n == 1 && strings.ToUpper(s[i+1:i+3]) == s[i+1:i+3] {
						b = append(b, c)
						i += 2
						continue
					}
				}
				b = append(b, s[i])
			}
			return string(b)
		}
		for sc.Scan() {
			p := strings.Split(sc.Text(), "\t")
			if len(p) == 1 {
				p = append(p, "zz")
			}
			for _, s := range p[1:] {
				qs = append(qs, q{unq(p[0]), unq(s)})
			}
		}
	} else {
		if os.Getenv("N") == "" {
			t.Skip()
		}
		seed, n, mode := uint64(1), 3000, 0
		fmt.Sscan(os.Getenv("SEED"), &seed)
		fmt.Sscan(os.Getenv("N"), &n)
		fmt.Sscan(os.Getenv("MODE"), &mode)
		g := regextest.Seeded(seed, regextest.Options{Mode: regextest.Mode(mode)})
		for range n {
			c := g.Next()
			for _, s := range c.Subjects {
				qs = append(qs, q{c.Expr, s})
			}
		}
	}
	cmd := exec.Command("/work/oracle/joni")
	cmd.Env = append(os.Environ(), "JONI=new", "LIMIT=300")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	cmd.Start()
	go func() {
		w := bufio.NewWriter(in)
		for _, x := range qs {
			fmt.Fprintf(w, "%q\t%q\n", x.e, x.s)
		}
		w.Flush()
		in.Close()
	}()
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 1<<20)
	stat := map[string]int{}
	shown := map[string]bool{}
	last := ""
	var tree *syntax.Tree
	var err error
	for _, x := range qs {
		if !sc.Scan() {
			t.Fatal("eof")
		}
		want := sc.Text()
		if x.e != last {
			last = x.e
			tree, err = syntax.Parse(x.e, syntax.Options{})
		}
		got := answer(tree, err, x.s)
		kw, kg := strings.Fields(want)[0], strings.Fields(got)[0]
		if kw == "crash" && strings.Contains(want, "CharacterProperty") {
			kw = "error"
		}
		key := kw + "/" + kg
		if kw == "match" && kg == "match" && want != got {
			key = "match/other"
			w, g := strings.Fields(want), strings.Fields(got)
			if len(w) > 1 && len(g) > 1 && w[1] == g[1] {
				key = "match/groups"
			}
		}
		stat[key]++
		if key != "match/match" && key != "nomatch/nomatch" && key != "error/error" && key != "timeout/unknown" && kg != "unknown" && kw != "timeout" && !shown[x.e+key] {
			shown[x.e+key] = true
			fmt.Printf("%-16s %s | %q\n     joni %s\n     ours %s\n", key, x.e, x.s, want, got)
		}
	}
	keys := []string{}
	for k := range stat {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Println("STAT", k, stat[k])
	}
}
