package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Index is a server that speaks Elasticsearch's protocol.
type Index struct{ URL string }

// Doc is one indexed document.
type Doc struct {
	Index  string         `json:"_index"`
	ID     string         `json:"_id"`
	Source map[string]any `json:"_source"` // numbers are json.Number
}

// Call makes one request; in and out may be nil.
func (x *Index) Call(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, x.URL+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return do(req, out)
}

// Count refreshes the indices and counts their documents; 0 where no index is.
func (x *Index) Count(ctx context.Context, indices string) (int, error) {
	if err := x.Call(ctx, http.MethodPost, "/"+indices+"/_refresh", nil, nil); err != nil {
		return 0, err
	}
	var reply struct{ Count int }
	err := x.Call(ctx, http.MethodGet, "/"+indices+"/_count", nil, &reply)
	return reply.Count, err
}

// most is how many documents one search may return (index.max_result_window).
const most = 10_000

// Docs refreshes the indices and returns all their documents.
func (x *Index) Docs(ctx context.Context, indices string) ([]Doc, error) {
	if err := x.Call(ctx, http.MethodPost, "/"+indices+"/_refresh", nil, nil); err != nil {
		return nil, err
	}
	var names map[string]json.RawMessage
	if err := x.Call(ctx, http.MethodGet, "/"+indices+"/_mapping", nil, &names); err != nil {
		return nil, err
	}
	var docs []Doc
	for name := range names {
		some, err := x.pages(ctx, name)
		if err != nil {
			return nil, err
		}
		docs = append(docs, some...)
	}
	n, err := x.Count(ctx, indices)
	if err == nil && n != len(docs) {
		err = fmt.Errorf("read %d documents of %s, which counts %d", len(docs), indices, n)
	}
	return docs, err
}

// pages reads an index in the order of its lines' identity, which no two documents share.
func (x *Index) pages(ctx context.Context, name string) (docs []Doc, err error) {
	search := map[string]any{"size": most, "sort": []any{map[string]string{"stream.keyword": "asc"}, map[string]string{"offset": "asc"}}}
	for {
		var reply struct {
			Hits struct{ Hits []json.RawMessage }
		}
		if err := x.Call(ctx, http.MethodPost, "/"+name+"/_search", search, &reply); err != nil {
			return nil, err
		}
		for _, hit := range reply.Hits.Hits {
			d := json.NewDecoder(bytes.NewReader(hit))
			d.UseNumber()
			var doc struct {
				Doc

				Sort []any
			}
			if err := d.Decode(&doc); err != nil {
				return nil, fmt.Errorf("a hit: %w", err)
			}
			docs = append(docs, doc.Doc)
			search["search_after"] = doc.Sort
		}
		if len(reply.Hits.Hits) < most {
			return docs, nil
		}
	}
}

// Types returns the mapped type of each field of the indices ("[a][b]" for nested ones), and an error when two
// indices differ.
func (x *Index) Types(ctx context.Context, indices string) (map[string]string, error) {
	type property struct {
		Type       string
		Properties map[string]json.RawMessage
	}
	var reply map[string]struct{ Mappings property }
	if err := x.Call(ctx, http.MethodGet, "/"+indices+"/_mapping", nil, &reply); err != nil {
		return nil, err
	}
	types := map[string]string{}
	var walk func(prefix string, p property) error
	walk = func(prefix string, p property) error {
		for name, raw := range p.Properties {
			var sub property
			if err := json.Unmarshal(raw, &sub); err != nil {
				return err
			}
			full := strings.TrimPrefix(prefix+"."+name, ".")
			if sub.Properties != nil {
				if err := walk(full, sub); err != nil {
					return err
				}
				continue
			}
			if old, ok := types[full]; ok && old != sub.Type {
				return fmt.Errorf("field %s is %s in one index and %s in another", full, old, sub.Type)
			}
			types[full] = sub.Type
		}
		return nil
	}
	for _, m := range reply {
		if err := walk("", m.Mappings); err != nil {
			return nil, err
		}
	}
	return types, nil
}
