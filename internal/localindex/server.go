// Package localindex is an Elasticsearch-compatible index that lives in memory: bulk requests, mappings that
// grow with the documents, searches, and the few calls by which a person or a shipper looks around. It
// answers as Elasticsearch 8 does, down to the errors of single documents, so that a program which works
// against it works against a cluster.
//
// What it does not know is refused with an error, never ignored: scripts, aggregations, ingest pipelines,
// scoring.
//
// A Server is an http.Handler. Faults (refusals, cut connections, lost replies) are the business of a
// handler wrapped around it.
package localindex

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// Options of a Server. The zero value works.
type Options struct {
	Version string // what GET / answers, "8.19.0" by default
	MaxBody int64  // http.max_content_length in bytes, counted after gunzip; 100 MiB by default
}

const (
	defaultVersion = "8.19.0"
	defaultMaxBody = 100 << 20 // https://www.elastic.co/guide/en/elasticsearch/reference/8.19/modules-network.html
	clusterName    = "sluice"
	nodeName       = "local"
)

// Server holds indices and answers requests. Safe for concurrent use.
type Server struct {
	version string
	maxBody int64
	uuid    string

	mu        sync.RWMutex // guards the maps; each index has a lock of its own
	indices   map[string]*index
	streams   map[string]*index   // data stream -> its backing index
	aliases   map[string][]string // alias -> names of indices, sorted
	templates map[string]*template
}

// New returns an empty Server.
func New(o Options) *Server {
	s := &Server{
		version: o.Version, maxBody: o.MaxBody, uuid: newID(),
		indices: map[string]*index{}, streams: map[string]*index{},
		aliases: map[string][]string{}, templates: map[string]*template{},
	}
	if s.version == "" {
		s.version = defaultVersion
	}
	if s.maxBody == 0 {
		s.maxBody = defaultMaxBody
	}
	return s
}

// newID returns a random id of 20 characters, as long as those that Elasticsearch gives.
func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand.Read)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	s.route(w, r)
}

// resolve returns the indices that an expression names, sorted: names, aliases, data streams and wildcards,
// separated by commas; "", "_all" and "*" are all that are not hidden. A name without a wildcard that is not
// there is an error.
func (s *Server) resolve(expr string) ([]*index, *apiError) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := map[*index]bool{}
	if expr == "" || expr == "_all" {
		expr = "*"
	}
	for name := range strings.SplitSeq(expr, ",") {
		if strings.Contains(name, "*") {
			s.match(name, found)
			continue
		}
		list := s.named(name)
		if list == nil {
			return nil, noSuchIndex(name)
		}
		for _, x := range list {
			found[x] = true
		}
	}
	all := make([]*index, 0, len(found))
	for x := range found {
		all = append(all, x)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all, nil
}

// match adds the indices whose own name, alias or data stream fits a pattern.
func (s *Server) match(pattern string, found map[*index]bool) {
	for name, x := range s.indices {
		if fits(pattern, name) && (name[0] != '.' || pattern[0] == '.') {
			found[x] = true
		}
	}
	for name, x := range s.streams {
		if fits(pattern, name) {
			found[x] = true
		}
	}
	for name, list := range s.aliases {
		if fits(pattern, name) {
			for _, n := range list {
				found[s.indices[n]] = true
			}
		}
	}
}

// named returns what a name without wildcards stands for, or nil. The caller holds the lock.
func (s *Server) named(name string) []*index {
	if x := s.indices[name]; x != nil {
		return []*index{x}
	}
	if x := s.streams[name]; x != nil {
		return []*index{x}
	}
	var list []*index
	for _, n := range s.aliases[name] {
		list = append(list, s.indices[n])
	}
	return list
}

// writable returns the index to which a document addressed to name goes. It makes the index, by its
// template, when it is not there and create is true.
func (s *Server) writable(name string, create bool) (*index, *apiError) {
	s.mu.RLock()
	list := s.named(name)
	s.mu.RUnlock()
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(list) > 1:
		return nil, failure(http.StatusBadRequest, "illegal_argument_exception",
			"no write index is defined for alias ["+name+"]. The write index may be explicitly disabled using is_write_index=false"+
				" or the alias points to multiple indices without one being designated as a write index")
	case !create:
		return nil, noSuchIndex(name)
	}
	if err := checkIndexName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.named(name); len(list) == 1 { // made meanwhile
		return list[0], nil
	}
	return s.create(name, nil)
}

// create makes an index, or a data stream, from the template that fits best and the definition given with
// the request. The caller holds the lock.
func (s *Server) create(name string, def *definition) (*index, *apiError) {
	t := s.templateFor(name)
	x := newIndex(name)
	if t != nil {
		if err := x.define(t.def); err != nil {
			return nil, err
		}
		if t.dataStream {
			x.stream = name
			x.name = ".ds-" + name + "-" + time.Now().UTC().Format("2006.01.02") + "-000001"
		}
	}
	if def != nil {
		if err := x.define(*def); err != nil {
			return nil, err
		}
	}
	if x.stream != "" {
		s.streams[name] = x
	}
	s.indices[x.name] = x
	for _, alias := range x.givenAliases {
		s.addAlias(alias, x.name)
	}
	return x, nil
}

func (s *Server) addAlias(alias, name string) {
	list := s.aliases[alias]
	i := sort.SearchStrings(list, name)
	if i < len(list) && list[i] == name {
		return
	}
	list = append(list, "")
	copy(list[i+1:], list[i:])
	list[i] = name
	s.aliases[alias] = list
}

func (s *Server) removeAlias(alias, name string) bool {
	list := s.aliases[alias]
	i := sort.SearchStrings(list, name)
	if i == len(list) || list[i] != name {
		return false
	}
	if list = append(list[:i:i], list[i+1:]...); len(list) == 0 {
		delete(s.aliases, alias)
		return true
	}
	s.aliases[alias] = list
	return true
}

// remove takes an index away with its aliases. The caller holds the lock.
func (s *Server) remove(x *index) {
	delete(s.indices, x.name)
	delete(s.streams, x.stream)
	for alias := range s.aliases {
		s.removeAlias(alias, x.name)
	}
}
