/* Runs the ops of an object file without the runtime: a small one of its own that watches over every buffer.
 *
 * Nothing is ever given back to the system: a buffer that dies is marked, so that a second release, or a use after it,
 * is noticed. After each op the number of buffers that are still alive is printed; it must be 0. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const char *data; uint64_t len; } Text;
typedef struct Desc { uint8_t kind, flags; uint16_t align; uint32_t size; const struct Desc *a, *b; const struct Field *fields; uint64_t field_count; Text name; } Desc;
typedef struct Field { const Desc *desc; uint64_t offset; Text name, initial; } Field;
typedef struct { _Atomic uint64_t stack_limit, poll; char failure[256]; int traces; } Ctx;
typedef struct { int32_t count; uint32_t state; uint64_t len, capacity; } Buffer; /* of lists; a text has its room in `len` */
typedef struct { uint64_t w[2]; } Str;
typedef uint32_t (*OpCode)(Ctx *, uint8_t *const *, uint8_t *);
extern const struct { uint32_t abi, reserved; const uint8_t *plan; uint64_t plan_len; const OpCode *ops; uint64_t op_count; } dyn_program;

enum { LIVE = 0x11fe, DEAD = 0xdead };
static long live;

static void die(const char *what) { printf("BROKEN: %s\n", what); fflush(stdout); exit(3); }
static Buffer *new_buffer(uint64_t bytes) {
    Buffer *b = calloc(1, bytes + 64);
    b->count = 1, b->state = LIVE;
    live++;
    return b;
}
static void check(Buffer *b) { if (b->count != 0 && b->state != LIVE) die("a dead buffer is used"); }
/* Whether it died: a negative count sends the compiled code here, which then notices. */
static int drop(Buffer *b) {
    check(b);
    if (b->count == 0 || --b->count > 0) return 0;
    b->count = -1000000, b->state = DEAD;
    live--;
    return 1;
}

static int is_heap(Str s) { return s.w[1] >> 56 == 0xff; }
static uint64_t str_len(Str s) { return is_heap(s) ? s.w[1] << 8 >> 8 : s.w[1] >> 56; }
static const char *str_data(const Str *s) { return is_heap(*s) ? (const char *)s->w[0] + 16 : (const char *)s; }
static Str str_new(const char *data, uint64_t len) {
    Str s = {{0, 0}};
    if (len <= 15) { memcpy(&s, data, len); s.w[1] |= len << 56; return s; }
    Buffer *b = new_buffer(16 + len);
    b->len = len;
    memcpy((char *)b + 16, data, len);
    s.w[0] = (uint64_t)b, s.w[1] = len | 0xffull << 56;
    return s;
}

void dyn_value_release(uint8_t *value, const Desc *ty);
void dyn_buffer_retain(Buffer *b) { check(b); if (b->count) b->count++; }
void dyn_str_retain(uint64_t w0, uint64_t w1) { Str s = {{w0, w1}}; if (is_heap(s)) dyn_buffer_retain((Buffer *)w0); }
void dyn_str_release(uint64_t w0, uint64_t w1) { Str s = {{w0, w1}}; if (is_heap(s)) drop((Buffer *)w0); }
void dyn_list_release(Buffer *b, const Desc *ty) {
    if (!b || !drop(b)) return;
    for (uint64_t i = 0; i < b->len; i++) dyn_value_release((uint8_t *)b + 24 + i * ty->a->size, ty->a);
}
typedef struct { int32_t count; uint32_t state; const void *code; const Desc *captures; } Closure;
void dyn_closure_release(Closure *c) { if (c && drop((Buffer *)c)) dyn_value_release((uint8_t *)c + 24, c->captures); }
void *dyn_closure_new(Ctx *ctx, const void *code, const Desc *captures) {
    (void)ctx;
    Closure *c = (Closure *)new_buffer(24 + captures->size);
    c->code = code, c->captures = captures;
    return c;
}
static void each(uint8_t *v, const Desc *ty, int retain) {
    if (ty->flags & 1) return;
    Str *s = (Str *)v;
    Buffer *b = *(Buffer **)v;
    switch (ty->kind) {
    case 4: case 5: case 6: retain ? dyn_str_retain(s->w[0], s->w[1]) : dyn_str_release(s->w[0], s->w[1]); break;
    case 11: if (b) retain ? dyn_buffer_retain(b) : dyn_list_release(b, ty); break;
    case 14: each(v + (ty->a->align ? ty->a->align : 1), ty->a, retain); break;
    case 15: case 16: case 17: for (uint64_t i = 0; i < ty->field_count; i++) each(v + ty->fields[i].offset, ty->fields[i].desc, retain); break;
    case 19: if (b) retain ? dyn_buffer_retain(b) : dyn_closure_release((Closure *)b); break;
    default: die("a type that the harness does not know");
    }
}
void dyn_value_retain(uint8_t *v, const Desc *ty) { each(v, ty, 1); }
void dyn_value_release(uint8_t *v, const Desc *ty) { each(v, ty, 0); }

static uint32_t fail(Ctx *ctx, const char *what) { snprintf(ctx->failure, sizeof ctx->failure, "%s", what); return 1; }
void dyn_fail_message(Ctx *ctx, uint32_t site, Str *m, uint8_t retry) { (void)site, (void)retry; snprintf(ctx->failure, sizeof ctx->failure, "%.*s", (int)str_len(*m), str_data(m)); }
void dyn_fail_overflow(Ctx *ctx, uint32_t site, uint32_t op, int64_t a, int64_t b) { (void)site; snprintf(ctx->failure, sizeof ctx->failure, "overflow %u %ld %ld", op, a, b); }
void dyn_fail_division(Ctx *ctx, uint32_t site, uint32_t op, int64_t a) { (void)site; snprintf(ctx->failure, sizeof ctx->failure, "division %u %ld", op, a); }
void dyn_fail_shift(Ctx *ctx, uint32_t site, uint32_t op, int64_t a, int64_t b) { (void)site; snprintf(ctx->failure, sizeof ctx->failure, "shift %u %ld %ld", op, a, b); }
void dyn_fail_index(Ctx *ctx, uint32_t site, int64_t i, int64_t len) { (void)site; snprintf(ctx->failure, sizeof ctx->failure, "index %ld of %ld", i, len); }
void dyn_fail_unwrap(Ctx *ctx, uint32_t site) { (void)site; fail(ctx, "unwrap"); }
void dyn_fail_memory(Ctx *ctx, uint32_t site) { (void)site; fail(ctx, "memory"); }
void dyn_fail_stack(Ctx *ctx, uint32_t site) { (void)site; fail(ctx, "stack"); }
void dyn_fail_match(Ctx *ctx, uint32_t site) { (void)site; fail(ctx, "match"); }
void dyn_trace(Ctx *ctx, uint32_t site) { (void)site; ctx->traces++; }
uint32_t dyn_poll(Ctx *ctx, uint32_t site) { (void)site; return fail(ctx, "cancelled"); }
uint32_t dyn_catch(Ctx *ctx, Str *message, Str *kind, Str *trace) {
    *message = str_new(ctx->failure, strlen(ctx->failure));
    *kind = str_new("failed by itself", 16), *trace = str_new("", 0);
    ctx->failure[0] = 0;
    return 0;
}

uint32_t dyn_str_append(Ctx *ctx, Str *text, Str *tail) {
    (void)ctx;
    uint64_t a = str_len(*text), b = str_len(*tail);
    char *joined = malloc(a + b + 1);
    memcpy(joined, str_data(text), a), memcpy(joined + a, str_data(tail), b);
    Str s = str_new(joined, a + b);
    dyn_str_release(text->w[0], text->w[1]);
    *text = s;
    return 0;
}
int64_t dyn_value_compare(Str *a, Str *b, const Desc *ty) {
    if (ty->kind != 4) die("an order that the harness does not know");
    uint64_t x = str_len(*a), y = str_len(*b);
    int order = memcmp(str_data(a), str_data(b), x < y ? x : y);
    return order ? (order > 0) - (order < 0) : (x > y) - (x < y);
}
double dyn_float_rem(double a, double b) { return __builtin_fmod(a, b); }
uint8_t dyn_str_equal(Str *a, Str *b) { return str_len(*a) == str_len(*b) && !memcmp(str_data(a), str_data(b), str_len(*a)); }
uint32_t dyn_int_pow(Ctx *ctx, uint32_t site, int64_t *out, int64_t base, int64_t exponent) {
    (void)site;
    if (exponent < 0) return fail(ctx, "negative exponent");
    for (*out = 1; exponent-- > 0;) if (__builtin_mul_overflow(*out, base, out)) return fail(ctx, "overflow");
    return 0;
}
static uint32_t list_copy(Buffer **list, uint64_t capacity, const Desc *ty) {
    Buffer *old = *list, *b = new_buffer(24 + capacity * ty->a->size);
    b->len = old ? old->len : 0, b->capacity = capacity;
    for (uint64_t i = 0; i < b->len; i++) {
        uint8_t *to = (uint8_t *)b + 24 + i * ty->a->size;
        memcpy(to, (uint8_t *)old + 24 + i * ty->a->size, ty->a->size);
        dyn_value_retain(to, ty->a);
    }
    if (old) dyn_list_release(old, ty);
    *list = b;
    return 0;
}
uint32_t dyn_list_reserve(Ctx *ctx, Buffer **list, int64_t more, const Desc *ty) {
    if (more < 0) return fail(ctx, "negative");
    return list_copy(list, (*list ? (*list)->len : 0) + more, ty);
}
uint32_t dyn_list_grow(Ctx *ctx, Buffer **list, const Desc *ty) {
    /* A list of seven refuses to grow, so that the way of failure is gone too; no list has room for more. */
    if (*list) check(*list);
    uint64_t len = *list ? (*list)->len : 0;
    if (len == 7) return fail(ctx, "full");
    return list_copy(list, len < 5 ? len + 2 : 7, ty);
}
uint32_t dyn_list_unique(Ctx *ctx, Buffer **list, const Desc *ty) {
    (void)ctx;
    check(*list);
    return (*list)->count == 1 ? 0 : list_copy(list, (*list)->len, ty);
}

int main(void) {
    for (uint64_t i = 0; i < dyn_program.op_count; i++) {
        Ctx ctx = {.stack_limit = (uint64_t)&ctx - 200000};
        int64_t output = 0;
        live = 0;
        uint32_t status = dyn_program.ops[i](&ctx, NULL, (uint8_t *)&output);
        if (status && ctx.traces > 1000) printf("failed: %s, many traces", ctx.failure);
        else if (status) printf("failed: %s, traces %d", ctx.failure, ctx.traces);
        else printf("%ld", output);
        if (live) printf(", %ld buffers are left", live);
        printf("\n");
    }
    return 0;
}
