/* onig EXPRFILE CORPUS SECONDS: times Oniguruma, with Ruby's syntax and UTF-8, on the lines of a corpus. */
#include "common.h"
#include <oniguruma.h>

static regex_t *reg;
static OnigRegion *region;
static int count;

static int match(const struct line *l, int64_t *caps)
{
    const OnigUChar *s = (const OnigUChar *)l->text, *e = s + l->len;
    int r = onig_search(reg, s, e, s, e, region, ONIG_OPTION_NONE);
    if (r < 0) {
        if (r != ONIG_MISMATCH)
            fprintf(stderr, "oniguruma gave up: %d\n", r);
        return 0;
    }
    for (int j = 0; j <= count; j++) {
        caps[2 * j] = region->beg[j];
        caps[2 * j + 1] = region->end[j];
    }
    return 1;
}

int main(int argc, char **argv)
{
    size_t len;
    OnigErrorInfo info;
    if (argc < 4)
        return 2;
    char *expr = read_file(argv[1], &len);
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    int r = onig_new(&reg, (OnigUChar *)expr, (OnigUChar *)expr + len, ONIG_OPTION_MULTILINE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
    if (r != ONIG_NORMAL) {
        OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN];
        onig_error_code_to_str(message, r, &info);
        fprintf(stderr, "%s\n", (char *)message);
        return 1;
    }
    onig_set_retry_limit_in_match(~0ul);
    onig_set_retry_limit_in_search(~0ul);
    region = onig_region_new();
    count = onig_number_of_captures(reg);
    measure(read_corpus(argv[2]), count, atof(argv[3]), match);
    onig_region_free(region, 1);
    onig_free(reg);
    return 0;
}
