package elasticsearch

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"sluice/internal/json"
)

// scanner reads a bulk reply in place: only what is asked for is looked at, the rest is stepped over. The
// replies of a stranger are read by it, so it checks all bounds and never recurses.
type scanner struct {
	b []byte
	i int
}

// replyItem is what a reply says about one document. The texts are raw JSON strings without their quotes.
type replyItem struct {
	status             int
	typ, reason, cause []byte
}

var (
	errCut = errors.New("the reply ends too early")
	errBad = errors.New("the reply is no bulk reply")
)

// space steps over white space and returns the next byte, 0 at the end.
func (s *scanner) space() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// expect steps over one byte.
func (s *scanner) expect(c byte) error {
	switch s.space() {
	case c:
		s.i++
		return nil
	case 0:
		return errCut
	}
	return errBad
}

// str reads a string and returns it raw.
func (s *scanner) str() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	start := s.i
	for {
		n := bytes.IndexByte(s.b[s.i:], '"')
		if n < 0 {
			s.i = len(s.b)
			return nil, errCut
		}
		s.i += n + 1
		if raw := s.b[start : s.i-1]; !endsEscaped(raw) {
			return raw, nil
		}
	}
}

// endsEscaped reports whether what follows raw is escaped: raw ends in an odd number of backslashes.
func endsEscaped(raw []byte) bool {
	n := len(raw)
	for n > 0 && raw[n-1] == '\\' {
		n--
	}
	return (len(raw)-n)%2 == 1
}

// more steps over a comma and reports true, or over the closing bracket and reports false. first says that
// nothing was read yet.
func (s *scanner) more(closing byte, first bool) (bool, error) {
	switch c := s.space(); {
	case c == closing:
		s.i++
		return false, nil
	case c == 0:
		return false, errCut
	case first:
		return true, nil
	case c == ',':
		s.i++
		return true, nil
	}
	return false, errBad
}

// key reads the next name of an object; nil is its end.
func (s *scanner) key(first bool) ([]byte, error) {
	more, err := s.more('}', first)
	if !more || err != nil {
		return nil, err
	}
	name, err := s.str()
	if err != nil {
		return nil, err
	}
	if name == nil {
		name = []byte{}
	}
	return name, s.expect(':')
}

// skip steps over a value of any kind.
func (s *scanner) skip() error {
	depth := 0
	for {
		switch c := s.space(); c {
		case 0:
			return errCut
		case '"':
			if _, err := s.str(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			s.i++
			continue
		case '}', ']':
			depth--
			s.i++
		case ',', ':':
			if depth == 0 {
				return errBad
			}
			s.i++
			continue
		default:
			s.word()
		}
		if depth < 0 {
			return errBad
		}
		if depth == 0 {
			return nil
		}
	}
}

// word steps over a number or a literal.
func (s *scanner) word() []byte {
	start := s.i
	for ; s.i < len(s.b); s.i++ {
		switch s.b[s.i] {
		case ',', ':', '}', ']', '{', '[', '"', ' ', '\t', '\n', '\r':
			if s.i == start {
				s.i++ // a byte that stands wrong: the caller goes on behind it
			}
			return s.b[start:s.i]
		}
	}
	return s.b[start:s.i]
}

// What the head of a reply tells.
type headState uint8

const (
	headCut    headState = iota // more must be read
	headClean                   // every document was taken
	headErrors                  // the items must be looked at
	headBad                     // this is no bulk reply
)

// head reads up to the value of "errors".
func head(b []byte) headState {
	s := scanner{b: b}
	if err := s.expect('{'); err != nil {
		return headFailed(err)
	}
	for first := true; ; first = false {
		name, err := s.key(first)
		if err != nil {
			return headFailed(err)
		}
		if name == nil {
			return headBad
		}
		switch string(name) {
		case "errors":
			s.space()
			word := string(s.word())
			switch {
			case word == "false":
				return headClean
			case word == "true":
				return headErrors
			case s.i == len(b):
				return headCut
			}
			return headBad
		case "items": // it stands before "errors": the items tell as much
			return headErrors
		}
		if err := s.skip(); err != nil {
			return headFailed(err)
		}
	}
}

func headFailed(err error) headState {
	if errors.Is(err, errCut) {
		return headCut
	}
	return headBad
}

// eachItem calls f for each item of a reply until f returns false, and returns how many it read. An error
// says that what follows the last item read cannot be trusted.
func eachItem(b []byte, f func(n int, it *replyItem) bool) (int, error) {
	s := scanner{b: b}
	if err := s.expect('{'); err != nil {
		return 0, err
	}
	for first := true; ; first = false {
		name, err := s.key(first)
		if err != nil {
			return 0, err
		}
		if name == nil {
			return 0, errBad
		}
		if string(name) == "items" {
			return s.items(f)
		}
		if err := s.skip(); err != nil {
			return 0, err
		}
	}
}

func (s *scanner) items(f func(n int, it *replyItem) bool) (int, error) {
	if err := s.expect('['); err != nil {
		return 0, err
	}
	var it replyItem
	for n := 0; ; n++ {
		more, err := s.more(']', n == 0)
		if !more || err != nil {
			return n, err
		}
		it = replyItem{}
		if err := s.item(&it); err != nil {
			return n, err
		}
		if !f(n, &it) {
			return n + 1, nil
		}
	}
}

// item reads {"create":{"status":201}}.
func (s *scanner) item(it *replyItem) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	action, err := s.key(true)
	if err != nil {
		return err
	}
	if action == nil {
		return errBad
	}
	if err := s.outcome(it); err != nil {
		return err
	}
	if err := s.expect('}'); err != nil {
		return err
	}
	if it.status == 0 {
		return errBad
	}
	return nil
}

func (s *scanner) outcome(it *replyItem) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		name, err := s.key(first)
		if name == nil || err != nil {
			return err
		}
		switch string(name) {
		case "status":
			s.space()
			if it.status, err = strconv.Atoi(textOf(s.word())); err != nil {
				return errBad
			}
			continue
		case "error":
			err = s.failure(it)
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}

// failure reads an error: an object, or text in very old or foreign replies.
func (s *scanner) failure(it *replyItem) error {
	switch s.space() {
	case '"':
		var err error
		it.reason, err = s.str()
		return err
	case '{':
		s.i++
	default:
		return s.skip()
	}
	for first := true; ; first = false {
		name, err := s.key(first)
		if name == nil || err != nil {
			return err
		}
		switch string(name) {
		case "type":
			it.typ, err = s.textOrSkip()
		case "reason":
			it.reason, err = s.textOrSkip()
		case "caused_by":
			var inner replyItem
			err = s.failure(&inner)
			if it.cause = inner.reason; len(inner.reason) == 0 {
				it.cause = inner.typ
			}
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}

// textOrSkip reads a string; any other value, such as null, counts as an empty one.
func (s *scanner) textOrSkip() ([]byte, error) {
	if s.space() == '"' {
		return s.str()
	}
	return nil, s.skip()
}

// wholeFailure reads the body of a request that was refused as a whole: {"error":{...},"status":400}, or
// {"error":"text"}. It reports whether b is one.
func wholeFailure(b []byte) (replyItem, bool) {
	var it replyItem
	s := scanner{b: b}
	if s.expect('{') != nil {
		return it, false
	}
	for first := true; ; first = false {
		name, err := s.key(first)
		if name == nil || err != nil {
			return it, false
		}
		if string(name) != "error" {
			if s.skip() != nil {
				return it, false
			}
			continue
		}
		if s.failure(&it) != nil {
			return it, false
		}
		return it, len(it.typ) > 0 || len(it.reason) > 0
	}
}

// unescape returns a raw JSON string as text, cut at a length that is good for a message.
func unescape(raw []byte) string {
	const most = 400
	cut := len(raw) > 2*most
	if cut { // enough for a cut text, also when much of it is escaped
		if raw = raw[:2*most]; endsEscaped(raw) {
			raw = raw[:len(raw)-1]
		}
	}
	r := json.NewReader(append(append([]byte{'"'}, raw...), '"'))
	s := string(raw)
	if kind, err := r.Next(); err == nil && kind == json.String {
		s = r.Str
	}
	if len(s) > most {
		s, cut = strings.ToValidUTF8(s[:most], ""), true // the end may be half a character
	}
	if cut {
		s += "..."
	}
	return s
}
