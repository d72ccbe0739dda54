package corpus

import (
	"math/rand/v2"
	"strings"
)

// Mutated returns n lines of a format with up to four changes each: characters lost, doubled, put in or replaced, Unicode, NUL and
// newlines among them, odd addresses and dates, lines cut and joined. Some of them still match. They are valid UTF-8.
func Mutated(format string, n int) []string {
	g := &generator{rand.New(rand.NewPCG(77, seed(format)))} //nolint:gosec // the same lines each time
	lines := make([]string, n)
	for i := range lines {
		line := g.line(format)
		for range g.IntN(5) {
			line = g.mutate(format, line)
		}
		lines[i] = line
	}
	return lines
}

func (g *generator) mutate(format, line string) string {
	rs := []rune(line)
	if len(rs) == 0 {
		return line
	}
	i := g.IntN(len(rs))
	before, after := string(rs[:i]), string(rs[i:])
	switch g.IntN(12) {
	case 0: // a character is lost
		return before + string(rs[i+1:])
	case 1: // or there twice
		return before + string(rs[i]) + after
	case 2, 3: // or another one
		return before + g.odd() + string(rs[i+1:])
	case 4, 5:
		return before + g.odd() + after
	case 6: // a word is replaced
		return g.replaceWord(line, g.pick("-", "", "1", "été", "x.y-z", "a\x00b", "0", "-1", "+5", "1.5", `"`, "_"))
	case 7, 8: // an address or a date is odd
		return g.replaceWord(line, g.oddAddress())
	case 9:
		return before
	case 10:
		return g.pick("\n", " ", "x", "<13>", "\ufeff", g.text(9)+"\n", g.text(9)+" ") + line
	default:
		return line + g.pick("\n", "\r\n", " ", "x", "\n"+g.line(format), `"`, "日本")
	}
}

func (g *generator) odd() string {
	return g.pick("é", "ß", "日", "😀", "\x00", "\n", "\t", "\u00a0", "\u2028", "ä", "٣", "K", " ", `"`, "-", ":", ".", "/", "[", "]", "0", "9", "a", "%", "\\", "'", "<", ",")
}

func (g *generator) replaceWord(line, with string) string {
	words := strings.Split(line, " ")
	words[g.IntN(len(words))] = with
	return strings.Join(words, " ")
}

func (g *generator) oddAddress() string {
	return g.pick("::1", "::", "fe80::1%eth0", "2001:db8::192.0.2.33", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "1::2::3", "256.1.1.1",
		"01.002.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4:80", "localhost", "a-b.example.com.", "-a.b", "xn--bcher-kva.example", "été.example", "a..b",
		"31/Dez/2025:23:59:60", "32/Jan/2025:00:00:00", "Mär 1 1:02:03", "May 31 24:00:00", "2025-13-01", "2025-02-30T1:2:3Z", "20250102T030405+0100",
		"2025-01-02T03:04:05,123456-08:00", "1e5", ".5", "5.", "--1", "0x1f", "1/2/3/4/+5", "HTTP/2", `""`, "{a|b}", "[1.2.3.4]:99")
}
