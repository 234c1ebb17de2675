// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Building and printing programs. Invariants in program.h. */
#include "program.h"

#include "base.h"

static const char *const names[CODE_COUNT] = {
    "go",      "send",   "recv",  "close",    "len",      "select", "selectdefault", "lock",
    "trylock", "unlock", "rlock", "tryrlock", "runlock",  "wlock",  "trywlock",      "wunlock",
    "add",     "done",   "wait",  "once",     "condwait", "signal", "broadcast",     "cancel",
    "err",     "stop",   "reset", "sleep",    "protect",  "defer",  "panic",         "goexit",
};

const char *code_name(enum code code) { return names[code]; }

uint8_t program_block(struct program *p, bool goroutine)
{
    rt_assert(p->block_count < BLOCKS_MAX);
    p->blocks[p->block_count] = (struct block){.goroutine = goroutine};
    return p->block_count++;
}

struct op *program_op(struct program *p, uint8_t block, enum code code, uint8_t object)
{
    struct block *b = &p->blocks[block];
    rt_assert(b->count < BLOCK_OPS_MAX);
    rt_assert(p->op_count < OPS_MAX);
    struct op *op = &b->ops[b->count++];
    *op = (struct op){.code = (uint8_t)code, .id = ++p->op_count, .object = object};
    return op;
}

static void print_objects(FILE *out, const struct program *p)
{
    for (int i = 0; i < p->chan_count; i++) fprintf(out, "chan %d\n", p->capacity[i]);
    fprintf(out, "locks %d %d\n", p->mutex_count, p->rwmutex_count);
    for (int i = 0; i < p->waitgroup_count; i++)
        fprintf(out, "waitgroup %d\n", p->waitgroup_add[i]);
    fprintf(out, "onces %d\nconds %d\n", p->once_count, p->cond_count);
    for (int i = 0; i < p->context_count; i++)
        fprintf(out, "context %d %d\n", p->context_parent[i], p->context_timeout[i] - 1);
    for (int i = 0; i < p->timer_count; i++)
        fprintf(out, "timer %d %d\n", p->timer_units[i], p->timer_block[i]);
}

/* Real durations: apart by more than a goroutine is ever late where they differ. */
static unsigned unit_us(const struct program *p)
{
    if (p->timers == TIMERS_ZERO) return 0;
    return p->timers == TIMERS_LADDER ? 4000 : 200;
}

void program_print(FILE *out, const struct program *p, unsigned first_run, unsigned runs)
{
    fprintf(out, "program %u %u %u %u %d\n", p->number, first_run, runs, unit_us(p),
            p->timers == TIMERS_LADDER);
    print_objects(out, p);
    for (int b = 0; b < p->block_count; b++) {
        fprintf(out, "block %d\n", p->blocks[b].goroutine);
        for (int i = 0; i < p->blocks[b].count; i++) {
            const struct op *op = &p->blocks[b].ops[i];
            fprintf(out, "op %s %d %d %d", names[op->code], op->id, op->object, op->block);
            for (int c = 0; c < op->case_count; c++)
                fprintf(out, " %d %d", op->cases[c].chan, op->cases[c].sends);
            fputc('\n', out);
        }
    }
    fprintf(out, "end\n");
}
