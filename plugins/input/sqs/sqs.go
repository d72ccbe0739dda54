// Package sqs receives events from an Amazon SQS queue: packed messages of a shipper, or what other programs
// wrote. A message is deleted only when each of its events has ended.
package sqs

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the input's options.
type Config struct {
	Queue         string          `yaml:"queue" required:"true" doc:"Name or URL of the queue."`
	Owner         string          `yaml:"queue_owner_aws_account_id" doc:"Account that owns the queue, when it is another one."`
	Region        string          `yaml:"region" doc:"AWS region; else the environment or the profile says it."`
	Endpoint      string          `yaml:"endpoint" doc:"URL of the service, for another implementation of it."`
	AccessKeyID   string          `yaml:"access_key_id" doc:"Static credentials; else the standard provider chain finds them."`
	SecretKey     plugin.Secret   `yaml:"secret_access_key" doc:"Secret of access_key_id."`
	SessionToken  plugin.Secret   `yaml:"session_token" doc:"Session token of temporary static credentials."`
	Profile       string          `yaml:"profile" doc:"Profile in the shared AWS configuration."`
	RoleARN       string          `yaml:"role_arn" doc:"Role to assume."`
	RoleSession   string          `yaml:"role_session_name" doc:"Name of the session of role_arn."`
	TokenFile     string          `yaml:"web_identity_token_file" doc:"Token with which role_arn is assumed by web identity."`
	Codec         plugin.Codec    `yaml:"codec" doc:"How messages become events: pack reads a shipper's messages, and JSON."`
	Polling       plugin.Duration `yaml:"polling_frequency" doc:"How long one receive waits for messages, up to 20s."`
	MaxReceives   int             `yaml:"max_receive_count" doc:"A message that was received more often is dead-lettered with its body; 0 never does that."`
	IDField       event.Path      `yaml:"id_field" doc:"Field for the message id."`
	MD5Field      event.Path      `yaml:"md5_field" doc:"Field for the checksum of the message's body."`
	SentTimeField event.Path      `yaml:"sent_timestamp_field" doc:"Field for the time at which the message was sent."`

	http aws.HTTPClient // for tests
}

// Plugin describes the sqs input.
func Plugin() plugin.Spec {
	return plugin.NewInput("sqs", "messages from an Amazon SQS queue", defaults(), build)
}

// defaultReceives is what a message may be received before it is taken for poison: higher than a few stops,
// spot interruptions and outages in a row would bring about.
const defaultReceives = 20

func defaults() Config {
	return Config{
		Codec: plugin.CodecNamed("pack"), Polling: plugin.Duration(10 * time.Second), MaxReceives: defaultReceives,
		RoleSession: "sluice",
	}
}

// Check refuses what SQS would.
func (c *Config) Check(p *plugin.Problems) {
	if c.Polling.D() < 0 || c.Polling.D() > sqs.MaxWait {
		p.Errorf("polling_frequency", "found %s, expected 0s to 20s", c.Polling)
	}
	if c.MaxReceives < 0 {
		p.Errorf("max_receive_count", "found %d, expected 0 or more", c.MaxReceives)
	}
	if (c.AccessKeyID == "") != (c.SecretKey == "") {
		p.Errorf("access_key_id", "access_key_id and secret_access_key go together")
	}
}

func build(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
	if _, err := c.Codec.Decoder(); err != nil {
		return nil, err
	}
	return &plugin.BuiltInput{
		Replayable: true, Redelivers: true, Streams: true,
		Start:      func(_ context.Context, o plugin.StartOptions) (plugin.Input, error) { return start(c, env, o) },
		NewDecoder: func() plugin.Decoder { return c.Codec.Built.NewDecoder() },
		Packed:     c.Codec.Name == defaults().Codec.Name,
	}, nil
}

func start(c Config, env plugin.Env, o plugin.StartOptions) (*input, error) {
	in := &input{
		c: c, env: env, log: env.Log(), once: o.Once, drained: make(chan struct{}),
		queue: sqs.New(sqs.Options{
			Queue: c.Queue, Owner: c.Owner, Region: c.Region, Endpoint: c.Endpoint, AccessKey: c.AccessKeyID,
			SecretKey: c.SecretKey.Reveal(), Session: c.SessionToken.Reveal(), Profile: c.Profile, RoleARN: c.RoleARN,
			RoleSession: c.RoleSession, TokenFile: c.TokenFile, HTTP: c.http,
		}),
	}
	in.held = newHeld(in.queue, in.log, env)
	m := env.Metrics
	in.received = m.Counter("sqs_messages_received_total", "Messages received, redeliveries included.")
	in.redelivered = m.Counter("sqs_messages_redelivered_total", "Messages that had been received before.")
	in.empty = m.Counter("sqs_receives_empty_total", "Receives that brought nothing.")
	in.bytes = m.Counter("sqs_bytes_received_total", "Bytes of message bodies received.")
	in.undecodable = m.Counter("sqs_messages_undecodable_total", "Messages that could not be decoded and were dead-lettered.")
	for range o.Lanes {
		dec, err := c.Codec.Decoder()
		if err != nil {
			return nil, err
		}
		in.lanes = append(in.lanes, &lane{dec: dec})
	}
	in.held.start()
	return in, nil
}

func logErr(l *slog.Logger, text string, n int, err error) {
	l.Warn(text, "messages", n, "err", err)
}
