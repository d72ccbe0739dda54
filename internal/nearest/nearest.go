// Package nearest finds the known name that an unknown one was probably meant to be.
//
// Its functions keep no state and may be called concurrently.
package nearest

import (
	"slices"
	"strings"
)

// Name returns the name that needs the fewest edits to become found, without regard to case, or "" when none is
// near: at most a third of found's length in edits, and one for very short names. Of several the first in
// alphabetical order is taken.
func Name(found string, names []string) string {
	found = strings.ToLower(found)
	best, least := "", max(1, len(found)/3)+1
	for _, n := range slices.Sorted(slices.Values(names)) {
		if d := distance(found, strings.ToLower(n), least); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the number of edits of single characters, or of swaps of neighbours, between a and b; limit and
// above are all the same.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[(i+1)%3], rows[(i-1)%3], rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return min(rows[len(a)%3][len(b)], limit)
}
