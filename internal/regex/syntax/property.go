package syntax

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The tables of what Go's package unicode does not have are made of the files of the Unicode Character Database.
//go:generate go test -count=1 -run ^TestTables$ -ucd=https://www.unicode.org/Public/15.0.0/ucd -update

// posixNames are the names of POSIX brackets.
const posixNames = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit ascii word"

// propertyOperand reads \p{...} outside of brackets, of which the backslash is read.
func (p *parser) propertyOperand(start int) *Node {
	name, neg, ok := p.readProperty(start)
	if !ok {
		return nil
	}
	class := p.property(name)
	if !p.flags.fold {
		if neg {
			class = p.notProperty(name)
		}
		return p.oneOf(class, start)
	}
	cross := class
	if isASCII(class) {
		cross = &Class{}
	}
	return p.classOperand(class, cross, neg, start)
}

// isASCII reports whether c is \p{ASCII}.
func isASCII(c *Class) bool {
	return len(c.Ranges) == 1 && c.Ranges[0] == Range{0, utf8.RuneSelf - 1}
}

// readProperty reads p{name}, p{^name} or P{name}: the name, which there is, and whether the complement is meant.
func (p *parser) readProperty(start int) (name string, neg, ok bool) {
	neg = p.peek() == 'P'
	p.pos += 2
	if p.take("^") {
		neg = !neg
	}
	at := p.pos
	end := strings.IndexAny(p.expr[at:], "}(){|")
	if end < 0 || p.expr[at+end] != '}' {
		p.fail(start, p.pos, "found a property without an end, expected }")
		return "", false, false
	}
	name = p.expr[at : at+end]
	p.pos += end + 1
	if p.property(name) == nil {
		p.fail(at, at+len(name), "found unknown property %s, expected a category, script, POSIX name or property of Unicode", quote(name))
		return "", false, false
	}
	return name, neg, true
}

// property returns the class of a name, nil if there is none. Case, blanks, - and _ do not matter in it.
func (p *parser) property(name string) *Class {
	key := loose(name)
	if c, ok := p.cache[key]; ok {
		return c
	}
	c := lookupProperty(key)
	if c != nil {
		p.cache[key] = c
	}
	return c
}

// notProperty returns the complement of the class of a name that there is.
func (p *parser) notProperty(name string) *Class {
	key := "^" + loose(name)
	c, ok := p.cache[key]
	if !ok {
		c = negate(p.property(name))
		p.cache[key] = c
	}
	return c
}

// posixClass returns the class of a POSIX bracket.
func (p *parser) posixClass(name string) *Class {
	if name == "punct" {
		name = "xposixpunct"
	}
	c := p.property(name)
	if !p.flags.posixUnicode {
		c = intersect(c, classOf(Range{0, 0x7F}))
	}
	return c
}

// loose returns a name as names are compared.
func loose(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '_':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// lookupProperty makes the class of a loose name, nil if there is none.
func lookupProperty(key string) *Class {
	if c := posixProperty(key); c != nil {
		return c
	}
	if long, ok := propertyAlias(key); ok {
		key = long
	}
	if c := derivedProperty(key); c != nil {
		return c
	}
	if c := tableProperty(key); c != nil {
		return c
	}
	for name, table := range unicode.Categories {
		if loose(name) == key {
			return tableClass(table)
		}
	}
	for alias, name := range unicode.CategoryAliases {
		if loose(alias) == key {
			return lookupProperty(loose(name))
		}
	}
	for pair := range strings.FieldsSeq(scriptCodes) {
		if code, name, _ := strings.Cut(pair, ":"); code == key {
			key = loose(name)
		}
	}
	for name, table := range unicode.Scripts {
		if loose(name) == key {
			return tableClass(table)
		}
	}
	for name, table := range unicode.Properties {
		if loose(name) == key {
			return tableClass(table)
		}
	}
	return nil
}

// posixProperty returns the classes that Oniguruma calls by POSIX's names, and some of its own. They are made as
// Unicode's technical standard 18 proposes.
func posixProperty(key string) *Class {
	switch key {
	case "alpha":
		return derivedProperty("alphabetic")
	case "alnum":
		return union(derivedProperty("alphabetic"), tableClass(unicode.Nd))
	case "word":
		return union(posixProperty("alnum"), tables(unicode.M, unicode.Pc))
	case "digit":
		return tableClass(unicode.Nd)
	case "xdigit":
		return asciiType('h')
	case "space":
		return tableClass(unicode.White_Space)
	case "blank":
		return union(tableClass(unicode.Zs), classOf(Range{'\t', '\t'}))
	case "cntrl":
		return tableClass(unicode.Cc)
	case "lower":
		return derivedProperty("lowercase")
	case "upper":
		return derivedProperty("uppercase")
	case "punct":
		return tableClass(unicode.P)
	case "xposixpunct":
		return union(tableClass(unicode.P), classOf(Range{'$', '$'}, Range{'+', '+'}, Range{'<', '>'},
			Range{'^', '^'}, Range{'`', '`'}, Range{'|', '|'}, Range{'~', '~'}))
	case "graph":
		return named(negate(union(posixProperty("space"), union(tables(unicode.Cc, unicode.Cs), unassigned()))))
	case "print":
		return union(posixProperty("graph"), tableClass(unicode.Zs))
	case "ascii":
		return classOf(Range{0, 0x7F})
	case "any":
		return classOf(Range{0, MaxRune})
	case "assigned":
		return named(negate(unassigned()))
	case "newline":
		return classOf(Range{'\n', '\n'})
	}
	return nil
}

// named takes invalid bytes out of a class: they are not characters that a name stands for.
func named(c *Class) *Class { return &Class{Ranges: c.Ranges} }

// unassigned returns the code points without a meaning.
func unassigned() *Class {
	return named(negate(tables(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z,
		unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)))
}

// derivedProperty returns the properties that Unicode derives from others, by their long names.
func derivedProperty(key string) *Class {
	switch key {
	case "alphabetic":
		return tables(unicode.L, unicode.Nl, unicode.Other_Alphabetic)
	case "lowercase":
		return tables(unicode.Ll, unicode.Other_Lowercase)
	case "uppercase":
		return tables(unicode.Lu, unicode.Other_Uppercase)
	case "cased":
		return tables(unicode.Ll, unicode.Lu, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
	case "math":
		return tables(unicode.Sm, unicode.Other_Math)
	case "c", "other":
		return union(tables(unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs), unassigned())
	case "cn", "unassigned":
		return unassigned()
	case "idstart":
		return without(tables(unicode.L, unicode.Nl, unicode.Other_ID_Start), unicode.Pattern_Syntax, unicode.Pattern_White_Space)
	case "idcontinue":
		return without(tables(unicode.L, unicode.Nl, unicode.Other_ID_Start, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc,
			unicode.Other_ID_Continue), unicode.Pattern_Syntax, unicode.Pattern_White_Space)
	case "graphemeextend":
		return tables(unicode.Me, unicode.Mn, unicode.Other_Grapheme_Extend)
	case "graphemebase":
		return named(negate(union(derivedProperty("graphemeextend"),
			union(tables(unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp), unassigned()))))
	case "unknown":
		return union(tables(unicode.Co, unicode.Cs), unassigned())
	}
	return nil
}

// tableProperty returns a property that Go does not have. An age is what all versions up to it have added, and
// a block's name begins with in.
func tableProperty(key string) *Class {
	var aged []Range
	for _, set := range unicodeSets {
		if strings.HasPrefix(set.name, "age=") && strings.HasPrefix(key, "age=") {
			aged = appendRanges(aged, set.ranges)
			if set.name == key {
				return classOf(aged...)
			}
		} else if set.name == key {
			return classOf(appendRanges(nil, set.ranges)...)
		}
	}
	if !strings.HasPrefix(key, "in") {
		return nil
	}
	var all []Range
	for entry := range strings.FieldsSeq(blocks) {
		name, place, _ := strings.Cut(entry, ":")
		first, last, _ := strings.Cut(place, "-")
		lo, _ := strconv.ParseInt(first, 16, 32)
		hi, _ := strconv.ParseInt(last, 16, 32)
		all = append(all, Range{rune(lo), rune(hi)})
		if "in"+name == key {
			return classOf(all[len(all)-1])
		}
	}
	if key == "innoblock" {
		return named(negate(classOf(all...)))
	}
	return nil
}

// appendRanges reads ranges as unicodeSets has them.
func appendRanges(ranges []Range, s string) []Range {
	next := int64(0)
	for field := range strings.FieldsSeq(s) {
		gap, more, _ := strings.Cut(field, ".")
		skip, _ := strconv.ParseInt(gap, 36, 32)
		length := int64(0)
		if more != "" {
			length, _ = strconv.ParseInt(more, 36, 32)
		}
		ranges = append(ranges, Range{rune(next + skip), rune(next + skip + length)})
		next += skip + length + 1
	}
	return ranges
}

// propertyAlias returns the long name of a property's short one.
func propertyAlias(key string) (string, bool) {
	const aliases = "wspace:whitespace bidic:bidicontrol joinc:joincontrol qmark:quotationmark term:terminalpunctuation " +
		"omath:othermath hex:hexdigit ahex:asciihexdigit oalpha:otheralphabetic ideo:ideographic dia:diacritic ext:extender " +
		"olower:otherlowercase oupper:otheruppercase nchar:noncharactercodepoint ogrext:othergraphemeextend " +
		"idsb:idsbinaryoperator idst:idstrinaryoperator uideo:unifiedideograph odi:otherdefaultignorablecodepoint " +
		"dep:deprecated sd:softdotted loe:logicalorderexception oids:otheridstart oidc:otheridcontinue " +
		"sterm:sentenceterminal vs:variationselector patws:patternwhitespace patsyn:patternsyntax " +
		"pcm:prependedconcatenationmark ri:regionalindicator graphemeclusterbreak=regionalindicator:regionalindicator " +
		"ids:idstart idc:idcontinue grext:graphemeextend grbase:graphemebase zzzz:unknown combiningmark:m " +
		"ci:caseignorable cwl:changeswhenlowercased cwu:changeswhenuppercased cwt:changeswhentitlecased " +
		"cwcf:changeswhencasefolded cwcm:changeswhencasemapped xids:xidstart xidc:xidcontinue " +
		"di:defaultignorablecodepoint grlink:graphemelink epres:emojipresentation emod:emojimodifier " +
		"ebase:emojimodifierbase ecomp:emojicomponent extpict:extendedpictographic"
	for pair := range strings.FieldsSeq(aliases) {
		if short, long, _ := strings.Cut(pair, ":"); short == key {
			return long, true
		}
	}
	return "", false
}

// tables returns the union of tables.
func tables(list ...*unicode.RangeTable) *Class {
	c := &Class{}
	for _, t := range list {
		c = union(c, tableClass(t))
	}
	return c
}

// without takes tables out of a class.
func without(c *Class, list ...*unicode.RangeTable) *Class {
	return intersect(c, negate(tables(list...)))
}

// tableClass makes a class of one of Go's tables.
func tableClass(t *unicode.RangeTable) *Class {
	ranges := make([]Range, 0, len(t.R16)+len(t.R32))
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			ranges = append(ranges, Range{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			ranges = append(ranges, Range{r, r})
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return classOf(ranges...)
}

// IsWord reports whether r is a word character as \b and, where (?u) holds, \w outside of brackets have them: letters and
// what else is alphabetic, marks, decimal digits and connecting punctuation. Oniguruma adds the other numbers of Latin-1,
// ² ³ ¹ ¼ ½ ¾; in brackets and properties it goes by Unicode, which has them not.
func IsWord(r rune) bool {
	switch r {
	case '²', '³', '¹', '¼', '½', '¾':
		return true
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.M, unicode.Nd, unicode.Pc)
}

// typeWord returns the class of Unicode's \w outside of brackets: what IsWord reports.
func typeWord() *Class {
	return union(posixProperty("word"), classOf(Range{'²', '³'}, Range{'¹', '¹'}, Range{'¼', '¾'}))
}
