// Package pipeline is the engine: it runs the graph that configuration compiled, each worker one batch at a
// time from Read to Settle.
//
// # The walk of one line
//
//	worker.fill      plugin.Input.Read appends events until the batch is full or flush_interval is over
//	worker.filter    Chain.Run: every filter in place, conditions by hiding events, marks compacted after each
//	worker.deliver   each output gets a view of the events that it takes and one Write; what is to be
//	                 retried goes round with back-off, what is older than parkAfter is parked and the
//	                 worker goes on; what an output refuses goes to the dead letters
//	Batch.Settle     acks fall when every required output has settled; the input forgets its source
//
// All of it is one goroutine and one batch: there are no queues between stages, and draining means waiting
// for the workers.
//
// # Rules of acknowledgement
//
// An event ends exactly once: delivered to every required output (or there already), dropped by a rule,
// dead-lettered (on disk before its ack falls), or given back to its source. An Ack is done after its last
// event, with the worst status. A dead letter that cannot be written gives its event back. Best-effort
// outputs never hold an ack.
//
// # Counting
//
// Per pipeline: in + made = joined + dropped + rejected + settled + released + in flight, where released is
// what was given back to its source. Per output: offered = delivered + duplicate + dead-lettered + dropped +
// released + in flight. A worker publishes the counters of a whole batch at once under its lock, and a scrape
// takes all locks, so the sums hold at every scrape.
//
// # Locks
//
// At most one mutex is held at a time, except that a scrape holds the locks of all workers, taken in order.
package pipeline
