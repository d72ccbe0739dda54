package fast

import (
	"unicode/utf8"

	"sluice/internal/regex/scan"
	"sluice/internal/regex/syntax"
)

// boundary says whether a character begins at s[i], or the text ends there.
func boundary(s string, i int) bool {
	if i >= len(s) || utf8.RuneStart(s[i]) {
		return true
	}
	for j := i - 1; j >= 0 && j > i-utf8.UTFMax; j-- {
		if utf8.RuneStart(s[j]) {
			_, w := utf8.DecodeRuneInString(s[j:])
			return j+w <= i
		}
	}
	return true
}

// charWidth returns the width of the character at s[i], which is not ASCII, if it is one of in's class; else 0.
func (in *inst) charWidth(s string, i int) int {
	switch {
	case in.high:
		_, w := utf8.DecodeRuneInString(s[i:])
		return w
	case !in.chars:
		return 0
	}
	r, w := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError && w == 1 {
		if in.more.class.Invalid {
			return 1
		}
		return 0
	}
	if in.more.class.Has(r) {
		return w
	}
	return 0
}

// charRun returns where a run of in's class may end at the earliest and at the latest; lo is -1 if it is too short.
func (in *inst) charRun(s string, i int) (lo, end int) {
	lo = -1
	for k := int32(0); ; k++ {
		if k == in.min {
			lo = i
		}
		if k == in.max || i == len(s) {
			return lo, i
		}
		w := 1
		if c := s[i]; c >= utf8.RuneSelf {
			w = in.charWidth(s, i)
		} else if in.table[c]&in.member == 0 {
			w = 0
		}
		if w == 0 {
			return lo, i
		}
		i += w
	}
}

// chain returns the end of words of in's class with in's separator between them; less than 0 if there is no word.
func (in *inst) chain(s string, i int) int {
	end := -1
	for {
		if in.neg {
			if i >= len(s) || in.table[byteAt(s, i)]&in.member == 0 {
				return end
			}
			i++
		}
		k := scan.Run(s, i, in.set)
		if k-i < int(in.min) {
			return end
		}
		if end = k; k == len(s) || byteAt(s, k) != in.end {
			return end
		}
		i = k + 1
	}
}

// giveBack returns the last position from lo to end at which what follows can begin; less than lo if there is none.
func (in *inst) giveBack(s string, lo, end int) int {
	i := end
	if i == len(s) {
		if in.edge {
			return i
		}
		i--
	}
	for ; i >= lo; i-- {
		if c := byteAt(s, i); in.table[c]&in.follow != 0 && (c < utf8.RuneSelf || boundary(s, i)) {
			break
		}
	}
	return i
}

// goOn returns the first position from i to end at which what follows can begin; more than end if there is none.
func (in *inst) goOn(s string, i, end int) int {
	for ; i <= end; i++ {
		if i == len(s) {
			if in.edge {
				return i
			}
			return i + 1
		}
		if c := s[i]; in.table[c]&in.follow != 0 && (c < utf8.RuneSelf || boundary(s, i)) {
			return i
		}
	}
	return i
}

// back returns the position n characters before pos; -1 if there is none.
func back(s string, pos, n int) int {
	for ; n > 0; n-- {
		if pos == 0 {
			return -1
		}
		_, w := utf8.DecodeLastRuneInString(s[:pos])
		pos -= w
	}
	return pos
}

// holds says whether the assertion in holds at pos.
func (in *inst) holds(s string, pos int) bool {
	switch in.op {
	case opBoundary:
		return wordBefore(s, pos) != wordBehind(s, pos)
	case opNotBoundary:
		return wordBefore(s, pos) == wordBehind(s, pos)
	case opLineStart:
		return pos == 0 || s[pos-1] == '\n' && pos < len(s)
	case opLineEnd:
		return pos == len(s) || s[pos] == '\n'
	case opTextStart:
		return pos == 0
	case opTextEnd:
		return pos == len(s)
	default: // opTextEndNewline
		return pos == len(s) || pos == len(s)-1 && s[pos] == '\n'
	}
}

func wordBefore(s string, pos int) bool {
	if pos == 0 {
		return false
	}
	if c := s[pos-1]; c < utf8.RuneSelf {
		return asciiWord(c)
	}
	r, w := utf8.DecodeLastRuneInString(s[:pos])
	return w > 1 && syntax.IsWord(r)
}

func wordBehind(s string, pos int) bool {
	if pos == len(s) {
		return false
	}
	if c := s[pos]; c < utf8.RuneSelf {
		return asciiWord(c)
	}
	r, w := utf8.DecodeRuneInString(s[pos:])
	return w > 1 && syntax.IsWord(r)
}

func asciiWord(c byte) bool {
	w := wordBytes()
	return w.has(c)
}

// dropChoices removes the ways from stack[to:sp] and keeps what undoes captures. It returns the new height.
func dropChoices(stack []frame, to, sp int) int {
	w := to
	for i := to; i < sp; i++ {
		if stack[i].at < 0 {
			stack[w] = stack[i]
			w++
		}
	}
	return w
}

// undo takes back what frames recorded, the last first.
func (m *Machine) undo(frames []frame, caps *slots) {
	for i := len(frames) - 1; i >= 0; i-- {
		switch f := &frames[i]; f.at {
		case undoSlot:
			caps.set(uint16(f.aux), int(f.pos))
		case undoReg:
			m.regs[f.aux] = f.pos
		}
	}
}
