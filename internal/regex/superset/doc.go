// Package superset says for certain that a text has no match of an expression, or that it may have one.
//
// The expression is made larger until a finite automaton over bytes can recognize it: look-arounds hold always (but those that
// ask for one character, and anchors, which stay), atomic groups give back, the texts of back-references, calls and absent operators
// are any, groups capture nothing, long counted repeats have no end. What the automaton refuses, the expression refuses.
// It runs over the text once, a table look-up for each byte, and ends at the first byte up to which the larger
// expression matches.
//
// States of the table are made when they are first needed and forgotten together when their memory is used up. An
// automaton that makes states faster than it is worth gives up.
package superset
