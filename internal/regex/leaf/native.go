package leaf

import "math/bits"

// The generated functions take numbers of one to three digits, as they stand in addresses and dates, at once: which
// lengths and values those have is what a processor cannot predict, so that a branch for each byte is dear.

// numeral returns the four bytes s[k:k+4], which must be there; those from '0' to '9' as 0 to 9.
func numeral(s string, k uint) uint32 {
	return (uint32(s[k]) | uint32(s[k+1])<<8 | uint32(s[k+2])<<16 | uint32(s[k+3])<<24) ^ 0x30303030
}

// digits returns how many bytes of a numeral, from the first on, are digits.
func digits(t uint32) uint {
	return uint(bits.TrailingZeros32(((t&0x7F7F7F7F+0x76767676)|t)&0x80808080)) / 8
}

// index returns the index of the first n bytes of a numeral, which are digits: it tells all strings of one to three
// digits apart, and is below 4096. For n = 0 it is 0, for n = 4 it is 4096 or more.
func index(t uint32, n uint) uint {
	t <<= (4 - n) * 8 // the last digit comes last
	return n<<10 | uint(t>>8&0xFF)*100 + uint(t>>16&0xFF)*10 + uint(t>>24)
}

// has reports whether the bit at index is set in a table of 4096.
func has(table string, index uint) bool { return table[index/8%512]>>(index%8)&1 != 0 }
