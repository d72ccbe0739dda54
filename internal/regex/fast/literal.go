package fast

import "strings"

// needle is a literal to be searched for: by the one of its bytes that texts have least.
type needle struct {
	text string
	rare int // the offset of that byte
}

func newNeedle(text string) needle {
	n := needle{text: text}
	for i := range len(text) {
		if commonness(text[i]) < commonness(text[n.rare]) {
			n.rare = i
		}
	}
	return n
}

// commonness ranks bytes by how often they stand in log lines, roughly.
func commonness(c byte) int {
	switch {
	case c == ' ':
		return 9
	case c >= '0' && c <= '9':
		return 8
	case strings.IndexByte("etaoinsr", c) >= 0:
		return 7
	case c >= 'a' && c <= 'z':
		return 6
	case strings.IndexByte(".:/-", c) >= 0:
		return 5
	case c >= 'A' && c <= 'Z':
		return 4
	case strings.IndexByte(`"=,_`, c) >= 0:
		return 3
	default:
		return 2
	}
}

// misses is the number of bytes that look like a literal's rarest one and are not, after which that is no longer a
// good way to find it.
const misses = 16

// index returns where the literal begins in s, from i on; less than 0 if it does not.
func (n *needle) index(s string, i int) int {
	for range misses {
		at := i + n.rare
		if at >= len(s) {
			return -1
		}
		k := strings.IndexByte(s[at:], n.text[n.rare])
		if k < 0 {
			return -1
		}
		i += k
		if len(n.text) == 1 || strings.HasPrefix(s[i:], n.text) {
			return i
		}
		i++
	}
	if k := strings.Index(s[i:], n.text); k >= 0 {
		return i + k
	}
	return -1
}
