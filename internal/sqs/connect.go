package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// Options say which queue and how to reach it. Empty options are left to the standard provider chain.
type Options struct {
	Queue       string // name or URL
	Owner       string // account that owns the queue
	Region      string
	Endpoint    string
	AccessKey   string
	SecretKey   string
	Session     string
	Profile     string
	RoleARN     string
	RoleSession string
	TokenFile   string         // web identity, with RoleARN
	HTTP        aws.HTTPClient // for tests; nil is the SDK's
}

// Attributes are the queue's settings that matter here.
type Attributes struct {
	Visibility time.Duration
	MaxMessage int // bytes

	// Assumed is why these are the service's defaults: the queue may not be asked. Nil when it answered.
	Assumed error
}

// What holds for a queue that may not be asked: the service's defaults.
const (
	defaultVisibility = 30 * time.Second
	defaultMaxMessage = 256 << 10 // was the largest until 2025, and is what older queues have
)

// How old attributes may be before they are asked for again, and how soon again after that failed.
const (
	attrsAge   = 5 * time.Minute
	attrsRetry = 10 * time.Second
)

// callTimeout bounds each request, so that a connection that is dead cannot hold a lane; a receive may wait
// as long beside.
const callTimeout = 30 * time.Second

// idleConnections is how many connections stay open: one for each lane that polls.
const idleConnections = 64

// unknownRegion signs requests to another implementation of the service, which does not care.
const unknownRegion = "us-east-1"

// session is what calls need.
type session struct {
	client *sqs.Client
	url    string
	attrs  Attributes
}

// connect returns the session, asking for what is not known. Callers wait for each other no longer than ctx.
func (q *Queue) connect(ctx context.Context) (session, error) {
	select {
	case q.lock <- struct{}{}:
		defer func() { <-q.lock }()
	case <-ctx.Done():
		return session{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if q.s.client == nil {
		client, err := q.load(ctx)
		if err != nil {
			return session{}, fmt.Errorf("load AWS configuration: %w", err)
		}
		q.s.client = client
	}
	if q.s.url == "" {
		if err := q.resolve(ctx); err != nil {
			return session{}, err
		}
	}
	if time.Now().After(q.refreshAt) {
		if err := q.refresh(ctx); err != nil {
			return session{}, err
		}
	}
	return q.s, nil
}

// forget makes the next call ask for the queue again, after one that said that it does not exist: it may have
// been made anew.
func (q *Queue) forget(err error) {
	if _, missing := errors.AsType[*types.QueueDoesNotExist](err); !missing {
		return
	}
	q.lock <- struct{}{}
	q.s.url, q.s.attrs, q.refreshAt = "", Attributes{}, time.Time{}
	<-q.lock
}

func (q *Queue) load(ctx context.Context) (*sqs.Client, error) {
	region, endpoint := q.place()
	opts := []func(*config.LoadOptions) error{
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }), // the engine's back-off is the only one
	}
	if region != "" {
		opts = append(opts, config.WithRegion(region))
	}
	if q.o.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(q.o.Profile))
	}
	if q.o.AccessKey != "" {
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(q.o.AccessKey, q.o.SecretKey, q.o.Session)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, err
	}
	cfg.HTTPClient = q.transport(cfg.HTTPClient)
	if cfg.Region == "" && endpoint != "" {
		cfg.Region = unknownRegion
	}
	if q.o.RoleARN != "" {
		cfg.Credentials = aws.NewCredentialsCache(q.role(cfg))
	}
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	}), nil
}

// transport returns the client for requests: that of the configuration, which may know another root of trust,
// with more idle connections, which Close can close.
func (q *Queue) transport(of aws.HTTPClient) aws.HTTPClient {
	if q.o.HTTP != nil {
		return q.o.HTTP
	}
	b, ok := of.(*awshttp.BuildableClient)
	if !ok {
		b = awshttp.NewBuildableClient()
	}
	t := b.GetTransport()
	t.MaxIdleConnsPerHost = idleConnections
	q.http = &http.Client{Transport: t}
	return q.http
}

// role returns the provider of credentials for the role that is to be assumed.
func (q *Queue) role(cfg aws.Config) aws.CredentialsProvider {
	client := sts.NewFromConfig(cfg)
	if q.o.TokenFile == "" {
		return stscreds.NewAssumeRoleProvider(client, q.o.RoleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = q.o.RoleSession })
	}
	return stscreds.NewWebIdentityRoleProvider(client, q.o.RoleARN, stscreds.IdentityTokenFile(q.o.TokenFile), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = q.o.RoleSession
	})
}

// place returns region and endpoint, as far as options say them; the URL of a queue says both.
func (q *Queue) place() (region, endpoint string) {
	region, endpoint = q.o.Region, q.o.Endpoint
	u, ok := q.queueURL()
	if !ok {
		return region, endpoint
	}
	if endpoint == "" {
		endpoint = u.Scheme + "://" + u.Host
	}
	if parts := strings.Split(u.Hostname(), "."); region == "" && len(parts) > 3 && parts[0] == "sqs" && parts[2] == "amazonaws" {
		region = parts[1]
	}
	return region, endpoint
}

// queueName is what SQS takes as the name of a queue (API reference, CreateQueue).
var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$`)

// CheckQueue returns what is wrong with the name or URL of a queue.
func CheckQueue(s string) error {
	if isURL(s) {
		if u, err := url.Parse(s); err != nil || u.Host == "" || !queueName.MatchString(path.Base(u.Path)) {
			return fmt.Errorf("found the URL %q, expected one that ends in the name of a queue", s)
		}
		return nil
	}
	if !queueName.MatchString(s) {
		return fmt.Errorf("found %q, expected the name of a queue (up to 80 letters, digits, hyphens and underscores), or its URL", s)
	}
	return nil
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }

// queueURL returns the queue's URL when the option gives one.
func (q *Queue) queueURL() (*url.URL, bool) {
	if !isURL(q.o.Queue) {
		return nil, false
	}
	u, err := url.Parse(q.o.Queue)
	return u, err == nil
}

func (q *Queue) resolve(ctx context.Context) error {
	if _, ok := q.queueURL(); ok {
		q.s.url = q.o.Queue
		return nil
	}
	in := &sqs.GetQueueUrlInput{QueueName: &q.o.Queue}
	if q.o.Owner != "" {
		in.QueueOwnerAWSAccountId = &q.o.Owner
	}
	out, err := q.s.client.GetQueueUrl(ctx, in)
	if err != nil {
		return fmt.Errorf("find queue %q: %w", q.o.Queue, err)
	}
	q.s.url = aws.ToString(out.QueueUrl)
	return nil
}

// refresh reads the attributes. When they cannot be read now, the old ones hold a little longer.
func (q *Queue) refresh(ctx context.Context) error {
	out, err := q.s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.s.url, AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameVisibilityTimeout, types.QueueAttributeNameMaximumMessageSize,
	}})
	var api smithy.APIError
	switch {
	case err == nil:
		q.s.attrs = Attributes{
			Visibility: time.Duration(number(out.Attributes, types.QueueAttributeNameVisibilityTimeout, int(defaultVisibility/time.Second))) * time.Second,
			MaxMessage: min(number(out.Attributes, types.QueueAttributeNameMaximumMessageSize, defaultMaxMessage), MaxRequestBytes),
		}
	case errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied"):
		q.s.attrs = Attributes{Visibility: defaultVisibility, MaxMessage: defaultMaxMessage, Assumed: err}
	case q.refreshAt.IsZero():
		q.s.url = "" // it may be another queue's by now
		return fmt.Errorf("read attributes of queue %q: %w", q.o.Queue, err)
	default:
		q.refreshAt = time.Now().Add(attrsRetry)
		return nil
	}
	q.refreshAt = time.Now().Add(attrsAge)
	return nil
}

func number(attrs map[string]string, name types.QueueAttributeName, missing int) int {
	n, err := strconv.Atoi(attrs[string(name)])
	if err != nil || n < 0 {
		return missing
	}
	return n
}
