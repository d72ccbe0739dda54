package reference_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

const steps = 200000

// match returns what the reference finds, as golden files write it: "" for no match, "?" where the steps were over.
func match(t *testing.T, expr, subject string) string {
	t.Helper()
	tree, err := syntax.Parse(expr, syntax.Options{})
	if err != nil {
		t.Fatal(err)
	}
	caps, result := reference.Match(tree, subject, steps)
	switch result {
	case reference.Unknown:
		return "?"
	case reference.NoMatch:
		return ""
	}
	return regextest.FormatCaps(caps)
}

// Each rule of the package's comment, with what joni answers.
func TestRules(t *testing.T) {
	f := func(expr, subject, want string) {
		t.Helper()
		if got := match(t, expr, subject); got != want {
			t.Errorf("%s on %q: found %s, expected %s", expr, subject, got, want)
		}
	}
	// Order and repeats.
	f("a|ab", "ab", "0,1")
	f("a*?b", "aab", "0,3")
	f("x{2}?", "x", "0,0")
	f("x{2}+", "xxxxx", "0,4")
	f("(?:a|ab)(?:c|bcd)", "abcd", "0,4")
	// Lines, and where the text ends.
	f(`^`, "", "0,0")
	f(`\n^`, "a\n", "")
	f(`\n^`, "a\nb", "1,2")
	f(`\n$`, "a\n", "1,2")
	f(`a\Z`, "a\n", "0,1")
	f(`a\Z`, "a\n\n", "")
	f(`a\z`, "a\n", "")
	f(`.`, "\n", "0,1")
	// Groups in loops keep the last text, and none while they are open.
	f("(?:(a)|b)*", "ab", "0,2 0,1")
	f("((a)|b)*", "ab", "0,2 1,2 0,1")
	f(`(a|\1b)*`, "aab", "0,2 1,2")
	f(`(\1a|){3}`, "aa", "0,0 0,0")
	f("(a)x|ab", "ab", "0,2 -")
	f("(a){0}b", "ab", "1,2 -")
	f("a{0}", "a", "0,0")
	// Empty iterations.
	f("(a|b|)*", "ab", "0,2 2,2")
	f("(?:|a)*", "aab", "0,0")
	f("(|a)*b", "aab", "0,3 2,2")
	f("(|a){2,3}b", "aab", "0,3 1,2")
	f(`(?:\1b|(a?))*`, "bb", "0,2 0,0")
	f("(?:(b?)a?)*c", "aac", "0,3 1,1")
	f("((b?)a?)*c", "aac", "0,3 2,2 2,2")
	f("(?:(?=(a))|ab)*", "ab", "0,0 0,1")
	f("(?:(x)|(?=(a))|a)*b", "aab", "0,3 - 1,2")
	// Atomic groups.
	f("(?>a|ab)c", "abc", "")
	f("a++a", "aa", "")
	f("(?>(a)|b)+", "ab", "0,2 0,1")
	// Look-arounds.
	f(`(?=(a))a\1`, "aa", "0,2 0,1")
	f(`(?!(a))b`, "b", "0,1 -")
	f(`(?=(a)|(a))ab\2`, "aba", "")
	f(`(?<=(a)|(a))b\2`, "aba", "1,3 - 0,1")
	f("(?<=a|bc)d", "bcd", "2,3")
	f("(?<!a|bc)d", "bcd", "")
	f("(?<=.)d", "éd", "2,3")
	// Back-references.
	f(`(?<n>a)(?<n>b)\k<n>`, "abb", "0,3 0,1 1,2")
	f(`(?<n>a)(?<n>b)\k<n>`, "aba", "0,3 0,1 1,2")
	f(`(a)?\1b`, "b", "")
	f(`\1(a)`, "a", "")
	f(`(?i)(k)\1`, "kK", "0,2 0,1")
	f(`(?i)(ß)\1`, "ßẞx", "0,5 0,2")
	// Conditions.
	f("(a)?(?(1)b|c)", "ab", "0,2 0,1")
	f("(a)?(?(1)b|c)", "c", "0,1 -")
	f("(?<n>x)?(?<n>a)(?(<n>)b|c)", "ac", "0,2 - 0,1")
	f("(b(?(1)a))", "ba", "0,1 0,1")
	// Calls and levels.
	f(`(?<n>a\g<n>?b)`, "aabb", "0,4 0,4")
	f(`\g<n>(?<n>a)`, "aa", "0,2 1,2")
	f(`a\g<0>*b`, "aababb", "0,6")
	f(`\A(?<a>|.|(?:(?<b>.)\g<a>\k<b+0>))\z`, "reer", "0,4 0,4 1,2")
	f(`(?<n>a|b\g<n>c\k<n+1>)`, "baca", "0,4 0,4")
	f(`(?<m>x)(?<n>a|b\g<n>c\k<m-1>)`, "xbacx", "0,5 0,1 1,5")
	// Absent operators.
	f("(?~ab)", "xxab", "0,3")
	f("(?~ab)c", "abc", "1,3")
	f(`/\*(?~\*/)\*/`, "/* a */ b */", "0,7")
	f("(?~ab|abc)", "xabc", "0,2")
	f("(?~)", "ab", "")
	f("(?~a(?=b))c", "axbc", "0,4")
	f("(?~$)", "a\nb", "0,1")
	f("(?~(a)b)", "xab", "0,2 -")
	// \K and \G.
	f(`a\Kb`, "ab", "1,2")
	f(`(?=a\Kb)ab`, "ab", "1,2")
	f(`(?=ab\K)a`, "ab", "1,1")
	f(`(?:a\K)*`, "aaa", "3,3")
	f(`\Ga|b`, "cb", "1,2")
	f(`a\Gb`, "ab", "")
	// Case folding.
	f("(?i)STRASSE", "straße", "0,7")
	f("(?i)s(?:s)", "ß", "")
	f("(?i)s{2}", "ß", "0,2")
	f("(?i)(?:s){1}{2}", "ẞ", "0,3")
	f("(?i)[ß]{2}", "sßs", "0,4")
	f("(?i)ſ[ß]{2}", "ſsßs", "0,6")
	f("(?i)s{2,3}", "ßs", "0,3")
	f("(?i)s{3,4}", "ßß", "")
	f("(?i)s{1,2}", "ß", "")
	f("(?i)ss{2}", "ßs", "")
	f("(?i:s){2}", "ß", "")
	f("(?i)s{101}", strings.Repeat("ß", 50)+"s", "0,101")
	f("(?i)(?<=s{2})a", "ßa", "")
	f("(?i)st{1}", "ﬅ", "0,3")
	f("(?i)s{1}t", "ﬅ", "")
	f("(?i)st{1}+", "stt", "0,3")
	f("(?i)[ß]x", "ssx", "0,3")
	// Bytes outside of valid UTF-8 are characters of their own.
	f(".", "\xff", "0,1")
	f("[^a]", "\xc3", "0,1")
	f(`\W`, "\xff", "0,1")
	f(`\w|[a-\x{10ffff}]`, "\xff", "")
	f(`a\b\B?.`, "a\xff", "0,2")
	f("(?<=.)b", "\xe3\x81b", "2,3")
	f(`(.)\1`, "\xff\xff", "0,2 0,1")
	f("(?~b)", "a\xffb", "0,2")
}

// Steps and depth are limited.
func TestUnknown(t *testing.T) {
	if got := match(t, "(?:a*)*c", strings.Repeat("a", 40)); got != "?" {
		t.Errorf("found %s, expected the end of the steps", got)
	}
	if got := match(t, "(?!(?:a*)*c)", strings.Repeat("a", 40)); got != "?" {
		t.Errorf("found %s, expected the end of the steps", got)
	}
}

// Where Go's own regular expressions have the same meaning, they find the same.
func TestAgainstGo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var expr func(depth int) string
	expr = func(depth int) string {
		if depth == 0 {
			return []string{"a", "b", "c", ".", "[ab]", "[^a]", "ab", "", "^", "$"}[r.IntN(10)]
		}
		x, y := expr(depth-1), expr(depth-1)
		switch r.IntN(8) {
		case 0:
			return "(?:" + x + ")" + []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,2}?", "{2,}"}[r.IntN(10)]
		case 1:
			return "(" + x + "|" + y + ")"
		case 2:
			return "(?:" + x + "|" + y + ")"
		case 3:
			return "(" + x + ")"
		default:
			return x + y
		}
	}
	compared := 0
	for range 3000 {
		e := expr(1 + r.IntN(4))
		theirs, err := regexp.Compile("(?s)" + e)
		if err != nil {
			continue
		}
		for range 3 {
			subject := make([]byte, r.IntN(7))
			for i := range subject {
				subject[i] = "abc"[r.IntN(3)]
			}
			want := ""
			if at := theirs.FindSubmatchIndex(subject); at != nil {
				want = regextest.FormatCaps(narrow(at))
			}
			got := match(t, e, string(subject))
			// Go has no rule of its own for what groups hold after empty iterations.
			if got, _, _ = strings.Cut(got, " "); got != "?" && got != strings.Split(want, " ")[0] {
				t.Errorf("%s on %q: found %q, expected %q", e, subject, got, want)
			}
			compared++
		}
	}
	if compared < 5000 {
		t.Errorf("compared %d texts, expected 5000", compared)
	}
}

func narrow(list []int) []int32 {
	out := make([]int32, len(list))
	for i, x := range list {
		out[i] = int32(x)
	}
	return out
}
