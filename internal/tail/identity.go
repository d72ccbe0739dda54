package tail

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/zeebo/xxh3"
)

// How much of a file its recognition looks at.
const (
	maxHead  = 1024 // bytes of the head that are hashed: identical banners are usually shorter
	maxCheck = 64   // bytes just before the offset
)

// fileKey names a file within a machine for as long as it exists.
type fileKey struct{ dev, ino uint64 }

// digest is the hash of a number of bytes; the zero digest is of none.
type digest struct {
	n   int
	sum uint64
}

func digestOf(b []byte) digest {
	if len(b) == 0 {
		return digest{}
	}
	return digest{len(b), xxh3.Hash(b)}
}

// fileInfo is what a stat tells.
type fileInfo struct {
	key     fileKey
	size    int64
	links   uint64
	changed time.Time
	regular bool
}

func infoOf(fi fs.FileInfo) fileInfo {
	info := fileInfo{size: fi.Size(), links: 1, changed: fi.ModTime(), regular: fi.Mode().IsRegular()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		info.key = fileKey{uint64(st.Dev), st.Ino} //nolint:unconvert // Dev is narrower on other systems
		info.links = uint64(st.Nlink)              //nolint:unconvert // as is Nlink
	}
	return info
}

// statPath follows symbolic links, as all of this package does.
func statPath(path string) (fileInfo, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(fi), nil
}

func statFile(f *os.File) (fileInfo, error) {
	fi, err := f.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(fi), nil
}

// readAt reads up to n bytes at an offset; the end of the file is no error.
func readAt(f io.ReaderAt, off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	n, err := f.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// headOf returns the digest of a file's head.
func headOf(f io.ReaderAt) (digest, error) {
	b, err := readAt(f, 0, maxHead)
	return digestOf(b), err
}

// checkAt returns the bytes just before an offset.
func checkAt(f io.ReaderAt, off int64) ([]byte, error) {
	n := min(off, maxCheck)
	return readAt(f, off-n, int(n))
}

// recognised reports whether the file is the one that e describes, grown or not.
func recognised(f io.ReaderAt, size, born int64, e *Entry) (bool, error) {
	if size < e.Offset || size < int64(e.head.n) || born != 0 && e.born != 0 && born != e.born {
		return false, nil
	}
	for _, part := range []struct {
		at   int64
		want digest
	}{{0, e.head}, {e.Offset - int64(e.check.n), e.check}} {
		b, err := readAt(f, part.at, part.want.n)
		if err != nil || digestOf(b) != part.want {
			return false, err
		}
	}
	return true, nil
}

// machineID tells machines apart, so that the state of a cloned image is not taken for this one's: by the
// EC2 instance id that the firmware shows, else by the id that the system was given when it was installed. 0 when
// there is neither.
func machineID() uint64 {
	for _, source := range []struct{ name, prefix string }{
		{"/sys/class/dmi/id/board_asset_tag", "i-"},
		{"/etc/machine-id", ""},
	} {
		b, err := os.ReadFile(source.name)
		id := strings.TrimSpace(string(b))
		if err == nil && id != "" && strings.HasPrefix(id, source.prefix) {
			return xxh3.HashString(id)
		}
	}
	return 0
}
