// Package sqs sends events to an Amazon SQS queue: packed, many in a message, or one by one as Logstash does.
package sqs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/internal/metrics"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the sqs output.
type Config struct {
	Queue          string          `yaml:"queue" required:"true" doc:"Name or URL of the queue."`
	Owner          string          `yaml:"queue_owner_aws_account_id" doc:"Account that owns the queue, when it is another one."`
	Region         string          `yaml:"region" doc:"AWS region; without it the queue's URL, the environment or the profile says it."`
	Endpoint       string          `yaml:"endpoint" doc:"URL of the service, for a VPC endpoint or another implementation."`
	AccessKeyID    string          `yaml:"access_key_id" doc:"Static credentials; without them the standard provider chain finds some."`
	SecretKey      plugin.Secret   `yaml:"secret_access_key" doc:"Secret of access_key_id."`
	SessionToken   plugin.Secret   `yaml:"session_token" doc:"Session token of temporary static credentials."`
	Profile        string          `yaml:"profile" doc:"Profile in the shared AWS configuration."`
	RoleARN        string          `yaml:"role_arn" doc:"Role to assume."`
	RoleSession    string          `yaml:"role_session_name" doc:"Name of the session of role_arn."`
	TokenFile      string          `yaml:"web_identity_token_file" doc:"Token with which role_arn is assumed by web identity."`
	Codec          plugin.Codec    `yaml:"codec" doc:"How events become messages: pack puts many into one, any other codec one into each."`
	BatchEvents    int             `yaml:"batch_events" doc:"Messages in one request, 1 to 10."`
	MaxMessage     plugin.Size     `yaml:"message_max_size" doc:"Largest message, 1KiB to 1MiB; the queue's own limit holds as well."`
	Oversize       string          `yaml:"oversize" oneof:"split|truncate|reject" doc:"What becomes of an event that no message can hold: split sends its message in parts, each an event tagged _sqs_split; truncate cuts its message and tags it _sqs_truncated; reject dead-letters it whole."`
	MessageGroupID *event.Template `yaml:"message_group_id" doc:"Group of each event, needed for a FIFO queue; events of different groups never share a message."`

	http aws.HTTPClient // for tests
}

// Plugin describes the sqs output.
func Plugin() plugin.Spec {
	return plugin.NewOutput("sqs", "messages to an Amazon SQS queue", defaults(), build)
}

func defaults() Config {
	return Config{
		Codec: plugin.CodecNamed("pack"), BatchEvents: sqs.MaxEntries, MaxMessage: sqs.MaxRequestBytes,
		Oversize: splitOversize, RoleSession: "sluice",
	}
}

// minMessage is the smallest MaximumMessageSize that SQS knows.
const minMessage = 1024

// Check refuses what SQS would.
func (c *Config) Check(p *plugin.Problems) {
	if err := sqs.CheckQueue(c.Queue); err != nil {
		p.Errorf("queue", "%v", err)
	}
	if c.BatchEvents < 1 || c.BatchEvents > sqs.MaxEntries {
		p.Errorf("batch_events", "found %d, expected 1 to %d", c.BatchEvents, sqs.MaxEntries)
	}
	if c.MaxMessage < minMessage || c.MaxMessage > sqs.MaxRequestBytes {
		p.Errorf("message_max_size", "found %s, expected 1KiB to 1MiB", c.MaxMessage)
	}
	if isFIFO(c.Queue) && c.MessageGroupID == nil {
		p.Errorf("queue", "a FIFO queue needs message_group_id")
	}
	if (c.AccessKeyID == "") != (c.SecretKey == "") {
		p.Errorf("access_key_id", "access_key_id and secret_access_key go together")
	}
	if c.TokenFile != "" && c.RoleARN == "" {
		p.Errorf("web_identity_token_file", "it needs role_arn")
	}
}

// client returns the queue that the options name.
func (c *Config) client() *sqs.Queue {
	return sqs.New(sqs.Options{
		Queue: c.Queue, Owner: c.Owner, Region: c.Region, Endpoint: c.Endpoint, AccessKey: c.AccessKeyID,
		SecretKey: c.SecretKey.Reveal(), Session: c.SessionToken.Reveal(), Profile: c.Profile, RoleARN: c.RoleARN,
		RoleSession: c.RoleSession, TokenFile: c.TokenFile, HTTP: c.http,
	})
}

func build(c Config, env plugin.Env) (*plugin.BuiltOutput, error) {
	if _, err := c.Codec.Encoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	return &plugin.BuiltOutput{
		Start:   func(_ context.Context, lanes int) (plugin.Output, error) { return start(c, env, lanes) },
		Probe:   func(ctx context.Context) error { return probe(ctx, &c) },
		Preview: (&output{c: c}).preview,
	}, nil
}

func probe(ctx context.Context, c *Config) error {
	q := c.client()
	defer q.Close()
	attrs, err := q.Attributes(ctx)
	if err == nil {
		err = attrs.Assumed
	}
	return err
}

func start(c Config, env plugin.Env, lanes int) (*output, error) {
	m := env.Metrics
	o := &output{
		c: c, log: env.Log(), fifo: isFIFO(c.Queue), queue: c.client(),
		sent:      m.Counter("sqs_messages_sent_total", "Messages that the queue took."),
		bytes:     m.Counter("sqs_bytes_sent_total", "Bytes of message bodies that the queue took."),
		requests:  m.Counter("sqs_send_requests_total", "Requests to send messages."),
		failed:    m.Counter("sqs_messages_failed_total", "Messages that the queue did not take, or did not say that it took."),
		split:     m.Counter("sqs_events_split_total", "Events that were sent in parts because no message could hold them."),
		truncated: m.Counter("sqs_events_truncated_total", "Events that were cut because no message could hold them."),
		cleaned:   m.Counter("sqs_messages_cleaned_total", "Messages in which characters that SQS does not take were replaced."),
	}
	for range lanes {
		enc, err := c.Codec.Encoder()
		if err != nil {
			return nil, err
		}
		o.lanes = append(o.lanes, &lane{o: o, enc: enc, starts: map[event.ID]struct{}{}, parts: map[int]int{}})
	}
	return o, nil
}

func isFIFO(queue string) bool { return strings.HasSuffix(queue, ".fifo") }

// output is shared by all lanes.
type output struct {
	c     Config
	log   *slog.Logger
	fifo  bool
	queue *sqs.Queue
	lanes []*lane
	told  sync.Once // that the queue may not be asked

	sent, bytes, requests, failed, split, truncated, cleaned metrics.Counter
}

// Write sends the view's events in as few requests as the limits allow.
func (o *output) Write(ctx context.Context, v *event.View) error {
	if v.Len() == 0 {
		return nil
	}
	attrs, err := o.queue.Attributes(ctx)
	if err != nil {
		return err
	}
	if attrs.Assumed != nil {
		o.told.Do(func() {
			o.log.Warn("queue may not be asked for its attributes; messages stay below a size that every queue takes",
				"message_max_size", attrs.MaxMessage, "err", attrs.Assumed)
		})
	}
	l := o.lanes[v.Lane]
	l.begin(v, attrs)
	if o.c.MessageGroupID != nil {
		return l.groups(ctx, v)
	}
	if err := l.all(ctx, v, nil, ""); err != nil {
		return err
	}
	return l.flush(ctx)
}

// group returns the message group of an event.
func (o *output) group(e *event.Event) (string, error) {
	name, err := o.c.MessageGroupID.Append(nil, e)
	if err == nil && len(name) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("message_group_id: %w", err)
	}
	return string(name), nil
}

// preview says where an event would go.
func (o *output) preview(e *event.Event) (map[string]string, error) {
	where := map[string]string{"queue": o.c.Queue}
	if o.c.MessageGroupID == nil {
		return where, nil
	}
	var err error
	where["message_group_id"], err = o.group(e)
	return where, err
}

// Close lets go of connections; what Write reported as delivered is in the queue.
func (o *output) Close(context.Context) error {
	o.queue.Close()
	return nil
}
