package elasticsearch

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"sluice/internal/json"
	"sluice/pipeline/event"
)

// references are the parts of a template that an event fills in.
var references = regexp.MustCompile(`%\{[^}]*\}`)

// Probe asks the cluster who it is, and whether it gives the privileges that writing needs.
func (o *output) Probe(ctx context.Context) error {
	ctx, cancel := o.limited(ctx)
	defer cancel()
	status, body, err := o.ask(ctx, esapi.InfoRequest{})
	switch {
	case err != nil:
		return fmt.Errorf("ask Elasticsearch: %w", err)
	case status >= 300:
		return fmt.Errorf("ask Elasticsearch: %w", statusError(status, body))
	}
	if o.conn.user == "" && o.conn.apiKey == "" {
		return nil
	}
	return o.privileges(ctx)
}

// privileges asks for the privileges on the indices; a cluster that knows no such question (OpenSearch, or
// security switched off) is taken as it is.
func (o *output) privileges(ctx context.Context) error {
	t := o.lanes[0].t
	names, wanted := t.pattern(), t.privileges()
	q := append([]byte(nil), `{"index":[{"names":[`...)
	q = append(json.AppendString(q, names), `],"privileges":["`...)
	q = append(append(q, strings.Join(wanted, `","`)...), `"]}]}`...)
	status, body, err := o.ask(ctx, esapi.SecurityHasPrivilegesRequest{Body: strings.NewReader(string(q))})
	if err != nil {
		return fmt.Errorf("ask for the privileges: %w", err)
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("ask for the privileges: %w", statusError(status, body))
	case status >= 300:
		return nil
	}
	v, err := event.ParseJSON(body)
	if err != nil || v.Map() == nil {
		return nil
	}
	if all, ok := v.Map().Get("has_all_requested"); !ok || all.Bool() {
		return nil
	}
	return fmt.Errorf("missing on %q: the privileges %s", names, strings.Join(missing(v, wanted), ", "))
}

// missing returns the privileges that a reply does not grant.
func missing(v event.Value, wanted []string) []string {
	var none []string
	for _, w := range wanted {
		granted := false
		if indices, ok := v.Map().Get("index"); ok && indices.Map() != nil {
			for _, f := range *indices.Map() {
				if m := f.Value.Map(); m != nil {
					g, _ := m.Get(w)
					granted = granted || g.Bool()
				}
			}
		}
		if !granted {
			none = append(none, w)
		}
	}
	return none
}

// pattern returns the indices that may be written, as a pattern.
func (t *target) pattern() string {
	if d := t.stream; d != nil {
		if d.auto {
			return d.parts[0].value + "-*-*"
		}
		return d.parts[0].value + "-" + d.parts[1].value + "-" + d.parts[2].value
	}
	return references.ReplaceAllString(t.index.template.String(), "*")
}

// privileges returns the index privileges that the actions need.
func (t *target) privileges() []string {
	p := []string{"auto_configure"}
	if !t.isConst {
		return append(p, "write")
	}
	switch t.constAction {
	case create:
		return append(p, "create_doc")
	case remove:
		return append(p, "delete")
	default:
		return append(p, "index")
	}
}
