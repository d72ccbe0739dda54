package elasticsearch

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// recorded is what is to become of the documents for each reply of testdata/replies.txt.
var recorded = map[string]string{
	"create twice":                         "duplicate",
	"number into long":                     "reject: status 400",
	"date":                                 "reject: status 400",
	"scalar into object field":             "reject: status 400",
	"keyword of 32767 bytes":               "reject: status 400",
	"total fields limit":                   "reject: status 400",
	"dynamic: strict":                      "reject: status 400 strict_dynamic_mapping_exception",
	"depth limit":                          "reject: status 400",
	"broken source JSON":                   "reject: status 400",
	"raw control character in the source":  "reject: status 400",
	"data stream: index instead of create": "reject: status 400",
	"data stream: no @timestamp":           "reject: status 400",
	"closed index":                         "retry: status 400 index_closed_exception: closed",
	"index.blocks.write":                   "retry: status 403 cluster_block_exception",
	"flood stage":                          "retry: status 429 cluster_block_exception",
	"no such index, auto-create off":       "reject: status 404 index_not_found_exception",
	"bad index name":                       "reject: status 400 invalid_index_name_exception",
	"too many shards":                      "retry: status 400 validation_exception",
	"write queue full, item (HTTP 200)":    "retry: status 429",
	"indexing pressure, whole request (the deterministic way to a 429)": "retry: status 429",
	"in-flight breaker, whole request":                                  "retry: status 429 circuit_breaking_exception",
	"413":                                                               "reject: status 413 (Request Entity Too Large)",
	"cluster read-only":                                                 "retry: status 403 cluster_block_exception",
	"no _index":                                                         "reject: status 400 action_request_validation_exception: Validation Failed: 1: index is missing;",
	"no final newline":                                                  "retry: status 400 illegal_argument_exception",
	"unknown action":                                                    "reject: status 400 illegal_argument_exception: Malformed action",
	"wrong content type":                                                "retry: status 406",
	"vendor content type":                                               "", // one was accepted, the other is a request that Sluice never sends
	"empty body, corrupt gzip":                                          "retry: status 400 parse_exception: request body is required",
	"truncated gzip":                                                    "retry: status 400",
	"_id of 513 bytes (one bad action refuses all)":                     "reject: status 400 action_request_validation_exception",
}

// TestRecordedReplies serves the replies of real servers, each to a request of two documents.
func TestRecordedReplies(t *testing.T) {
	src, err := os.ReadFile("testdata/replies.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for block := range strings.SplitSeq(strings.TrimSpace(string(src)), "\n\n") {
		head, reply, _ := strings.Cut(block, "\n")
		product, name, _ := strings.Cut(head, ": ")
		want, known := recorded[name]
		if !known {
			t.Errorf("%q has no expectation", name)
		}
		seen[name] = true
		if want == "" {
			continue
		}
		status, act := 200, "create"
		if reply[0] == '{' {
			var item map[string]any
			if err := json.Unmarshal([]byte(reply), &item); err != nil {
				t.Fatal(err)
			}
			for act = range item {
				reply = `{"errors":true,"took":0,"items":[` + reply + "," + reply + "]}"
			}
		} else {
			code, body, _ := strings.Cut(reply, " ")
			status, reply = int(json.Number(code).String()[0]-'0')*100+int(code[1]-'0')*10+int(code[2]-'0'), strings.TrimSpace(body)
			if strings.HasPrefix(reply, "content-length: 0") {
				reply = ""
			}
		}
		url := always(t, status, reply)
		out := start(t, 1, func(c *Config) { c.Hosts, c.Action = []string{url}, tmpl(act) })
		for _, got := range outcomes(t, out, events(2, nil)) {
			if !strings.HasPrefix(got, want) || len(got) > 1200 {
				t.Errorf("%s, %s: got %s, want %s", product, name, got, want)
			}
		}
	}
	for name := range recorded {
		if !seen[name] {
			t.Errorf("%q is not in testdata/replies.txt", name)
		}
	}
}

// TestVerdicts checks what the recorded replies have no example of.
func TestVerdicts(t *testing.T) {
	f := func(a action, external bool, status int, typ, reason string, want verdict) {
		t.Helper()
		it := replyItem{status: status, typ: []byte(typ), reason: []byte(reason)}
		if got := judgeItem(&item{action: a, external: external}, &it); got != want {
			t.Errorf("%v %d %s: got %d, want %d", a, status, typ, got, want)
		}
	}
	f(create, false, 201, "", "", delivered)
	f(index, false, 200, "", "", delivered)
	f(remove, false, 404, "", "", delivered)
	f(remove, false, 404, "index_not_found_exception", "", delivered)
	f(update, false, 404, "document_missing_exception", "", refused)
	f(update, false, 409, "version_conflict_engine_exception", "", again)
	f(index, true, 409, "version_conflict_engine_exception", "", duplicate)
	f(index, false, 409, "version_conflict_engine_exception", "", refused)
	f(create, false, 500, "illegal_argument_exception", "Document contains at least one immense term in field", refused)
	f(create, false, 500, "", "", again)
	f(create, false, 503, "unavailable_shards_exception", "", overload)
	f(create, false, 408, "", "", again)
	f(create, false, 401, "security_exception", "", paused)
	f(create, false, 403, "security_exception", "", paused)
	f(create, false, 403, "other", "", refused)
	f(create, false, 301, "", "", again)
	f(create, false, 400, "validation_exception", "something else", refused)
}

// obviousItems reads a reply with encoding/json.
func obviousItems(b []byte) (clean bool, items []replyItem, ok bool) {
	var r struct {
		Errors *bool             `json:"errors"`
		Items  []json.RawMessage `json:"items"`
	}
	if json.Unmarshal(b, &r) != nil {
		return false, nil, false
	}
	if r.Errors == nil || r.Items == nil {
		return false, nil, false
	}
	for _, raw := range r.Items {
		var m map[string]struct {
			Status int `json:"status"`
			Error  *struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"error"`
		}
		if json.Unmarshal(raw, &m) != nil || len(m) != 1 {
			return false, nil, false
		}
		for _, v := range m {
			it := replyItem{status: v.Status}
			if v.Error != nil {
				it.typ, it.reason = []byte(v.Error.Type), []byte(v.Error.Reason)
			}
			if it.status == 0 {
				return false, nil, false
			}
			items = append(items, it)
		}
	}
	return !*r.Errors, items, true
}

// FuzzReply compares the scanner with encoding/json on replies that both can read, and lets it read anything.
func FuzzReply(f *testing.F) {
	src, err := os.ReadFile("testdata/replies.txt")
	if err != nil {
		f.Fatal(err)
	}
	for block := range strings.SplitSeq(string(src), "\n\n") {
		_, reply, _ := strings.Cut(block, "\n")
		f.Add(`{"errors":true,"took":0,"items":[` + reply + `,{"create":{"_index":"a","status":201}}]}`)
		f.Add(`{"took":7,"errors":false,"items":[` + reply + `]}`)
	}
	f.Add(`{"errors" : true , "items" : [ { "index" : { "error" : {"type":"a\"b","reason":"\u00e9\\","caused_by":null}, "status" : 400 } } ] }`)
	f.Fuzz(func(t *testing.T, reply string) {
		b := []byte(reply)
		state := head(b)
		var got []replyItem
		n, scanErr := eachItem(b, func(_ int, it *replyItem) bool {
			got = append(got, *it)
			return true
		})
		if n != len(got) {
			t.Fatalf("%d items were counted, %d seen", n, len(got))
		}
		wholeFailure(b)
		if twice(reply) {
			return
		}
		clean, items, ok := obviousItems(b)
		if !ok {
			return
		}
		if before, _, _ := strings.Cut(reply, `"errors"`); strings.Contains(before, `"items"`) {
			clean = false // the items come first: they tell as much
		}
		if (state == headClean) != clean || state == headBad || state == headCut {
			t.Fatalf("head: got %d, clean is %v", state, clean)
		}
		if scanErr != nil || len(items) != len(got) {
			t.Fatalf("got %d items (%v), want %d", len(got), scanErr, len(items))
		}
		for i := range items {
			if got[i].status != items[i].status || plain(got[i].typ) != string(items[i].typ) || plain(got[i].reason) != string(items[i].reason) {
				t.Errorf("item %d: got %d %s %s, want %d %s %s", i, got[i].status, got[i].typ, got[i].reason, items[i].status, items[i].typ, items[i].reason)
			}
		}
	})
}

// twice reports whether a reply may have a name twice in an object, or in another case: there encoding/json
// differs on purpose.
func twice(reply string) bool {
	lower := strings.ToLower(reply)
	for _, name := range []string{"status", "error", "type", "reason", "errors", "items"} {
		n := strings.Count(lower, `"`+name+`"`)
		if n > 1 || n != strings.Count(reply, `"`+name+`"`) {
			return true
		}
	}
	return strings.Contains(reply, `\u`) || strings.ContainsAny(reply, "\uFFFDſK") // names in disguise
}

func plain(raw []byte) string {
	var s string
	if json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &s) != nil {
		return string(raw)
	}
	return s
}

func TestUnescape(t *testing.T) {
	f := func(raw, want string) {
		t.Helper()
		if got := unescape([]byte(raw)); got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
	f(`plain`, "plain")
	f(`a\"b\u00e9\\`, `a"bé\`)
	f(strings.Repeat("x", 1000), strings.Repeat("x", 400)+"...")
	f(strings.Repeat(`\\`, 600), strings.Repeat(`\`, 400)+"...")
	f(`\ud800`, "\uFFFD")
}
