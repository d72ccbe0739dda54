package event

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain fails the run for goroutines that are left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model is what a batch must do, said plainly: each event is a number with the set of acks that wait for it.
type model struct {
	t        *testing.T
	r        *rand.Rand
	b        *Batch
	next     int64
	events   map[int64]*mEvent
	order    []int64 // in the batch, marked ones included
	detached []int64
	acks     []*mAck
}

type mEvent struct {
	e     *Event
	acks  map[int]bool
	ended bool
	mark  mark // what the model expects
}

type mAck struct {
	a       *Ack
	sealed  bool
	waiting int // events that refer to it
	worst   Status
	done    int
	got     Status
}

const idField = "id"

func (m *model) add(e *Event, acks map[int]bool) {
	m.next++
	e.Fields.Add(idField, IntOf(m.next))
	m.events[m.next] = &mEvent{e: e, acks: acks}
	m.order = append(m.order, m.next)
	for a := range acks {
		m.acks[a].waiting++
	}
}

func idOf(e *Event) int64 {
	v, _ := e.Fields.Get(idField)
	return v.Int()
}

// end says that an event has ended.
func (m *model) end(id int64, s Status) {
	x := m.events[id]
	x.ended = true
	for a := range x.acks {
		m.acks[a].waiting--
		m.acks[a].worst = max(m.acks[a].worst, s)
	}
}

func (m *model) unit() {
	i := len(m.acks)
	x := &mAck{}
	x.a = NewAck(func(s Status) { x.done++; x.got = s })
	m.acks = append(m.acks, x)
	if m.r.IntN(4) == 0 {
		x.worst = Status(m.r.IntN(int(Released) + 1))
		x.a.Worsen(x.worst)
	}
	for range m.r.IntN(6) {
		m.add(m.b.Append(x.a), map[int]bool{i: true})
	}
	if m.r.IntN(3) > 0 {
		m.seal(x)
	}
}

func (m *model) seal(x *mAck) {
	if !x.sealed {
		x.sealed = true
		x.a.Seal()
	}
}

// pick returns an unmarked event of the batch, or a detached one, or 0.
func (m *model) pick(alsoDetached bool) int64 {
	ids := slices.DeleteFunc(slices.Clone(m.order), func(id int64) bool { return m.events[id].mark != 0 })
	if alsoDetached {
		ids = append(ids, m.detached...)
	}
	if len(ids) == 0 {
		return 0
	}
	return ids[m.r.IntN(len(ids))]
}

func (m *model) derive() {
	if id := m.pick(false); id != 0 {
		p := m.events[id]
		e := m.b.Derive(p.e, 1)
		if !e.Time.Equal(p.e.Time) || e.ID.Part != 1 {
			m.t.Errorf("derived event has time %v, id %v", e.Time, e.ID)
		}
		m.add(e, maps.Clone(p.acks))
	}
}

func (m *model) detach() {
	if id := m.pick(false); id != 0 {
		m.b.Detach(m.events[id].e)
		i := slices.Index(m.order, id)
		m.order = slices.Delete(m.order, i, i+1)
		m.detached = append(m.detached, id)
	}
}

func (m *model) attach() {
	if len(m.detached) > 0 {
		i := m.r.IntN(len(m.detached))
		id := m.detached[i]
		m.detached = slices.Delete(m.detached, i, i+1)
		m.order = append(m.order, id)
		m.b.Attach(m.events[id].e)
	}
}

func (m *model) absorb() {
	to, from := m.pick(true), m.pick(true)
	if to == 0 || to == from {
		return
	}
	x, o := m.events[to], m.events[from]
	before := x.e.Joined() + o.e.Joined()
	m.b.Absorb(x.e, o.e)
	if x.e.Joined() != before+1 {
		m.t.Errorf("joined %d, want %d", x.e.Joined(), before+1)
	}
	for a := range o.acks {
		if x.acks[a] {
			m.acks[a].waiting-- // one of the two references is left
		}
		x.acks[a] = true
	}
	o.ended = true
	m.detached = slices.DeleteFunc(m.detached, func(id int64) bool { return id == from })
	m.order = slices.DeleteFunc(m.order, func(id int64) bool { return id == from })
}

func (m *model) markOne() {
	id := m.pick(false)
	if id == 0 {
		return
	}
	x := m.events[id]
	for range 1 + m.r.IntN(2) {
		switch m.r.IntN(3) {
		case 0:
			x.e.Drop()
			x.mark |= markDrop
		case 1:
			x.e.Reject(errors.New("test"))
			x.mark |= markReject
		default:
			x.e.Release()
			x.mark |= markRelease
		}
	}
}

func (m *model) compact() {
	dropped, released := 0, 0
	var rejects []int64
	for _, id := range m.order {
		switch k := m.events[id].mark; {
		case k&markReject != 0:
			rejects = append(rejects, id)
			m.end(id, DeadLettered)
		case k&markRelease != 0:
			released++
			m.end(id, Released)
		case k != 0:
			dropped++
			m.end(id, Dropped)
		}
	}
	m.order = slices.DeleteFunc(m.order, func(id int64) bool { return m.events[id].ended })
	var got []int64
	d, r := m.b.Compact(func(e *Event) {
		got = append(got, idOf(e))
		if e.Err() == nil {
			m.t.Error("a rejected event without a reason")
		}
		e.Settle(DeadLettered)
		m.b.Recycle(e)
	})
	if d != dropped || r != released || !slices.Equal(got, rejects) {
		m.t.Errorf("Compact: %d dropped, %d released, rejected %v; want %d, %d, %v", d, r, got, dropped, released, rejects)
	}
}

// branch runs two nested conditions, checks who sees what, and changes the batch in them.
func (m *model) branch() {
	var yes, no []int64
	broken := map[int64]bool{}
	for _, id := range m.order {
		switch {
		case m.events[id].mark != 0:
		case id%7 == 0:
			broken[id] = true
		case id%2 == 0:
			yes = append(yes, id)
		default:
			no = append(no, id)
		}
	}
	visible := func(want []int64) {
		var got []int64
		for e := range m.b.All() {
			got = append(got, idOf(e))
		}
		if !slices.Equal(got, want) {
			m.t.Errorf("visible: %v, want %v", got, want)
		}
	}
	err := m.b.Branch(func(e *Event) (bool, error) {
		if id := idOf(e); id%7 == 0 {
			return false, errors.New("test")
		}
		return idOf(e)%2 == 0, nil
	}, func(e *Event, err error) {
		if !broken[idOf(e)] || err == nil {
			m.t.Errorf("event %d failed: %v", idOf(e), err)
		}
	}, func() error {
		visible(yes)
		m.b.Derive(m.events[yes[0]].e, 1).Fields.Add(idField, IntOf(m.next+1))
		m.next++
		m.events[m.next] = &mEvent{e: m.b.events[len(m.b.events)-1], acks: maps.Clone(m.events[yes[0]].acks)}
		m.order = append(m.order, m.next)
		for a := range m.events[m.next].acks {
			m.acks[a].waiting++
		}
		small := slices.DeleteFunc(append(slices.Clone(yes), m.next), func(id int64) bool { return id > yes[0] })
		return m.b.Branch(func(e *Event) (bool, error) { return idOf(e) <= yes[0], nil }, nil,
			func() error { visible(small); return nil }, nil)
	}, func() error {
		visible(no)
		m.events[no[0]].e.Drop()
		m.events[no[0]].mark |= markDrop
		return nil
	})
	if err != nil {
		m.t.Error(err)
	}
}

func (m *model) takeSome() {
	take := func(id int64) bool { return id%3 == 0 }
	var want, got []int64
	for _, id := range m.order {
		if take(id) {
			want = append(want, id)
		}
	}
	s := Status(m.r.IntN(int(Released) + 1))
	for _, e := range m.b.TakeIf(func(e *Event) bool { return take(idOf(e)) }) {
		got = append(got, idOf(e))
		m.end(idOf(e), s)
		e.Settle(s)
		m.b.Recycle(e)
	}
	if !slices.Equal(got, want) {
		m.t.Errorf("TakeIf took %v, want %v", got, want)
	}
	m.order = slices.DeleteFunc(m.order, take)
}

func (m *model) settle() {
	s := Status(m.r.IntN(int(Released) + 1))
	for _, id := range m.order {
		switch k := m.events[id].mark; {
		case k&(markReject|markRelease) != 0: // nobody has seen to it
			m.end(id, Released)
		case k&markDrop != 0:
			m.end(id, max(s, Dropped))
		default:
			m.end(id, s)
		}
	}
	m.order = nil
	m.b.Settle(s)
	if m.b.Len() != 0 || m.b.Bytes != 0 {
		m.t.Errorf("after Settle: %d events", m.b.Len())
	}
}

// check compares the batch with the model.
func (m *model) check(op string) {
	m.t.Helper()
	var want, got []int64
	for _, id := range m.order {
		if m.events[id].mark == 0 {
			want = append(want, id)
		}
	}
	for e := range m.b.All() {
		got = append(got, idOf(e))
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("after %s: events %v, want %v", op, got, want)
	}
	if m.b.Held != len(m.detached) {
		m.t.Fatalf("after %s: %d held, want %d", op, m.b.Held, len(m.detached))
	}
	for i, a := range m.acks {
		over := a.sealed && a.waiting == 0
		if over != (a.done == 1) || a.done > 1 {
			m.t.Fatalf("after %s: ack %d was done %d times; sealed %v, %d events wait", op, i, a.done, a.sealed, a.waiting)
		}
		if over && a.got != a.worst {
			m.t.Fatalf("after %s: ack %d is %v, want %v", op, i, a.got, a.worst)
		}
	}
	for i, e := range m.b.events {
		if e.place != i {
			m.t.Fatalf("after %s: event at %d has place %d", op, i, e.place)
		}
	}
	for _, e := range m.b.free {
		if len(e.Fields) != 0 || e.ack != nil || e.more != nil || e.mark != 0 || e.Raw != "" || !e.Time.IsZero() {
			m.t.Fatalf("after %s: an unused event is not empty: %+v", op, e)
		}
		if full := e.Fields[:cap(e.Fields)]; len(full) > 0 && (full[0].Name != "" || !full[0].Value.IsNull()) {
			m.t.Fatalf("after %s: an unused event pins %v", op, full[0])
		}
	}
}

// TestBatchModel runs random operations on a batch and on the model.
func TestBatchModel(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			m := &model{t: t, r: rand.New(rand.NewPCG(seed, 2)), b: &Batch{Now: time.Now()}, events: map[int64]*mEvent{}}
			watch := WatchAcks()
			ops := []struct {
				name string
				f    func()
			}{
				{"unit", m.unit},
				{"unit", m.unit},
				{"derive", m.derive},
				{"detach", m.detach},
				{"attach", m.attach},
				{"absorb", m.absorb},
				{"absorb", m.absorb},
				{"mark", m.markOne},
				{"compact", m.compact},
				{"branch", m.branchIfPossible},
				{"take", m.takeSome},
				{"settle", m.settle},
				{"seal", func() {
					for _, a := range m.acks {
						m.seal(a)
					}
				}},
			}
			for range 200 {
				op := ops[m.r.IntN(len(ops))]
				op.f()
				m.check(op.name)
			}
			for len(m.detached) > 0 {
				m.attach()
			}
			m.compact()
			m.settle()
			for _, a := range m.acks {
				m.seal(a)
			}
			m.check("the end")
			if left := watch.Stop(); len(left) > 0 {
				t.Errorf("acks left: %v", left)
			}
			for id, x := range m.events {
				if !x.ended {
					t.Errorf("event %d was lost", id)
				}
			}
		})
	}
}

// branchIfPossible runs branch when each half has an event.
func (m *model) branchIfPossible() {
	half := [2]bool{}
	for _, id := range m.order {
		if m.events[id].mark == 0 && id%7 != 0 {
			half[id%2] = true
		}
	}
	if half[0] && half[1] {
		m.branch()
	}
}
