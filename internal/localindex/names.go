package localindex

import (
	"net/http"
	"strings"
)

// maxIndexName is the longest name of an index in bytes.
// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-create-index.html
const maxIndexName = 255

// checkIndexName returns the error that Elasticsearch has for a bad name, in its order of checking.
func checkIndexName(name string) *apiError {
	var why string
	switch {
	case name == "":
		why = "must not be empty"
	case strings.ContainsAny(name, ` "*,/<>?\|`):
		why = `must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`
	case strings.Contains(name, "#"):
		why = "must not contain '#'"
	case strings.Contains(name, ":"):
		why = "must not contain ':'"
	case strings.IndexByte("_-+", name[0]) >= 0:
		why = "must not start with '_', '-', or '+'"
	case len(name) > maxIndexName:
		return badIndexName(name, "index name is too long, ("+itoa(len(name))+" > 255)")
	case name == "." || name == "..":
		why = "must not be '.' or '..'"
	case strings.ToLower(name) != name:
		why = "must be lowercase"
	default:
		return nil
	}
	return badIndexName(name, why)
}

func badIndexName(name, why string) *apiError {
	e := failure(http.StatusBadRequest, "invalid_index_name_exception", "Invalid index name ["+name+"], "+why)
	return e.with("index_uuid", "_na_").with("index", name)
}

// fits reports whether name matches a pattern in which * stands for any text.
func fits(pattern, name string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], next
	}
}
