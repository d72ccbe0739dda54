// Package localqueue is a queue service in memory that speaks the JSON protocol of Amazon SQS: the same
// requests, limits, checksums and errors, for tests and for running without AWS. Access is not checked.
package localqueue
