package reference_test

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// share is which part of the golden file is tried: the reference is slow.
const share = 5

// The reference finds what joni does, but for what testdata/exceptions.txt of package regex lists.
func TestGolden(t *testing.T) {
	f, err := os.Open("../testdata/golden.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	exceptions := readExceptions(t)
	n := 0
	err = regextest.ReadGolden(z, func(g regextest.Golden) {
		if n++; n%share != 0 {
			return
		}
		tree, err := syntax.Parse(g.Expr, syntax.Options{})
		if err != nil {
			if !g.Refused && exceptions[strconv.Quote(g.Expr)+"\tcompile"] == "" {
				t.Errorf("%q: %v, expected a tree", g.Expr, err)
			}
			return
		}
		for _, c := range g.Cases {
			checkCase(t, tree, c, exceptions)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkCase(t *testing.T, tree *syntax.Tree, c regextest.GoldenCase, exceptions map[string]string) {
	t.Helper()
	caps, result := reference.Match(tree, c.Subject, steps)
	if result == reference.Unknown {
		return
	}
	got, want := "no match", "no match"
	if result == reference.Matched {
		got = regextest.FormatCaps(caps)
	}
	if c.Caps != nil {
		want = regextest.FormatCaps(c.Caps)
	}
	if ours := exceptions[strconv.Quote(tree.Expr)+"\t"+strconv.Quote(c.Subject)]; ours != "" {
		want = ours
	}
	if got != want {
		t.Errorf("%q on %q: found %s, expected %s", tree.Expr, c.Subject, got, want)
	}
}

// readExceptions returns what we find, by the quoted expression and the quoted text (or "compile", "names").
func readExceptions(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("../testdata/exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	list := map[string]string{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if fields := strings.Split(s.Text(), "\t"); len(fields) == 3 {
			list[fields[0]+"\t"+fields[1]] = fields[2]
		}
	}
	return list
}

// FuzzMatch sees that what is found is offsets of characters, and as long as the expression says it may be.
func FuzzMatch(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		c := regextest.FromBytes(data, regextest.Options{Invalid: true})
		tree, err := syntax.Parse(c.Expr, syntax.Options{})
		if err != nil {
			return
		}
		keeps := false
		syntax.Walk(tree.Root, func(n *syntax.Node) bool {
			keeps = keeps || n.Op == syntax.Keep
			return true
		})
		length := syntax.NewMeasure(tree).Of(tree.Root)
		for _, s := range c.Subjects {
			caps, result := reference.Match(tree, s, steps/20)
			if result != reference.Matched {
				continue
			}
			if problem := capsProblem(s, caps, len(tree.Names)); problem != "" {
				t.Fatalf("%q on %q: found %v: %s", c.Expr, s, caps, problem)
			}
			found := s[caps[0]:caps[1]]
			chars := utf8.RuneCountInString(found)
			short := chars < length.MinChars || len(found) < length.MinBytes
			long := length.MaxChars != syntax.NoLimit && chars > length.MaxChars || length.MaxBytes != syntax.NoLimit && len(found) > length.MaxBytes
			if !keeps && (short || long) {
				t.Fatalf("%q on %q: found %q, expected %+v", c.Expr, s, found, length)
			}
		}
	})
}

// capsProblem says what is wrong with offsets, "" if nothing is.
func capsProblem(s string, caps []int32, groups int) string {
	if len(caps) != 2*groups+2 {
		return "the number of groups"
	}
	for i := 0; i < len(caps); i += 2 {
		begin, end := int(caps[i]), int(caps[i+1])
		switch {
		case begin == -1 && end == -1 && i > 0:
		case begin < 0 || end < begin || end > len(s):
			return "the order"
		case !boundary(s, begin) || !boundary(s, end):
			return "the middle of a character"
		}
	}
	return ""
}

// boundary reports whether a character begins at i, or the text ends.
func boundary(s string, i int) bool {
	for at := 0; at <= i; {
		if at == i {
			return true
		}
		_, n := utf8.DecodeRuneInString(s[at:])
		at += n
	}
	return false
}
