package localindex

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/json"
)

// record is the address of a real Elasticsearch, empty and thrown away afterwards, whose answers become
// testdata/script.golden.
var record = flag.String("record", "", "URL of a real Elasticsearch to record the script's answers from")

// TestScript sends the requests of testdata/script.txt and compares the answers with those that a real
// Elasticsearch gave.
func TestScript(t *testing.T) {
	blocks := scriptBlocks(t)
	if *record != "" {
		empty(t, *record)
		var out strings.Builder
		for _, b := range blocks {
			out.WriteString(ask(t, *record, b) + "\n")
		}
		if err := os.WriteFile("testdata/script.golden", []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile("testdata/script.golden")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimRight(string(golden), "\n"), "\n")
	if len(want) != len(blocks) {
		t.Fatalf("%d answers are recorded for %d requests", len(want), len(blocks))
	}
	srv := httptest.NewServer(New(Options{}))
	defer srv.Close()
	for i, b := range blocks {
		if got := ask(t, srv.URL, b); normal(t, got) != normal(t, want[i]) {
			t.Errorf("%.200s\n%s", b, difference(normal(t, got), normal(t, want[i])))
		}
	}
}

// empty deletes what a server holds.
func empty(t *testing.T, url string) {
	t.Helper()
	_, names, _ := strings.Cut(ask(t, url, "GET /_cat/indices?h=index&format=json&expand_wildcards=all\n"), " ")
	n, err := parseNode([]byte(names))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.items {
		ask(t, url, "DELETE /"+n.items[i].get("index").str)
	}
	ask(t, url, "DELETE /_index_template/x")
}

// difference shows the items that are not the same.
func difference(got, want string) string {
	g, w := strings.Split(got, `,{"`), strings.Split(want, `,{"`)
	if len(g) != len(w) {
		return "got:  " + got + "\nwant: " + want
	}
	var out strings.Builder
	for i := range g {
		if g[i] != w[i] {
			out.WriteString("got:  " + g[i] + "\nwant: " + w[i] + "\n")
		}
	}
	return out.String()
}

func scriptBlocks(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("testdata/script.txt")
	if err != nil {
		t.Fatal(err)
	}
	start := regexp.MustCompile(`(?m)^(GET|POST|PUT|DELETE|PATCH) /`)
	at := start.FindAllIndex(src, -1)
	blocks := make([]string, 0, len(at))
	for i := range at {
		end := len(src)
		if i+1 < len(at) {
			end = at[i+1][0] - 1 // the empty line between two blocks
		}
		blocks = append(blocks, string(src[at[i][0]:end]))
	}
	return blocks
}

// ask sends one block and returns the answer as one line: status and body.
func ask(t *testing.T, url, block string) string {
	t.Helper()
	head, body, _ := strings.Cut(block, "\n")
	method, path, _ := strings.Cut(head, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status[:3] + " " + string(bytes.ReplaceAll(bytes.TrimSpace(answer), []byte("\n"), nil))
}

// volatile are the members that differ from run to run, or that this index knows nothing about.
var volatile = map[string]bool{
	"took": true, "ingest_took": true, "index_uuid": true, "uuid": true, "root_cause": true, "failed_shards": true, "line": true, "col": true,
	"composed_of": true, "locale": true,
}

var (
	position = regexp.MustCompile(` ?\[\d+:\d+\] ?| at \d+:\d+`)
	madeID   = regexp.MustCompile(`^[A-Za-z0-9_-]{20}$`)
	uuid     = regexp.MustCompile(`/[A-Za-z0-9_-]{20,22}\]`)
)

// normal removes from an answer what cannot be the same: times, random names, and the places and words of
// Elasticsearch's JSON parser.
func normal(t *testing.T, answer string) string {
	t.Helper()
	if len(answer) < 5 || answer[4] != '{' {
		return answer
	}
	n, err := parseNode([]byte(answer[4:]))
	if err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	scrub(&n)
	return answer[:4] + string(n.appendJSON(nil))
}

func scrub(n *node) {
	typ := ""
	if v := n.get("type"); v != nil {
		typ = v.str
	}
	keep := n.fields[:0]
	for _, f := range n.fields {
		switch {
		case volatile[f.name]:
			continue
		case f.name == "caused_by" && strings.HasPrefix(typ, "x_content_"):
			continue
		case f.name == "caused_by" && f.value.get("type") != nil && typ == "search_phase_execution_exception":
			continue
		case f.name == "reason" && strings.Contains(typ, "x_content_"):
			continue
		case f.name == "reason":
			f.value.str = uuid.ReplaceAllString(position.ReplaceAllString(f.value.str, ""), "]")
			f.value.str, _, _ = strings.Cut(f.value.str, "; for more information")
			f.value.str = strings.TrimSuffix(f.value.str, "];")
			f.value.str, _, _ = strings.Cut(f.value.str, " The prefix of the first immense term")
			if unknownWords(n, f.value.str) {
				continue
			}
		case f.name == "_id" && madeID.MatchString(f.value.str):
			f.value.str = "ID"
		}
		scrub(&f.value)
		keep = append(keep, f)
	}
	n.fields = keep
	for i := range n.items {
		scrub(&n.items[i])
	}
}

// unknownWords reports whether a reason is that of a JSON parser.
func unknownWords(n *node, reason string) bool {
	c := n.get("caused_by")
	return c != nil && strings.HasPrefix(reason, "failed to parse:") && c.get("type") != nil &&
		strings.HasPrefix(c.get("type").str, "x_content_") || n.kind != json.Object
}
