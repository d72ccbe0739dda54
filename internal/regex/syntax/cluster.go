package syntax

// cluster makes a \X: an extended grapheme cluster, as Unicode's annex 29 has it. It is atomic, and one character
// where that is all there is.
func (p *parser) cluster(start int) *Node {
	c := clusterMaker{p, start}
	crlf := p.node(Literal, start)
	crlf.Text = "\r\n"
	breaks := c.set("control", "cr", "lf")
	core := p.node(Alt, start,
		c.hangul(),
		c.seq(c.one(p.property("regionalindicator")), c.one(p.property("regionalindicator"))),
		c.pictures(),
		c.one(negate(breaks)))
	return p.node(Atomic, start, p.node(Alt, start,
		crlf,
		c.one(breaks),
		c.seq(c.many(c.one(c.set("prepend")), 0), core, c.many(c.one(c.set("extend", "zwj", "spacingmark")), 0)),
		c.one(dot())))
}

type clusterMaker struct {
	p     *parser
	start int
}

// set returns the characters with one of some grapheme cluster breaks.
func (c clusterMaker) set(names ...string) *Class {
	class := &Class{}
	for _, name := range names {
		class = union(class, c.p.property("graphemeclusterbreak="+name))
	}
	return class
}

func (c clusterMaker) one(class *Class) *Node  { return c.p.oneOf(class, c.start) }
func (c clusterMaker) seq(subs ...*Node) *Node { return c.p.node(Seq, c.start, subs...) }

// many repeats a node from low times on.
func (c clusterMaker) many(n *Node, low int) *Node {
	r := c.p.node(Repeat, c.start, n)
	r.Min, r.Max = low, -1
	return r
}

// hangul is a syllable: of letters, or of whole syllables and letters.
func (c clusterMaker) hangul() *Node {
	l, v, t := c.set("l"), c.set("v"), c.set("t")
	medial := c.p.node(Alt, c.start,
		c.many(c.one(v), 1),
		c.seq(c.one(c.set("lv")), c.many(c.one(v), 0)),
		c.one(c.set("lvt")))
	return c.p.node(Alt, c.start,
		c.seq(c.many(c.one(l), 0), medial, c.many(c.one(t), 0)),
		c.many(c.one(l), 1),
		c.many(c.one(t), 1))
}

// pictures is a pictogram, or several that zero-width joiners join.
func (c clusterMaker) pictures() *Node {
	picture := func() *Node { return c.one(c.p.property("extendedpictographic")) }
	more := c.seq(c.many(c.one(c.set("extend")), 0), c.one(c.set("zwj")), picture())
	return c.seq(picture(), c.many(more, 0))
}
