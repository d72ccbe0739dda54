//go:build !purego

#include "textflag.h"

// Set begins with three tables of 16 bytes: V1 by the low half of a byte, V2 and V3 by its high half.

// CLASSIFY looks at the 16 bytes of V0: those of R6 (the first eight) and R7 are ones where a byte is not a member.
// A byte is one if the bit of its high half is set in the entry for its low half, or if V3 says so for its high half.
#define CLASSIFY \
	VUSHR $4, V0.B16, V7.B16            \
	VAND  V4.B16, V0.B16, V6.B16        \
	VTBL  V6.B16, [V1.B16], V6.B16      \
	VTBL  V7.B16, [V2.B16], V16.B16     \
	VTBL  V7.B16, [V3.B16], V17.B16     \
	VAND  V16.B16, V6.B16, V6.B16       \
	VORR  V17.B16, V6.B16, V6.B16       \
	VCMEQ V5.B16, V6.B16, V6.B16        \
	VMOV  V6.D[0], R6                   \
	VMOV  V6.D[1], R7

// func runVector(s string, i int, t *Set) int
//
// R0 is the text from i on, R1 its length.
TEXT ·runVector(SB), NOSPLIT, $0-40
	MOVD s_base+0(FP), R0
	MOVD s_len+8(FP), R1
	MOVD i+16(FP), R8
	MOVD t+24(FP), R2
	ADD  R8, R0
	SUB  R8, R1
	MOVD $0, R3          // the index of the first byte of V0
	CBZ  R1, all
	VLD1 (R2), [V1.B16, V2.B16, V3.B16]
	VMOVI $15, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	CMP  $16, R1
	BGE  full

	// Less than 16 bytes: more are read, unless those would be in the next page, which may not be there. Then
	// the 16 up to our end are read, which begin in the page that R0 points into, and those before it do not count.
	AND  $4095, R0, R5
	CMP  $4080, R5
	BGT  edge
	VLD1 (R0), [V0.B16]
	CLASSIFY
	CBNZ R6, low
	CBNZ R7, high
	B    all

next:
	ADD  $16, R3
	SUB  R3, R1, R4      // how many are left
	CMP  $0, R4
	BLE  all
	CMP  $16, R4
	BGE  full
	SUB  $16, R1, R3     // the last 16 once more, of which the first are known

full:
	ADD  R3, R0, R5
	VLD1 (R5), [V0.B16]
	CLASSIFY
	CBNZ R6, low
	CBZ  R7, next

high:
	RBIT R7, R7
	CLZ  R7, R7
	ADD  $64, R7
	B    found

low:
	RBIT R6, R7
	CLZ  R7, R7

found:
	ADD  R7>>3, R3, R3
	CMP  R1, R3
	BGE  all             // behind our end
	ADD  R8, R3
	MOVD R3, ret+32(FP)
	RET

all:
	ADD  R8, R1
	MOVD R1, ret+32(FP)
	RET

edge:
	SUB  $16, R1, R3     // negative: the first of the 16 is before R0
	ADD  R3, R0, R5
	VLD1 (R5), [V0.B16]
	CLASSIFY
	NEG  R3<<3, R4       // how many bits are not ours, 8 to 120
	MOVD $-1, R5
	LSL  R4, R5, R5      // by R4 modulo 64
	CMP  $64, R4
	BGE  later
	AND  R5, R6
	CBNZ R6, low
	CBNZ R7, high
	B    all

later:
	AND  R5, R7
	CBNZ R7, high
	B    all
