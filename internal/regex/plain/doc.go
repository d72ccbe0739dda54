// Package plain executes every expression that package syntax can parse, exactly, in the plainest way that is not slow: an
// expression becomes a program, and a machine follows its ways one after another, the preferred one first,
// going back where one fails.
//
// What would make that slow is trying the same again. So the machine remembers, for each instruction at which ways meet and
// each position, that it has been there. All ways from there failed, or it would not have come back: unless groups
// matter (back-references, conditions) or an instruction means something else each time (calls), it fails again. That
// holds for all attempts of a search together, wherever they began. So a search takes at most as many steps as the program
// has instructions, times the characters of the text.
//
// Three things need care.
//
// Boundaries. From a state in an atomic group's body the body may match, and only what comes behind fail. Coming there
// again, from another begin of the group, must not try other ways of the body: the group as a whole has failed. So the memo has
// more than one bit there: how many of the boundaries around the state, up to the nearest look-around, are
// passed from it. For a look-around that is the end of it: its body matches, whatever comes then.
//
// Loops whose body may be empty, and counters. What happens at the end of an iteration depends on whether it was
// empty (and, as Oniguruma has it, on groups that began in it and were empty before) or on the count. All that is
// part of the state, as digits of a number that is looked up together with instruction and position: the bound grows by
// the number of those states, not by the text. Small counted repeats are unrolled; with large ones the steps may come to a
// budget.
//
// Memory. The memo is made in pages when they are first needed, and may grow to 64 MB. Then, and where nothing can be
// remembered, a budget of steps ends the search. The bodies of absent operators have no memo; they are under the
// budget.
package plain
