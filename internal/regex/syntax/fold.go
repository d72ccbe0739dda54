package syntax

import (
	"sort"
	"unicode"
	"unicode/utf8"
)

// Case folding. Two texts are equal whatever their case when they are equal after folding each of their characters to
// one, two or three others, as Unicode's CaseFolding.txt has it (status C and F). What a folded character is does not
// matter as long as it is the same for all its variants; ours is the variant with the lowest number.

// foldOne returns the character that stands for all variants of r that are single characters, by simple folding.
func foldOne(r rune) rune {
	least := r
	for v := unicode.SimpleFold(r); v != r; v = unicode.SimpleFold(v) {
		least = min(least, v)
	}
	return least
}

// Fold returns r folded: a text of one, two or three characters, the same for all variants of r.
func Fold(r rune) string {
	i := sort.Search(len(multiFold), func(i int) bool { return multiFold[i].r >= r })
	if i < len(multiFold) && multiFold[i].r == r {
		return foldEach(multiFold[i].text)
	}
	return runeText(foldOne(r))
}

// foldEach folds the characters of a text, none of which becomes more than one.
func foldEach(s string) string {
	var buf []byte
	for _, r := range s {
		buf = utf8.AppendRune(buf, foldOne(r))
	}
	return string(buf)
}

// MatchFold compares the beginning of s with text, whatever the case, as a back-reference under (?i) does: character by
// character, where each must have the same folded form; bytes outside of valid UTF-8 are equal to themselves only. As in
// Oniguruma, s must have at least as many bytes as text. It returns how many bytes of s match, -1 if it does not.
func MatchFold(text, s string) int {
	if len(s) < len(text) {
		return -1
	}
	n := 0
	for len(text) > 0 {
		a, an := utf8.DecodeRuneInString(text)
		b, bn := utf8.DecodeRuneInString(s[n:])
		badA, badB := a == utf8.RuneError && an <= 1, b == utf8.RuneError && bn <= 1
		switch {
		case badA != badB, badA && (bn == 0 || text[0] != s[n]):
			return -1
		case a != b && Fold(a) != Fold(b):
			return -1
		}
		text, n = text[an:], n+bn
	}
	return n
}

// folding is what folding needs to know, made when an expression first asks for it.
type folding struct {
	cased  []rune            // characters that have variants
	unfold map[string][]rune // the characters that fold to a text of several
	whole  map[rune]string   // the reverse
}

// folds returns the parser's knowledge about folding.
func (p *parser) folds() *folding {
	if p.fold != nil {
		return p.fold
	}
	f := &folding{unfold: map[string][]rune{}, whole: map[rune]string{}}
	for _, m := range multiFold {
		text := foldEach(m.text)
		f.unfold[text] = append(f.unfold[text], m.r)
		f.whole[m.r] = text
	}
	for _, cr := range unicode.CaseRanges {
		for r := rune(cr.Lo); r <= rune(cr.Hi); r++ {
			if unicode.SimpleFold(r) != r || f.whole[r] != "" {
				f.cased = append(f.cased, r)
			}
		}
	}
	for _, m := range multiFold {
		f.cased = append(f.cased, m.r)
	}
	p.fold = f
	return f
}

// variants returns the characters that fold as r does, r among them.
func (f *folding) variants(r rune) []rune {
	if text, ok := f.whole[r]; ok {
		return f.unfold[text]
	}
	out := []rune{r}
	for v := unicode.SimpleFold(r); v != r; v = unicode.SimpleFold(v) {
		if _, ok := f.whole[v]; !ok {
			out = append(out, v)
		}
	}
	return out
}

// smallClass is up to how many members a class is folded member by member, bigFold what folding another one
// costs, in ranges, against hostile expressions.
const (
	smallClass = 512
	bigFold    = 256
)

// foldClass returns the members of c and their variants that are single characters. Only for members of cross a variant
// may be beyond ASCII where the member is not, or the reverse.
func (p *parser) foldClass(c, cross *Class) *Class {
	f := p.folds()
	size := 0
	for _, r := range c.Ranges {
		size += int(r.Hi-r.Lo) + 1
	}
	var more []Range
	add := func(r rune) {
		for _, v := range f.variants(r) {
			if v != r && !c.Has(v) && ((v < utf8.RuneSelf) == (r < utf8.RuneSelf) || cross.Has(r)) {
				more = append(more, Range{v, v})
			}
		}
	}
	if size <= smallClass {
		for _, r := range c.Ranges {
			for x := r.Lo; x <= r.Hi; x++ {
				add(x)
			}
		}
	} else {
		p.charge(bigFold)
		for _, r := range f.cased {
			if c.Has(r) {
				add(r)
			}
		}
	}
	if len(more) == 0 {
		return c
	}
	return union(c, &Class{Ranges: normalize(more)})
}

// multiFolds returns the texts of several characters to which members of c fold, the shorter ones first.
func (p *parser) multiFolds(c *Class) [][]rune {
	f := p.folds()
	var out [][]rune
	seen := map[string]bool{}
	for _, length := range []int{2, 3} {
		for _, m := range multiFold {
			text := f.whole[m.r]
			if utf8.RuneCountInString(text) == length && c.Has(m.r) && !seen[text] {
				seen[text] = true
				out = append(out, []rune(text))
			}
		}
	}
	return out
}

// foldText makes nodes that match a text whatever its case. As in Oniguruma, a character that folds to several stands
// for these, and several of the text may be one of the subject, but only if each of them folds to a single one, or stands where
// the text is not taken apart any more. In a look-behind, which has to know its length, a character of the text is one of the
// subject.
func (p *parser) foldText(run []char) []*Node {
	f := p.folds()
	apart := len(run)
	if p.behind == 0 {
		apart = f.apart(run)
	}
	var out []*Node
	for i := 0; i < len(run); {
		if text, ok := f.whole[run[i].r]; ok && i < apart {
			c := &coverer{p: p, f: f, pos: run[i].pos, end: run[i].end, text: []rune(text)}
			if p.behind > 0 {
				out = append(out, c.one(f.unfold[text]))
			} else {
				out = append(out, c.cover(0, len(c.text))...)
			}
			i++
			continue
		}
		c := &coverer{p: p, f: f, pos: run[i].pos}
		for j := i; i < len(run) && (f.whole[run[i].r] == "" || i >= apart && (i > apart || i == j)); i++ {
			for _, r := range Fold(run[i].r) {
				c.text, c.run = append(c.text, r), append(c.run, run[i])
			}
			c.end = run[i].end
		}
		out = append(out, c.cover(0, len(c.text))...)
	}
	return out
}

// mostWays is how many ways to write a text Oniguruma looks at before it compares folded texts.
const mostWays = 8

// apart returns how many characters of a text are taken apart: each of them for itself, with its ways to be written. What
// follows is folded, and compared with what the subject folds to: there one character of the subject may lie across two of the text,
// as ﬅ across those of ßt, which is sst.
func (f *folding) apart(run []char) int {
	ways := 1
	for i := range run {
		if n, vary := f.others(run[i:]); vary {
			if ways *= n + 1; ways > mostWays {
				return i
			}
		}
	}
	return len(run)
}

// others counts the other ways to write the first character of a text, or the first few in one, and reports whether there are some
// with more or fewer characters.
func (f *folding) others(run []char) (n int, vary bool) {
	if text, ok := f.whole[run[0].r]; ok {
		n = 1
		for _, r := range text {
			n *= len(f.variants(r))
		}
		return n + len(f.unfold[text]) - 1, true
	}
	n = len(f.variants(run[0].r)) - 1
	text := make([]rune, 0, longestFold)
	for _, c := range run[:min(len(run), longestFold)] {
		if f.whole[c.r] != "" {
			break
		}
		text = append(text, foldOne(c.r))
		if len(text) > 1 {
			several := len(f.unfold[string(text)])
			n, vary = n+several, vary || several > 0
		}
	}
	return n, vary
}

// Of a repeated character, so many bytes of what it folds to are one text, and only one that folds to several is not taken for
// alternatives when it has so many variants.
const (
	longestRepeated = 100
	mostVariants    = 8
)

// repeatText makes a node of the times that a character is repeated at least, where case folding matters for
// that: as in Oniguruma they are one text, of which several characters may be one of the subject, as ß is s{2}. It takes
// them from q. It returns nil where the character is repeated each time for itself.
func (p *parser) repeatText(r rune, q *quantifier, operand *Node, end int) *Node {
	if !p.flags.fold || p.behind > 0 || q.min < 2 {
		return nil
	}
	f := p.folds()
	unit := []rune(Fold(r))
	variants := 1
	for _, u := range unit {
		variants *= len(f.variants(u))
	}
	if len(unit) > 1 && variants < mostVariants {
		return nil
	}
	times := min(q.min, longestRepeated/len(string(unit)))
	text := make([]rune, 0, times*len(unit))
	for range times {
		text = append(text, unit...)
	}
	c := &coverer{p: p, f: f, pos: operand.Pos, end: end, text: text}
	if c.chain(0, len(text)) <= len(unit) {
		return nil
	}
	n := p.join(c.cover(0, len(text)), operand.Pos)
	n.End = end
	if q.min -= times; q.max > 0 {
		q.max -= times
	}
	return n
}

// folded makes a node that matches a folded text whatever its case.
func (p *parser) folded(text []rune, start int) *Node {
	c := &coverer{p: p, f: p.folds(), pos: start, end: p.pos, text: text}
	return p.join(c.cover(0, len(text)), start)
}

// coverer makes the ways in which characters, alone or several in one, fold to a text.
type coverer struct {
	p        *parser
	f        *folding
	text     []rune // folded
	run      []char // the characters of the expression, one for each of text, if it has them
	pos, end int    // their place
}

// longestFold is how many characters one folds to at most.
const longestFold = 3

// cover returns the nodes, in a row, that match text[i:j]. A chain of texts that overlap and each are a
// single character in another case, as sss has, is cut in the middle: either no such character lies across the cut, or one
// of few does. So the tree grows with a power of the chain's length, not exponentially.
func (c *coverer) cover(i, j int) []*Node {
	var out []*Node
	for i < j && c.p.err == nil {
		end := c.chain(i, j)
		if end == i+1 {
			out = append(out, c.single(i))
			i = end
			continue
		}
		mid := (i + end) / 2
		subs := []*Node{c.p.join(append(c.cover(i, mid), c.cover(mid, end)...), c.pos)}
		for a := max(i, mid-longestFold+1); a < mid; a++ {
			for b := mid + 1; b <= min(end, a+longestFold); b++ {
				rs := c.f.unfold[string(c.text[a:b])]
				if len(rs) == 0 {
					continue
				}
				row := append(c.cover(i, a), c.one(rs))
				subs = append(subs, c.p.join(append(row, c.cover(b, end)...), c.pos))
			}
		}
		if len(subs) == 1 {
			out = append(out, subs[0])
		} else {
			n := c.p.node(Alt, c.pos, subs...)
			n.End = c.end
			c.p.hidden[n] = byFolding
			out = append(out, n)
		}
		i = end
	}
	return out
}

// chain returns the end of the texts that overlap from i on.
func (c *coverer) chain(i, j int) int {
	end := i + 1
	if c.p.behind > 0 {
		return end
	}
	for at := i; at < end; at++ {
		for b := at + 2; b <= min(j, at+longestFold); b++ {
			if len(c.f.unfold[string(c.text[at:b])]) > 0 {
				end = max(end, b)
			}
		}
	}
	return end
}

// single returns the node of one character.
func (c *coverer) single(i int) *Node {
	n := c.one(c.f.variants(c.text[i]))
	c.place(n, i)
	return n
}

// place says where the node of a character stands in the expression.
func (c *coverer) place(n *Node, i int) {
	if c.run != nil {
		n.Pos, n.End = c.run[i].pos, c.run[i].end
	}
}

// one returns the node of one character out of several.
func (c *coverer) one(rs []rune) *Node {
	ranges := make([]Range, len(rs))
	for i, r := range rs {
		ranges[i] = Range{r, r}
	}
	n := c.p.oneOf(classOf(ranges...), c.pos)
	n.End = c.end
	return n
}
