// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Sentences about answers that were not the natural ones. */
#include <string.h>

#include "explain_build.h"
#include "object.h"
#include "sched.h"

/* Has the operation had its effect when its goroutine comes to the point? */
static bool comes_before(const struct watch_side *side)
{
    return side->op == OP_GO || side->op == OP_SELECT_DEFAULT || side->op == OP_TIMER_ARM;
}

/* "chan send on C1 (worker.c:41)" */
static const char *operation(struct build *b, const struct watch_side *side)
{
    struct story *s = b->story;
    if (side->op == OP_START) return "start";
    const char *name = build_object_name(b, build_object_of(b, side->object, side->place));
    const char *where = "";
    if (side->site) where = story_text(s, " (%s)", build_place_text(b, build_place(b, side->site)));
    return story_text(s, "%s%s%s%s", op_kind_name((enum op_kind)side->op), name[0] ? " on " : "",
                      name, where);
}

/* "with its chan send on C1 (worker.c:41)": how it goes on. */
static const char *going_on(struct build *b, const struct watch_side *side)
{
    if (side->op == OP_START) return "starts";
    return story_text(b->story, "goes on %s its %s", comes_before(side) ? "after" : "with",
                      operation(b, side));
}

static const char *timer_name(struct build *b, const struct watch_side *side)
{
    const char *name = build_object_name(b, build_object_of(b, side->object, 0));
    return name[0] ? name : "the timer of a sleep";
}

static const char *run_reason(struct build *b, const struct watch_forced *f)
{
    struct story *s = b->story;
    uint32_t first = f->natural.id;
    const char *place = story_text(s, "%s its %s", comes_before(&f->natural) ? "after" : "before",
                                   operation(b, &f->natural));
    if (f->taken.id == CLOCK_ID)
        return story_text(s, "a timer fires now, with G%u %s", first, place);
    const char *then = going_on(b, &f->taken);
    if (f->preempts)
        return story_text(s, "G%u preempted %s: G%u %s", first, place, f->taken.id, then);
    return story_text(s, "G%u %s, although G%u was ready longer", f->taken.id, then, first);
}

const char *build_reason(struct build *b, const struct watch_forced *f)
{
    struct story *s = b->story;
    switch ((enum choice_kind)f->kind) {
    case CHOICE_RUN:
        return run_reason(b, f);
    case CHOICE_SELECT:
        return story_text(s, "took case %u although case %u was ready", f->taken.id, f->natural.id);
    case CHOICE_TIMER:
        return story_text(s, "%s fires first of those with the same deadline",
                          timer_name(b, &f->taken));
    default:
        return story_text(s, "waiter %u is served before waiter %u", f->taken.id + 1,
                          f->natural.id + 1);
    }
}

const char *build_left_out(struct build *b, const struct watch_forced *f)
{
    struct story *s = b->story;
    uint32_t step = f->step + 1;
    switch ((enum choice_kind)f->kind) {
    case CHOICE_RUN:
        if (f->taken.id == CLOCK_ID) return story_text(s, "a timer firing at step %u", step);
        if (f->preempts)
            return story_text(s, "the preemption of G%u at step %u", f->natural.id, step);
        return story_text(s, "G%u going before G%u at step %u", f->taken.id, f->natural.id, step);
    case CHOICE_SELECT:
        return story_text(s, "case %u being taken at step %u", f->taken.id, step);
    case CHOICE_TIMER:
        return story_text(s, "%s firing first at step %u", timer_name(b, &f->taken), step);
    default:
        return story_text(s, "waiter %u being served first at step %u", f->taken.id + 1, step);
    }
}

const char *build_other(struct build *b, const struct watch_forced *f)
{
    struct story *s = b->story;
    uint32_t step = f->step + 1;
    switch ((enum choice_kind)f->kind) {
    case CHOICE_RUN:
        if (f->taken.id == CLOCK_ID) return story_text(s, "a timer fires at step %u", step);
        return story_text(s, "at step %u G%u %s", step, f->taken.id, going_on(b, &f->taken));
    case CHOICE_SELECT:
        return story_text(s, "case %u is taken at step %u, not case %u", f->taken.id, step,
                          f->natural.id);
    case CHOICE_TIMER:
        return story_text(s, "%s fires first at step %u", timer_name(b, &f->taken), step);
    default:
        return story_text(s, "waiter %u is served first at step %u", f->taken.id + 1, step);
    }
}
