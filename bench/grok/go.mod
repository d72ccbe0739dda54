module sluice/bench/grok

go 1.26.0

require (
	github.com/dlclark/regexp2/v2 v2.13.0
	github.com/elastic/go-grok v0.3.1
	github.com/vjeantet/grok v1.0.1
	sluice v0.0.0
)

require github.com/magefile/mage v1.15.0 // indirect

replace sluice => ../..
