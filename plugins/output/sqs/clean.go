package sqs

import (
	"strings"
	"unicode/utf8"
)

// sendable reports whether SQS takes all characters of a body.
func sendable(body string) bool {
	for i := range len(body) {
		if c := body[i]; c >= utf8.RuneSelf {
			return utf8.ValidString(body) && !strings.ContainsFunc(body, forbidden)
		} else if c < ' ' && forbidden(rune(c)) {
			return false
		}
	}
	return true
}

// clean replaces the characters that SQS does not take, and what is not UTF-8, by U+FFFD.
func clean(body string) string {
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return utf8.RuneError
		}
		return r
	}, body) // bytes that are no characters are U+FFFD already
}

// forbidden reports whether SQS refuses a message for a character (API reference, SendMessage).
func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
