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
	var best *wordJump
	for c := range m.columns {
		var behind byteSet
		for b := range 256 {
			if int(m.class[b]) == c {
				behind.add(byte(b), byte(b))
			}
		}
		found := map[int32][]uint32{}
		m.visitWords(state, c, 0, 0, found)
		for to, words := range found {
			words = slices.DeleteFunc(words, func(w uint32) bool { return !letters(w) })
			slices.Sort(words)
			if len(words) < minWords || len(words) > maxWords {
				continue
			}
			if best == nil || cmp.Or(cmp.Compare(len(words), len(best.words)), cmp.Compare(to, best.to)) > 0 {
				best = &wordJump{words, behind, to}
			}
		}
	}
	return best
}

// visitWords collects the three bytes that lead from state, without an end on the way, by column c, to another, by that.
func (m *machine) visitWords(state int32, c, n int, word uint32, found map[int32][]uint32) {
	row := m.rows[state]
	if n == 3 {
		if e := row[c]; e.to >= 0 && e.kind == noEnd {
			found[e.to] = append(found[e.to], word)
		}
		return
	}
	for b := range 256 {
		if e := row[m.class[b]]; e.to >= 0 && e.kind == noEnd {
			m.visitWords(e.to, c, n+1, word|uint32(b)<<(8*n), found)
		}
	}
}

// letters reports whether the three bytes of a word are letters.
func letters(word uint32) bool {
	for ; word > 0; word >>= 8 {
		if c := byte(word) | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
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
