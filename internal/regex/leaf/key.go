package leaf

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"sluice/internal/regex/syntax"
)

// appendKey appends what two nodes have in common exactly if they say the same, wherever they stand.
func appendKey(key []byte, n *syntax.Node) []byte {
	num := func(v int) { key = binary.AppendVarint(key, int64(v)) }
	flag := func(v bool) {
		if v {
			num(1)
		} else {
			num(0)
		}
	}
	num(int(n.Op))
	switch n.Op {
	case syntax.Literal:
		num(len(n.Text))
		key = append(key, n.Text...)
	case syntax.OneOf:
		num(len(n.Class.Ranges))
		for _, r := range n.Class.Ranges {
			num(int(r.Lo))
			num(int(r.Hi))
		}
		flag(n.Class.Invalid)
	case syntax.Repeat:
		num(n.Min)
		num(n.Max)
		flag(n.Lazy)
	case syntax.Look:
		flag(n.Behind)
		flag(n.Neg)
	}
	num(len(n.Subs))
	for _, s := range n.Subs {
		key = appendKey(key, s)
	}
	return key
}

// hash is the same for machines that give the same answers, and only for those: it is made from a minimal
// machine, whose states and columns have been numbered in an order that follows from the answers alone.
func (m *machine) hash() string {
	buf := binary.AppendVarint(nil, int64(m.mode))
	buf = binary.AppendVarint(buf, int64(m.limit))
	buf = binary.AppendVarint(buf, int64(m.columns))
	buf = append(buf, m.class[:]...)
	for _, row := range m.rows {
		for _, e := range row {
			buf = append(buf, byte(e.kind))
			buf = binary.AppendVarint(buf, int64(e.to))
		}
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:hashBytes])
}

const hashBytes = 12 // enough that nobody finds two machines with the same hash, by chance or on purpose
