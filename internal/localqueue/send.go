package localqueue

import (
	"crypto/md5" //nolint:gosec // the protocol's checksum
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// attribute is a message attribute.
type attribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`
}

type entry struct {
	Id                     string //nolint:revive // the protocol's name
	MessageBody            string
	DelaySeconds           *int
	MessageAttributes      map[string]attribute
	MessageGroupId         string //nolint:revive // the protocol's name
	MessageDeduplicationId string //nolint:revive // the protocol's name
}

type sendRequest struct {
	QueueUrl string //nolint:revive // the protocol's name
	Entries  []entry
	entry
}

type sendReply struct {
	Id                     string `json:",omitempty"` //nolint:revive // the protocol's name
	MessageId              string //nolint:revive // the protocol's name
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
	SequenceNumber         string `json:",omitempty"`
}

// failure is one entry of a batch that failed.
type failure struct {
	Id          string //nolint:revive // the protocol's name
	Code        string
	Message     string
	SenderFault bool
}

func fail(id string, err *apiError) failure { return failure{id, err.code, err.text, true} }

func (s *Server) send(_ *http.Request, body []byte) (any, error) {
	in, err := decode[sendRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		out, err := q.add(&in.entry)
		if err != nil {
			return nil, err
		}
		s.wake()
		return out, nil
	})
}

func (s *Server) sendBatch(_ *http.Request, body []byte) (any, error) {
	in, err := decode[sendRequest](body)
	if err != nil {
		return nil, err
	}
	total := 0
	ids := make([]string, 0, len(in.Entries))
	for i := range in.Entries {
		ids = append(ids, in.Entries[i].Id)
		total += in.Entries[i].size()
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	if total > maxMessageSize {
		return nil, bad("AWS.SimpleQueueService.BatchRequestTooLong", "the batch has %d bytes, at most %d are allowed", total, maxMessageSize)
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		good, failed := []sendReply{}, []failure{}
		for i := range in.Entries {
			out, err := q.add(&in.Entries[i])
			if err != nil {
				failed = append(failed, fail(in.Entries[i].Id, err))
				continue
			}
			out.Id = in.Entries[i].Id
			good = append(good, *out)
		}
		s.wake()
		return map[string]any{"Successful": good, "Failed": failed}, nil
	})
}

// checkBatch checks the number and ids of a batch's entries.
func checkBatch(ids []string) error {
	switch {
	case len(ids) == 0:
		return bad("AWS.SimpleQueueService.EmptyBatchRequest", "there are no entries in the batch")
	case len(ids) > maxEntries:
		return bad("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "%d entries, at most %d are allowed", len(ids), maxEntries)
	}
	for i, id := range ids {
		if id == "" || len(id) > maxEntryID || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return bad("AWS.SimpleQueueService.InvalidBatchEntryId", "entry id %q: expected up to 80 letters, digits, hyphens and underscores", id)
		}
		if slices.Contains(ids[:i], id) {
			return bad("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "entry id %q is repeated", id)
		}
	}
	return nil
}

// size is what counts against the limits: body, and names, types and values of attributes.
func (e *entry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

// allowed reports whether SQS takes a character.
func allowed(r rune) bool {
	return r == 0x9 || r == 0xA || r == 0xD || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

func (q *queue) check(e *entry) *apiError {
	switch {
	case e.MessageBody == "":
		return bad("MissingParameter", "the message body is empty")
	case e.size() > q.maxSize:
		return bad("InvalidParameterValue", "the message has %d bytes, at most %d are allowed", e.size(), q.maxSize)
	case !utf8.ValidString(e.MessageBody) || strings.ContainsFunc(e.MessageBody, func(r rune) bool { return !allowed(r) }):
		return bad("InvalidMessageContents", "the message has characters that are not allowed")
	case q.fifo && e.MessageGroupId == "":
		return bad("MissingParameter", "a FIFO queue needs MessageGroupId")
	case q.fifo && e.MessageDeduplicationId == "" && !q.content:
		return bad("InvalidParameterValue", "a FIFO queue needs MessageDeduplicationId or ContentBasedDeduplication")
	case !tagOK(e.MessageGroupId) || !tagOK(e.MessageDeduplicationId):
		return bad("InvalidParameterValue", "MessageGroupId and MessageDeduplicationId take up to %d letters, digits and punctuation marks", maxTag)
	case q.fifo && e.DelaySeconds != nil && *e.DelaySeconds != 0:
		return bad("InvalidParameterValue", "DelaySeconds is the queue's on a FIFO queue")
	case e.DelaySeconds != nil && (*e.DelaySeconds < 0 || *e.DelaySeconds > int(maxDelay/time.Second)):
		return bad("InvalidParameterValue", "DelaySeconds %d: expected 0 to 900", *e.DelaySeconds)
	}
	return checkAttributes(e.MessageAttributes)
}

// tagOK reports whether a group or deduplication id is one.
func tagOK(s string) bool {
	return len(s) <= maxTag && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func checkAttributes(attrs map[string]attribute) *apiError {
	if len(attrs) > maxAttributes {
		return bad("InvalidParameterValue", "the message has %d attributes, at most %d are allowed", len(attrs), maxAttributes)
	}
	for name, a := range attrs {
		kind, _, _ := strings.Cut(a.DataType, ".")
		switch {
		case kind != "String" && kind != "Number" && kind != "Binary":
			return bad("InvalidParameterValue", "the message attribute %q has the type %q: expected String, Number or Binary", name, a.DataType)
		case kind == "Binary" && len(a.BinaryValue) == 0 || kind != "Binary" && a.StringValue == "":
			return bad("InvalidParameterValue", "the message attribute %q is empty", name)
		}
	}
	return nil
}

// add appends a message; one that is a duplicate on a FIFO queue is accepted and forgotten.
func (q *queue) add(e *entry) (*sendReply, *apiError) {
	if err := q.check(e); err != nil {
		return nil, err
	}
	now, delay := time.Now(), q.delay
	if e.DelaySeconds != nil {
		delay = time.Duration(*e.DelaySeconds) * time.Second
	}
	m := &message{
		id: newID(), body: e.MessageBody, md5: sum([]byte(e.MessageBody)), attrs: e.MessageAttributes, attrsMD5: attributesMD5(e.MessageAttributes),
		group: e.MessageGroupId, sentAt: now, visible: now.Add(delay),
	}
	out := &sendReply{MessageId: m.id, MD5OfMessageBody: m.md5, MD5OfMessageAttributes: m.attrsMD5}
	if q.fifo {
		m.dedup = e.MessageDeduplicationId
		if m.dedup == "" {
			m.dedup = fmt.Sprintf("%x", sha256.Sum256([]byte(m.body)))
		}
		if before, ok := q.dedup[m.dedup]; ok && now.Sub(before.at) < dedupWindow {
			out.MessageId = before.id
			return out, nil
		}
		q.remember(m.dedup, sent{now, m.id})
		q.sequence++
		m.sequence = q.sequence
		out.SequenceNumber = sequenceText(m.sequence)
	}
	q.messages = append(q.messages, m)
	return out, nil
}

func sum(b []byte) string {
	h := md5.Sum(b) //nolint:gosec // the protocol's checksum
	return hex.EncodeToString(h[:])
}

// attributesMD5 is the checksum of message attributes (SQS developer guide, "Calculating the MD5 message
// digest for message attributes"): sorted by name, each part with its length, 1 for text and 2 for bytes.
func attributesMD5(attrs map[string]attribute) string {
	if len(attrs) == 0 {
		return ""
	}
	names := make([]string, 0, len(attrs))
	for n := range attrs {
		names = append(names, n)
	}
	slices.Sort(names)
	var b []byte
	part := func(p []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	for _, n := range names {
		a := attrs[n]
		part([]byte(n))
		part([]byte(a.DataType))
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, 2)
			part(a.BinaryValue)
		} else {
			b = append(b, 1)
			part([]byte(a.StringValue))
		}
	}
	return sum(b)
}
