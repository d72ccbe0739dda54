package event

import (
	"fmt"
	"strings"
	"time"

	"sluice/internal/joda"
)

// timeNow is the java.time "pattern" that stands for the wall clock.
const timeNow = "TIME_NOW"

// javaTime turns a pattern of java.time's DateTimeFormatter into the Joda pattern that writes the same.
// Letters that java.time and Joda read alike stay; those whose meaning depends on the machine's language
// (week years, weeks, numbers of weekdays) and optional parts are refused. loc is the zone in which it will be
// used.
func javaTime(pattern string, loc *time.Location) (*joda.Format, error) {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			n := quoteEnd(pattern[i:])
			out.WriteString(pattern[i : i+n])
			i += n
			continue
		}
		if !isLetter(c) {
			if strings.IndexByte("[]{}#", c) >= 0 {
				return nil, fmt.Errorf("java.time pattern %q: %q at %d is not supported", pattern, c, i+1)
			}
			out.WriteByte(c)
			i++
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		text, err := javaLetter(c, n, loc)
		if err != nil {
			return nil, fmt.Errorf("java.time pattern %q: %w", pattern, err)
		}
		out.WriteString(text)
		i += n
	}
	f, err := joda.Compile(out.String())
	if err != nil {
		return nil, fmt.Errorf("java.time pattern %q: %w", pattern, err)
	}
	return f, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// quoteEnd returns the length of the quoted text at the start of s, all of s when it is not closed.
func quoteEnd(s string) int {
	if strings.HasPrefix(s, "''") {
		return 2
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

// javaLetter returns the Joda letters for n times the java.time letter c.
func javaLetter(c byte, n int, loc *time.Location) (string, error) {
	longest := 2
	as := string(c)
	switch c {
	case 'y', 'u':
		longest, as = 9, "y"
	case 'M', 'L':
		longest, as = 4, "M"
	case 'D':
		longest = 3
	case 'E':
		longest = 4
	case 'S':
		longest = 9
	case 'n': // nanoseconds of the second, as a number without zeros in front: what S writes is something else
		return "", fmt.Errorf("letter %q is not supported: write SSSSSSSSS", c)
	case 'a':
		longest = 1
	case 'd', 'h', 'H', 'k', 'K', 'm', 's':
	case 'X', 'x', 'Z':
		return javaZone(c, n, loc)
	default:
		return "", fmt.Errorf("letter %q is not supported; the letters are y u M L d D E a h H k K m s S X x Z, and %%{+xxxx.ww} writes the year and number of a week", c)
	}
	if n > longest {
		return "", fmt.Errorf("too many letters: %s", strings.Repeat(string(c), n))
	}
	return strings.Repeat(as, n), nil
}

// javaZone returns the Joda letters for an offset. X is Z for UTC, for which Joda has no letter.
func javaZone(c byte, n int, loc *time.Location) (string, error) {
	switch {
	case c == 'X' && n <= 3 && loc == time.UTC:
		return "'Z'", nil
	case c == 'Z' && n <= 3 || c == 'x' && n == 2:
		return "Z", nil // +0000
	case c == 'x' && n == 3:
		return "ZZ", nil // +00:00
	}
	return "", fmt.Errorf("zone %s is not supported in %s: write Z for +0000 or xxx for +00:00", strings.Repeat(string(c), n), loc)
}
