package file

import (
	"errors"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// decoder makes events of the content of a file, for tests of configurations: lines are found and joined as in a
// file that has ended.
type decoder struct {
	l lane
}

func (k *compiled) decoder() plugin.Decoder {
	d := &decoder{lane{in: &input{k: k}}}
	if err := d.l.init(k); err != nil {
		panic("BUG: " + err.Error()) // check has tried it
	}
	return d
}

// Decode appends the events of a whole file.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	sp := d.l.in.k.options.Split.Whole(src)
	var errs []error
	for i := range sp.Pieces {
		p := &sp.Pieces[i]
		before := b.Len()
		text := d.l.in.k.text(sp, p)
		if d.l.dec != nil {
			errs = append(errs, decodeWhole(d.l.dec, text, b, a))
		} else {
			b.Append(a).SetLine(text)
		}
		for e := range b.From(before) {
			d.l.tag(e, p)
			e.Last = i == len(sp.Pieces)-1
		}
	}
	return errors.Join(errs...)
}

// Finish does nothing: Decode was given the whole file. Its presence says that lines are found here.
func (d *decoder) Finish(*event.Batch, *event.Ack) error { return nil }

var _ plugin.FinishDecoder = (*decoder)(nil)
