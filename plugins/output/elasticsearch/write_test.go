package elasticsearch

import (
	"testing"

	"sluice/internal/localindex"
	"sluice/pipeline/event"
)

func TestWriteAndAgain(t *testing.T) {
	for _, level := range []int{0, 1} {
		c := newCluster(t, localindex.Options{}, nil)
		out := start(t, 1, c.config(func(conf *Config) { conf.CompressionLevel = &level }))
		list := events(1500, nil)
		if told := outcomes(t, out, list); count(told, "done") != 1500 {
			t.Errorf("first time: %v", told[0])
		}
		if told := outcomes(t, out, list); count(told, "duplicate") != 1500 {
			t.Errorf("second time: %v", told[0])
		}
		docs := c.Documents("logstash-2026.03.01")
		if len(docs) != 1500 {
			t.Fatalf("%d documents in %v", len(docs), c.Indices(""))
		}
		want := `{"@timestamp":"2026-03-01T12:00:00.000Z","message":"line 3","n":3}`
		if id := string(list[3].AppendID(nil)); docs[3].ID != id || string(docs[3].Source) != want {
			t.Errorf("document 3: %s %s, want %s %s", docs[3].ID, docs[3].Source, id, want)
		}
	}
}

func TestEventsStayAsTheyAre(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(nil))
	list := events(3, func(i int, e *event.Event) {
		if i == 1 {
			e.Time = day.AddDate(-50, 0, 0)
		}
	})
	if told := outcomes(t, out, list); count(told, "done") != 3 {
		t.Error(told)
	}
	docs := c.Documents(defaultQuarantine)
	want := `{"@timestamp":"1976-03-01T12:00:00.000Z","message":"line 1","n":1,"tags":["_date_outside_window"]}`
	if len(docs) != 1 || string(docs[0].Source) != want {
		t.Errorf("quarantine: %+v", docs)
	}
	if list[1].Fields.Has("tags") {
		t.Error("the event was changed")
	}
}
