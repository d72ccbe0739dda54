import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jcodings.specific.UTF8Encoding;

/**
 * What Ruby does to the source of an expression before its engine sees it: escapes for bytes and code points
 * (\x, octal, control and meta, \\u) become the characters themselves where they are not ASCII, and \xHH where they are.
 */
final class Ruby {
    private final byte[] src;
    private int at;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Ruby(byte[] src) {
        this.src = src;
    }

    /** The source for the engine; IllegalStateException with Ruby's message where Ruby refuses the expression. */
    static byte[] preprocess(byte[] src) {
        Ruby r = new Ruby(src);
        while (r.at < src.length) {
            r.character();
        }
        return r.out.toByteArray();
    }

    private static IllegalStateException bad(String message) {
        return new IllegalStateException(message);
    }

    private void character() {
        int len = src[at] >= 0 ? 1 : UTF8Encoding.INSTANCE.length(src, at, src.length);
        if (len < 1 || at + len > src.length) {
            throw bad("invalid multibyte character");
        }
        if (len > 1 || src[at] != '\\') {
            out.write(src, at, len);
            at += len;
            return;
        }
        if (at + 1 >= src.length) {
            throw bad("too short escape sequence");
        }
        if (src[at + 1] < 0) {
            len = UTF8Encoding.INSTANCE.length(src, at + 1, src.length);
            if (len < 1 || at + 1 + len > src.length) {
                throw bad("invalid multibyte character");
            }
            out.write(src, at, 1 + len);
            at += 1 + len;
            return;
        }
        escape(src[at + 1]);
    }

    private void escape(int c) {
        switch (c) {
            case '1': case '2': case '3': case '5': case '6': case '7':
                if (octal(at + 1) <= 0177) {
                    asIs();
                    return;
                }
                bytes();
                return;
            case '0': case 'x': case 'c': case 'C': case 'M':
                bytes();
                return;
            case 'u':
                at += 2;
                unicode();
                return;
            default:
                asIs();
        }
    }

    private void asIs() {
        out.write(src, at, 2);
        at += 2;
    }

    private int octal(int from) {
        int v = 0;
        for (int i = from; i < src.length && i < from + 3 && src[i] >= '0' && src[i] <= '7'; i++) {
            v = v * 8 + src[i] - '0';
        }
        return v;
    }

    /** One character, written as escapes for its bytes. */
    private void bytes() {
        byte[] ch = new byte[6];
        int n = 0;
        ch[n++] = (byte) escapedByte();
        if (ch[0] >= 0) {
            ascii(ch[0]);
            return;
        }
        while (true) {
            int len = UTF8Encoding.INSTANCE.length(ch, 0, n);
            if (len == n) {
                out.write(ch, 0, n);
                return;
            }
            if (len >= -1 || n == 4) {
                throw bad("invalid multibyte escape");
            }
            if (at >= src.length || src[at] != '\\') {
                throw bad("too short escaped multibyte character");
            }
            ch[n++] = (byte) escapedByte();
        }
    }

    private void ascii(int c) {
        byte[] b = String.format("\\x%02X", c).getBytes(StandardCharsets.ISO_8859_1);
        out.write(b, 0, b.length);
    }

    private int escapedByte() {
        if (at + 1 >= src.length || src[at] != '\\') {
            throw bad("too short escaped multibyte character");
        }
        at++;
        boolean meta = false;
        boolean control = false;
        int code;
        while (true) {
            if (at >= src.length) {
                throw bad("too short escape sequence");
            }
            int c = src[at++];
            switch (c) {
                case '\\': code = '\\'; break;
                case 'n': code = '\n'; break;
                case 't': code = '\t'; break;
                case 'r': code = '\r'; break;
                case 'f': code = '\f'; break;
                case 'v': code = 11; break;
                case 'a': code = 7; break;
                case 'e': code = 27; break;
                case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': {
                    at--;
                    int n = 0;
                    code = 0;
                    while (n < 3 && at < src.length && src[at] >= '0' && src[at] <= '7') {
                        code = code * 8 + src[at++] - '0';
                        n++;
                    }
                    break;
                }
                case 'x': {
                    int n = 0;
                    code = 0;
                    while (n < 2 && at < src.length && Character.digit(src[at], 16) >= 0) {
                        code = code * 16 + Character.digit(src[at++], 16);
                        n++;
                    }
                    if (n == 0) {
                        throw bad("invalid hex escape");
                    }
                    break;
                }
                case 'M':
                    if (meta) {
                        throw bad("duplicate meta escape");
                    }
                    meta = true;
                    if (at + 1 < src.length && src[at++] == '-' && src[at] >= 0) {
                        if (src[at] == '\\') {
                            at++;
                            continue;
                        }
                        code = src[at++] & 0xff;
                        break;
                    }
                    throw bad("too short meta escape");
                case 'C': case 'c':
                    if (c == 'C' && (at >= src.length || src[at++] != '-')) {
                        throw bad("too short control escape");
                    }
                    if (control) {
                        throw bad("duplicate ctrl escape");
                    }
                    control = true;
                    if (at < src.length && src[at] >= 0) {
                        if (src[at] == '\\') {
                            at++;
                            continue;
                        }
                        code = src[at++] & 0xff;
                        break;
                    }
                    throw bad("too short control escape");
                default:
                    throw bad("unexpected escape sequence");
            }
            break;
        }
        if (code > 0xff) {
            throw bad("invalid hex code");
        }
        if (control) {
            code &= 0x1f;
        }
        return meta ? code | 0x80 : code;
    }

    private void unicode() {
        if (at >= src.length) {
            throw bad("too short escape sequence");
        }
        if (src[at] != '{') {
            codepoint(4, true);
            return;
        }
        at++;
        boolean any = false;
        while (at < src.length && Character.isWhitespace(src[at])) {
            at++;
        }
        while (at < src.length && Character.digit(src[at], 16) >= 0) {
            codepoint(6, false);
            any = true;
            while (at < src.length && Character.isWhitespace(src[at])) {
                at++;
            }
        }
        if (!any) {
            throw bad("invalid Unicode list");
        }
        if (at >= src.length || src[at] != '}') {
            throw bad("invalid Unicode list");
        }
        at++;
    }

    private void codepoint(int digits, boolean exact) {
        int n = 0;
        int code = 0;
        while (n < digits && at < src.length && Character.digit(src[at], 16) >= 0) {
            code = code * 16 + Character.digit(src[at++], 16);
            n++;
        }
        if (exact && n < digits) {
            throw bad("invalid Unicode escape");
        }
        if (!exact && at < src.length && Character.digit(src[at], 16) >= 0 || code > 0x10FFFF) {
            throw bad("invalid Unicode range");
        }
        if (code >= 0xD800 && code <= 0xDFFF) {
            throw bad("invalid Unicode range");
        }
        if (code < 0x80) {
            ascii(code);
            return;
        }
        byte[] b = new String(Character.toChars(code)).getBytes(StandardCharsets.UTF_8);
        out.write(b, 0, b.length);
    }
}
