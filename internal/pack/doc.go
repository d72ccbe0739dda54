// Package pack is the format of the messages between shipper and reader: many lines of log files in one
// compressed SQS message body. docs/wire.md specifies every byte.
//
// A Writer and a Reader belong to one goroutine each.
package pack
