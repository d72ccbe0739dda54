package localqueue

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// m is a JSON object.
type m = map[string]any

// caller makes calls in the protocol, as a client does.
type caller struct {
	t *testing.T
	h http.Handler
}

// try makes a call and returns the reply, with the error code in __type where it failed.
func (c caller) try(action string, in m) m {
	c.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	rec := httptest.NewRecorder()
	c.h.ServeHTTP(rec, req)
	var out m
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		c.t.Fatalf("%s: reply %q: %v", action, rec.Body.Bytes(), err)
	}
	if (rec.Code == http.StatusOK) != (out["__type"] == nil) {
		c.t.Errorf("%s: status %d with %v", action, rec.Code, out)
	}
	return out
}

func (c caller) do(action string, in m) m {
	c.t.Helper()
	out := c.try(action, in)
	if out["__type"] != nil {
		c.t.Fatalf("%s: %v", action, out)
	}
	return out
}

// code makes a call and returns its error code, "" for none.
func (c caller) code(action string, in m) string {
	c.t.Helper()
	return strings.TrimPrefix(text(c.try(action, in)["__type"]), "com.amazonaws.sqs#")
}

func (c caller) send(queue, body string) {
	c.t.Helper()
	c.do("SendMessage", m{"QueueUrl": queue, "MessageBody": body})
}

// receive returns what a receive of up to ten messages gives.
func (c caller) receive(queue string, more m) []m {
	c.t.Helper()
	in := m{"QueueUrl": queue, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": []string{"All"}}
	maps.Copy(in, more)
	list, _ := c.do("ReceiveMessage", in)["Messages"].([]any)
	got := make([]m, len(list))
	for i := range list {
		got[i] = list[i].(m)
	}
	return got
}

func bodies(list []m) string {
	var all []string
	for _, x := range list {
		all = append(all, text(x["Body"]))
	}
	return strings.Join(all, " ")
}

func newCaller(t *testing.T, queue string, attrs map[string]string) caller {
	t.Helper()
	c := caller{t, New()}
	c.do("CreateQueue", m{"QueueName": queue, "Attributes": attrs})
	return c
}

func TestVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, "q", map[string]string{"VisibilityTimeout": "5"})
		c.send("q", "a")
		first := c.receive("q", nil)
		if bodies(first) != "a" || bodies(c.receive("q", nil)) != "" {
			t.Fatal("a message is received once, and hidden then")
		}
		start := time.Now()
		second := c.receive("q", m{"WaitTimeSeconds": 20})
		if bodies(second) != "a" || time.Since(start) != 5*time.Second {
			t.Errorf("%v came again after %s, want 5s", second, time.Since(start))
		}
		if n := second[0]["Attributes"].(m)["ApproximateReceiveCount"]; n != "2" {
			t.Errorf("receive count %v, want 2", n)
		}
		if code := c.code("ChangeMessageVisibility", m{"QueueUrl": "q", "ReceiptHandle": first[0]["ReceiptHandle"], "VisibilityTimeout": 1}); code != "ReceiptHandleIsInvalid" {
			t.Errorf("stale receipt: %q", code)
		}
		handle := second[0]["ReceiptHandle"]
		c.do("ChangeMessageVisibility", m{"QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": 60})
		if code := c.code("ChangeMessageVisibility", m{"QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": 43201}); code != "InvalidParameterValue" {
			t.Errorf("more than 12 hours: %q", code)
		}
		time.Sleep(59 * time.Second)
		if bodies(c.receive("q", nil)) != "" {
			t.Error("the message is visible before its time")
		}
		if code := c.code("ChangeMessageVisibility", m{"QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": 43200}); code != "InvalidParameterValue" {
			t.Errorf("more than 12 hours in all: %q", code)
		}
		c.do("DeleteMessage", m{"QueueUrl": "q", "ReceiptHandle": handle})
		c.do("DeleteMessage", m{"QueueUrl": "q", "ReceiptHandle": handle}) // a second time: nothing, and no error
		time.Sleep(time.Hour)
		if bodies(c.receive("q", nil)) != "" {
			t.Error("the message is there after its delete")
		}
	})
}

func TestLongPollEndsWithTheFirstMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, "q", nil)
		start := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			c.send("q", "late")
		}()
		if got := bodies(c.receive("q", m{"WaitTimeSeconds": 20})); got != "late" || time.Since(start) != 3*time.Second {
			t.Errorf("%q after %s, want the message after 3s", got, time.Since(start))
		}
		start = time.Now()
		if got := bodies(c.receive("q", m{"WaitTimeSeconds": 7})); got != "" || time.Since(start) != 7*time.Second {
			t.Errorf("%q after %s, want nothing after 7s", got, time.Since(start))
		}
	})
}

func TestDelayRetentionAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, "q", map[string]string{"MessageRetentionPeriod": "60"})
		counts := func() string {
			a := c.do("GetQueueAttributes", m{"QueueUrl": "q", "AttributeNames": []string{"All"}})["Attributes"].(m)
			return fmt.Sprintf("%v %v %v", a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"], a["ApproximateNumberOfMessagesDelayed"])
		}
		c.do("SendMessage", m{"QueueUrl": "q", "MessageBody": "late", "DelaySeconds": 10})
		c.send("q", "a")
		c.send("q", "b")
		c.receive("q", m{"MaxNumberOfMessages": 1})
		if got := counts(); got != "1 1 1" {
			t.Errorf("visible, in flight, delayed: %s", got)
		}
		time.Sleep(11 * time.Second)
		if got := counts(); got != "2 1 0" {
			t.Errorf("after the delay: %s", got)
		}
		time.Sleep(time.Minute)
		if got := bodies(c.receive("q", nil)); got != "" {
			t.Errorf("%q outlived the retention period", got)
		}
	})
}

func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, "dead", nil)
		c.do("CreateQueue", m{"QueueName": "q", "Attributes": map[string]string{
			"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:local:000000000000:dead","maxReceiveCount":"2"}`,
		}})
		c.send("q", "poison")
		for range 2 {
			if bodies(c.receive("q", nil)) != "poison" {
				t.Fatal("the message is not there")
			}
		}
		if bodies(c.receive("q", nil)) != "" {
			t.Error("received more often than the policy allows")
		}
		got := c.receive("dead", nil)
		if bodies(got) != "poison" || got[0]["Attributes"].(m)["DeadLetterQueueSourceArn"] != "arn:aws:sqs:local:000000000000:q" {
			t.Errorf("in the dead-letter queue: %v", got)
		}
	})
}

func TestFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, "q.fifo", map[string]string{"FifoQueue": "true"})
		put := func(body, group, dedup string) m {
			return c.do("SendMessage", m{"QueueUrl": "q.fifo", "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": dedup})
		}
		first := put("a1", "a", "1")
		put("b1", "b", "2")
		if again := put("a1", "a", "1"); again["MessageId"] != first["MessageId"] {
			t.Errorf("a duplicate got the id %v, want %v", again["MessageId"], first["MessageId"])
		}
		got := c.receive("q.fifo", nil)
		if bodies(got) != "a1 b1" {
			t.Fatalf("received %q", bodies(got))
		}
		put("a2", "a", "3")
		if bodies(c.receive("q.fifo", nil)) != "" {
			t.Error("a group goes on while its message is in flight")
		}
		c.do("DeleteMessage", m{"QueueUrl": "q.fifo", "ReceiptHandle": got[0]["ReceiptHandle"]})
		if b := bodies(c.receive("q.fifo", nil)); b != "a2" {
			t.Errorf("after the delete: %q", b)
		}
		time.Sleep(6 * time.Minute)
		if again := put("a1", "a", "1"); again["MessageId"] == first["MessageId"] {
			t.Error("a deduplication id holds longer than five minutes")
		}
		if code := c.code("SendMessage", m{"QueueUrl": "q.fifo", "MessageBody": "x", "MessageDeduplicationId": "9"}); code != "MissingParameter" {
			t.Errorf("no group: %q", code)
		}
		if code := c.code("SendMessage", m{"QueueUrl": "q.fifo", "MessageBody": "x", "MessageGroupId": "g"}); code != "InvalidParameterValue" {
			t.Errorf("no deduplication id: %q", code)
		}
	})
}

func TestBatchLimits(t *testing.T) {
	c := newCaller(t, "q", map[string]string{"MaximumMessageSize": "2048"})
	f := func(want string, ids []string, body string) {
		t.Helper()
		var entries []m
		for _, id := range ids {
			entries = append(entries, m{"Id": id, "MessageBody": body})
		}
		if got := c.code("SendMessageBatch", m{"QueueUrl": "q", "Entries": entries}); got != want {
			t.Errorf("%q of %d bytes: %q, want %q", ids, len(body), got, want)
		}
	}
	var ten []string
	for i := range 10 {
		ten = append(ten, strconv.Itoa(i))
	}
	f("", ten, "x")
	f("EmptyBatchRequest", nil, "")
	f("TooManyEntriesInBatchRequest", append(slices.Clone(ten), "10"), "x")
	f("BatchEntryIdsNotDistinct", []string{"a", "a"}, "x")
	f("InvalidBatchEntryId", []string{"a b!"}, "x")
	f("InvalidBatchEntryId", []string{strings.Repeat("a", 81)}, "x")
	f("BatchRequestTooLong", ten, strings.Repeat("x", 1<<20/10+1))
}

func TestMessageLimits(t *testing.T) {
	c := newCaller(t, "q", map[string]string{"MaximumMessageSize": "2048"})
	f := func(want, body string, attrs m) {
		t.Helper()
		out := c.do("SendMessageBatch", m{"QueueUrl": "q", "Entries": []m{
			{"Id": "good", "MessageBody": "x"}, {"Id": "tried", "MessageBody": body, "MessageAttributes": attrs},
		}})
		got := ""
		for _, x := range out["Failed"].([]any) {
			got = text(x.(m)["Code"])
			if x.(m)["Id"] != "tried" || x.(m)["SenderFault"] != true {
				t.Errorf("failed entry %v", x)
			}
		}
		if n := len(out["Successful"].([]any)); got != want || n != 1 && want != "" {
			t.Errorf("%.20q: code %q and %d successes, want %q", body, got, n, want)
		}
	}
	f("", strings.Repeat("x", 2048), nil)
	f("", "tab\tnewline\r\n\ud7ff\ue000\ufffd🙂", nil)
	f("MissingParameter", "", nil)
	f("InvalidParameterValue", strings.Repeat("x", 2049), nil)
	for _, s := range []string{"\x00", "\x01", "\x1b[0m", "\f", "\ufffe", "\uffff"} {
		f("InvalidMessageContents", s, nil)
	}
	f("", "x", m{"a": m{"DataType": "String", "StringValue": "v"}, "b": m{"DataType": "Binary.gz", "BinaryValue": []byte{0}}})
	f("InvalidParameterValue", "x", m{"a": m{"DataType": "Text", "StringValue": "v"}})
	f("InvalidParameterValue", "x", m{"a": m{"DataType": "String"}})
	f("InvalidParameterValue", strings.Repeat("x", 2040), m{"a": m{"DataType": "String", "StringValue": "a long value"}})
}

func TestErrors(t *testing.T) {
	c := newCaller(t, "q", nil)
	f := func(want, action string, in m) {
		t.Helper()
		if got := c.code(action, in); got != want {
			t.Errorf("%s %v: %q, want %q", action, in, got, want)
		}
	}
	f("QueueDoesNotExist", "GetQueueUrl", m{"QueueName": "other"})
	f("QueueDoesNotExist", "SendMessage", m{"QueueUrl": "http://x/1/other", "MessageBody": "x"})
	f("QueueNameExists", "CreateQueue", m{"QueueName": "q", "Attributes": map[string]string{"DelaySeconds": "1"}})
	f("", "CreateQueue", m{"QueueName": "q", "Attributes": map[string]string{"DelaySeconds": "0"}})
	f("InvalidParameterValue", "CreateQueue", m{"QueueName": "a b"})
	f("InvalidAttributeValue", "SetQueueAttributes", m{"QueueUrl": "q", "Attributes": map[string]string{"VisibilityTimeout": "43201"}})
	f("InvalidAttributeValue", "SetQueueAttributes", m{"QueueUrl": "q", "Attributes": map[string]string{"MaximumMessageSize": "1048577"}})
	f("InvalidAttributeValue", "SetQueueAttributes", m{"QueueUrl": "q", "Attributes": map[string]string{"RedrivePolicy": "{}"}})
	f("InvalidParameterValue", "ReceiveMessage", m{"QueueUrl": "q", "MaxNumberOfMessages": 11})
	f("InvalidParameterValue", "ReceiveMessage", m{"QueueUrl": "q", "WaitTimeSeconds": 21})
	f("InvalidParameterValue", "ReceiveMessage", m{"QueueUrl": "q", "VisibilityTimeout": 43201})
	f("ReceiptHandleIsInvalid", "ChangeMessageVisibility", m{"QueueUrl": "q", "ReceiptHandle": "none", "VisibilityTimeout": 1})
	f("InvalidAction", "Dance", m{})
}

func TestQueues(t *testing.T) {
	c := newCaller(t, "one", nil)
	c.do("CreateQueue", m{"QueueName": "two"})
	c.do("CreateQueue", m{"QueueName": "other"})
	if got := len(c.do("ListQueues", m{"QueueNamePrefix": "o"})["QueueUrls"].([]any)); got != 2 {
		t.Errorf("%d queues begin with o, want 2", got)
	}
	url := text(c.do("GetQueueUrl", m{"QueueName": "two"})["QueueUrl"])
	c.send(url, "x")
	c.do("PurgeQueue", m{"QueueUrl": url})
	if bodies(c.receive(url, nil)) != "" {
		t.Error("a purged queue has messages")
	}
	c.do("DeleteQueue", m{"QueueUrl": url})
	if code := c.code("PurgeQueue", m{"QueueUrl": url}); code != "QueueDoesNotExist" {
		t.Errorf("after the delete: %q", code)
	}
}

func TestChecksums(t *testing.T) {
	c := newCaller(t, "q", nil)
	attrs := m{"n": m{"DataType": "Number", "StringValue": "1"}}
	sent := c.do("SendMessage", m{"QueueUrl": "q", "MessageBody": "é", "MessageAttributes": attrs})
	want := fmt.Sprintf("%x", md5.Sum([]byte("é")))
	ofAttrs := fmt.Sprintf("%x", md5.Sum([]byte("\x00\x00\x00\x01n\x00\x00\x00\x06Number\x01\x00\x00\x00\x011")))
	got := c.receive("q", m{"MessageAttributeNames": []string{"All"}})[0]
	if sent["MD5OfMessageBody"] != want || got["MD5OfBody"] != want {
		t.Errorf("checksums of the body: %v, %v, want %s", sent["MD5OfMessageBody"], got["MD5OfBody"], want)
	}
	if sent["MD5OfMessageAttributes"] != ofAttrs || got["MD5OfMessageAttributes"] != ofAttrs {
		t.Errorf("checksums of the attributes: %v, %v, want %s", sent["MD5OfMessageAttributes"], got["MD5OfMessageAttributes"], ofAttrs)
	}
}

// TestManyMessages deletes most of a large queue in any order: none is lost, none stays.
func TestManyMessages(t *testing.T) {
	c := newCaller(t, "q", nil)
	const n = 300
	for i := range n {
		c.send("q", strconv.Itoa(i))
	}
	seen := map[string]bool{}
	for {
		got := c.receive("q", nil)
		if len(got) == 0 {
			break
		}
		var entries []m
		for i, x := range got {
			if seen[text(x["Body"])] {
				t.Fatalf("message %v was received twice", x["Body"])
			}
			seen[text(x["Body"])] = true
			if i%3 != 0 {
				entries = append(entries, m{"Id": strconv.Itoa(i), "ReceiptHandle": x["ReceiptHandle"]})
			}
		}
		c.do("DeleteMessageBatch", m{"QueueUrl": "q", "Entries": entries})
	}
	if left := c.h.(*Server).Len("q"); len(seen) != n || left != 30*4 {
		t.Errorf("%d messages were received and %d are left, want %d and %d", len(seen), left, n, 30*4)
	}
}

func TestFaults(t *testing.T) {
	f := func(r Rates, want string) {
		t.Helper()
		srv := New()
		if err := srv.Create("q", nil); err != nil {
			t.Fatal(err)
		}
		c := caller{t, Faults(1, r)(srv)}
		out := c.do("SendMessageBatch", m{"QueueUrl": "q", "Entries": []m{{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": "y"}}})
		got := fmt.Sprintf("good %d failed %d there %d", len(out["Successful"].([]any)), len(out["Failed"].([]any)), srv.Len("q"))
		c.receive("q", nil)
		if got = fmt.Sprintf("%s visible %d", got, srv.Visible("q")); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
	f(Rates{}, "good 2 failed 0 there 2 visible 0")
	f(Rates{Entry: 1}, "good 0 failed 2 there 0 visible 0")
	f(Rates{Silent: 1}, "good 0 failed 0 there 2 visible 0")
	f(Rates{Duplicate: 1}, "good 2 failed 0 there 2 visible 2")
}
