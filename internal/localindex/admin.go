package localindex

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// indent formats JSON for people.
func indent(src []byte) []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, src, "", "  "); err != nil {
		panic("BUG: a reply is no JSON: " + err.Error())
	}
	return b.Bytes()
}

func acknowledged() *node { return object().add("acknowledged", boolean(true)) }

func shards(n int) node {
	return *object().add("total", number(int64(n))).add("successful", number(int64(n))).add("skipped", number(0)).add("failed", number(0))
}

// hello answers GET /.
func (s *Server) hello(q *request) {
	version := object().add("number", text(s.version)).add("build_flavor", text("default")).add("build_type", text("local")).
		add("build_hash", text("unknown")).add("build_date", text("2026-01-01T00:00:00Z")).add("build_snapshot", boolean(false)).
		add("lucene_version", text("9.12.0")).
		add("minimum_wire_compatibility_version", text("7.17.0")).add("minimum_index_compatibility_version", text("7.0.0"))
	q.reply(http.StatusOK, *object().add("name", text(nodeName)).add("cluster_name", text(clusterName)).add("cluster_uuid", text(s.uuid)).
		add("version", *version).add("tagline", text("You Know, for Search")))
}

// wholeIndex answers GET, HEAD, PUT and DELETE of /INDEX.
func (s *Server) wholeIndex(q *request) {
	switch q.r.Method {
	case http.MethodPut:
		s.createIndex(q)
	case http.MethodDelete:
		q.either(s.deleteIndices(q.name))
	case http.MethodGet, http.MethodHead:
		found, err := s.resolve(q.name)
		out := object()
		for _, x := range found {
			out.add(x.name, s.describe(x))
		}
		q.either(*out, err)
	default:
		q.w.Header().Set("Allow", "GET,PUT,DELETE,HEAD")
		q.fail(&apiError{status: http.StatusMethodNotAllowed, plain: "Incorrect HTTP method for uri [" + q.r.URL.RequestURI() +
			"] and method [" + q.r.Method + "], allowed: [GET, PUT, DELETE, HEAD]"})
	}
}

func (s *Server) createIndex(q *request) {
	n, err := q.object()
	if err != nil {
		q.fail(err)
		return
	}
	def, err := definitionOf(&n)
	if err == nil {
		err = checkIndexName(q.name)
	}
	if err != nil {
		q.fail(err)
		return
	}
	q.either(*acknowledged().add("shards_acknowledged", boolean(true)).add("index", text(q.name)), s.createNew(q.name, &def))
}

// createNew makes an index of a name that must be free.
func (s *Server) createNew(name string, def *definition) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.named(name); list != nil {
		return badRequest("resource_already_exists_exception", "index ["+name+"/"+list[0].uuid+"] already exists").
			with("index_uuid", list[0].uuid).with("index", name)
	}
	_, err := s.create(name, def)
	return err
}

// deleteIndices removes indices: by name, or by a pattern, never all at once.
func (s *Server) deleteIndices(expr string) (node, *apiError) {
	if expr == "*" || expr == "_all" || expr == "" {
		return node{}, badRequest("illegal_argument_exception", "Wildcard expressions or all indices are not allowed")
	}
	found, err := s.resolve(expr)
	if err != nil {
		return node{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range found {
		s.remove(x)
	}
	return *acknowledged(), nil
}

// describe returns an index as GET /INDEX shows it.
func (s *Server) describe(x *index) node {
	aliases := s.aliasesOf(x)
	x.mu.RLock()
	defer x.mu.RUnlock()
	return *object().add("aliases", aliases).add("mappings", x.mapping.object()).add("settings", x.shownSettings())
}

func (x *index) shownSettings() node {
	n := object()
	n.add("number_of_shards", text("1")).add("number_of_replicas", text(itoa(replicas))).add("uuid", text(x.uuid)).
		add("provided_name", text(x.title())).add("creation_date", text(strconv.FormatInt(x.created.UnixMilli(), 10)))
	names := make([]string, 0, len(x.settings))
	for name := range x.settings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		at := n
		parts := strings.Split(strings.TrimPrefix(name, "index."), ".")
		for _, p := range parts[:len(parts)-1] {
			at = child(at, p)
		}
		if old := at.get(parts[len(parts)-1]); old != nil {
			*old = x.settings[name]
		} else {
			at.add(parts[len(parts)-1], x.settings[name])
		}
	}
	return *object().add("index", *n)
}

func (s *Server) aliasesOf(x *index) node {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := object()
	for alias, list := range s.aliases {
		if slices.Contains(list, x.name) {
			n.add(alias, *object())
		}
	}
	slices.SortFunc(n.fields, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return *n
}

// refresh answers _refresh and _flush: what was written is visible at once, so there is nothing to do.
func (s *Server) refresh(q *request) {
	found, err := s.resolve(q.name)
	n := int64(len(found))
	q.either(*object().add("_shards", *object().add("total", number(n*(replicas+1))).add("successful", number(n)).add("failed", number(0))), err)
}

// health answers _cluster/health. A single node has nowhere to put a copy, so it is yellow with indices.
func (s *Server) health(q *request) {
	s.mu.RLock()
	n := int64(len(s.indices))
	s.mu.RUnlock()
	status, percent := "green", 100.0
	if n > 0 {
		status, percent = "yellow", 50.0
	}
	q.reply(http.StatusOK, *object().add("cluster_name", text(clusterName)).add("status", text(status)).add("timed_out", boolean(false)).
		add("number_of_nodes", number(1)).add("number_of_data_nodes", number(1)).add("active_primary_shards", number(n)).
		add("active_shards", number(n)).add("relocating_shards", number(0)).add("initializing_shards", number(0)).
		add("unassigned_shards", number(n*replicas)).add("delayed_unassigned_shards", number(0)).
		add("number_of_pending_tasks", number(0)).add("number_of_in_flight_fetch", number(0)).
		add("task_max_waiting_in_queue_millis", number(0)).add("active_shards_percent_as_number", decimal(percent)))
}

// catColumns are the columns of _cat/indices.
var catColumns = []string{"health", "status", "index", "uuid", "pri", "rep", "docs.count", "docs.deleted", "store.size", "pri.store.size"} //nolint:gochecknoglobals // a table

// cat answers _cat/indices and _cat/count.
func (s *Server) cat(q *request) {
	if err := q.allow("v", "h", "s", "bytes", "expand_wildcards"); err != nil {
		q.fail(err)
		return
	}
	what, expr, _ := strings.Cut(q.rest, "/")
	if what == "" {
		q.plain("=^.^=\n/_cat/indices\n/_cat/indices/{index}\n/_cat/count\n/_cat/count/{index}\n")
		return
	}
	found, err := s.resolve(expr)
	switch {
	case err != nil:
		q.fail(err)
	case what == "indices":
		rows := make([]map[string]string, len(found))
		for i, x := range found {
			rows[i] = x.catRow()
		}
		q.table(catColumns, rows)
	case what == "count":
		n := 0
		for _, x := range found {
			n += x.count()
		}
		q.table([]string{"count"}, []map[string]string{{"count": itoa(n)}})
	default:
		q.fail(&apiError{status: http.StatusBadRequest, plain: "no handler found for uri [" + q.r.URL.RequestURI() + "] and method [" + q.r.Method + "]"})
	}
}

func (x *index) catRow() map[string]string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	status := "open"
	if x.closed {
		status = "close"
	}
	var bytes int
	for _, d := range x.order {
		bytes += len(d.source)
	}
	size := catSize(bytes)
	return map[string]string{
		"health": "yellow", "status": status, "index": x.name, "uuid": x.uuid, "pri": "1", "rep": itoa(replicas),
		"docs.count": itoa(x.live), "docs.deleted": itoa(len(x.order) - x.live), "store.size": size, "pri.store.size": size,
	}
}

func catSize(n int) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1fgb", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1fmb", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1fkb", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%db", n)
}

// table writes rows as text, or as JSON where that is asked for.
func (q *request) table(columns []string, rows []map[string]string) {
	if h := q.params.Get("h"); h != "" {
		columns = strings.Split(h, ",")
	}
	if q.params.Get("format") == "json" || strings.Contains(q.r.Header.Get("Accept"), "application/json") {
		all := list()
		for _, row := range rows {
			n := object()
			for _, c := range columns {
				n.add(c, text(row[c]))
			}
			all.items = append(all.items, *n)
		}
		q.reply(http.StatusOK, all)
		return
	}
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	if _, titles := q.params["v"]; titles {
		_, _ = fmt.Fprintln(w, strings.Join(columns, "\t")) // a buffer takes all
	}
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = row[c]
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // a buffer takes all
	}
	_ = w.Flush() // a buffer takes all
	q.plain(b.String())
}

// mappings answers GET and PUT of /INDEX/_mapping.
func (s *Server) mappings(q *request) {
	found, err := s.resolve(q.name)
	if err != nil {
		q.fail(err)
		return
	}
	if q.r.Method == http.MethodGet {
		out := object()
		for _, x := range found {
			x.mu.RLock()
			out.add(x.name, *object().add("mappings", x.mapping.object()))
			x.mu.RUnlock()
		}
		q.reply(http.StatusOK, *out)
		return
	}
	def, err := q.object()
	for _, x := range found {
		if err != nil {
			break
		}
		x.mu.Lock()
		err = x.mapping.define(&def)
		x.mu.Unlock()
	}
	q.either(*acknowledged(), err)
}

// settings answers GET and PUT of /INDEX/_settings.
func (s *Server) settings(q *request) {
	found, err := s.resolve(q.name)
	if err != nil {
		q.fail(err)
		return
	}
	if q.r.Method == http.MethodGet {
		out := object()
		for _, x := range found {
			x.mu.RLock()
			out.add(x.name, *object().add("settings", x.shownSettings()))
			x.mu.RUnlock()
		}
		q.reply(http.StatusOK, *out)
		return
	}
	def, err := q.object()
	if inner := def.get("settings"); inner != nil {
		def = *inner
	}
	for _, x := range found {
		if err != nil {
			break
		}
		x.mu.Lock()
		err = x.set(&def, "")
		x.mu.Unlock()
	}
	q.either(*acknowledged(), err)
}

// closing answers POST /INDEX/_close and _open.
func (s *Server) closing(q *request, closed bool) {
	found, err := s.resolve(q.name)
	names := object()
	for _, x := range found {
		x.mu.Lock()
		x.closed = closed
		x.mu.Unlock()
		names.add(x.name, *object().add("closed", boolean(true)))
	}
	reply := acknowledged().add("shards_acknowledged", boolean(true))
	if closed {
		reply.add("indices", *names)
	}
	q.either(*reply, err)
}
