package config

import (
	"strconv"
	"strings"

	"sluice/internal/nearest"
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
	if n := nearest.Name(found, names); n != "" {
		return "; did you mean " + strconv.Quote(n) + "?"
	}
	return ""
}

// list writes names as "a, b or c".
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
