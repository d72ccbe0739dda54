import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.TreeMap;
import org.jcodings.specific.UTF8Encoding;
import org.joni.Matcher;
import org.joni.NameEntry;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Region;
import org.joni.Syntax;
import org.joni.WarnCallback;
import org.joni.exception.JOniException;

/**
 * Answers on standard output, a line each, what joni makes of the cases on standard input, as JRuby calls it.
 *
 * A case is EXPR TAB SUBJECT, or EXPR TAB SUBJECT TAB OPTIONS (m: dot matches newline, the default; i, x; r: without Ruby's
 * preparation of the expression; -: none). A field in double quotes is a JSON string or one of Go; any other stands for itself.
 *
 * An answer is "match" and the offsets, in bytes, of the whole and of each group (2,5 2,5 -1,-1), then, each after a tab, the names of
 * the groups; or "nomatch"; "error" and why the expression is refused; "timeout" after the property "limit", in milliseconds; "crash"
 * and what went wrong within joni; "usage" and what is wrong with the line.
 */
public final class Joni {
    private static final int CACHED = 64;
    private static final int RAW = 1 << 6; // ours: the engine sees the expression as it stands

    private final long limitMillis;
    private volatile long deadline = Long.MAX_VALUE;
    private volatile Thread worker;
    private final byte[][] cachedExpr = new byte[CACHED][];
    private final Object[] cachedRegex = new Object[CACHED];

    private Joni(long limitMillis) {
        this.limitMillis = limitMillis;
    }

    public static void main(String[] args) throws Exception {
        long limit = Long.parseLong(System.getProperty("limit", "1000"));
        Joni joni = new Joni(limit);
        Exception[] failure = new Exception[1];
        Thread work = new Thread(null, () -> {
            try {
                joni.run(new BufferedInputStream(System.in, 1 << 16), new BufferedOutputStream(System.out, 1 << 16));
            } catch (Exception e) {
                failure[0] = e;
            }
        }, "work", 256L << 20);
        joni.worker = work;
        Thread watch = new Thread(joni::watch, "watch");
        watch.setDaemon(true);
        watch.start();
        work.start();
        work.join();
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    /** Interrupts a match that has run for longer than the limit. */
    @SuppressWarnings("removal")
    private void watch() {
        while (true) {
            try {
                Thread.sleep(Math.max(5, limitMillis / 20));
            } catch (InterruptedException e) {
                return;
            }
            long over = System.currentTimeMillis() - deadline;
            if (over > 2 * limitMillis) {
                worker.stop(); // joni does not look at interrupts everywhere; Java 17 can still do this
                deadline = Long.MAX_VALUE;
            } else if (over > 0) {
                worker.interrupt();
            }
        }
    }

    private void run(InputStream in, OutputStream out) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            line.reset();
            int c;
            while ((c = in.read()) >= 0 && c != '\n') {
                line.write(c);
            }
            if (c < 0 && line.size() == 0) {
                break;
            }
            out.write(answer(line.toByteArray()).getBytes(StandardCharsets.UTF_8));
            out.write('\n');
            if (in.available() == 0) {
                out.flush();
            }
            if (c < 0) {
                break;
            }
        }
        out.flush();
    }

    private String answer(byte[] line) {
        byte[][] fields = split(line);
        if (fields.length < 2 || fields.length > 3) {
            return "usage found " + fields.length + " fields, expected EXPR TAB SUBJECT [TAB OPTIONS]";
        }
        byte[] subject;
        Object regex;
        try {
            int option = Option.MULTILINE;
            if (fields.length == 3) {
                option = options(new String(fields[2], StandardCharsets.ISO_8859_1));
            }
            regex = compile(unquote(fields[0]), option);
            subject = unquote(fields[1]);
        } catch (IllegalArgumentException e) {
            return "usage " + e.getMessage();
        }
        if (regex instanceof String) {
            return (String) regex;
        }
        return match((Regex) regex, subject);
    }

    private static int options(String s) {
        int option = Option.NONE;
        for (char c : s.toCharArray()) {
            switch (c) {
                case 'm': option |= Option.MULTILINE; break;
                case 'i': option |= Option.IGNORECASE; break;
                case 'x': option |= Option.EXTEND; break;
                case 'r': option |= RAW; break;
                case '-': break;
                default: throw new IllegalArgumentException("found option " + c + ", expected m, i, x, r or -");
            }
        }
        return option;
    }

    /** A Regex, or the answer as a text. */
    private Object compile(byte[] expr, int option) {
        int slot = ((Arrays.hashCode(expr) ^ option * 31) & Integer.MAX_VALUE) % CACHED;
        byte[] key = Arrays.copyOf(expr, expr.length + 1);
        key[expr.length] = (byte) option; // all of them are below 128
        if (cachedExpr[slot] != null && Arrays.equals(cachedExpr[slot], key)) {
            return cachedRegex[slot];
        }
        Object got;
        try {
            deadline = System.currentTimeMillis() + limitMillis;
            byte[] src = (option & RAW) != 0 ? expr : Ruby.preprocess(expr);
            got = new Regex(src, 0, src.length, option & ~RAW, UTF8Encoding.INSTANCE, Syntax.RUBY, WarnCallback.NONE);
        } catch (IllegalStateException e) {
            got = "error " + e.getMessage();
        } catch (JOniException e) {
            got = "error " + oneLine(e.getMessage());
        } catch (ThreadDeath e) {
            got = "timeout";
        } catch (Throwable e) {
            got = "crash " + oneLine(e.toString());
        } finally {
            deadline = Long.MAX_VALUE;
            Thread.interrupted();
        }
        cachedExpr[slot] = key;
        cachedRegex[slot] = got;
        return got;
    }

    private String match(Regex regex, byte[] subject) {
        Matcher m = regex.matcher(subject, 0, subject.length);
        int found;
        try {
            deadline = System.currentTimeMillis() + limitMillis;
            found = m.searchInterruptible(0, subject.length, Option.NONE);
        } catch (InterruptedException | ThreadDeath e) {
            return "timeout";
        } catch (Throwable e) {
            return "crash " + oneLine(e.toString());
        } finally {
            deadline = Long.MAX_VALUE;
            Thread.interrupted();
        }
        if (found < 0) {
            return found == -1 ? "nomatch" : "crash result " + found;
        }
        StringBuilder sb = new StringBuilder("match");
        Region r = m.getRegion();
        if (r == null) {
            sb.append(' ').append(m.getBegin()).append(',').append(m.getEnd());
        } else {
            for (int i = 0; i < r.numRegs; i++) {
                sb.append(' ').append(r.beg[i]).append(',').append(r.end[i]);
            }
        }
        return sb.append(names(regex)).toString();
    }

    private static String names(Regex regex) {
        if (regex.numberOfNames() == 0) {
            return "";
        }
        TreeMap<Integer, String> byNumber = new TreeMap<>();
        for (Iterator<NameEntry> it = regex.namedBackrefIterator(); it.hasNext();) {
            NameEntry e = it.next();
            String name = new String(e.name, e.nameP, e.nameEnd - e.nameP, StandardCharsets.UTF_8);
            for (int n : e.getBackRefs()) {
                byNumber.put(n, name);
            }
        }
        StringBuilder sb = new StringBuilder("\t");
        byNumber.forEach((n, name) -> sb.append(sb.length() > 1 ? "\t" : "").append(name));
        return sb.toString();
    }

    private static String oneLine(String s) {
        return s == null ? "?" : s.replace('\n', ' ').replace('\r', ' ').replace('\t', ' ');
    }

    private static byte[][] split(byte[] line) {
        int n = 1;
        for (byte b : line) {
            if (b == '\t') {
                n++;
            }
        }
        byte[][] fields = new byte[n][];
        int from = 0;
        int at = 0;
        for (int i = 0; i <= line.length; i++) {
            if (i == line.length || line[i] == '\t') {
                fields[at++] = Arrays.copyOfRange(line, from, i);
                from = i + 1;
            }
        }
        return fields;
    }

    /** A field that begins with a quote is a JSON string or a Go one (strconv.Quote); any other stands for itself. */
    private static byte[] unquote(byte[] f) {
        if (f.length == 0 || f[0] != '"') {
            return f;
        }
        if (f.length < 2 || f[f.length - 1] != '"') {
            throw new IllegalArgumentException("found no quote at the end of a quoted field");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(f.length);
        for (int i = 1; i < f.length - 1; i++) {
            if (f[i] != '\\') {
                out.write(f[i]);
                continue;
            }
            i = escape(f, i + 1, out);
        }
        return out.toByteArray();
    }

    /** Writes what the escape with its letter at i stands for; returns where it ends. */
    private static int escape(byte[] f, int i, ByteArrayOutputStream out) {
        switch (f[i]) {
            case 'a': out.write(7); return i;
            case 'b': out.write(8); return i;
            case 'f': out.write(12); return i;
            case 'n': out.write(10); return i;
            case 'r': out.write(13); return i;
            case 't': out.write(9); return i;
            case 'v': out.write(11); return i;
            case 'x': out.write(hex(f, i + 1, 2)); return i + 2;
            case 'U': rune(hex(f, i + 1, 8), out); return i + 8;
            case 'u': {
                int r = hex(f, i + 1, 4);
                if (r >= 0xD800 && r < 0xDC00 && i + 10 < f.length && f[i + 5] == '\\' && f[i + 6] == 'u') {
                    int low = hex(f, i + 7, 4);
                    rune(0x10000 + ((r - 0xD800) << 10) + (low - 0xDC00), out);
                    return i + 10;
                }
                rune(r, out);
                return i + 4;
            }
            case '"': case '\\': case '/': case '\'': out.write(f[i]); return i;
            default: throw new IllegalArgumentException("found escape \\" + (char) f[i] + " in a quoted field");
        }
    }

    private static int hex(byte[] f, int from, int n) {
        return Integer.parseUnsignedInt(new String(f, from, n, StandardCharsets.ISO_8859_1), 16);
    }

    private static void rune(int r, ByteArrayOutputStream out) {
        byte[] b = new String(Character.toChars(r)).getBytes(StandardCharsets.UTF_8);
        out.write(b, 0, b.length);
    }
}
