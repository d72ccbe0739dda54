package localindex

import (
	"net/http"
	"slices"
	"strings"

	"sluice/internal/json"
)

// template is a composable index template.
type template struct {
	name       string
	patterns   []string
	priority   int64
	dataStream bool
	def        definition
	shown      node // as it was given
}

// templateFor returns the template of the highest priority for a new index, or nil. The caller holds the lock.
func (s *Server) templateFor(name string) *template {
	var best *template
	for _, t := range s.templates {
		if slices.ContainsFunc(t.patterns, func(p string) bool { return fits(p, name) }) &&
			(best == nil || t.priority > best.priority || t.priority == best.priority && t.name < best.name) {
			best = t
		}
	}
	return best
}

// templating answers /_index_template/NAME.
func (s *Server) templating(q *request) {
	switch q.r.Method {
	case http.MethodPut, http.MethodPost:
		s.putTemplate(q)
	case http.MethodDelete:
		q.either(*acknowledged(), s.deleteTemplate(q.rest))
	default:
		s.getTemplates(q)
	}
}

func (s *Server) putTemplate(q *request) {
	if err := q.allow("create", "cause", "master_timeout"); err != nil {
		q.fail(err)
		return
	}
	n, err := q.object()
	if err != nil {
		q.fail(err)
		return
	}
	t, err := newTemplate(q.rest, &n)
	if err != nil {
		q.fail(err)
		return
	}
	q.either(*acknowledged(), s.keepTemplate(t, q.params.Get("create") == "true"))
}

// keepTemplate puts a template in its place; onlyNew refuses to replace one.
func (s *Server) keepTemplate(t *template, onlyNew bool) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.templates[t.name] != nil && onlyNew {
		return badRequest("illegal_argument_exception", "index template ["+t.name+"] already exists")
	}
	s.templates[t.name] = t
	return nil
}

func (s *Server) deleteTemplate(name string) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.templates[name] == nil {
		return failure(http.StatusNotFound, "index_template_missing_exception", "index_template ["+name+"] missing")
	}
	delete(s.templates, name)
	return nil
}

func newTemplate(name string, n *node) (*template, *apiError) {
	t := &template{name: name, shown: *n}
	for i := range n.fields {
		key, v := n.fields[i].name, &n.fields[i].value
		switch key {
		case "index_patterns":
			if v.kind == json.String {
				t.patterns = append(t.patterns, v.str)
			}
			for _, p := range v.items {
				t.patterns = append(t.patterns, p.plain())
			}
		case "priority":
			t.priority = v.int
		case "data_stream":
			t.dataStream = true
		case "template":
			d, err := definitionOf(v)
			if err != nil {
				return nil, err
			}
			t.def = d
		case "version", "_meta":
		default:
			return nil, badRequest("x_content_parse_exception", "[index_template] unknown field ["+key+"]")
		}
	}
	if len(t.patterns) == 0 {
		return nil, badRequest("x_content_parse_exception", "Required [index_patterns]")
	}
	return t, newIndex(name).define(t.def) // a template that no index could be made from is refused now
}

func (s *Server) getTemplates(q *request) {
	all := s.listTemplates(q.rest)
	if len(all.items) == 0 && q.rest != "" && !strings.Contains(q.rest, "*") {
		q.fail(failure(http.StatusNotFound, "resource_not_found_exception", "index template matching ["+q.rest+"] not found"))
		return
	}
	q.reply(http.StatusOK, *object().add("index_templates", all))
}

// listTemplates returns the templates whose names fit a pattern; "" is all.
func (s *Server) listTemplates(pattern string) node {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.templates))
	for name := range s.templates {
		if pattern == "" || fits(pattern, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	all := list()
	for _, name := range names {
		all.items = append(all.items, *object().add("name", text(name)).add("index_template", s.templates[name].shown))
	}
	return all
}

// aliasing answers GET /_alias and the like, and POST /_aliases.
func (s *Server) aliasing(q *request) {
	if q.r.Method != http.MethodPost {
		s.getAliases(q)
		return
	}
	n, err := q.object()
	if err != nil {
		q.fail(err)
		return
	}
	actions := n.get("actions")
	if actions == nil || len(actions.items) == 0 {
		q.fail(badRequest("action_request_validation_exception", "Validation Failed: 1: Must specify at least one alias action;"))
		return
	}
	q.either(*acknowledged().add("errors", boolean(false)), s.aliasActions(actions.items))
}

func (s *Server) aliasActions(actions []node) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range actions {
		if err := s.aliasAction(&actions[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) aliasAction(a *node) *apiError {
	if len(a.fields) != 1 {
		return badRequest("x_content_parse_exception", "[aliases] expected one action")
	}
	what, args := a.fields[0].name, &a.fields[0].value
	name, alias := args.get("index"), args.get("alias")
	if name == nil || alias == nil || len(args.fields) != 2 {
		return badRequest("illegal_argument_exception", "["+what+"]: this index supports [index] and [alias] only")
	}
	x := s.indices[name.plain()]
	if x == nil {
		return noSuchIndex(name.plain())
	}
	switch what {
	case "add":
		if s.indices[alias.plain()] != nil {
			return badRequest("invalid_alias_name_exception", "Invalid alias name ["+alias.plain()+"]: an index or data stream exists with the same name as the alias")
		}
		s.addAlias(alias.plain(), x.name)
	case "remove":
		if !s.removeAlias(alias.plain(), x.name) {
			return failure(http.StatusNotFound, "aliases_not_found_exception", "aliases ["+alias.plain()+"] missing")
		}
	default:
		return badRequest("x_content_parse_exception", "[aliases] unknown field ["+what+"]")
	}
	return nil
}

// getAliases shows the aliases of indices; /_alias/NAME only those indices that have it.
func (s *Server) getAliases(q *request) {
	found, err := s.resolve(q.name)
	if err != nil {
		q.fail(err)
		return
	}
	out := object()
	for _, x := range found {
		all := s.aliasesOf(x)
		kept := object()
		for _, f := range all.fields {
			if q.rest == "" || fits(q.rest, f.name) {
				kept.fields = append(kept.fields, f)
			}
		}
		if q.rest == "" || len(kept.fields) > 0 {
			out.add(x.name, *object().add("aliases", *kept))
		}
	}
	if len(out.fields) == 0 && q.rest != "" {
		q.fail(&apiError{status: http.StatusNotFound, plain: "alias [" + q.rest + "] missing"})
		return
	}
	q.reply(http.StatusOK, *out)
}
