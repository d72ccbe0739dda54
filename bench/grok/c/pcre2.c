/* pcre2 EXPRFILE CORPUS SECONDS [interp]: times PCRE2's JIT compiler (or its interpreter) on the lines of a corpus. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "common.h"
#include <pcre2.h>

static pcre2_code *code;
static pcre2_match_data *data;
static pcre2_match_context *context;
static int jit = 1, count;

static int match(const struct line *l, int64_t *caps)
{
    int rc = jit ? pcre2_jit_match(code, (PCRE2_SPTR)l->text, l->len, 0, 0, data, context)
                 : pcre2_match(code, (PCRE2_SPTR)l->text, l->len, 0, 0, data, context);
    if (rc < 0) {
        if (rc != PCRE2_ERROR_NOMATCH) {
            fprintf(stderr, "pcre2 gave up: %d\n", rc);
            return 0;
        }
        return 0;
    }
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);
    for (int j = 0; j < 2 * (count + 1); j++)
        caps[j] = j < 2 * rc && v[j] != PCRE2_UNSET ? (int64_t)v[j] : -1;
    return 1;
}

int main(int argc, char **argv)
{
    size_t len;
    int error;
    PCRE2_SIZE offset;
    if (argc < 4)
        return 2;
    char *expr = read_file(argv[1], &len);
    jit = argc < 5;
    code = pcre2_compile((PCRE2_SPTR)expr, len, PCRE2_DOTALL | PCRE2_MULTILINE, &error, &offset, NULL);
    if (!code || (jit && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) < 0)) {
        PCRE2_UCHAR message[256];
        pcre2_get_error_message(error, message, sizeof message);
        fprintf(stderr, "%s at %zu\n", (char *)message, offset);
        return 1;
    }
    data = pcre2_match_data_create_from_pattern(code, NULL);
    context = pcre2_match_context_create(NULL);
    pcre2_jit_stack *stack = pcre2_jit_stack_create(64 << 10, 64 << 20, NULL);
    pcre2_jit_stack_assign(context, NULL, stack);
    pcre2_set_match_limit(context, 0xffffffffu);
    pcre2_set_depth_limit(context, 0xffffffffu);
    uint32_t groups;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    count = (int)groups;
    measure(read_corpus(argv[2]), count, atof(argv[3]), match);
    return 0;
}
