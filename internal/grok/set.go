package grok

// Set is the expressions that are tried on one text, one after another. What each of them cannot match without is looked for
// in one pass over the text for all of them together, so that the pass costs the same for two as for sixty.
//
// A matcher looks for what its expression needs, too, and finds in about 50 ns that a line is not its own; the pass takes some
// 100. So it pays when LookAfter of many expressions have failed.
//
// What is looked for are pairs of neighbouring bytes: `] "` has two, [0-9]+: has ten of which one must be there. A Set is
// read-only and may be used by several goroutines.
type Set struct {
	n      int    // expressions
	rest   uint64 // those of which nothing is known
	needs  [MaxInSet]uint64
	all    uint64           // every feature
	kinds  [maxKinds]uint64 // the features of which a pair of this kind is one
	byPair *[65536]uint8    // the kind of each pair of bytes
}

// LookAfter is how many expressions are best tried before Candidates is asked about the rest.
const LookAfter = 3

// MaxInSet is how many expressions a set knows; more may always match.
const MaxInSet = 64

// maxKinds is how many different kinds of pairs there may be.
const maxKinds = 256

// NewSet returns the set of the patterns, in their order.
func NewSet(list []*Pattern) *Set {
	s := &Set{n: min(len(list), MaxInSet)}
	if len(list) < 2 {
		s.rest = ^uint64(0)
		return s
	}
	var chosen []pairs
	share := max(1, min(3, MaxInSet/s.n)) // features for each expression
	for i, p := range list[:s.n] {
		for _, f := range best(featuresOf(p.program.Tree().Root), share) {
			at := indexOf(chosen, f)
			if at == len(chosen) {
				chosen = append(chosen, f)
			}
			s.needs[i] |= 1 << at
		}
		if s.needs[i] == 0 {
			s.rest |= 1 << i
		}
	}
	s.all = 1<<len(chosen) - 1
	s.table(chosen)
	return s
}

func indexOf(list []pairs, f pairs) int {
	for i := range list {
		if list[i].equal(f) {
			return i
		}
	}
	return len(list)
}

// table fills in the kind of each pair of bytes. When there are too many kinds, the features that come last are
// forgotten.
func (s *Set) table(chosen []pairs) {
	masks := make([]uint64, 1<<16)
	for i, f := range chosen {
		f.each(func(pair uint16) { masks[pair] |= 1 << i })
	}
	s.byPair = new([1 << 16]uint8)
	for n := len(chosen); !s.sort(masks); {
		n--
		s.all = 1<<n - 1
		for i := range masks {
			masks[i] &= s.all
		}
		for i := range s.n {
			if s.needs[i] &= s.all; s.needs[i] == 0 {
				s.rest |= 1 << i
			}
		}
	}
}

// sort gives each pair of bytes its kind. It reports false when there are too many of them.
func (s *Set) sort(masks []uint64) bool {
	kind := map[uint64]uint8{0: 0}
	s.kinds = [maxKinds]uint64{}
	for pair, mask := range masks {
		k, ok := uint8(0), mask == 0
		if !ok {
			k, ok = kind[mask]
		}
		if !ok {
			if len(kind) == maxKinds {
				return false
			}
			k = uint8(len(kind))
			kind[mask] = k
			s.kinds[k] = mask
		}
		s.byPair[pair] = k
	}
	return true
}

// Candidates returns the expressions that may match a text, as a bit for each; the others certainly do not. Expressions from
// number 64 on have no bit, and may always match.
func (s *Set) Candidates(text string) uint64 {
	if s.byPair == nil {
		return ^uint64(0)
	}
	found := s.scan(text)
	if found == s.all {
		return ^uint64(0)
	}
	may := s.rest
	for i := range s.n {
		if s.needs[i]&^found == 0 {
			may |= 1 << i
		}
	}
	return may
}

// block is how many bytes are looked at before it is asked whether all features are found.
const block = 64

// scan returns the features that a text has.
func (s *Set) scan(text string) (found uint64) {
	kinds := &s.kinds
	for len(text) > 1 && found != s.all {
		part := text[:min(block+1, len(text))]
		text = text[len(part)-1:]
		pair := uint16(part[0])
		for i := 1; i < len(part); i++ {
			pair = pair<<8 | uint16(part[i])
			found |= kinds[s.byPair[pair]]
		}
	}
	return found
}
