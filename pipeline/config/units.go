package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads 500ms, 1m30s or 14d.
func parseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		if text == "0" {
			return 0, nil
		}
		return 0, fmt.Errorf("found %s, a number without a unit; write %q or another unit (ms, s, m, h, d)", text, text+"s")
	}
	var days time.Duration
	rest := text
	if head, tail, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseInt(head, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/int64(24*time.Hour)-1 {
			return 0, badDuration(s)
		}
		days, rest = time.Duration(n)*24*time.Hour, tail
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, badDuration(s)
	}
	if d < 0 || days+d < 0 {
		return 0, fmt.Errorf("found %s, expected a duration that is not negative", quote(s))
	}
	return days + d, nil
}

func badDuration(s string) error {
	return fmt.Errorf("found %s, expected a duration such as 500ms, 5s, 1m30s, 12h or 14d", quote(s))
}

// sizeUnit returns the bytes of a unit in lower case, 0 for none.
func sizeUnit(unit string) float64 {
	for i, prefix := range [...]string{"", "k", "m", "g", "t"} {
		switch unit {
		case prefix + "b":
			return math.Pow(1000, float64(i))
		case prefix + "ib":
			return math.Pow(1024, float64(i))
		}
	}
	return 0
}

var errNotSize = errors.New("expected a size such as 512KB, 10MiB or 1GiB")

// parseSize reads 512KB or 10MiB.
func parseSize(s string) (int64, error) {
	text := strings.TrimSpace(s)
	if text == "0" {
		return 0, nil
	}
	i := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '_' })
	if i < 0 {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return 0, fmt.Errorf("found %s, %w", quote(s), errNotSize)
		}
		return 0, fmt.Errorf("found %s, a number without a unit; write %q, or another unit (B, KB, KiB, MB, MiB, GiB)", text, text+"B")
	}
	unit := strings.ToLower(strings.TrimSpace(text[i:]))
	n, err := strconv.ParseFloat(text[:i], 64)
	if err != nil {
		return 0, fmt.Errorf("found %s, %w", quote(s), errNotSize)
	}
	factor := sizeUnit(unit)
	if factor == 0 || unit == "ib" {
		return 0, fmt.Errorf("found %s, %w%s", quote(s), errNotSize, unitHint(text[:i], unit))
	}
	if n*factor >= math.MaxInt64 {
		return 0, fmt.Errorf("found %s, which is too large", quote(s))
	}
	return int64(n * factor), nil
}

func unitHint(number, unit string) string {
	if unit == "k" || unit == "m" || unit == "g" || unit == "t" {
		return fmt.Sprintf("; write %q", number+strings.ToUpper(unit)+"iB")
	}
	return ""
}
