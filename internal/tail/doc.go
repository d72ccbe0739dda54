// Package tail follows growing files and gives out what is written to them in spans: consecutive bytes of one
// generation of one file, split into lines or joined events, with an identity that a restart does not change.
//
// A Follower finds files by globs, reads them in blocks that are never reused, and is told of each span
// whether it was acknowledged (Done) or must be read again (Again). A State keeps, in one folder, what each
// generation of a file is recognised by, how far the acknowledged prefix reaches, and notes about what is under
// way, so that after a crash the same bytes are cut into the same events with the same times.
//
// # Generations
//
// A stream is one generation of one file; its id is random and is on disk before anything of it is given out.
// A file is recognised by device, inode, time of birth where the file system knows it, a hash of its head that
// grows with it, and a hash of the bytes just before the offset. A file that is shorter than the offset, or in
// which any of these differ, is a new generation and is read from its beginning.
//
// # Boundaries
//
// Where an event ends follows from the bytes and the rules alone, except where a cap, a timer or the end of the
// file set it. All of those are in the notes (see State.Note), so that reading again never moves one.
//
// # Locks
//
// Follower.mu guards the streams' place in the queues and what was acknowledged. The position and the handle of
// a stream belong to whoever has taken it from its queue (busy), without a lock. State.mu guards the state
// in memory and its log; State.syncMu keeps the log's file in place during an fsync and may be held when
// State.mu is taken, never the other way round. No other two are held together.
package tail
