package leaf

import "math/bits"

// The generated functions take numbers of one to three digits, as they stand in addresses and dates, at once: which
// lengths and values those have is what a processor cannot predict, so that a branch for each byte is dear.

// numeral returns the four bytes s[k:k+4], which must be there; those from '0' to '9' as 0 to 9.
func numeral(s string, k uint) uint32 {
	t := s[k : k+4]
	return (uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24) ^ 0x30303030
}

// digits returns how many bytes of a numeral, from the first on, are digits.
func digits(t uint32) uint {
	return uint(bits.TrailingZeros32(((t&0x7F7F7F7F+0x76767676)|t)&0x80808080)) / 8
}

// index returns the index of the first n bytes of a numeral, which are digits: for n from 1 to 3 it is n<<12 and the
// digits, four bits each. For n = 0 it is below 1<<12, for n = 4 it is 4<<12 or more.
func index(t uint32, n uint) uint {
	t <<= (4 - n) * 8 % 32 // the last digit comes last
	return n<<12 | uint(t&0xF00|t>>12&0xF0|t>>24)
}

// pair returns the index of the two bytes s[k:k+2], which must be there, or 0 if they are not two digits.
func pair(s string, k uint) uint {
	a, b := s[k]-'0', s[k+1]-'0'
	if a > 9 || b > 9 {
		return 0
	}
	return 2<<12 | uint(a)<<4 | uint(b)
}

// has reports whether the bit at index is set in a table of 4<<12.
func has(table string, index uint) bool { return table[index/8%2048]>>(index%8)&1 != 0 }

// word returns the three bytes s[k:k+3], of which there must be four.
func word(s string, k uint) uint32 {
	t := s[k : k+4]
	return (uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24) & 0xFFFFFF
}

// slot returns a word of a table of 256.
//
//nolint:unparam // which tables there are depends on the patterns
func slot(table string, i uint32) uint32 {
	t := table[i%256*4:][:4]
	return uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24
}
