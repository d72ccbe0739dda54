package scan

import (
	"syscall"
	"testing"
	"unsafe"
)

// TestPageEdge runs along the two ends of two pages, before and behind which there is no memory: a read there would
// end the test.
func TestPageEdge(t *testing.T) {
	page := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 4*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skipf("map memory: %v", err)
	}
	defer func() { _ = syscall.Munmap(mem) }()
	for _, guard := range [][]byte{mem[:page], mem[3*page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skipf("protect memory: %v", err)
		}
	}
	ours := mem[page : 3*page]
	for i := range ours {
		ours[i] = 'a'
	}
	set := setOf("a", true)
	for _, variant := range variants(t) {
		variant()
		for n := range 100 {
			for _, text := range [][]byte{ours[:n], ours[len(ours)-n:], ours[page-n/2 : page-n/2+n], ours[page-n : page]} {
				s := unsafe.String(unsafe.SliceData(text), n)
				check(t, s, 0, n, set)
				check(t, s, n/2, n/3, set)
				for k := range text {
					text[k] = 'x'
					check(t, s, 0, n, set)
					check(t, s, k, n, set)
					check(t, s, min(k+1, n), n, set)
					text[k] = 'a'
				}
			}
		}
	}
}
