// Package sqs receives events from an Amazon SQS queue: packed messages of a shipper, or what other programs
// wrote. A message is deleted only when each of its events has ended.
package sqs

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the sqs input.
type Config struct {
	Queue         string          `yaml:"queue" required:"true" doc:"Name or URL of the queue."`
	Owner         string          `yaml:"queue_owner_aws_account_id" doc:"Account that owns the queue, when it is another one."`
	Region        string          `yaml:"region" doc:"AWS region; without it the queue's URL, the environment or the profile says it."`
	Endpoint      string          `yaml:"endpoint" doc:"URL of the service, for a VPC endpoint or another implementation."`
	AccessKeyID   string          `yaml:"access_key_id" doc:"Static credentials; without them the standard provider chain finds some."`
	SecretKey     plugin.Secret   `yaml:"secret_access_key" doc:"Secret of access_key_id."`
	SessionToken  plugin.Secret   `yaml:"session_token" doc:"Session token of temporary static credentials."`
	Profile       string          `yaml:"profile" doc:"Profile in the shared AWS configuration."`
	RoleARN       string          `yaml:"role_arn" doc:"Role to assume."`
	RoleSession   string          `yaml:"role_session_name" doc:"Name of the session of role_arn."`
	TokenFile     string          `yaml:"web_identity_token_file" doc:"Token with which role_arn is assumed by web identity."`
	Codec         plugin.Codec    `yaml:"codec" doc:"How messages become events: pack reads a shipper's messages, and JSON."`
	Polling       plugin.Duration `yaml:"polling_frequency" doc:"How long one receive waits for messages, up to 20s; a stop waits for it."`
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

// defaultPolling is shorter than the longest poll, since a stop waits for the poll that is under way.
const defaultPolling = 10 * time.Second

func defaults() Config {
	return Config{
		Codec: plugin.CodecNamed(packCodec), Polling: plugin.Duration(defaultPolling), MaxReceives: defaultReceives,
		RoleSession: "sluice",
	}
}

// packCodec is the codec whose messages hold lines of a shipper.
const packCodec = "pack"

// Check refuses what SQS would.
func (c *Config) Check(p *plugin.Problems) {
	if err := sqs.CheckQueue(c.Queue); err != nil {
		p.Errorf("queue", "%v", err)
	}
	if c.Polling.D() < 0 || c.Polling.D() > sqs.MaxWait {
		p.Errorf("polling_frequency", "found %s, expected 0s to 20s", c.Polling)
	}
	if c.MaxReceives < 0 {
		p.Errorf("max_receive_count", "found %d, expected 0 or more", c.MaxReceives)
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

// queueName is the name of the queue, which is the same for all readers of it, whether they name it or its URL.
func (c *Config) queueName() string { return c.Queue[strings.LastIndexByte(c.Queue, '/')+1:] }

func build(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
	if _, err := c.Codec.Decoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	return &plugin.BuiltInput{
		Replayable: true, Redelivers: true, Streams: true, Packed: c.Codec.Name == packCodec,
		Start: func(ctx context.Context, o plugin.StartOptions) (plugin.Input, error) { return start(ctx, c, env, o) },
		Probe: func(ctx context.Context) error { return probe(ctx, &c) },
		NewDecoder: func() plugin.Decoder {
			d, err := c.Codec.Decoder()
			if err != nil {
				panic("BUG: asked for a decoder of options that are wrong: " + err.Error())
			}
			return d
		},
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
