package nearest

import "testing"

func TestName(t *testing.T) {
	names := []string{"run", "check", "test", "plugins", "schema", "IPORHOST", "HOSTNAME"}
	f := func(found, want string) {
		t.Helper()
		if got := Name(found, names); got != want {
			t.Errorf("Name(%q) = %q, want %q", found, got, want)
		}
	}
	f("rum", "run")
	f("rnu", "run")
	f("chekc", "check")
	f("plugin", "plugins")
	f("SHCEMA", "schema")
	f("IPORHOTS", "IPORHOST")
	f("iporhost", "IPORHOST")
	f("x", "")
	f("", "")
	f("nothing like it", "")
	f("tes", "test")
}

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		for _, p := range [][2]string{{a, b}, {b, a}} {
			if got := distance(p[0], p[1], 99); got != want {
				t.Errorf("distance(%q, %q) = %d, want %d", p[0], p[1], got, want)
			}
		}
	}
	f("", "", 0)
	f("", "abc", 3)
	f("abc", "abc", 0)
	f("abc", "acb", 1)
	f("kitten", "sitting", 3)
	f("abcdef", "badcfe", 3)
	if got := distance("a", "abcdefgh", 3); got != 3 {
		t.Errorf("the limit is not kept: %d", got)
	}
}
