//go:build !purego

package scan

// What the processor can do, for runVector; found out once, as asking takes a microsecond, or more in a virtual machine.
//
//nolint:gochecknoglobals // constant from the first moment on
var (
	vectors = hasSSSE3() // if not, runVector is loop
	wide    = hasAVX2()
)

// registers is what the instruction CPUID answers, as far as it is needed.
type registers struct{ eax, ebx, ecx uint32 }

// cpuid is the instruction of that name.
func cpuid(leaf, sub uint32) registers

// xgetbv returns the low half of the register that says which registers the operating system keeps.
func xgetbv() uint32

// The bits are those of the processor manuals (Intel SDM volume 2, CPUID).
const (
	ssse3Bit   = 1 << 9  // leaf 1, ecx
	osxsaveBit = 1 << 27 // leaf 1, ecx
	bmi1Bit    = 1 << 3  // leaf 7, ebx
	avx2Bit    = 1 << 5  // leaf 7, ebx
	ymmState   = 1<<1 | 1<<2
)

func hasSSSE3() bool {
	return cpuid(1, 0).ecx&ssse3Bit != 0
}

func hasAVX2() bool {
	if cpuid(0, 0).eax < 7 { // the last leaf that there is
		return false
	}
	if cpuid(1, 0).ecx&osxsaveBit == 0 || xgetbv()&ymmState != ymmState {
		return false
	}
	more := cpuid(7, 0).ebx
	return more&avx2Bit != 0 && more&bmi1Bit != 0
}
