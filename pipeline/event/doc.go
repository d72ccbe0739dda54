// Package event holds what flows through a pipeline: events with their fields, the batches that carry
// them, the acknowledgements that tie them to their source, and the references and templates by which
// configuration speaks of fields.
//
// A batch, with its events, belongs to one goroutine at a time; nothing here locks but Ack. Bytes that
// a string Value points to are never changed or reused: one buffer per message body or file block, freed
// by the garbage collector. So nothing is "valid until the next call".
package event
