package leaf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A numberJump is a short way of a state: a number of one to three digits and the byte behind it at once.
type numberJump struct {
	numbers numberSet
	behind  byteSet
	entry   entry // with behind, after one of numbers
	noisy   bool  // there are ends on the way, before digits and before behind
	score   float64
}

// numberSet is a set of numbers by their index (see the function index).
type numberSet [4 << 12 / 64]uint64

func (t *numberSet) add(index int)      { t[index/64] |= 1 << (index % 64) }
func (t *numberSet) has(index int) bool { return t[index/64]>>(index%64)&1 != 0 }

// eachNumber calls yield with the indexes of all numbers of n digits.
func eachNumber(n int, yield func(index int)) {
	for v := range [...]int{1, 10, 100, 1000}[n] {
		yield(n<<12 | v/100<<8 | v/10%10<<4 | v%10)
	}
}

// weight is the share of the numbers that are in the set, summed over the three lengths.
func (t *numberSet) weight() float64 {
	sum := 0.0
	for n := 1; n <= 3; n++ {
		count, all := 0, 0
		eachNumber(n, func(i int) {
			all++
			if t.has(i) {
				count++
			}
		})
		sum += float64(count) / float64(all)
	}
	return sum
}

// trivial reports whether the set has, of each length, all numbers or none.
func (t *numberSet) trivial() bool {
	same := true
	for n := 1; n <= 3; n++ {
		eachNumber(n, func(i int) { same = same && t.has(i) == t.has(n<<12) })
	}
	return same
}

// jumps returns the short ways of a state, at most three: where numbers are restricted, so that the plain way would have
// to branch by their digits, or if all, whatever they are.
func (m *machine) jumps(state int32, all bool) []numberJump {
	walk := m.numbers(state)
	if len(walk) == 0 {
		return nil
	}
	var list []numberJump
	for c := range m.columns {
		var behind byteSet
		for b := range 256 {
			if int(m.class[b]) == c && (b < '0' || b > '9') {
				behind.add(byte(b), byte(b))
			}
		}
		if behind == (byteSet{}) {
			continue
		}
		best := m.jump(walk, c)
		if best == nil || best.score < 0.1 || best.numbers.trivial() && !all || m.mode == First && best.noisy {
			continue
		}
		best.behind = behind
		same := slices.IndexFunc(list, func(j numberJump) bool {
			return j.entry == best.entry && j.noisy == best.noisy && j.numbers == best.numbers
		})
		if same >= 0 {
			list[same].behind = list[same].behind.or(behind)
		} else {
			list = append(list, *best)
		}
	}
	list = slices.DeleteFunc(list, func(j numberJump) bool {
		return j.noisy && j.entry.to != dead && j.behind.and(quietBytes().not()) != (byteSet{})
	})
	slices.SortFunc(list, func(a, b numberJump) int {
		return cmp.Or(cmp.Compare(b.entry.to, a.entry.to), cmp.Compare(b.score, a.score), cmp.Compare(fmt.Sprint(a.behind), fmt.Sprint(b.behind)))
	})
	return list[:min(len(list), 3)]
}

// quietBytes are the bytes of which none is in a quiet Follow.
func quietBytes() byteSet {
	set := setOf('0', '9')
	for _, b := range []byte(quietMarks) {
		set.add(b, b)
	}
	return set
}

// numberWalk is a number and where it leads to.
type numberWalk struct {
	index int
	state int32
	noisy bool // there is an end before one of the digits
}

// numbers returns the numbers of one to three digits that lead on from a state.
func (m *machine) numbers(state int32) []numberWalk {
	var walk []numberWalk
	var visit func(state int32, n, digits int, noisy bool)
	visit = func(state int32, n, digits int, noisy bool) {
		if n > 0 {
			walk = append(walk, numberWalk{n<<12 | digits, state, noisy})
		}
		for d := range 10 {
			if e := m.rows[state][m.class['0'+d]]; n < 3 && e.to >= 0 && e.kind != maybeEnd {
				visit(e.to, n+1, digits<<4|d, noisy || e.kind == isEnd)
			}
		}
	}
	visit(state, 0, 0, false)
	return walk
}

// jump returns the jump over numbers and a byte of column c behind them that has the most weight, or nil.
func (m *machine) jump(walk []numberWalk, c int) *numberJump {
	found := map[entry]*numberJump{}
	for _, w := range walk {
		e := m.rows[w.state][c]
		takes := e.to >= 0 && e.kind != maybeEnd // goes on
		stops := e.to == dead && e.kind == isEnd // ends
		if !takes && !stops {
			continue
		}
		j := found[e]
		if j == nil {
			j = &numberJump{entry: e}
			found[e] = j
		}
		j.numbers.add(w.index)
		j.noisy = j.noisy || w.noisy || takes && e.kind == isEnd
	}
	var best *numberJump
	for _, e := range sortedEntries(found) {
		j := found[e]
		j.score = j.numbers.weight()
		if best == nil || j.score > best.score {
			best = j
		}
	}
	return best
}

func sortedEntries(found map[entry]*numberJump) []entry {
	list := make([]entry, 0, len(found))
	for e := range found {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.kind, b.kind)) })
	return list
}

// allJumps returns the jumps of all states where a number begins and that they pay for; numeric: the start is one.
func (m *machine) allJumps(numeric bool) map[int32][]numberJump {
	begins := make([]bool, len(m.rows)) // reached otherwise than by a digit
	begins[0] = true
	for _, row := range m.rows {
		for b := range 256 {
			if e := row[m.class[b]]; e.to >= 0 && (b < '0' || b > '9') {
				begins[e.to] = true
			}
		}
	}
	jumps := map[int32][]numberJump{}
	queue := make([]int32, 0, len(m.rows))
	hot := make([]bool, len(m.rows)) // reached by a jump, or known to be one
	hot[0] = numeric
	for i := range m.rows {
		queue = append(queue, int32(i))
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		if !begins[state] || jumps[state] != nil {
			continue
		}
		list := m.jumps(state, hot[state])
		if len(list) == 0 {
			continue
		}
		jumps[state] = list
		for _, j := range list {
			if j.entry.to >= 0 && !hot[j.entry.to] {
				hot[j.entry.to] = true
				queue = append(queue, j.entry.to)
			}
		}
	}
	return jumps
}

// jumps writes the short ways of a state. Numbers of three digits have any length; others, in dates and times, have two
// digits nearly always, so that it pays not to make the place of what comes behind depend on them.
func (g *generator) jumps(list []numberJump, ended bool) {
	quiet, three := "", false
	for _, j := range list {
		if j.noisy {
			quiet = "f.quiet && "
		}
		eachNumber(3, func(i int) { three = three || j.numbers.has(i) })
	}
	count := "2"
	if three {
		count = "c"
		g.printf("if %sk+4 <= n {\nt = numeral(s, k)\nc = digits(t)\nx = index(t, c)\nb = s[k+c&3]\n", quiet)
		g.long = true
	} else {
		g.printf("if %sk+3 <= n {\nx = pair(s, k)\nb = s[k+2]\n", quiet)
	}
	for _, j := range list {
		g.printf("if (%s) && has(%s, x) {\nk += %s\n", g.condition(j.behind), g.numbers(j.numbers), count)
		if j.entry.to >= 0 {
			g.printf("k++\ngoto s%d\n", j.entry.to)
		} else {
			g.arm(j.entry, ended)
		}
		g.printf("}\n")
	}
	g.printf("}\n")
}

// numbers returns the name of the table of a set.
func (w *writer) numbers(set numberSet) string {
	k := slices.Index(w.numberSets, set)
	if k < 0 {
		k = len(w.numberSets)
		w.numberSets = append(w.numberSets, set)
	}
	return fmt.Sprintf("numbers%d", k)
}

// numberTables writes the tables of the sets of numbers.
func (w *writer) numberTables() {
	for k, set := range w.numberSets {
		var text strings.Builder
		for i := 0; i < 64*len(set); i += 8 {
			fmt.Fprintf(&text, "\\x%02x", byte(set[i/64]>>(i%64)))
			if i%256 == 248 && i < 64*len(set)-8 {
				text.WriteString("\" +\n\t\"")
			}
		}
		fmt.Fprintf(&w.out, "// numbers%d is a set of numbers by index.\nconst numbers%d = \"%s\"\n\n", k, k, text.String())
	}
}
