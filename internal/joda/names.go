package joda

import (
	"slices"
	"strings"
)

// nameTable finds the longest known name at the beginning of a text. Names are known as written, in lower
// case and in upper case, as Joda knows them; entries are grouped by their first byte, longest first.
type nameTable struct {
	entries []nameEntry
	first   [256]struct{ from, to uint8 }
}

type nameEntry struct {
	text  string
	value int
}

// find returns the value and the length of the longest name that s begins with, and a length of 0 when
// there is none.
func (t *nameTable) find(s string) (value, n int) {
	if s == "" {
		return 0, 0
	}
	group := t.first[s[0]]
	for i := range t.entries[group.from:group.to] {
		e := &t.entries[int(group.from)+i]
		if strings.HasPrefix(s, e.text) {
			return e.value, len(e.text)
		}
	}
	return 0, 0
}

// newNames makes a table of lists of names, each separated by commas; the first name of a list has the
// value base.
func newNames(base int, lists ...string) nameTable {
	var t nameTable
	for _, list := range lists {
		for i, text := range strings.Split(list, ",") {
			for _, s := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
				if e := (nameEntry{s, base + i}); !slices.Contains(t.entries, e) {
					t.entries = append(t.entries, e)
				}
			}
		}
	}
	slices.SortStableFunc(t.entries, func(a, b nameEntry) int {
		if a.text[0] != b.text[0] {
			return int(a.text[0]) - int(b.text[0])
		}
		return len(b.text) - len(a.text)
	})
	for i, e := range t.entries {
		g := &t.first[e.text[0]]
		if g.to == 0 {
			g.from = uint8(i) // there are fewer than 100 names
		}
		g.to = uint8(i + 1)
	}
	return t
}

// locale is the names of one language.
type locale struct {
	tag                        string
	months, days, halves, eras nameTable
}

// locales are the known languages, English first. The names are those of the Common Locale Data Repository, in
// the form used within a date: what Joda gets from Java.
var locales = [...]locale{ //nolint:gochecknoglobals // compiled tables, never written
	{
		"en",
		newNames(1, "January,February,March,April,May,June,July,August,September,October,November,December",
			"Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"),
		newNames(1, "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday", "Mon,Tue,Wed,Thu,Fri,Sat,Sun"),
		newNames(0, "AM,PM"), newNames(0, "BC,AD", "BCE,CE"),
	},
	{
		"de",
		newNames(1, "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
			"Jan.,Feb.,März,Apr.,Mai,Juni,Juli,Aug.,Sept.,Okt.,Nov.,Dez."),
		newNames(1, "Montag,Dienstag,Mittwoch,Donnerstag,Freitag,Samstag,Sonntag", "Mo.,Di.,Mi.,Do.,Fr.,Sa.,So."),
		newNames(0, "AM,PM"), newNames(0, "v. Chr.,n. Chr."),
	},
	{
		"fr",
		newNames(1, "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre",
			"janv.,févr.,mars,avr.,mai,juin,juil.,août,sept.,oct.,nov.,déc."),
		newNames(1, "lundi,mardi,mercredi,jeudi,vendredi,samedi,dimanche", "lun.,mar.,mer.,jeu.,ven.,sam.,dim."),
		newNames(0, "AM,PM"), newNames(0, "av. J.-C.,ap. J.-C."),
	},
	{
		"es",
		newNames(1, "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
			"ene.,feb.,mar.,abr.,may.,jun.,jul.,ago.,sept.,oct.,nov.,dic.",
			"ene,feb,mar,abr,may,jun,jul,ago,sept,oct,nov,dic"), // the two forms of different releases
		newNames(1, "lunes,martes,miércoles,jueves,viernes,sábado,domingo",
			"lun.,mar.,mié.,jue.,vie.,sáb.,dom.", "lun,mar,mié,jue,vie,sáb,dom"),
		newNames(0, "a. m.,p. m."), newNames(0, "a. C.,d. C."),
	},
	{
		"it",
		newNames(1, "gennaio,febbraio,marzo,aprile,maggio,giugno,luglio,agosto,settembre,ottobre,novembre,dicembre",
			"gen,feb,mar,apr,mag,giu,lug,ago,set,ott,nov,dic"),
		newNames(1, "lunedì,martedì,mercoledì,giovedì,venerdì,sabato,domenica", "lun,mar,mer,gio,ven,sab,dom"),
		newNames(0, "AM,PM"), newNames(0, "a.C.,d.C."),
	},
	{
		"pt",
		newNames(1, "janeiro,fevereiro,março,abril,maio,junho,julho,agosto,setembro,outubro,novembro,dezembro",
			"jan.,fev.,mar.,abr.,mai.,jun.,jul.,ago.,set.,out.,nov.,dez."),
		newNames(1, "segunda-feira,terça-feira,quarta-feira,quinta-feira,sexta-feira,sábado,domingo",
			"seg.,ter.,qua.,qui.,sex.,sáb.,dom."),
		newNames(0, "AM,PM"), newNames(0, "a.C.,d.C."),
	},
	{
		"nl",
		newNames(1, "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december",
			"jan.,feb.,mrt.,apr.,mei,jun.,jul.,aug.,sep.,okt.,nov.,dec."),
		newNames(1, "maandag,dinsdag,woensdag,donderdag,vrijdag,zaterdag,zondag", "ma,di,wo,do,vr,za,zo"),
		newNames(0, "a.m.,p.m."), newNames(0, "v.Chr.,n.Chr."),
	},
}

// localeTags lists the languages whose names are known, for messages.
const localeTags = "en, de, fr, es, it, pt, nl"

// localeOf finds the names of a locale's language; "" is English.
func localeOf(tag string) (*locale, bool) {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	if language == "" {
		return &locales[0], true
	}
	for i := range locales {
		if locales[i].tag == language {
			return &locales[i], true
		}
	}
	return nil, false
}
