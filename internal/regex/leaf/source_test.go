package leaf

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"slices"
	"strings"
)

// writer makes the Go source of machines: a label for each state, and jumps.
type writer struct {
	out    bytes.Buffer
	tables []byteSet // sets that need a table, bit by bit

	numberSets []numberSet
	wordTables [][]uint32
	factors    []uint32 // of wordTables
}

// function writes the function called name, which answers what a table of m answers.
func (w *writer) function(name string, src *Source, m *machine) {
	fmt.Fprintf(&w.out, "// %s is %s.\n", name, src.Expr)
	if m.mode == Ends {
		fmt.Fprintf(&w.out, "func %s(s string, i int, f *Follow) int {\n", name)
	} else {
		fmt.Fprintf(&w.out, "func %s(s string, i int) int {\n", name)
	}
	g := generator{writer: w, m: m, ended: m.ended(), short: m.allJumps(src.Numeric)}
	w.out.WriteString("n, k := uint(len(s)), uint(i)\nvar b byte\n")
	if slices.Contains(g.ended, true) {
		w.out.WriteString("e := None\n")
	}
	var body bytes.Buffer
	g.out = &body
	for i := range m.rows {
		g.state(int32(i))
	}
	if len(g.short) > 0 {
		w.out.WriteString("var x uint\n")
	}
	if g.long {
		w.out.WriteString("var t uint32\nvar c uint\n")
	}
	w.out.Write(body.Bytes())
	if g.done {
		fmt.Fprintf(&w.out, "done:\n%sreturn e\n", g.limit("e"))
	}
	w.out.WriteString("}\n\n")
}

// ended returns for each state whether an end may have been found before it is reached.
func (m *machine) ended() []bool {
	ended := make([]bool, len(m.rows))
	for again := true; again; {
		again = false
		for i, row := range m.rows {
			for _, e := range row {
				if e.to >= 0 && (ended[i] || e.kind != noEnd) && !ended[e.to] {
					ended[e.to], again = true, true
				}
			}
		}
	}
	return ended
}

type generator struct {
	*writer
	out   *bytes.Buffer
	m     *machine
	ended []bool
	short map[int32][]numberJump
	done  bool // a jump to the label done was written
	long  bool // and one over numbers of three digits
}

func (g *generator) printf(format string, args ...any) { fmt.Fprintf(g.out, format, args...) }

// arm is what a state does with some bytes.
type arm struct {
	entry entry
	set   byteSet
	size  int
}

// arms groups the bytes by what the state does with them: larger groups first, which are the likelier ones.
func (g *generator) arms(state int32) []arm {
	row := g.m.rows[state]
	var arms []arm
	for b := range 256 {
		e := row[g.m.class[b]]
		k := slices.IndexFunc(arms, func(a arm) bool { return a.entry == e })
		if k < 0 {
			k = len(arms)
			arms = append(arms, arm{entry: e})
		}
		arms[k].set.add(byte(b), byte(b))
		arms[k].size++
	}
	slices.SortStableFunc(arms, func(a, b arm) int {
		if (a.entry.to == dead) != (b.entry.to == dead) {
			if a.entry.to == dead {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.size, a.size)
	})
	return arms
}

func (g *generator) state(state int32) {
	row := g.m.rows[state]
	ended := g.ended[state]
	if state > 0 || slices.ContainsFunc(g.m.rows, func(r []entry) bool {
		return slices.ContainsFunc(r, func(e entry) bool { return e.to == 0 })
	}) {
		g.printf("s%d:\n", state)
	}
	if list := g.short[state]; list != nil {
		g.jumps(list, ended)
	}
	if words := g.m.words(state); words != nil {
		g.jumpWord(words)
	}
	g.printf("if k >= n {\n")
	g.textEnd(row[g.m.columns], ended)
	g.printf("}\nb = s[k]\n")
	arms := g.arms(state)
	uniform := !slices.ContainsFunc(arms, func(a arm) bool { return a.entry.kind != arms[0].entry.kind })
	if uniform && arms[0].entry.kind != noEnd && slices.ContainsFunc(arms, func(a arm) bool { return a.entry.to != dead }) {
		ended = g.end(arms[0].entry.kind, ended) || ended
		for i := range arms {
			arms[i].entry.kind = noEnd
		}
	}
	for i, a := range arms {
		last := i == len(arms)-1
		if !last {
			g.printf("if %s {\n", g.condition(a.set))
		}
		g.arm(a.entry, ended)
		if !last {
			g.printf("}\n")
		}
	}
}

// arm writes what happens with the byte b: ended says whether an end may have been found before.
func (g *generator) arm(e entry, ended bool) {
	switch {
	case e.to == bail:
		g.printf("return Many\n")
	case e.to == dead && e.kind == isEnd && !ended:
		if g.m.mode == Ends {
			g.printf("if f.has[b] {\n%sreturn int(k)\n}\nreturn None\n", g.limit("int(k)"))
		} else {
			g.printf("return int(k)\n")
		}
	default:
		ended = g.end(e.kind, ended) || ended
		if e.to == dead {
			g.leave(ended)
		} else {
			g.printf("k++\ngoto s%d\n", e.to)
		}
	}
}

// end writes what is to be done if there is an end before the byte b, and reports whether e may be set now.
func (g *generator) end(k kind, ended bool) bool {
	switch {
	case k == noEnd:
		return false
	case g.m.mode == First && k == maybeEnd:
		g.printf("return Many\n")
	case g.m.mode == First:
		g.printf("e = int(k)\n")
	case k == maybeEnd:
		g.printf("if f.has[b] {\nreturn Many\n}\n")
	case ended:
		g.printf("if f.has[b] {\nif e >= 0 {\nreturn Many\n}\ne = int(k)\n}\n")
	default:
		g.printf("if f.has[b] {\ne = int(k)\n}\n")
	}
	return true
}

// textEnd writes what is to be done at the end of the text.
func (g *generator) textEnd(e entry, ended bool) {
	switch {
	case e.to == bail || e.kind == maybeEnd && g.m.mode == First:
		g.printf("return Many\n")
	case e.kind == noEnd:
		g.leave(ended)
	case g.m.mode == First:
		g.printf("return int(k)\n")
	case e.kind == maybeEnd:
		g.printf("if f.end {\nreturn Many\n}\n")
		g.leave(ended)
	case !ended:
		g.printf("if f.end {\n%sreturn int(k)\n}\nreturn None\n", g.limit("int(k)"))
	default:
		g.printf("if f.end {\nif e >= 0 {\nreturn Many\n}\n%sreturn int(k)\n}\n", g.limit("int(k)"))
		g.leave(ended)
	}
}

// leave writes the return of what was found.
func (g *generator) leave(ended bool) {
	switch {
	case !ended:
		g.printf("return None\n")
	case g.m.limit == 0:
		g.printf("return e\n")
	default:
		g.done = true
		g.printf("goto done\n")
	}
}

func (g *generator) limit(e string) string {
	if g.m.limit == 0 {
		return ""
	}
	return fmt.Sprintf("if %s-i > %d {\nreturn Many\n}\n", e, g.m.limit)
}

// condition returns the test whether b is in set, which is neither empty nor everything.
func (w *writer) condition(set byteSet) string {
	if yes, ok := ranges(set, false); ok {
		return strings.Join(yes, " || ")
	}
	if no, ok := ranges(set.not(), true); ok {
		return strings.Join(no, " && ")
	}
	k := slices.Index(w.tables, set)
	if k < 0 {
		k = len(w.tables)
		w.tables = append(w.tables, set)
	}
	return fmt.Sprintf("table%d[b]&%#02x != 0", k/8, 1<<(k%8))
}

// ranges returns the comparisons of b with the ranges of set, if there are few: those that say that b is in one, or,
// if not, those that say that it is not.
func ranges(set byteSet, not bool) (list []string, ok bool) {
	in, out := "<=", "=="
	if not {
		in, out = ">", "!="
	}
	for lo := 0; lo < 256; lo++ {
		if !set.has(byte(lo)) {
			continue
		}
		hi := lo
		for hi < 255 && set.has(byte(hi+1)) {
			hi++
		}
		switch {
		case lo == hi:
			list = append(list, fmt.Sprintf("b %s %s", out, quote(lo)))
		case lo == 0:
			list = append(list, fmt.Sprintf("b %s %s", in, quote(hi)))
		case hi == 255 && !not:
			list = append(list, "b >= "+quote(lo))
		case hi == 255:
			list = append(list, "b < "+quote(lo))
		default:
			list = append(list, fmt.Sprintf("b-%s %s %d", quote(lo), in, hi-lo))
		}
		lo = hi
	}
	return list, len(list) <= 2
}

func quote(b int) string {
	if b > ' ' && b < 0x7F {
		return fmt.Sprintf("%q", rune(b))
	}
	return fmt.Sprintf("%#02x", b)
}

// sets writes the tables of the functions that were written.
func (w *writer) sets() {
	for t := 0; t < len(w.tables); t += 8 {
		var text strings.Builder
		for b := range 256 {
			v := 0
			for k := t; k < min(t+8, len(w.tables)); k++ {
				if w.tables[k].has(byte(b)) {
					v |= 1 << (k - t)
				}
			}
			fmt.Fprintf(&text, "\\x%02x", v)
			if b%32 == 31 && b < 255 {
				text.WriteString("\" +\n\t\"")
			}
		}
		fmt.Fprintf(&w.out, "// table%d holds eight sets of bytes, a bit each.\nconst table%d = \"%s\"\n\n", t/8, t/8, text.String())
	}
}

// format returns what was written in the usual form.
func (w *writer) format() ([]byte, error) { return format.Source(w.out.Bytes()) }
