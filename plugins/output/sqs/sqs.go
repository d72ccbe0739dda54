// Package sqs sends events to an Amazon SQS queue: packed, many in a message, or one by one as Logstash does.
package sqs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/internal/metrics"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the output's options.
type Config struct {
	Queue          string          `yaml:"queue" required:"true" doc:"Name or URL of the queue."`
	Owner          string          `yaml:"queue_owner_aws_account_id" doc:"Account that owns the queue, when it is another one."`
	Region         string          `yaml:"region" doc:"AWS region; else the environment or the profile says it."`
	Endpoint       string          `yaml:"endpoint" doc:"URL of the service, for another implementation of it."`
	AccessKeyID    string          `yaml:"access_key_id" doc:"Static credentials; else the standard provider chain finds them."`
	SecretKey      plugin.Secret   `yaml:"secret_access_key" doc:"Secret of access_key_id."`
	SessionToken   plugin.Secret   `yaml:"session_token" doc:"Session token of temporary static credentials."`
	Profile        string          `yaml:"profile" doc:"Profile in the shared AWS configuration."`
	RoleARN        string          `yaml:"role_arn" doc:"Role to assume."`
	RoleSession    string          `yaml:"role_session_name" doc:"Name of the session of role_arn."`
	TokenFile      string          `yaml:"web_identity_token_file" doc:"Token with which role_arn is assumed by web identity."`
	Codec          plugin.Codec    `yaml:"codec" doc:"How events become messages: pack puts many into one, any other codec one into each."`
	BatchEvents    int             `yaml:"batch_events" doc:"Messages in one request, 1 to 10."`
	MaxMessage     plugin.Size     `yaml:"message_max_size" doc:"Largest message; the queue's own limit holds as well."`
	Oversize       string          `yaml:"oversize" oneof:"reject|truncate" doc:"What happens to an event that no message can hold: reject dead-letters it whole, truncate cuts its message and tags it _truncated."`
	MessageGroupID *event.Template `yaml:"message_group_id" doc:"Group of each message, for a FIFO queue; events of different groups never share a message."`

	http aws.HTTPClient // for tests
}

// Plugin describes the sqs output.
func Plugin() plugin.Spec {
	return plugin.NewOutput("sqs", "messages to an Amazon SQS queue", defaults(), build)
}

func defaults() Config {
	return Config{
		Codec: plugin.CodecNamed("pack"), BatchEvents: sqs.MaxEntries, MaxMessage: sqs.MaxRequestBytes,
		Oversize: "reject", RoleSession: "sluice",
	}
}

// minMessage is the smallest MaximumMessageSize that SQS knows.
const minMessage = 1024

// Check refuses what SQS would.
func (c *Config) Check(p *plugin.Problems) {
	if c.BatchEvents < 1 || c.BatchEvents > sqs.MaxEntries {
		p.Errorf("batch_events", "found %d, expected 1 to %d", c.BatchEvents, sqs.MaxEntries)
	}
	if c.MaxMessage < minMessage || c.MaxMessage > sqs.MaxRequestBytes {
		p.Errorf("message_max_size", "found %s, expected 1KiB to 1MiB", c.MaxMessage)
	}
	fifo := strings.HasSuffix(c.Queue, ".fifo")
	if fifo && c.MessageGroupID == nil {
		p.Errorf("queue", "a FIFO queue needs message_group_id")
	}
	if (c.AccessKeyID == "") != (c.SecretKey == "") {
		p.Errorf("access_key_id", "access_key_id and secret_access_key go together")
	}
}

func build(c Config, env plugin.Env) (*plugin.BuiltOutput, error) {
	if _, err := c.Codec.Encoder(); err != nil {
		return nil, err
	}
	return &plugin.BuiltOutput{
		Start: func(_ context.Context, lanes int) (plugin.Output, error) { return start(c, env, lanes) },
	}, nil
}

func start(c Config, env plugin.Env, lanes int) (*output, error) {
	o := &output{
		c: c, fifo: strings.HasSuffix(c.Queue, ".fifo"),
		queue: sqs.New(sqs.Options{
			Queue: c.Queue, Owner: c.Owner, Region: c.Region, Endpoint: c.Endpoint, AccessKey: c.AccessKeyID,
			SecretKey: c.SecretKey.Reveal(), Session: c.SessionToken.Reveal(), Profile: c.Profile, RoleARN: c.RoleARN,
			RoleSession: c.RoleSession, TokenFile: c.TokenFile, HTTP: c.http,
		}),
		sent:      env.Metrics.Counter("sqs_messages_sent_total", "Messages that the queue took."),
		bytes:     env.Metrics.Counter("sqs_bytes_sent_total", "Bytes of message bodies that the queue took."),
		requests:  env.Metrics.Counter("sqs_send_requests_total", "Requests to send messages."),
		failed:    env.Metrics.Counter("sqs_entries_failed_total", "Messages of a request that the queue did not take."),
		truncated: env.Metrics.Counter("sqs_events_truncated_total", "Events that were cut to fit a message."),
	}
	for range lanes {
		enc, err := c.Codec.Encoder()
		if err != nil {
			return nil, err
		}
		o.lanes = append(o.lanes, &lane{o: o, enc: enc})
	}
	return o, nil
}

// output is shared by all lanes.
type output struct {
	c     Config
	fifo  bool
	queue *sqs.Queue
	lanes []*lane

	sent, bytes, requests, failed, truncated metrics.Counter
}

// Write sends the view's events in as few requests as the limits allow.
func (o *output) Write(ctx context.Context, v *event.View) error {
	attrs, err := o.queue.Attributes(ctx)
	if err != nil {
		return err
	}
	l := o.lanes[v.Lane]
	l.v, l.max = v, min(int(o.c.MaxMessage), attrs.MaxMessage)
	l.reset()
	if o.c.MessageGroupID == nil {
		return l.all(ctx, v, nil, "")
	}
	return l.groups(ctx, v)
}

// Probe asks for the queue's attributes.
func (o *output) Probe(ctx context.Context) error {
	_, err := o.queue.Attributes(ctx)
	return err
}

// Close has nothing to do: what Write reported as delivered is in the queue.
func (*output) Close(context.Context) error { return nil }
