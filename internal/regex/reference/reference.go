// Package reference matches expressions in the most obvious way there is: a function for each operation of a tree,
// which is given what follows as another function. It is slow and may take exponential time. It judges the machines that
// are not so obvious, and is used in tests only.
//
// A function's text is the meaning of its operation, and where it says more than that, the rule is Oniguruma's (as
// joni, which Logstash uses, has it):
//
//   - Groups. A group has a text when its parenthesis closes. From where it opens until then it has none, also in a later
//     iteration of a loop: so a back-reference inside of its own group fails. A group keeps its text in later
//     iterations in which it takes no part, and when an atomic group or a look-around is left; ways that failed leave
//     nothing behind, negative look-arounds and absent operators neither.
//   - Calls. A call runs the called group as if it stood there, and sets it. For nesting levels a group
//     that is called anywhere counts as a call where it stands, too.
//   - Look-arounds. Of a look-ahead and a negative look-around the first way counts. A positive look-behind is not
//     atomic.
//   - Empty iterations. See (*run).iterated.
//   - Absent operators. See (*run).absent.
//   - \K moves the begin of the match, also from inside a look-ahead; \G is where the search began, not where the
//     attempt did.
package reference

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// Result is what Match found out.
type Result int

// The results of Match.
const (
	NoMatch Result = iota
	Matched
	Unknown // the steps, or the depth, were over
)

// maxDepth is how deep the functions may call each other: what goes deeper is Unknown.
const maxDepth = 200000

// Match searches s for the leftmost match of t, from its begin. It takes at most that many steps. The result
// has, for the whole match and then for each group, the offsets of begin and end, -1 where a group has no text.
func Match(t *syntax.Tree, s string, steps int) ([]int32, Result) {
	r := &run{
		s: s, limit: len(s), steps: steps, measure: syntax.NewMeasure(t),
		groups: map[int]*syntax.Node{0: t.Root}, called: map[int]bool{},
	}
	syntax.Walk(t.Root, func(n *syntax.Node) bool {
		switch n.Op {
		case syntax.Capture:
			r.groups[n.Index] = n
		case syntax.Call:
			r.called[n.Index] = true
		}
		return true
	})
	root := t.Root
	if r.called[0] {
		root = &syntax.Node{Op: syntax.Call}
	}
	for at := 0; at <= len(s); at += r.width(at) {
		start := state{at: at, begin: at, caps: make([]int32, 2*len(t.Names)+2)}
		for i := range start.caps {
			start.caps[i] = -1
		}
		var found state
		ok := r.match(root, start, func(st state) bool {
			found = st
			return true
		})
		switch {
		case r.exhausted:
			return nil, Unknown
		case ok:
			found.caps[0], found.caps[1] = int32(min(found.begin, found.at)), int32(found.at)
			return found.caps, Matched
		}
	}
	return nil, NoMatch
}

// run is one search.
type run struct {
	groups    map[int]*syntax.Node // by number; 0 is the whole expression
	called    map[int]bool         // the groups that are called
	measure   *syntax.Measure
	s         string
	limit     int // how far text may be consumed: less than len(s) in an absent operator
	steps     int
	depth     int
	exhausted bool
}

// state is how far a way has come. It is handed on by value, and caps is copied before it changes.
type state struct {
	at    int
	begin int     // of the match: moved by \K
	caps  []int32 // begin and end by group
	past  *event
}

// event is something that back-references with a level, and empty iterations, look back at.
type event struct {
	kind     eventKind
	group    int // opened, closed
	at       int
	old      [2]int32 // opened: begin and end before
	previous *event
}

type eventKind int

const (
	opened eventKind = iota
	closed
	called
	returned
)

func (st state) with(e event) state {
	e.previous = st.past
	st.past = &e
	return st
}

// set returns the state with the text of a group changed.
func (st state) set(group, begin, end int) state {
	caps := append([]int32(nil), st.caps...)
	caps[2*group], caps[2*group+1] = int32(begin), int32(end)
	st.caps = caps
	return st
}

// then is what follows: it reports whether the rest matches, too.
type then func(state) bool

// match reports whether n matches at st and what follows matches then.
func (r *run) match(n *syntax.Node, st state, k then) bool {
	r.steps--
	r.depth++
	defer func() { r.depth-- }()
	if r.steps < 0 || r.depth > maxDepth {
		r.exhausted = true
	}
	if r.exhausted {
		return false
	}
	switch n.Op {
	case syntax.Literal, syntax.OneOf, syntax.Backref:
		return r.consume(n, st, k)
	case syntax.Seq:
		return r.sequence(n.Subs, st, k)
	case syntax.Alt:
		for _, sub := range n.Subs {
			if r.match(sub, st, k) {
				return true
			}
		}
		return false
	case syntax.Repeat:
		return r.repeat(n, st, 0, k)
	case syntax.Capture:
		return r.capture(n, st, k)
	case syntax.Call:
		return r.call(n, st, k)
	case syntax.Condition:
		if st.caps[2*n.Refs[0]] >= 0 {
			return r.match(n.Subs[0], st, k)
		}
		return r.match(n.Subs[1], st, k)
	case syntax.Atomic:
		inside, ok := r.first(n.Subs[0], st)
		return ok && k(inside)
	case syntax.Look:
		return r.look(n, st, k)
	case syntax.Absent:
		return r.absent(n, st, k)
	case syntax.Keep:
		st.begin = st.at
		return k(st)
	case syntax.Empty:
		return k(st)
	case syntax.Fail:
		return false
	default:
		return r.anchor(n.Op, st.at) && k(st)
	}
}

// first returns the state after the first way in which n matches.
func (r *run) first(n *syntax.Node, st state) (after state, ok bool) {
	ok = r.match(n, st, func(inside state) bool {
		after = inside
		return true
	})
	return after, ok
}

func (r *run) sequence(subs []*syntax.Node, st state, k then) bool {
	if len(subs) == 0 {
		return k(st)
	}
	return r.match(subs[0], st, func(next state) bool { return r.sequence(subs[1:], next, k) })
}

// consume matches what takes text.
func (r *run) consume(n *syntax.Node, st state, k then) bool {
	rest := r.s[st.at:max(st.at, r.limit)]
	switch n.Op {
	case syntax.Literal:
		if !strings.HasPrefix(rest, n.Text) {
			return false
		}
		st.at += len(n.Text)
	case syntax.OneOf:
		c, size := utf8.DecodeRuneInString(rest)
		if size == 0 || c == utf8.RuneError && size == 1 && !n.Class.Invalid {
			return false
		}
		if (c != utf8.RuneError || size != 1) && !n.Class.Has(c) {
			return false
		}
		st.at += size
	default:
		size, ok := r.backref(n, st, rest)
		if !ok {
			return false
		}
		st.at += size
	}
	return k(st)
}

// backref returns how many bytes of rest are the text that n refers to.
func (r *run) backref(n *syntax.Node, st state, rest string) (int, bool) {
	if n.HasLevel {
		return r.levelBackref(n, st, rest)
	}
	for _, ref := range slices.Backward(n.Refs) {
		begin, end := st.caps[2*ref], st.caps[2*ref+1]
		if begin < 0 {
			continue
		}
		if size, ok := compare(n, r.s[begin:end], rest); ok {
			return size, true
		}
	}
	return 0, false
}

// compare returns how many bytes of rest are text.
func compare(n *syntax.Node, text, rest string) (int, bool) {
	if n.Fold {
		size := syntax.MatchFold(text, rest)
		return size, size >= 0
	}
	return len(text), strings.HasPrefix(rest, text)
}

// levelBackref looks back for the last text that one of the groups got at a level: 0 is the call that we are in, 1 one
// that it has made and that has returned, -1 the one that made it.
func (r *run) levelBackref(n *syntax.Node, st state, rest string) (int, bool) {
	level, end := 0, -1
	for e := st.past; e != nil; e = e.previous {
		switch {
		case e.kind == called:
			level--
		case e.kind == returned:
			level++
		case level != n.Level || !slices.Contains(n.Refs, e.group):
		case e.kind == closed:
			end = e.at
		case end >= 0:
			return compare(n, r.s[e.at:max(e.at, end)], rest)
		}
	}
	return 0, false
}

func (r *run) capture(n *syntax.Node, st state, k then) bool {
	if r.called[n.Index] {
		return r.call(n, st, k)
	}
	return r.group(n, st, k)
}

// call matches a group that is called, or one that stands where it is but is called elsewhere.
func (r *run) call(n *syntax.Node, st state, k then) bool {
	target := r.groups[n.Index]
	body := r.group
	if n.Index == 0 {
		body = r.match
	}
	return body(target, st.with(event{kind: called}), func(in state) bool { return k(in.with(event{kind: returned})) })
}

func (r *run) group(n *syntax.Node, st state, k then) bool {
	i := n.Index
	open := event{kind: opened, group: i, at: st.at, old: [2]int32{st.caps[2*i], st.caps[2*i+1]}}
	return r.match(n.Subs[0], st.set(i, -1, -1).with(open), func(in state) bool {
		return k(in.set(i, st.at, in.at).with(event{kind: closed, group: i, at: in.at}))
	})
}

// repeat matches n when it has matched so many times already. Only a loop without end cares for empty iterations: the
// others are n.Max times their operand, of which the last may be missing.
func (r *run) repeat(n *syntax.Node, st state, times int, k then) bool {
	again := func() bool {
		return r.match(n.Subs[0], st, func(next state) bool {
			if n.Max < 0 && times >= n.Min && next.at == st.at {
				return r.iterated(n, st, next, k)
			}
			return r.repeat(n, next, times+1, k)
		})
	}
	switch {
	case times < n.Min:
		return again()
	case n.Max >= 0 && times >= n.Max:
		return k(st)
	case n.Lazy:
		return k(st) || !r.exhausted && again()
	default:
		return again() || !r.exhausted && k(st)
	}
}

// iterated goes on after an empty iteration of a loop without end, which led from st to next. It is the last one,
// unless the loop's body has groups (those in look-arounds do not count). Then what matters is what the groups that were
// opened in the iteration had before. Where one had no text, or one that was not empty, and has another one now, one
// more iteration follows. Else, where one had an empty text elsewhere, this way fails.
func (r *run) iterated(n *syntax.Node, st, next state, k then) bool {
	if !hasGroups(n.Subs[0]) {
		return k(next)
	}
	var events []*event // from the last to the first
	for e := next.past; e != st.past; e = e.previous {
		if e.kind == opened {
			events = append(events, e)
		}
	}
	fails := false
	for _, e := range slices.Backward(events) {
		begin, end := e.old[0], e.old[1]
		now := [2]int32{next.caps[2*e.group], next.caps[2*e.group+1]}
		switch {
		case begin != end && e.old != now, begin < 0:
			return r.repeat(n, next, n.Min, k)
		case begin == end && int(end) != next.at:
			fails = true
		}
	}
	return !fails && k(next)
}

// hasGroups reports whether a group may be set by n outside of look-arounds.
func hasGroups(n *syntax.Node) bool {
	switch {
	case n.Op == syntax.Capture, n.Op == syntax.Call:
		return true
	case n.Op == syntax.Look, n.Op == syntax.Repeat && n.Max == 0:
		return false
	}
	return slices.ContainsFunc(n.Subs, hasGroups)
}

func (r *run) look(n *syntax.Node, st state, k then) bool {
	if !n.Behind {
		after, ok := r.first(n.Subs[0], st)
		if n.Neg {
			return !ok && !r.exhausted && k(st)
		}
		after.at = st.at
		return ok && k(after)
	}
	if n.Neg {
		found := r.behind(n.Subs[0], st, func(state) bool { return true })
		return !found && !r.exhausted && k(st)
	}
	return r.behind(n.Subs[0], st, k)
}

// behind matches the operand of a look-behind: each of its alternatives has texts of one length, and is tried as
// many characters before.
func (r *run) behind(n *syntax.Node, st state, k then) bool {
	parts := []*syntax.Node{n}
	if n.Op == syntax.Alt {
		parts = n.Subs
	}
	for _, part := range parts {
		length := r.measure.Of(part)
		if !length.Fixed() {
			panic("BUG: a look-behind of several lengths")
		}
		from, ok := r.back(st.at, length.MinChars)
		if !ok {
			continue
		}
		inside := st
		inside.at = from
		if r.match(part, inside, func(after state) bool { return after.at == st.at && k(after) }) {
			return true
		}
	}
	return false
}

// back returns the offset that is so many characters before at, if there is one.
func (r *run) back(at, chars int) (int, bool) {
	for ; chars > 0; chars-- {
		if at == 0 {
			return 0, false
		}
		_, size := utf8.DecodeLastRuneInString(r.s[:at])
		at -= size
	}
	return at, true
}

// absent matches a text in which the operand does not occur: the longest one first. It is found from left to right: at
// each place from st.at on, the first way in which the operand matches there limits the text, and from then on the
// operand, too, to what lies before the last character of that match. An operand that matches the empty text at
// the beginning occurs in every text.
func (r *run) absent(n *syntax.Node, st state, k then) bool {
	outer := r.limit
	limit := max(outer, st.at)
	var ends []int
	for at := st.at; ; at += r.width(at) {
		if at > st.at && at >= limit {
			if at == limit {
				ends = append(ends, at)
			}
			break
		}
		ends = append(ends, at)
		probe := st
		probe.at = at
		r.limit = limit
		after, ok := r.first(n.Subs[0], probe)
		r.limit = outer
		if !ok {
			continue
		}
		if after.at == st.at {
			return false
		}
		last, _ := r.back(after.at, 1)
		limit = min(limit, last)
	}
	for _, end := range slices.Backward(ends) {
		next := st
		next.at = end
		if k(next) {
			return true
		}
	}
	return false
}

// width is how many bytes the character at an offset has; one at the end of the text.
func (r *run) width(at int) int {
	_, size := utf8.DecodeRuneInString(r.s[at:])
	return max(size, 1)
}

// anchor reports whether an anchor holds at an offset.
func (r *run) anchor(op syntax.Op, at int) bool {
	s := r.s
	switch op {
	case syntax.LineStart:
		return at == 0 || s[at-1] == '\n' && at < len(s)
	case syntax.LineEnd:
		return at == len(s) || s[at] == '\n'
	case syntax.TextStart, syntax.SearchStart:
		return at == 0
	case syntax.TextEnd:
		return at == len(s)
	case syntax.TextEndNewline:
		return at == len(s) || at == len(s)-1 && s[at] == '\n'
	case syntax.WordBoundary, syntax.NotWordBoundary:
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		behind, _ := utf8.DecodeRuneInString(s[at:])
		return (syntax.IsWord(before) != syntax.IsWord(behind)) == (op == syntax.WordBoundary)
	}
	panic("BUG: no anchor " + op.String())
}
