package elasticsearch

import (
	"fmt"

	"sluice/internal/json"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// updateBody makes the second line of an update: {"doc":...} or {"script":...}. Read-only.
type updateBody struct {
	retries        int
	docAsUpsert    bool
	upsert         event.Template
	script         string
	stored         bool
	lang, variable string
	scriptedUpsert bool
}

func newUpdateBody(c *Config, env plugin.Env) *updateBody {
	u := &updateBody{
		retries: c.RetryOnConflict, docAsUpsert: c.DocAsUpsert, upsert: c.Upsert, script: c.Script,
		stored: c.ScriptType == "indexed", lang: c.ScriptLang, variable: c.ScriptVar, scriptedUpsert: c.ScriptedUpsert,
	}
	if s := c.Upsert.String(); s != "" && c.Upsert.IsConst() {
		if _, err := parseObject([]byte(s)); err != nil {
			env.Problems.Errorf("upsert", "%v", err)
		}
	}
	return u
}

// append appends the line for a document without its newline.
func (u *updateBody) append(dst []byte, e *event.Event) ([]byte, error) {
	if u.script != "" {
		return u.appendScript(dst, e)
	}
	dst = e.AppendJSON(append(dst, `{"doc":`...))
	if u.docAsUpsert {
		dst = append(dst, `,"doc_as_upsert":true`...)
	}
	dst, err := u.appendUpsert(dst, e)
	return append(dst, '}'), err
}

func (u *updateBody) appendScript(dst []byte, e *event.Event) ([]byte, error) {
	dst = append(dst, `{"script":{`...)
	if u.stored {
		dst = json.AppendString(append(dst, `"id":`...), u.script)
	} else {
		dst = json.AppendString(append(dst, `"source":`...), u.script)
		dst = json.AppendString(append(dst, `,"lang":`...), u.lang)
	}
	dst = json.AppendString(append(dst, `,"params":{`...), u.variable)
	dst = e.AppendJSON(append(dst, ':'))
	dst = append(dst, `}}`...)
	if u.scriptedUpsert {
		dst = append(dst, `,"scripted_upsert":true`...)
		if u.upsert.String() == "" {
			dst = append(dst, `,"upsert":{}`...)
		}
	}
	dst, err := u.appendUpsert(dst, e)
	return append(dst, '}'), err
}

func (u *updateBody) appendUpsert(dst []byte, e *event.Event) ([]byte, error) {
	if u.upsert.String() == "" {
		return dst, nil
	}
	text, err := u.upsert.Append(nil, e)
	if err == nil {
		var v event.Value
		if v, err = parseObject(text); err == nil {
			return v.AppendJSON(append(dst, `,"upsert":`...)), nil
		}
	}
	return dst, fmt.Errorf("make the upsert document: %w", err)
}

// parseObject reads a JSON object.
func parseObject(text []byte) (event.Value, error) {
	v, err := event.ParseJSON(text)
	if err == nil && v.Map() == nil {
		return v, fmt.Errorf("found %s, expected a JSON object", v.Kind())
	}
	return v, err
}
