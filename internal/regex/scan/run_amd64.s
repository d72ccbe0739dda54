//go:build !purego

#include "textflag.h"

// Set begins with three tables of 16 bytes: the offsets are 0, 16, 32. Of the third, the last eight bytes are used as a mask.

DATA nibbles<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA nibbles<>+8(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibbles<>(SB), RODATA|NOPTR, $16

// CLASSIFY looks at the 16 bytes of X0: bit k of R9 is set, and the zero flag is not, where byte k is not a member.
// A byte is one if the bit of its high half is set in the table's entry for its low half. From 0x80 on a shuffle gives
// 0: whether those are members is said by the mask, which is and-ed with the sign bits.
#define CLASSIFY \
	MOVO     X0, X5  \
	MOVO     X1, X4  \
	PMOVMSKB X0, R10 \
	PSHUFB   X0, X4  \
	PSRLW    $4, X5  \
	PAND     X3, X5  \
	MOVO     X2, X6  \
	PSHUFB   X5, X6  \
	PAND     X6, X4  \
	PCMPEQB  X7, X4  \
	PMOVMSKB X4, R9  \
	ANDL     R8, R10 \
	NOTL     R10     \
	ANDL     R10, R9

// func runVector(s string, i int, t *Set) int
//
// SI is the text from i on, CX its length, AX how far we are.
TEXT ·runVector(SB), NOSPLIT, $0-40
	CMPB ·vectors(SB), $0
	JEQ  table
	MOVQ s_base+0(FP), SI
	MOVQ s_len+8(FP), CX
	MOVQ i+16(FP), R13
	MOVQ t+24(FP), DX
	ADDQ R13, SI
	SUBQ R13, CX
	XORL AX, AX
	TESTQ CX, CX
	JLE  done
	MOVOU (DX), X1
	MOVOU 16(DX), X2
	MOVQ 40(DX), R8
	MOVOU nibbles<>(SB), X3
	PXOR X7, X7

	// The first 16 bytes. Where they are not all ours and would reach into the next page (which may not be there),
	// the last 16 up to our end are looked at instead: those begin in the page that SI points into.
	CMPQ CX, $16
	JGE  first
	LEAL 15(SI), R11
	ANDL $4095, R11
	CMPL R11, $15
	JLT  edge

first:
	MOVOU  (SI), X0
	CLASSIFY
	JNE    found
	CMPQ   CX, $16
	JLE    all
	MOVL   $16, AX
	CMPB   ·wide(SB), $0
	JNE    widen

narrow:
	MOVQ CX, R12
	SUBQ AX, R12        // how many are left: 1 or more
	CMPQ R12, $16
	JGE  next
	MOVQ CX, AX         // less than 16: look at the last 16 again, of which the first are known
	SUBQ $16, AX

next:
	MOVOU  (SI)(AX*1), X0
	CLASSIFY
	JNE    foundAt
	ADDQ   $16, AX
	CMPQ   AX, CX
	JLT    narrow

all:
	MOVQ CX, AX

done:
	ADDQ R13, AX
	MOVQ AX, ret+32(FP)
	RET

found:
	BSFL R9, AX
	CMPQ AX, CX
	JGT  all
	ADDQ R13, AX
	MOVQ AX, ret+32(FP)
	RET

foundAt:
	BSFL R9, R9
	ADDQ R9, AX
	ADDQ R13, AX
	MOVQ AX, ret+32(FP)
	RET

widen:
	CMPQ CX, $48
	JLT  narrow
	VINSERTI128 $1, X1, Y1, Y1
	VINSERTI128 $1, X2, Y2, Y2
	VINSERTI128 $1, X3, Y3, Y3
	VPXOR Y7, Y7, Y7

wideNext:
	MOVQ CX, R12
	SUBQ AX, R12
	CMPQ R12, $32
	JGE  wideFull
	MOVQ CX, AX
	SUBQ $32, AX

wideFull:
	VMOVDQU (SI)(AX*1), Y0
	VPMOVMSKB Y0, R10
	VPSHUFB Y0, Y1, Y4
	VPSRLW  $4, Y0, Y5
	VPAND   Y5, Y3, Y5
	VPSHUFB Y5, Y2, Y5
	VPAND   Y4, Y5, Y4
	VPCMPEQB Y7, Y4, Y4
	VPMOVMSKB Y4, R9
	ANDL    R8, R10
	ANDNL   R9, R10, R9
	JNE     wideFound
	ADDQ    $32, AX
	CMPQ    AX, CX
	JLT     wideNext
	VZEROUPPER
	MOVQ CX, AX
	ADDQ R13, AX
	MOVQ AX, ret+32(FP)
	RET

wideFound:
	TZCNTL R9, R9
	ADDQ   R9, AX
	VZEROUPPER
	ADDQ   R13, AX
	MOVQ   AX, ret+32(FP)
	RET

edge:
	MOVOU  -16(SI)(CX*1), X0
	CLASSIFY
	MOVQ   CX, R12
	NEGL   CX
	ADDL   $16, CX
	SHRL   CX, R9       // bit k is s[k] now, and there are no others
	MOVQ   R12, CX
	JEQ    all
	BSFL   R9, AX
	ADDQ   R13, AX
	MOVQ   AX, ret+32(FP)
	RET

table:
	JMP ·loop(SB)       // with the same operands and result

// func cpuid(leaf, sub uint32) registers
TEXT ·cpuid(SB), NOSPLIT, $0-20
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, ret_eax+8(FP)
	MOVL BX, ret_ebx+12(FP)
	MOVL CX, ret_ecx+16(FP)
	RET

// func xgetbv() uint32
TEXT ·xgetbv(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET
