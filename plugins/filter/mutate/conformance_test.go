package mutate

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "map", Config: `{rename: {message: text}, convert: {number: integer, list: float}, gsub: [text, "a+", "<\\0>"], uppercase: [text], split: {text: ","}, join: {list: "-"}, merge: {list: text}, copy: {text: copied}}`, Fields: []string{"message", "number", "list", "text"}},
		plugintest.Case{Name: "list", Config: `[{split: {message: " "}}, {rename: {"[message][0]": first}, lowercase: [first], strip: [message]}, {replace: {message: "%{first}"}}]`},
	)
}

func TestCases(t *testing.T) { plugintest.Files(t, Plugin(), "testdata/*.txtar") }
