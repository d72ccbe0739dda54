package config

import (
	"slices"
	"strconv"
	"strings"
)

// maxQuoted is how much of a found text a message shows.
const maxQuoted = 128

// quote shows found text in a message, cut where it is long.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(strings.ToValidUTF8(s[:maxQuoted], "")) + "..."
	}
	return strconv.Quote(s)
}

// suggest returns `; did you mean "x"?` for the nearest of the names, or "" when none is near.
func suggest(found string, names []string) string {
	if n := nearest(found, names); n != "" {
		return "; did you mean " + strconv.Quote(n) + "?"
	}
	return ""
}

// nearest returns the name with the smallest edit distance, if that is at most a third of the length (one
// edit for very short names).
func nearest(found string, names []string) string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	best, dist := "", max(1, len(found)/3)+1
	for _, n := range sorted {
		if d := distance(strings.ToLower(found), strings.ToLower(n), dist); d < dist {
			best, dist = n, d
		}
	}
	return best
}

// distance is the number of single-character edits, or of swaps of neighbours, between a and b; limit and
// above are all the same.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(b)], limit)
}

// list writes names as "a, b or c".
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
