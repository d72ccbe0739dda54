// Package golden compares what filters and conditions make of events with what a real Logstash made of them.
package golden
