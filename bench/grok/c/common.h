/* What the two programs share: the corpus, the clock, the sum over captures, the output. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct line {
    const char *text;
    size_t len;
};

struct corpus {
    struct line *lines;
    size_t n;
};

static char *read_file(const char *name, size_t *len)
{
    FILE *f = fopen(name, "rb");
    if (!f) {
        perror(name);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *b = malloc(*len + 1);
    if (fread(b, 1, *len, f) != *len) {
        perror(name);
        exit(1);
    }
    b[*len] = 0;
    fclose(f);
    return b;
}

static struct corpus read_corpus(const char *name)
{
    size_t len;
    char *b = read_file(name, &len);
    struct corpus c = {malloc(sizeof(struct line) * (len + 1)), 0};
    for (char *p = b; p < b + len;) {
        char *e = memchr(p, '\n', (size_t)(b + len - p));
        if (!e)
            e = b + len;
        c.lines[c.n++] = (struct line){p, (size_t)(e - p)};
        p = e + 1;
    }
    return c;
}

/* The process's time on a processor, in seconds, so that others on the machine disturb less. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The hash over the offsets of all groups; the sum is what is computed while the time is taken. */
static inline uint64_t mix(uint64_t h, int64_t v)
{
    return (h ^ (uint64_t)v) * UINT64_C(0x100000001b3);
}

/* An engine's work on one line: whether it matches, and where its groups are (2 * groups offsets, -1 for none). */
typedef int (*match_func)(const struct line *l, int64_t *caps);

/* Prints "ns_a_line matches groups hash" for the corpus: the best pass within the seconds, of at least two. */
static void measure(struct corpus c, int groups, double seconds, match_func match)
{
    int64_t *caps = malloc(sizeof(int64_t) * 2 * (size_t)(groups + 1));
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t matches = 0;
    for (size_t i = 0; i < c.n; i++) {
        int ok = match(&c.lines[i], caps);
        hash = mix(hash, ok);
        matches += (size_t)ok;
        for (int j = 0; ok && j < 2 * (groups + 1); j++)
            hash = mix(hash, caps[j]);
    }
    double best = 1e9, begin = now();
    volatile int64_t sink = 0;
    for (int pass = 0; pass < 2 || now() - begin < seconds; pass++) {
        int64_t sum = 0;
        double t = now();
        for (size_t i = 0; i < c.n; i++) {
            if (!match(&c.lines[i], caps))
                continue;
            for (int j = 1; j <= groups; j++)
                if (caps[2 * j] >= 0)
                    sum += caps[2 * j + 1] - caps[2 * j];
        }
        sink = sum;
        t = now() - t;
        if (t < best)
            best = t;
    }
    (void)sink;
    printf("%.1f %zu %d %016llx\n", best * 1e9 / (double)c.n, matches, groups, (unsigned long long)hash);
}
