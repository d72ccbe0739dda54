package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// template is the index template that is installed before the first events are sent. The nil *template has
// nothing to install.
type template struct {
	name      string
	body      []byte
	overwrite bool
	legacy    bool

	done atomic.Bool
	turn chan struct{} // holds one token: who has it installs
}

func newTemplate(c *Config, env plugin.Env) *template {
	if c.Template == "" || !c.ManageTemplate {
		return nil
	}
	t := &template{
		name: c.TemplateName, overwrite: c.TemplateOverwrite, legacy: c.TemplateAPI == "legacy", turn: make(chan struct{}, 1),
	}
	t.turn <- struct{}{}
	if t.name == "" {
		if t.name = defaultTemplate; env.ECS {
			t.name = defaultECSTemplate
		}
	}
	body, err := os.ReadFile(inDir(env.Dir, c.Template))
	if err != nil {
		env.Problems.Errorf("template", "%v", err)
		return t
	}
	v, err := event.ParseJSON(bytes.Clone(body))
	if err == nil && v.Map() == nil {
		err = fmt.Errorf("found %s, expected an object", v.Kind())
	}
	if err != nil {
		env.Problems.Errorf("template", "%q is no index template: %v", c.Template, err)
	} else if !v.Map().Has("index_patterns") {
		env.Problems.Errorf("template", "%q is no index template: index_patterns is missing", c.Template)
	}
	t.body = body
	return t
}

// install installs the template if that has not been done. Until it succeeds nothing is indexed: documents
// that come before their template get a wrong mapping for good.
func (t *template) install(ctx context.Context, o *output) error {
	if t == nil || t.done.Load() {
		return nil
	}
	select {
	case <-t.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { t.turn <- struct{}{} }()
	if t.done.Load() {
		return nil
	}
	ctx, cancel := o.limited(ctx)
	defer cancel()
	if err := t.put(ctx, o); err != nil {
		return fmt.Errorf("install the index template %q: %w", t.name, err)
	}
	t.done.Store(true)
	return nil
}

func (t *template) put(ctx context.Context, o *output) error {
	if !t.overwrite {
		there, err := t.exists(ctx, o)
		if there || err != nil {
			return err
		}
	}
	var req esapi.Request = esapi.IndicesPutIndexTemplateRequest{Name: t.name, Body: bytes.NewReader(t.body)}
	if t.legacy {
		req = esapi.IndicesPutTemplateRequest{Name: t.name, Body: bytes.NewReader(t.body)}
	}
	status, body, err := o.ask(ctx, req)
	if err != nil {
		return err
	}
	if status >= 300 {
		return statusError(status, body)
	}
	o.log.Info("index template installed", "name", t.name)
	return nil
}

func (t *template) exists(ctx context.Context, o *output) (bool, error) {
	var req esapi.Request = esapi.IndicesExistsIndexTemplateRequest{Name: t.name}
	if t.legacy {
		req = esapi.IndicesExistsTemplateRequest{Name: []string{t.name}}
	}
	status, body, err := o.ask(ctx, req)
	switch {
	case err != nil:
		return false, err
	case status == http.StatusOK:
		return true, nil
	case status == http.StatusNotFound:
		return false, nil
	}
	return false, statusError(status, body)
}

// ask makes a request with a short reply.
func (o *output) ask(ctx context.Context, req esapi.Request) (status int, body []byte, err error) {
	res, err := req.Do(ctx, o)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }() // what matters was read
	body, err = io.ReadAll(io.LimitReader(res.Body, failureBytes))
	return res.StatusCode, body, err
}

// statusError is the error of a request that was refused.
func statusError(status int, body []byte) error {
	it, ok := wholeFailure(body)
	if !ok {
		it = replyItem{}
	}
	it.status = status
	return newReplyError(&it)
}
