package localqueue

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"

	"sluice/internal/faults"
)

// Rates are how often each fault strikes, as parts of one.
type Rates struct {
	faults.Rates

	Entry     float64 // an entry of a batch fails, and nothing is done for it; the service is at fault
	Silent    float64 // an entry of a batch is done, and the reply does not name it
	Duplicate float64 // a message that was received is visible again at once
}

// Faults returns what puts a server, or a handler before one, behind faults that depend on seed.
func Faults(seed uint64, r Rates) func(http.Handler) http.Handler {
	outer := faults.Wrap(seed, r.Rates)
	dice := faults.NewDice(seed + 1)
	return func(h http.Handler) http.Handler {
		return outer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			f := &faulty{h: h, dice: dice, rates: r, req: req}
			action := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), "AmazonSQS.")
			switch {
			case strings.HasSuffix(action, "Batch"):
				f.batch(w)
			case action == "ReceiveMessage":
				f.receive(w)
			default:
				h.ServeHTTP(w, req)
			}
		}))
	}
}

// faulty is one request on its way through faults.
type faulty struct {
	h     http.Handler
	dice  *faults.Dice
	rates Rates
	req   *http.Request
}

// call has another request carried out in the name of this one.
func (f *faulty) call(action string, body []byte) *httptest.ResponseRecorder {
	req := f.req.Clone(f.req.Context())
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	rec := httptest.NewRecorder()
	f.h.ServeHTTP(rec, req)
	return rec
}

func (f *faulty) action() string {
	return strings.TrimPrefix(f.req.Header.Get("X-Amz-Target"), "AmazonSQS.")
}

// batch lets entries fail or go unnamed.
func (f *faulty) batch(w http.ResponseWriter) {
	body, err := io.ReadAll(f.req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var in map[string]any
	var failed []any
	if json.Unmarshal(body, &in) == nil {
		entries, _ := in["Entries"].([]any)
		var keep []any
		for _, e := range entries {
			m, _ := e.(map[string]any)
			if f.dice.Hit(f.rates.Entry) {
				failed = append(failed, failure{Id: text(m["Id"]), Code: "InternalError", Message: "injected"})
			} else {
				keep = append(keep, e)
			}
		}
		in["Entries"] = keep
		if len(failed) > 0 {
			body, _ = json.Marshal(in) // it was JSON
		}
		if len(keep) == 0 && len(failed) > 0 {
			send(w, http.StatusOK, map[string]any{"Successful": []any{}, "Failed": failed})
			return
		}
	}
	rec := f.call(f.action(), body)
	var out map[string]any
	if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &out) != nil {
		copyReply(w, rec)
		return
	}
	good, _ := out["Successful"].([]any)
	named := []any{}
	for _, e := range good {
		if !f.dice.Hit(f.rates.Silent) {
			named = append(named, e)
		}
	}
	before, _ := out["Failed"].([]any)
	out["Successful"], out["Failed"] = named, append(before, failed...)
	send(w, http.StatusOK, out)
}

// receive makes some of the messages that are handed out visible again.
func (f *faulty) receive(w http.ResponseWriter) {
	body, err := io.ReadAll(f.req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	rec := f.call("ReceiveMessage", body)
	var in handleRequest
	var out struct{ Messages []received }
	if rec.Code == http.StatusOK && json.Unmarshal(body, &in) == nil && json.Unmarshal(rec.Body.Bytes(), &out) == nil {
		for _, m := range out.Messages {
			if f.dice.Hit(f.rates.Duplicate) {
				again, _ := json.Marshal(map[string]any{"QueueUrl": in.QueueUrl, "ReceiptHandle": m.ReceiptHandle, "VisibilityTimeout": 0}) // plain values
				f.call("ChangeMessageVisibility", again)
			}
		}
	}
	copyReply(w, rec)
}

func text(v any) string { s, _ := v.(string); return s }

func copyReply(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the client is gone: nothing to do
}
