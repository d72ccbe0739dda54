// Package elasticsearch indexes events into Elasticsearch or OpenSearch with bulk requests, and judges each
// event by its own item of the reply.
//
// One Write is one request (more only when the documents outgrow bulk_max_bytes, or the cluster says that
// they are too many bytes). A lane keeps its buffers: a document is serialized once, into the body that is
// sent. Retrying, waiting and giving up are the engine's.
package elasticsearch

import (
	"context"
	"errors"
	"time"

	"github.com/klauspost/compress/gzip"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the elasticsearch output.
type Config struct {
	Hosts         []string                    `yaml:"hosts" doc:"Addresses: host, host:port or a URL; the port is 9200 where none is given. Requests go to them in turn, past those that fail."`
	CloudID       plugin.Secret               `yaml:"cloud_id" doc:"The Cloud ID of an Elastic Cloud deployment, in place of hosts."`
	Path          string                      `yaml:"path" doc:"A path in front of every request's own, for a cluster behind a proxy."`
	BulkPath      string                      `yaml:"bulk_path" doc:"The whole path of bulk requests, in place of path and /_bulk."`
	Parameters    plugin.Pairs[string]        `yaml:"parameters" doc:"Query parameters of every request."`
	CustomHeaders plugin.Pairs[plugin.Secret] `yaml:"custom_headers" doc:"Headers of every request."`
	Proxy         plugin.Secret               `yaml:"proxy" doc:"The URL of an HTTP proxy; without it the environment says (HTTPS_PROXY, NO_PROXY)."`

	User      string        `yaml:"user" doc:"The name for basic authentication."`
	Password  plugin.Secret `yaml:"password" doc:"The password for basic authentication."`
	CloudAuth plugin.Secret `yaml:"cloud_auth" doc:"Name and password for basic authentication as name:password."`
	APIKey    plugin.Secret `yaml:"api_key" doc:"An API key: id:key, the Base64 form of it, or a key that begins with essu_. It needs https."`

	SSLEnabled       *bool           `yaml:"ssl_enabled" doc:"Whether to speak TLS; without it the hosts' URLs say."`
	SSLVerification  string          `yaml:"ssl_verification_mode" oneof:"full|none" doc:"Whether to check the server's certificate and name."`
	SSLAuthorities   []string        `yaml:"ssl_certificate_authorities" doc:"PEM files with the authorities to trust, in place of the system's."`
	CATrusted        string          `yaml:"ca_trusted_fingerprint" doc:"SHA-256 of an authority's certificate in hexadecimal digits: an authority that the server shows is trusted when it has it."`
	SSLCertificate   string          `yaml:"ssl_certificate" doc:"PEM file with the certificate to show to the server."`
	SSLKey           string          `yaml:"ssl_key" doc:"PEM file with the key of ssl_certificate."`
	SSLSupported     []string        `yaml:"ssl_supported_protocols" oneof:"TLSv1.2|TLSv1.3" doc:"The versions of TLS to use; all without it."`
	CompressionLevel *int            `yaml:"compression_level" doc:"Gzip level of request bodies, 1 (fast) to 9 (small), 0 is off; without it 1, and 0 when all hosts are this machine."`
	BulkMaxBytes     plugin.Size     `yaml:"bulk_max_bytes" doc:"A request's body, before compression, is split at this size; a cluster that takes less is found out."`
	Timeout          plugin.Duration `yaml:"timeout" doc:"How long a request may take."`

	Index           event.Template `yaml:"index" doc:"The index of an event; without it logstash-%{+yyyy.MM.dd}, and with ECS ecs-logstash-%{+yyyy.MM.dd}."`
	DocumentID      event.Template `yaml:"document_id" doc:"The id of an event's document; without it the event's own identity."`
	Routing         event.Template `yaml:"routing" doc:"The routing value of an event."`
	Pipeline        event.Template `yaml:"pipeline" doc:"The ingest pipeline of an event."`
	Action          event.Template `yaml:"action" doc:"What to do: create, index, update or delete; without it create."`
	Version         event.Template `yaml:"version" doc:"The version of an event's document, a whole number; it needs version_type."`
	VersionType     string         `yaml:"version_type" oneof:"external|external_gt|external_gte" doc:"How version is compared with the version that is there."`
	RetryOnConflict int            `yaml:"retry_on_conflict" doc:"How often Elasticsearch tries an update again that another one overtook."`
	DocAsUpsert     bool           `yaml:"doc_as_upsert" doc:"An update of a document that is not there creates it from the event."`
	Upsert          event.Template `yaml:"upsert" doc:"An update of a document that is not there creates it from this JSON object."`
	Script          string         `yaml:"script" doc:"The script of an update: its source, or its name when it is stored."`
	ScriptType      string         `yaml:"script_type" oneof:"inline|indexed" doc:"Whether script is source, or the name of a stored script."`
	ScriptLang      string         `yaml:"script_lang" doc:"The language of an inline script."`
	ScriptVar       string         `yaml:"script_var_name" doc:"The script finds the event in params under this name."`
	ScriptedUpsert  bool           `yaml:"scripted_upsert" doc:"The script runs too when the document is not there."`

	DateWindow      Window `yaml:"date_window" doc:"Events whose time is further from the time at which they were first read go to quarantine_index, when index names a date."`
	QuarantineIndex string `yaml:"quarantine_index" doc:"The index of events outside of date_window; their documents get the tag _date_outside_window."`

	DataStream            bool   `yaml:"data_stream" doc:"Write to the data stream TYPE-DATASET-NAMESPACE in place of an index."`
	DataStreamType        string `yaml:"data_stream_type" doc:"The type of the data stream."`
	DataStreamDataset     string `yaml:"data_stream_dataset" doc:"The dataset of the data stream."`
	DataStreamNamespace   string `yaml:"data_stream_namespace" doc:"The namespace of the data stream."`
	DataStreamAutoRouting bool   `yaml:"data_stream_auto_routing" doc:"An event's own data_stream.type, .dataset and .namespace win."`
	DataStreamSyncFields  bool   `yaml:"data_stream_sync_fields" doc:"Documents get data_stream.type, .dataset and .namespace as they were used."`

	ManageTemplate    bool   `yaml:"manage_template" doc:"Install the index template of the option template with the first events."`
	Template          string `yaml:"template" doc:"A JSON file with an index template to install."`
	TemplateName      string `yaml:"template_name" doc:"The name of the index template; without it logstash, and with ECS ecs-logstash."`
	TemplateOverwrite bool   `yaml:"template_overwrite" doc:"Replace an index template of that name."`
	TemplateAPI       string `yaml:"template_api" oneof:"auto|composable|legacy" doc:"The kind of index template; auto is composable."`
}

// Window is how far an event's time may be from the time at which it was first read.
type Window struct {
	Past   plugin.Duration `yaml:"past" doc:"How far before; 0 is any time."`
	Future plugin.Duration `yaml:"future" doc:"How far after; 0 is any time."`
}

const (
	defaultIndex        = "logstash-%{+yyyy.MM.dd}"
	defaultECSIndex     = "ecs-logstash-%{+yyyy.MM.dd}"
	defaultTemplate     = "logstash"
	defaultECSTemplate  = "ecs-logstash"
	defaultBulkMaxBytes = 10 << 20 // a tenth of http.max_content_length's default
	minBulkMaxBytes     = 64 << 10
	defaultTimeout      = time.Minute
	defaultPast         = 30 * 24 * time.Hour
	defaultFuture       = 24 * time.Hour
	defaultQuarantine   = "sluice-quarantine"
	windowTag           = "_date_outside_window"
)

// Plugin describes the elasticsearch output.
func Plugin() plugin.Spec {
	def := Config{
		Hosts: []string{"http://127.0.0.1:9200"}, SSLVerification: "full",
		BulkMaxBytes: defaultBulkMaxBytes, Timeout: plugin.Duration(defaultTimeout), RetryOnConflict: 1,
		ScriptType: "inline", ScriptLang: "painless", ScriptVar: "event",
		DateWindow:      Window{Past: plugin.Duration(defaultPast), Future: plugin.Duration(defaultFuture)},
		QuarantineIndex: defaultQuarantine,
		DataStreamType:  "logs", DataStreamDataset: "generic", DataStreamNamespace: "default",
		DataStreamAutoRouting: true, DataStreamSyncFields: true,
		ManageTemplate: true, TemplateAPI: "auto",
	}
	return plugin.NewOutput("elasticsearch", "index events into Elasticsearch or OpenSearch", def, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltOutput, error) {
	t := newTarget(&c, env)
	conn := newConnection(&c, env)
	tmpl := newTemplate(&c, env)
	if c.BulkMaxBytes < minBulkMaxBytes {
		env.Problems.Errorf("bulk_max_bytes", "found %s, expected at least %s", c.BulkMaxBytes, plugin.Size(minBulkMaxBytes))
	}
	if l := c.CompressionLevel; l != nil && (*l < 0 || *l > gzip.BestCompression) {
		env.Problems.Errorf("compression_level", "found %d, expected 0 to %d", *l, gzip.BestCompression)
	}
	if c.Timeout <= 0 {
		env.Problems.Errorf("timeout", "found %s, expected more than 0s", c.Timeout)
	}
	return &plugin.BuiltOutput{
		Start: func(_ context.Context, lanes int) (plugin.Output, error) {
			return newOutput(&c, t, conn, tmpl, startEnv{env, lanes})
		},
		Probe: func(ctx context.Context) error {
			o, err := newOutput(&c, t, conn, tmpl, startEnv{env, 1})
			if err != nil {
				return err
			}
			return errors.Join(o.Probe(ctx), o.Close(ctx))
		},
		Preview: t.preview,
	}, nil
}
