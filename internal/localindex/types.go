package localindex

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sluice/internal/json"
)

// fail returns the error of a value that does not fit. It shows the whole value, as Elasticsearch does.
func (p *parsing) fail(path, typ string, v *node, cause *apiError) *apiError {
	return badRequest("document_parsing_exception",
		"failed to parse field ["+path+"] of type ["+typ+"] in document with id '"+p.id+"'. Preview of field's value: '"+v.plain()+"'").
		causedBy(cause)
}

// scalar checks one value against the type of its field.
func (p *parsing) scalar(path string, f *field, v *node) *apiError {
	if cause := f.check(path, v); cause != nil {
		return p.fail(path, f.typ, v, cause)
	}
	return nil
}

// check returns why a value does not fit the field, or nil.
func (f *field) check(path string, v *node) *apiError {
	switch f.typ {
	case "long", "integer", "short", "byte":
		return f.checkWhole(v)
	case "double", "float", "half_float":
		return f.checkReal(v)
	case "boolean":
		if v.kind == json.Bool || v.kind == json.String && (v.str == "true" || v.str == "false" || v.str == "") {
			return nil
		}
		if v.kind == json.String {
			return badRequest("illegal_argument_exception", "Failed to parse value ["+v.str+"] as only [true] or [false] are allowed.")
		}
		return badRequest("x_content_parse_exception", "Current token ("+token(v)+") not of boolean type")
	case "date":
		if v.kind != json.Object {
			if _, ok := f.instant(v); ok {
				return nil
			}
		}
		return badRequest("illegal_argument_exception", "failed to parse date field ["+v.plain()+"] with format ["+f.formatName()+"]").
			causedBy(badRequest("date_time_parse_exception", "Failed to parse with all enclosed parsers"))
	case "ip":
		if _, err := netip.ParseAddr(v.plain()); err != nil {
			return badRequest("illegal_argument_exception", "'"+v.plain()+"' is not an IP string literal.")
		}
		return nil
	}
	return f.checkText(path, v)
}

func (f *field) checkText(path string, v *node) *apiError {
	if v.kind == json.Object {
		return badRequest("illegal_argument_exception", "Expected text but found START_OBJECT")
	}
	s := v.plain()
	if f.typ == "keyword" && len(s) > maxTermBytes && (f.ignoreAbove == 0 || len([]rune(s)) <= f.ignoreAbove) {
		return badRequest("illegal_argument_exception", "Document contains at least one immense term in field=\""+path+
			"\" (whose UTF8 encoding is longer than the max length 32766), all of which were skipped. Please correct the analyzer to not produce such terms.")
	}
	return nil
}

func token(v *node) string {
	switch v.kind {
	case json.Bool:
		return "VALUE_" + strings.ToUpper(strconv.FormatBool(v.bool))
	case json.Int:
		return "VALUE_NUMBER_INT"
	case json.Float:
		return "VALUE_NUMBER_FLOAT"
	case json.String:
		return "VALUE_STRING"
	case json.Array:
		return "START_ARRAY"
	case json.Object:
		return "START_OBJECT"
	default:
		return "VALUE_NULL"
	}
}

// wholeRange is the values of a type of whole numbers.
func wholeRange(typ string) (lo, hi float64) {
	switch typ {
	case "byte":
		return math.MinInt8, math.MaxInt8
	case "short":
		return math.MinInt16, math.MaxInt16
	case "integer":
		return math.MinInt32, math.MaxInt32
	default:
		return math.MinInt64, math.MaxInt64
	}
}

func (f *field) checkWhole(v *node) *apiError {
	x, err := f.numeric(v)
	if err != nil || v.kind == json.String && v.str == "" {
		return err
	}
	lo, hi := wholeRange(f.typ)
	switch {
	case f.typ == "long" && (x < lo || x >= hi) && v.kind != json.Int:
		return badRequest("x_content_parse_exception", "Numeric value ("+v.plain()+") out of range of long (-9223372036854775808 - 9223372036854775807)")
	case f.typ != "long" && (x < lo || x > hi):
		if v.kind == json.String {
			return badRequest("illegal_argument_exception", "Value ["+v.plain()+"] is out of range for a "+f.typ)
		}
		return badRequest("x_content_parse_exception", "Numeric value ("+v.plain()+") out of range of "+f.typ)
	}
	return nil
}

func (f *field) checkReal(v *node) *apiError {
	x, err := f.numeric(v)
	if err != nil {
		return err
	}
	most := math.MaxFloat64
	switch f.typ {
	case "float":
		most = math.MaxFloat32
	case "half_float":
		most = 65504
	}
	if math.Abs(x) > most {
		return badRequest("illegal_argument_exception", "["+f.typ+"] supports only finite values, but got ["+v.plain()+"]")
	}
	return nil
}

// numeric returns a value as a number, as coerce does.
func (f *field) numeric(v *node) (float64, *apiError) {
	switch v.kind {
	case json.Int:
		return float64(v.int), nil
	case json.Float:
		return v.float, nil
	case json.String:
		if v.str == "" {
			return 0, nil
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(v.str), 64)
		if err == nil {
			return x, nil
		}
		typ := "illegal_argument_exception"
		if lo, _ := wholeRange(f.typ); lo == math.MinInt64 && f.typ != "long" {
			typ = "number_format_exception"
		}
		return 0, badRequest(typ, "For input string: \""+v.str+"\"")
	case json.Object:
		return 0, badRequest("illegal_argument_exception", "Cannot parse object as number")
	}
	return 0, badRequest("x_content_parse_exception", "Current token ("+token(v)+") not numeric, can not use numeric value accessors")
}

// dateFormat is one of the formats of a date field.
type dateFormat struct {
	layouts []string // of package time; a time matches one of them wholly
	millis  bool     // epoch_millis
	seconds bool     // epoch_second
}

const (
	defaultDateFormat = "strict_date_optional_time||epoch_millis"
	slashDateFormat   = "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis" // of a date found as 2026/01/31
)

var isoLayouts = []string{ //nolint:gochecknoglobals // a table
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15Z07:00", "2006-01-02T15", "2006-01-02T", "2006-01-02", "2006-01", "2006",
}

var slashLayouts = []string{"2006/01/02 15:04:05", "2006/01/02"} //nolint:gochecknoglobals // a table

func (f *field) formatName() string {
	if f.format == "" {
		return defaultDateFormat
	}
	return f.format
}

// parseFormats compiles a date field's format, or returns nil for one that is not known.
func parseFormats(s string) []dateFormat {
	if s == "" {
		s = defaultDateFormat
	}
	var formats []dateFormat
	for one := range strings.SplitSeq(s, "||") {
		switch one {
		case "strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "strict_date_time", "date_time", "iso8601":
			formats = append(formats, dateFormat{layouts: isoLayouts})
		case "epoch_millis":
			formats = append(formats, dateFormat{millis: true})
		case "epoch_second":
			formats = append(formats, dateFormat{seconds: true})
		case "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd":
			formats = append(formats, dateFormat{layouts: slashLayouts})
		case "yyyy-MM-dd", "strict_date", "date":
			formats = append(formats, dateFormat{layouts: []string{"2006-01-02"}})
		case "yyyy-MM-dd HH:mm:ss":
			formats = append(formats, dateFormat{layouts: []string{"2006-01-02 15:04:05"}})
		default:
			return nil
		}
	}
	return formats
}

// instant reads a value of a date field as milliseconds since 1970.
func (f *field) instant(v *node) (int64, bool) {
	formats := f.formats
	if formats == nil {
		formats = parseFormats(f.format)
	}
	s := v.plain()
	n, numErr := strconv.ParseFloat(s, 64)
	for _, df := range formats {
		switch {
		case df.millis && numErr == nil && v.kind != json.Bool:
			return int64(n), true
		case df.seconds && numErr == nil && v.kind != json.Bool:
			return int64(n * 1000), true
		case v.kind == json.String:
			if t, ok := parseLayouts(df.layouts, s); ok {
				return t.UnixMilli(), true
			}
		}
	}
	return 0, false
}

func parseLayouts(layouts []string, s string) (time.Time, bool) {
	s = strings.Replace(s, ",", ".", 1)
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// detectDate returns a date field when s is a date that is no number, or nil.
func detectDate(s string) *field {
	if len(s) < len("2006-01") || s[0] < '0' || s[0] > '9' {
		return nil
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return nil
	}
	if _, ok := parseLayouts(isoLayouts, s); ok {
		return &field{typ: "date", formats: parseFormats("")}
	}
	if _, ok := parseLayouts(slashLayouts, s); ok {
		return &field{typ: "date", format: slashDateFormat, formats: parseFormats(slashDateFormat)}
	}
	return nil
}
