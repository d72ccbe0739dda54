package leaf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A wordJump is a short way of a state: a word of three letters, of many (months have such names), and the byte behind it.
type wordJump struct {
	words  []uint32 // 24 bits each, sorted
	behind byteSet
	to     int32
}

const (
	minWords  = 12 // fewer are told apart byte by byte
	maxWords  = 64
	wordSlots = 256
)

// words returns the jump over words of a state that has the most of them, or nil.
func (m *machine) words(state int32) *wordJump {
	byState := map[int32][]uint32{} // by the state behind the third letter
	if m.visitWords(state, 0, 0, byState) > maxWords {
		return nil
	}
	var best *wordJump
	for c := range m.columns {
		found := map[int32][]uint32{}
		for at, words := range byState {
			if e := m.rows[at][c]; e.to >= 0 && e.kind == noEnd {
				found[e.to] = append(found[e.to], words...)
			}
		}
		for to, words := range found {
			if len(words) < minWords {
				continue
			}
			if best == nil || cmp.Or(cmp.Compare(len(words), len(best.words)), cmp.Compare(to, best.to)) > 0 {
				slices.Sort(words)
				best = &wordJump{words: words, to: to}
				for b := range 256 {
					if int(m.class[b]) == c {
						best.behind.add(byte(b), byte(b))
					}
				}
			}
		}
	}
	return best
}

// visitWords collects the three letters that lead on from state without an end on the way. It returns how many those are, and
// stops where there are too many.
func (m *machine) visitWords(state int32, n int, word uint32, found map[int32][]uint32) int {
	if n == 3 {
		found[state] = append(found[state], word)
		return 1
	}
	count := 0
	for b := 'A'; b <= 'z' && count <= maxWords; b++ {
		if b > 'Z' && b < 'a' {
			continue
		}
		if e := m.rows[state][m.class[b]]; e.to >= 0 && e.kind == noEnd {
			count += m.visitWords(e.to, n+1, word|uint32(b)<<(8*n), found)
		}
	}
	return count
}

// jumpWord writes the short way over words.
func (g *generator) jumpWord(j *wordJump) {
	k := slices.IndexFunc(g.wordTables, func(t []uint32) bool { return slices.Equal(t, j.words) })
	if k < 0 {
		k = len(g.wordTables)
		g.wordTables = append(g.wordTables, j.words)
		g.factors = append(g.factors, perfect(j.words))
	}
	g.printf("if k+4 <= n {\nb = s[k+3]\nif w := word(s, k); (%s) && slot(words%d, w*%#x>>24) == w {\nk += 4\ngoto s%d\n}\n}\n",
		g.condition(j.behind), k, g.factors[k], j.to)
}

// perfect returns a factor with which no two words have the same upper byte.
func perfect(words []uint32) uint32 {
	for factor := uint32(0x9E3779B1); ; factor += 0x3C6EF372 {
		var taken [wordSlots]bool
		if !slices.ContainsFunc(words, func(w uint32) bool {
			was := taken[w*factor>>24]
			taken[w*factor>>24] = true
			return was
		}) {
			return factor
		}
	}
}

// writeWords writes the tables of the words.
func (w *writer) writeWords() {
	for k, words := range w.wordTables {
		var slots [wordSlots]uint32
		for i := range slots {
			slots[i] = 0xFFFFFFFF // no word of three bytes
		}
		for _, word := range words {
			slots[word*w.factors[k]>>24] = word
		}
		var text strings.Builder
		for i, word := range &slots {
			fmt.Fprintf(&text, "\\x%02x\\x%02x\\x%02x\\x%02x", byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
			if i%16 == 15 && i < wordSlots-1 {
				text.WriteString("\" +\n\t\"")
			}
		}
		fmt.Fprintf(&w.out, "// words%d is a set of words by hash.\nconst words%d = \"%s\"\n\n", k, k, text.String())
	}
}
