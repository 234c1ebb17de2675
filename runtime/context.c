// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Package context. Invariants in context.h.
 *
 * - Every visible operation on a context is published on its done channel, the object that receives
 *   and selects name too: whoever looks for conflicts sees all of them on one object.
 * - Cancelling closes the context's own channel, then goes through its dependants, each with all
 *   that hangs on it before the next; every close and every start is an operation of its own, so
 *   that others can see a parent done and its child not yet. In Go the order of children is that of
 *   a map: a choice here, among the first CHILDREN_CHOICE_MAX; naturally they go as created.
 * - Go holds the context's mutex meanwhile: a second cancel returns when everything is cancelled.
 *   Here the second helps the first, and nobody waits for a lock that the program does not have. As
 *   since Go 1.25, Err does not wait for the children; nor does Cause. */
#include "context.h"

#include "panic.h"

struct go_context_after {
    struct dependant self;
    struct go_context *source; /* NULL: never done */
    void (*fn)(void *);
    void *arg;
    uint64_t stable; /* of the goroutine that it becomes */
    uint32_t created_by;
    uint32_t released; /* what happened before it was registered */
    struct trace created;
    bool over; /* started or stopped */
};

/* safe: the one background of all executions is never written. */
static const struct go_context background;

struct go_chan *context_done_channel(const struct object *o)
{
    return o->kind == OBJECT_CONTEXT ? ((const struct go_context *)o->data)->done : NULL;
}

/* What operations on it are published on; NULL for a context that is never done. */
static const struct object *object_of_source(const struct go_context *source)
{
    return source ? source->done->object : NULL;
}

/* ---- Dependants --------------------------------------------------------------------------- */

static void join(struct dependant *d, struct go_context *source)
{
    list_push_back(&source->dependants, &d->link);
    d->linked = true;
}

static void leave(struct dependant *d)
{
    if (d->linked) list_remove(&d->link);
    d->linked = false;
}

static struct go_context *context_of(struct dependant *d)
{
    return container_of(d, struct go_context, self);
}

enum { CHILDREN_CHOICE_MAX = 8 };

/* Apart from its caller, so that the candidates are not on the stack while that recurses. */
static __attribute__((noinline)) struct dependant *choose_dependant(const struct go_context *ctx)
{
    struct candidate candidates[CHILDREN_CHOICE_MAX];
    struct dependant *dependants[CHILDREN_CHOICE_MAX];
    size_t n = 0;
    list_each(node, &ctx->dependants)
    {
        if (n == CHILDREN_CHOICE_MAX) break;
        struct dependant *d = container_of(node, struct dependant, link);
        const struct object *o = d->after ? ctx->done->object : context_of(d)->done->object;
        candidates[n] =
            (struct candidate){.stable = d->after ? d->after->stable : o->stable,
                               .id = (uint32_t)n,
                               .op = {.kind = d->after ? OP_CONTEXT_AFTER : OP_CONTEXT_CANCEL,
                                      .mode = OP_MODE_WRITE,
                                      .object = o->number,
                                      .object_stable = o->stable}};
        dependants[n++] = d;
    }
    return dependants[sched_choose(CHOICE_WAITER, candidates, n)];
}

/* ---- Cancelling --------------------------------------------------------------------------- */

/* ctx, not done until now, is done. */
static void finish(struct go_context *ctx, enum go_context_error error, const char *cause,
                   struct call_site site)
{
    static const char *const texts[] = {
        [GO_CONTEXT_CANCELED] = "context canceled",
        [GO_CONTEXT_DEADLINE_EXCEEDED] = "context deadline exceeded",
    };
    ctx->error = error;
    ctx->released = order_release();
    ctx->cause = cause ? cause : texts[error];
    ctx->object->cancelled = true;
    if (ctx->timer) sched_disarm(&ctx->timer->deadline);
    /* The program can have closed it only because C has no receive-only channels. */
    if (!ctx->done->closed) chan_do_close(ctx->done, site);
}

/* Become the goroutine that runs the function; in one step with what the caller published. */
static void become(struct go_context_after *after)
{
    after->over = true;
    uint32_t released = order_merge(after->released, order_release());
    sched_go(after->fn, after->arg, after->stable, after->created_by, released)->created =
        after->created;
}

static void start(struct go_context_after *after, struct call_site site)
{
    sched_publish(OP_CONTEXT_AFTER, OP_MODE_WRITE, object_of_source(after->source), site);
    sched_point();
    bool starts = !after->over;
    leave(&after->self);
    if (starts) become(after);
    sched_executed(PHASE_DONE, starts);
    if (starts) sched_point_after(OP_GO, NULL, site, PHASE_DONE);
}

/* Returns when ctx and everything made from it is done. */
static void cancel(struct go_context *ctx, enum go_context_error error, const char *cause,
                   struct call_site site)
{
    bool first = false;
    if (!ctx->error) {
        sched_publish(OP_CONTEXT_CANCEL, OP_MODE_WRITE, ctx->done->object, site);
        sched_point();
        first = !ctx->error;
        if (first) finish(ctx, error, cause, site);
        sched_executed(PHASE_DONE, first);
    }
    /* Who helps hands on what the first cancellation came after, not its own. */
    if (!first && !list_is_empty(&ctx->dependants)) order_acquire(ctx->released);
    /* At each point others may help, or stop a function: look at the list afresh each time. A child
     * leaves it when all below it is done, so that helpers return no earlier. */
    while (!list_is_empty(&ctx->dependants)) {
        struct dependant *d = choose_dependant(ctx);
        if (d->after)
            start(d->after, site);
        else
            cancel(context_of(d), ctx->error, ctx->cause, site);
    }
    leave(&ctx->self);
}

/* The deadline's own goroutine, as Go's time.AfterFunc starts it. */
static void expire(void *ctx)
{
    cancel(ctx, GO_CONTEXT_DEADLINE_EXCEEDED, NULL, (struct call_site){0});
}

static void cancel_by_user(struct go_context *ctx, const char *cause, struct call_site site)
{
    if (ctx->source != ctx)
        panic_raise(REPORT_UNRECOVERED_PANIC, NULL, site,
                    "cancel of a context that has no cancel function");
    cancel(ctx, GO_CONTEXT_CANCELED, cause, site);
}

GO_API void go_context_cancel(struct go_context *ctx) { cancel_by_user(ctx, NULL, CALL_SITE()); }

GO_API void go_context_cancel_cause(struct go_context *ctx, const char *cause)
{
    cancel_by_user(ctx, cause, CALL_SITE());
}

/* ---- Making ------------------------------------------------------------------------------- */

struct go_context *go_context_background(void) { return (struct go_context *)&background; }

static struct go_context *derive(struct go_context *parent, struct call_site site)
{
    if (unlikely(!sched.running)) fault_usage("context made outside a running execution");
    if (!parent)
        panic_raise(REPORT_UNRECOVERED_PANIC, NULL, site, "cannot create context from nil parent");
    struct go_context *ctx = sched_alloc(sizeof *ctx);
    ctx->parent = parent;
    ctx->source = parent->source;
    ctx->has_deadline = parent->has_deadline;
    ctx->deadline_ns = parent->deadline_ns;
    return ctx;
}

/* With a done channel of its own; done already if the parent is. */
static struct go_context *with_cancel(struct go_context *parent, struct call_site site)
{
    struct go_context *ctx = derive(parent, site);
    struct go_context *source = ctx->source;
    ctx->source = ctx;
    ctx->object = object_make(OBJECT_CONTEXT, ctx, site);
    ctx->done = chan_make(0, 0, site);
    ctx->object->data = ctx;
    if (!source) return ctx;
    sched_publish(OP_CONTEXT_MAKE, OP_MODE_READ, object_of_source(source), site);
    sched_point();
    if (source->error) {
        order_acquire(source->released);
        finish(ctx, source->error, source->cause, site);
    } else {
        join(&ctx->self, source);
    }
    sched_executed(PHASE_DONE, source->error);
    return ctx;
}

static struct go_context *with_deadline(struct go_context *parent, int64_t deadline_ns,
                                        struct call_site site)
{
    bool parent_first = parent && parent->has_deadline && parent->deadline_ns < deadline_ns;
    struct go_context *ctx = with_cancel(parent, site);
    if (parent_first) return ctx;
    ctx->has_deadline = true;
    ctx->deadline_ns = deadline_ns;
    if (ctx->error) return ctx;
    if (deadline_ns <= sched.now_ns) {
        finish(ctx, GO_CONTEXT_DEADLINE_EXCEEDED, NULL, site);
        leave(&ctx->self);
        return ctx;
    }
    /* Known before the point: whoever cancels the parent there stops it. */
    ctx->timer = timer_after_func(deadline_ns - sched.now_ns, expire, ctx, site);
    timer_point(ctx->timer, site);
    return ctx;
}

GO_API struct go_context *go_context_with_cancel(struct go_context *parent)
{
    return with_cancel(parent, CALL_SITE());
}

GO_API struct go_context *go_context_with_deadline(struct go_context *parent, int64_t deadline_ns)
{
    return with_deadline(parent, deadline_ns, CALL_SITE());
}

GO_API struct go_context *go_context_with_timeout(struct go_context *parent, int64_t timeout_ns)
{
    int64_t deadline_ns;
    if (__builtin_add_overflow(sched.now_ns, timeout_ns, &deadline_ns)) deadline_ns = INT64_MAX;
    return with_deadline(parent, deadline_ns, CALL_SITE());
}

GO_API struct go_context *go_context_with_value(struct go_context *parent, const void *key,
                                                void *value)
{
    struct call_site site = CALL_SITE();
    struct go_context *ctx = derive(parent, site);
    if (!key) panic_raise(REPORT_UNRECOVERED_PANIC, NULL, site, "nil key");
    ctx->key = key;
    ctx->value = value;
    return ctx;
}

/* ---- Asking ------------------------------------------------------------------------------- */

struct go_chan *go_context_done(struct go_context *ctx)
{
    return ctx->source ? ctx->source->done : NULL;
}

/* One visible look at whether ctx is done. "Not yet" is a failed try: a loop around it alone is a
 * livelock. */
static enum go_context_error look(const struct go_context *ctx, struct call_site site)
{
    const struct go_context *source = ctx->source;
    sched_publish(OP_CONTEXT_ERR, OP_MODE_READ, object_of_source(source), site);
    sched_point();
    enum go_context_error error = source ? source->error : GO_CONTEXT_OK;
    if (error) order_acquire(source->released);
    sched_executed(error ? PHASE_DONE : PHASE_FAIL, error);
    return error;
}

GO_API enum go_context_error go_context_err(struct go_context *ctx)
{
    return look(ctx, CALL_SITE());
}

GO_API const char *go_context_cause(struct go_context *ctx)
{
    return look(ctx, CALL_SITE()) ? ctx->source->cause : NULL;
}

GO_API bool go_context_deadline(struct go_context *ctx, int64_t *deadline_ns)
{
    if (!ctx->has_deadline || !deadline_ns) return ctx->has_deadline;
    access_runtime(deadline_ns, sizeof *deadline_ns, ACCESS_WRITE, CALL_SITE());
    *deadline_ns = ctx->deadline_ns;
    return true;
}

void *go_context_value(struct go_context *ctx, const void *key)
{
    const struct go_context *c = ctx;
    while (c->key != key && c->parent) c = c->parent;
    return c->value; /* those without a key have none: background, and all but with_value's */
}

/* ---- AfterFunc ---------------------------------------------------------------------------- */

GO_API struct go_context_after *go_context_after_func(struct go_context *ctx, void (*fn)(void *),
                                                      void *arg)
{
    struct call_site site = CALL_SITE();
    struct go_context *source = ctx->source;
    struct goroutine *g =
        sched_publish(OP_CONTEXT_AFTER, OP_MODE_WRITE, object_of_source(source), site);
    struct go_context_after *after = sched_alloc(sizeof *after);
    *after = (struct go_context_after){.self = {.after = after},
                                       .source = source,
                                       .fn = fn,
                                       .arg = arg,
                                       .stable = mix64(g->stable, ++g->made),
                                       .created_by = g->number};
    trace_capture(&after->created, site, g->coro.stack_low, g->frames_end);
    sched_point();
    bool starts = source && source->error;
    after->released = order_release();
    if (starts) after->released = order_merge(after->released, source->released);
    if (starts)
        become(after);
    else if (source)
        join(&after->self, source);
    sched_executed(PHASE_DONE, starts);
    if (starts) sched_point_after(OP_GO, NULL, site, PHASE_DONE);
    return after;
}

GO_API bool go_context_after_stop(struct go_context_after *after)
{
    sched_publish(OP_CONTEXT_AFTER, OP_MODE_WRITE, object_of_source(after->source), CALL_SITE());
    sched_point();
    bool stopped = !after->over;
    after->over = true;
    leave(&after->self);
    sched_executed(PHASE_DONE, stopped);
    return stopped;
}
