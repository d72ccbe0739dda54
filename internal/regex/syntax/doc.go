// Package syntax reads regular expressions as Logstash does: in Oniguruma's Ruby syntax, as JRuby's joni has it, with
// the option that lets the dot match newlines. Parse makes a Tree, of a few simple operations; what an expression means is
// said in the comments of those, and package reference shows it.
//
// # Bytes and characters
//
// A subject is bytes. Sequences of valid UTF-8 in it are characters, and so is, by itself, each byte outside of them. Such a
// byte is a member of the dot and of negated classes, of nothing else, and no word character. An expression has to be
// valid UTF-8, also in what it writes with escapes: \xC3\xA9 is é, \xC3 alone is refused.
//
// \w \d \s \h are ASCII's, unless (?u) holds; \b, POSIX brackets and properties are Unicode's (version 15.0), unless, for \b and
// the brackets, (?a) holds. The numbers ² ³ ¹ ¼ ½ ¾ are word characters for \b and for (?u)\w, not in brackets.
//
// # Texts under (?i)
//
// Where (?i) holds, a character that folds to several stands for these, and several of a text may be one of the subject: ß matches ss,
// and ss ß. A text is taken apart from left to right, as long as its characters have up to 8 ways to be written in more or fewer
// characters; what follows is compared folded, and there one of the subject may lie across two of the text: ßs, where ß alone
// has more ways, matches sß, and ßt matches sﬅ.
//
// The times that a character of text is repeated at least are one text, up to 100 bytes: s{2}, (?:s){2} and [s]{2}
// match ß as ss does. What is a text of its own is not one with its neighbours: s{2}s does not match sß. x{1} is
// x, and ends the text: st{1} matches ﬅ, s{1}t does not.
//
// # Differences from joni
//
// Apart from what is plainly an error in joni (its filters in front of the engine sometimes miss a match, and its
// groups sometimes keep what a way left behind that failed), these are known, from comparing random expressions and texts:
//
//   - \x{H..} is taken. Ruby refuses it before joni, which knows it, sees it.
//
//   - (?(<name+1>)..), a condition with a nesting level, is refused: joni takes it, and ignores the level. So is (?()..).
//
//   - In a look-behind under (?i) a character of a text stands for single characters only. joni refuses some such texts,
//     where a pair of letters may be one character in another case, and confuses lengths in others.
//
//   - Under (?i) joni does not know that Ⱥ and Ⱦ are equal to themselves.
//
//   - x{0,0}? is x??, as in joni. There, however, the filters in front take it for nothing, and miss ^x{0,0}?y in xy.
//
//   - An absent operator whose operand matches the empty text never matches. In joni it does, at the beginning of a text. What
//     groups in the operand of an absent operator have captured is forgotten; joni keeps some of it.
//
//   - x{n,m} is n to m times x, also where x may be empty. joni expands such a repeat only while its program, m times that of x
//     with a jump for each, has at most 50 words, and only a greedy one. Else it counts, and an empty iteration is the last one as in a
//     loop without end, also before there were n, or fails, if a group in x had an empty text elsewhere before. That
//     shows in what groups in x capture, and in few cases in what matches: (|b){9}a on bbbba has an empty group in joni, here b.
//     How large x is depends on joni's instructions; Ruby's have other sizes, and so other repeats count there. Of (?:){2}
//     joni makes nothing but a crash.
//
//   - After a back-reference to an empty text joni takes \b and \B to be at the beginning of the text.
//
//   - A condition about the group in which it stands is false, and a back-reference to that group fails. In joni they may
//     see a text that the group had in a way that failed.
//
//   - A loop that joni never leaves, as (?:(x)|(?=(a)))*, ends when its groups do not change any more.
//
//   - [x[^\D]] is x and the digits: \D and \P{ASCII} in a negated bracket within a bracket that has nothing beyond ASCII make joni
//     take all beyond ASCII for members.
//
//   - Bad escapes in comments and in names of groups do not matter. Ruby refuses them.
//
// The limits on size and depth are ours, too.
package syntax
