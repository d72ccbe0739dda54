package plugin

import (
	"fmt"
	"runtime/debug"
)

// PanicError is the error that stands for a panic in a plugin.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells the panic's value; the stack is for the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Guard runs f and returns its error, or a *PanicError when it panics. It is the one place at which panics
// of plugins end: the engine calls plugins through it, and inputs call decoders through it, so that one
// message that breaks a decoder is dead-lettered and the lane goes on.
func Guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return f()
}
